"""`course new`: the lab that it makes builds, passes its own tests, and never overwrites another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_admin.authoring import build
from course_admin.authoring.new_lab import new_course, new_lab
from course_admin.cli import main
from course_admin.course import CourseError, Lab

REPO = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    return new_course(tmp_path / "course", like=REPO)


def test_a_new_lab_builds(root, capsys):
    main_exit(["--root", str(root), "new", "00_template"])
    assert "next     course build 00_template" in capsys.readouterr().out
    build.build(root, say=lambda line: None)
    assert Lab(root, "00_template").release.is_file()


def test_a_new_lab_passes_its_own_tests(tmp_path):
    """In a copy of the course, since the lab's checks become part of course_utils."""
    copy = tmp_path / "course"
    for folder in ("course_utils", "course_admin", "autograder_tests", "tests/support"):
        shutil.copytree(REPO / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "0[1-9]*"))
    for file in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(REPO / file, copy)
    environment = {**os.environ, "PYTHONPATH": str(copy), "COURSE_ROOT": str(copy)}
    made = [sys.executable, "-m", "course_admin.cli", "--root", str(copy), "new", "07_attention"]
    subprocess.run(made, env=environment, cwd=copy, check=True, capture_output=True)
    assert "import attention as checks" in (copy / "notebooks/07_attention/07_attention.py").read_text()
    assert (copy / "course_utils/checks/attention/standardise.py").is_file()
    proved = [sys.executable, "-m", "pytest", "autograder_tests", "-q", "-k", "07_attention", "-p", "no:cacheprovider"]
    done = subprocess.run(proved, env=environment, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout or "[100%]" in done.stdout


@pytest.mark.parametrize("name", ["attention", "7_attention", "07-attention", "07_Attention", "../07_a", ""])
def test_other_names_are_refused(root, name):
    with pytest.raises(CourseError, match="as in 07_attention"):
        new_lab(root, name)
    assert not list(root.rglob("*attention*"))


def test_a_lab_that_is_there_stays(root):
    text = new_lab(root, "00_template")[0]
    text.write_text("mine")
    with pytest.raises(CourseError, match="is there already"):
        new_lab(root, "00_template")
    assert text.read_text() == "mine"


def test_one_file_in_the_way_is_enough(root):
    exam = root / "autograder_tests/exams/08_x.py"
    exam.parent.mkdir(parents=True)
    exam.write_text("mine")
    with pytest.raises(CourseError, match="nothing was written"):
        new_lab(root, "08_x")
    assert not (root / "notebooks/08_x").exists()


def main_exit(arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
