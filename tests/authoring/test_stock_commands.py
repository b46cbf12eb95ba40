"""Stock nbgrader's commands on a course: what they write is what `course build` writes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mini_course import NAME, make_course
from template_course import LAB, template_course

from course_admin.authoring import build, student_bundle


def quiet(line):
    pass


@pytest.fixture(scope="module")
def courses(tmp_path_factory):
    """lab -> a built course with that lab alone; not to be written to."""
    folder = tmp_path_factory.mktemp("courses")
    make_course(folder / NAME)
    build.build(folder / NAME, say=quiet)
    return {LAB: template_course(folder / LAB), NAME: folder / NAME}


@pytest.fixture
def course(courses, tmp_path, request):
    return shutil.copytree(courses[request.param], tmp_path / "course")


def files(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for top in ("source", "release")
        for path in sorted((root / top).rglob("*"))
        if path.is_file()
    }


def nbgrader(root, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=root, env={**os.environ}, capture_output=True, text=True, timeout=200)


def by_button(root, lab):
    """What the formgrader's Generate does."""
    code = f"""
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
app = NbGrader()
app.load_config_file()
done = NbGraderAPI(config=app.config).generate_assignment({lab!r})
assert done["success"], done
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr


def by_command(root, lab):
    done = nbgrader(root, "generate_assignment", lab, "--force")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("course", "lab"), [(LAB, LAB), (NAME, NAME)], indirect=["course"])
@pytest.mark.parametrize("generate", [by_command, by_button])
def test_generating_again_changes_no_byte(course, tmp_path, lab, generate):
    before = files(course)
    generate(course, lab)
    assert files(course) == before
    build.check(course, say=quiet)
    student_bundle.publish(course, tmp_path / "bundle", say=quiet)


@pytest.mark.parametrize("course", [LAB], indirect=True)
def test_what_jupyterlab_notes_in_a_source_notebook_stays_there(course):
    source = course / "source" / LAB / f"{LAB}.ipynb"
    released = files(course)[f"release/{LAB}/{LAB}.ipynb"]
    notebook = json.loads(source.read_text(encoding="utf-8"))
    notebook["metadata"]["language_info"]["version"] = "3.99.0"
    notebook["metadata"]["widgets"] = {"state": {}}
    source.write_text(json.dumps(notebook), encoding="utf-8")
    by_command(course, LAB)
    assert files(course)[f"release/{LAB}/{LAB}.ipynb"] == released


@pytest.mark.parametrize("course", [LAB], indirect=True)
def test_quickstart_writes_nothing_into_the_course(course):
    done = nbgrader(course, "quickstart", "course101")
    assert done.returncode == 1
    assert "course new 07_topic" in done.stderr and "Traceback" not in done.stderr
    assert not (course / "gradebook.db").exists() and not (course / "course101").exists()
    assert nbgrader(course, "db", "assignment", "list").returncode == 0


def test_quickstart_elsewhere_works(tmp_path):
    assert nbgrader(tmp_path, "quickstart", "course101").returncode == 0
    assert Path(tmp_path, "course101", "source", "ps1").is_dir()
