"""`course doctor` and `python -m course_utils.doctor`: everything that commonly breaks is provoked, and gets one line
with a remedy.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from template_course import LAB, template_course

import course_utils
from course_admin import doctor
from course_admin.doctor import instructor
from course_utils import doctor as student
from course_utils.doctor import OK, PROBLEM, WARNING, Line

REPO = Path(__file__).parents[2]
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def refuses(line: Line, state: str, *words: str) -> None:
    """It is this state, says these words, in one line, with a remedy of one line."""
    assert line.state == state, line
    for word in words:
        assert word in f"{line.found} → {line.remedy}", line
    assert line.remedy and "\n" not in line.found + line.remedy


def writes(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def installed(monkeypatch):
    """installed(torch="2.2.0", numpy="") says that these versions are installed ("": not)."""

    def set_versions(**wanted):
        real = student.version_of
        monkeypatch.setattr(student, "version_of", lambda name: wanted.get(name, real(name)))
        find = student.importlib.util.find_spec
        missing = {name for name, version in wanted.items() if not version}
        monkeypatch.setattr(
            student.importlib.util, "find_spec", lambda name, *more: None if name in missing else find(name, *more)
        )

    return set_versions


# --- the environment ------------------------------------------------------------------------------------


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(student, "sys", SimpleNamespace(version_info=(3, 8, 10), executable="/usr/bin/python3"))
    refuses(student.python(), PROBLEM, "too old", "3.10", "python3.10 -m venv")
    refuses(instructor.python(), PROBLEM, "too old", "3.11", "make setup PYTHON=")


def test_this_set_up_is_in_order_where_it_was_tried(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    for name in ("COURSE_CACHE", "HOME", "JUPYTER_DATA_DIR"):  # what a person has at home is no part of it
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("COURSE_DATA", "JUPYTER_PATH", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(student.shutil, "disk_usage", lambda folder: SimpleNamespace(free=5e9))
    lines = list(student.examine(student.for_students(REPO / "release")))
    assert [line for line in lines if line.state != OK] == []
    assert [line.what for line in lines] == [what for what, _ in student.for_students(tmp_path)]


def test_another_environment_is_active(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    refuses(student.environment(tmp_path), PROBLEM, str(tmp_path), sys.prefix, "deactivate", ". .venv/bin/activate")


def test_the_systems_python_beside_an_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    writes(tmp_path / ".venv" / "pyvenv.cfg", "")
    system = SimpleNamespace(prefix="/usr", base_prefix="/usr", executable="/usr/bin/python3")
    monkeypatch.setattr(student, "sys", system)
    refuses(student.environment(tmp_path / "01_pca_vs_ae"), PROBLEM, "system's", ". .venv/bin/activate")


@pytest.mark.parametrize("other", [True, False], ids=["another jupyter", "command not found"])
def test_the_command_is_not_the_environments(tmp_path, monkeypatch, other):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    if other:
        writes(tmp_path / "jupyter", "#!/bin/sh\n").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = "another one" if other else "not found"
    refuses(student.environment(REPO), WARNING, said, ". .venv/bin/activate")


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_torch_is_missing(installed, name):
    installed(**{name: ""})
    refuses(student.torch_pair(), PROBLEM, f"{name} not installed", "pip install")
    refuses(doctor.everything(None)[2][1](), PROBLEM, f"{name} not installed", "make setup")


def test_torch_and_torchvision_of_different_versions(installed):
    installed(torch="2.6.0", torchvision="0.19.1")
    refuses(student.torch_pair(), PROBLEM, "no pair", "torchvision==0.21.*")


def test_torchvision_does_not_load_its_operators(monkeypatch):
    import torchvision

    def breaks(*arguments):
        raise RuntimeError("operator torchvision::nms does not exist\nand more")

    monkeypatch.setattr(torchvision.ops, "nms", breaks)
    refuses(student.torch_pair(), PROBLEM, "operator torchvision::nms does not exist", "--force-reinstall")
    refuses(student.cache()._replace(remedy="-"), WARNING, "torch does not work")
    refuses(instructor.device()._replace(remedy="-"), WARNING, "torch does not work")


@pytest.mark.parametrize(
    ("torch", "numpy", "state"),
    [("2.2.2", "2.1.0", PROBLEM), ("2.2.2", "1.26.4", OK), ("2.3.0", "2.1.0", OK), ("2.14.1", "2.4.6", OK)],
)
def test_numpy_2_with_an_old_torch(installed, torch, numpy, state):
    installed(torch=torch, numpy=numpy)
    line = student.numpy()
    assert line.state == state
    if state == PROBLEM:
        refuses(line, PROBLEM, torch, 'pip install "numpy<2"')


def test_numpy_is_missing(installed):
    installed(numpy="")
    refuses(student.numpy(), PROBLEM, "not installed")


def test_jupyterlab_and_nbgrader_are_missing(installed):
    installed(nbgrader="")
    refuses(student.jupyterlab(), WARNING, "no Validate button", "pip install")
    refuses(instructor.nbgrader(), PROBLEM, "not installed", "make setup")
    installed(jupyterlab="")
    refuses(student.jupyterlab("mend"), PROBLEM, "not installed", "mend")


def test_nbgrader_of_another_version_and_its_extensions_off(installed, monkeypatch):
    installed(nbgrader="0.8.4")
    refuses(instructor.nbgrader(), WARNING, "0.8.4", "nbgrader>=0.9.5")
    monkeypatch.setattr(student, "_server_extension", lambda: False)
    refuses(student.jupyterlab(), WARNING, "server extension", "jupyter server extension enable")


def kernel_at(folder: Path, program: str) -> None:
    spec = {"argv": [program, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Python 3"}
    writes(folder / "kernels" / "python3" / "kernel.json", json.dumps({**spec, "language": "python"}))


def test_a_kernel_that_is_not_the_environments(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))  # looked at before all others, as a kernel in the home folder is
    kernel_at(tmp_path, "/opt/old/bin/python")
    refuses(student.kernel(), PROBLEM, "/opt/old/bin/python, which does not exist", str(tmp_path / "kernels"))
    kernel_at(tmp_path, sys.executable)
    assert student.kernel().state == OK


def test_there_is_no_kernel(monkeypatch):
    from jupyter_client import kernelspec

    def none(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    refuses(student.kernel(), PROBLEM, "no kernel", "pip install ipykernel")


# --- the course's files ---------------------------------------------------------------------------------


@pytest.fixture
def samples(tmp_path, monkeypatch):
    """A course_utils whose bundled images a test may damage."""
    folder = shutil.copytree(REPO / "course_utils" / "data" / "samples", tmp_path / "data" / "samples")
    monkeypatch.setattr(student, "__file__", str(tmp_path / "doctor.py"))
    assert student.data().state == OK
    return folder


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content.replace(b"\n", b"\r\n"), ["mnist-train.npz", "damaged", "get the course's files"]),
        (lambda content: content[:1000], ["damaged"]),
        (lambda content: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", ["pointer", "git lfs pull"]),
    ],
    ids=["line endings", "cut off", "LFS"],
)
def test_damaged_images(samples, damage, words):
    path = samples / "mnist-train.npz"
    path.write_bytes(damage(path.read_bytes()))
    refuses(student.data(), PROBLEM, *words)


def test_no_images(samples):
    for path in samples.glob("*.npz"):
        path.unlink()
    refuses(student.data(), PROBLEM, "no images")


BROKEN = {
    "nothing": (b"", "empty"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "a conflict": (b'{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [1],\n>>>>>>> other\n}', "merge conflict"),
    "UTF-16": (json.dumps(NOTEBOOK).encode("utf-16"), "UTF-16"),
    "Latin-1": ('{"cells": ["é"]}'.encode("latin-1"), "not in UTF-8"),
    "a web page": (b"\n<!DOCTYPE html><html></html>", "a web page"),
    "cut off": (json.dumps(NOTEBOOK).encode()[:-9], "no valid JSON"),
    "a lone carriage return in a text": (b'{"cells": ["a\r\nb"]}', "no valid JSON"),
    "JSON of something else": (b"[1]", "no notebook"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_notebook(tmp_path, name):
    content, words = BROKEN[name]
    writes(tmp_path / "a" / "a.ipynb", json.dumps(NOTEBOOK))
    writes(tmp_path / "a" / ".ipynb_checkpoints" / "a.ipynb", "not looked at")
    assert student.notebooks(tmp_path).state == OK
    writes(tmp_path / "b" / "b.ipynb", content)
    refuses(student.notebooks(tmp_path), PROBLEM, "b.ipynb", words)
    assert student.version(tmp_path).state == OK  # another line's business


@pytest.mark.parametrize(("content", "said"), [(b"\xef\xbb\xbf", "byte-order mark"), (b"", "line endings")])
def test_what_jupyter_can_read_is_no_problem(tmp_path, content, said):
    writes(tmp_path / "a.ipynb", content + json.dumps(NOTEBOOK, indent=1).replace("\n", "\r\n").encode())
    assert student.notebooks(tmp_path).state == OK, said


def test_a_bundle_of_another_version(tmp_path):
    cell = {"cell_type": "code", "source": ['COURSE_VERSION = "99.0.0"  # x\n'], "metadata": {}, "outputs": []}
    writes(tmp_path / "a.ipynb", json.dumps({**NOTEBOOK, "cells": [cell]}))
    refuses(student.version(tmp_path), PROBLEM, "a.ipynb", "99.0.0", course_utils.__version__, "install the bundle")


def test_another_course_utils_is_installed(tmp_path, monkeypatch):
    writes(tmp_path / "course_utils" / "__init__.py", '__version__ = "0.0.9"\n')
    monkeypatch.syspath_prepend(tmp_path)
    refuses(student.version(tmp_path / "none"), WARNING, "0.0.9", str(tmp_path), "install this one")


@pytest.mark.parametrize("name", ["random.py", "torch.py"])
def test_a_file_that_hides_a_library(tmp_path, name):
    writes(tmp_path / "lab" / "lab.ipynb", json.dumps(NOTEBOOK))
    writes(tmp_path / "lab" / "helpers.py", "")
    assert student.names(tmp_path).state == OK
    writes(tmp_path / "lab" / name, "")
    refuses(student.names(tmp_path), PROBLEM, name, "rename")


# --- the machine ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "state"), [(5e9, OK), (0.5e9, WARNING), (0.01e9, PROBLEM)])
def test_a_full_disk(tmp_path, monkeypatch, free, state):
    monkeypatch.setattr(student.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    line = student.disk(tmp_path)
    assert line.state == state
    if state != OK:
        refuses(line, state, "GB free", "make room")


@pytest.fixture
def unwritable(monkeypatch):
    """unwritable(folder) cannot be written from now on, also for root."""

    def close(folder):
        real = student.tempfile.TemporaryFile

        def refuse(*arguments, dir=None, **more):
            if dir is not None and Path(dir).is_relative_to(folder):
                raise OSError(errno.EROFS, "Read-only file system", str(dir))
            return real(*arguments, dir=dir, **more)

        monkeypatch.setattr(student.tempfile, "TemporaryFile", refuse)

    return close


def test_folders_that_cannot_be_written(tmp_path, monkeypatch, unwritable):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("JUPYTER_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    assert (student.home().state, student.disk(tmp_path).state) == (OK, OK)
    unwritable(tmp_path)
    refuses(student.home(), PROBLEM, str(tmp_path), "export HOME=")
    refuses(student.cache(), WARNING, "cache", "COURSE_CACHE=")
    refuses(student.disk(tmp_path), WARNING, "cannot be written", "folder of your own")


# --- the instructor's half ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return template_course(tmp_path_factory.mktemp("doctor") / "course")


@pytest.fixture
def course(built, tmp_path):
    """A course of one lab, built, that a test may break."""
    return shutil.copytree(built, tmp_path / "course")


def test_a_course_that_is_in_order(course):
    assert instructor.course(course).state == instructor.build(course).state == OK
    assert instructor.gradebook(course).found.startswith("none yet")


def test_a_configuration_that_does_not_run(course):
    writes(course / "nbgrader_config.py", "c = get_config()\nc.CourseDirectory.db_url = nonsense\n")
    refuses(instructor.course(course), PROBLEM, "nbgrader_config.py does not run", "nonsense", "git checkout")


def test_no_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refuses(instructor.course(None), WARNING, "not in a course's folder", "--root DIR")
    for name in ("notebooks", "course_admin"):
        (tmp_path / name).mkdir()
    refuses(instructor.course(None), PROBLEM, "nbgrader_config.py is missing", "git checkout")


def test_a_course_that_cannot_be_written(course, unwritable):
    unwritable(course)
    refuses(instructor.course(course), PROBLEM, "cannot be written", "chown")


def test_a_stale_build(course):
    text = course / "notebooks" / LAB / f"{LAB}.py"
    writes(text, text.read_text(encoding="utf-8") + "\n# %% [markdown]\n# A new sentence.\n")
    refuses(instructor.build(course), PROBLEM, f"{LAB}.ipynb: differs", "and 1 more", "course build")


def test_line_endings_that_git_changed(course):
    release = course / "release" / LAB / f"{LAB}.ipynb"
    writes(release, release.read_bytes().replace(b"\n", b"\r\n"))
    refuses(instructor.build(course), PROBLEM, "line endings", "core.autocrlf false")


def test_an_environment_older_than_the_lock(course, monkeypatch):
    assert instructor.set_up(course).state == OK
    writes(course / "requirements.lock", "torch==2.14.1\n")
    writes(course / "pyproject.toml", "")
    (course / ".venv").mkdir()
    refuses(instructor.set_up(course), WARNING, "not of", "activate")
    monkeypatch.setattr(instructor, "sys", SimpleNamespace(prefix=str(course / ".venv")))
    refuses(instructor.set_up(course), WARNING, "older than requirements.lock", "make setup")
    stamp = instructor.bootstrap.fingerprint(course, [3, 11])
    writes(course / ".venv" / instructor.bootstrap.STAMP, json.dumps(stamp))
    assert instructor.set_up(course).state == OK


def gradebook_of(course: Path, version: str) -> sqlite3.Connection:
    connection = sqlite3.connect(course / "gradebook.db", isolation_level=None)
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES (?)", [version])
    return connection


def test_a_locked_gradebook(course):
    other = gradebook_of(course, instructor._revisions()[0])
    other.execute("BEGIN EXCLUSIVE")
    refuses(instructor.gradebook(course), PROBLEM, "locked by another program", "close")
    other.execute("ROLLBACK")
    assert instructor.gradebook(course).state == OK


@pytest.mark.parametrize(
    ("which", "words"), [("older", "nbgrader db upgrade"), ("newer", "pip install --upgrade nbgrader")]
)
def test_a_gradebook_of_another_version(course, which, words):
    head, known = instructor._revisions()
    gradebook_of(course, min(known - {head}) if which == "older" else "ffffffffffff").close()
    refuses(instructor.gradebook(course), PROBLEM, f"of a{'n' * (which == 'older')} {which} nbgrader", words)


def test_a_damaged_gradebook(course):
    writes(course / "gradebook.db", b"not a database, but long enough to be one" * 100)
    refuses(instructor.gradebook(course), PROBLEM, "not a database", "move it away")


def test_a_read_only_gradebook(course, monkeypatch):
    gradebook_of(course, "x").close()
    monkeypatch.setattr(instructor.os, "access", lambda path, mode: False)
    refuses(instructor.gradebook(course), PROBLEM, "cannot be written", "chmod u+w")


def test_no_sandbox(monkeypatch, tmp_path):
    if sys.platform != "linux":
        pytest.skip("bubblewrap is for Linux")
    from course_admin.sandbox import bwrap

    refusing = writes(tmp_path / "bwrap", "#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(bwrap, "find", lambda: iter([(str(refusing), "a test's")]))
    refuses(instructor.sandbox(), WARNING, "grading will refuse", "No permissions")


# --- the table ------------------------------------------------------------------------------------------


def looks(monkeypatch, *lines: Line | Exception) -> None:
    def give(line):
        if isinstance(line, Exception):
            raise line
        return line

    made = [(f"look {number}", lambda line=line: give(line)) for number, line in enumerate(lines)]
    monkeypatch.setattr(student, "for_students", lambda folder: made)
    monkeypatch.setattr(instructor, "for_instructors", lambda root: [])


@pytest.mark.parametrize(
    ("line", "healthy"),
    [
        (Line(OK, "a", "fine"), True),
        (Line(WARNING, "a", "[b]so so[/b]", "do it"), True),
        (Line(PROBLEM, "a", "bad", "do it"), False),
        (OSError("gone\nand more"), False),
    ],
)
def test_the_table_and_the_exit_code(monkeypatch, capsys, line, healthy):
    looks(monkeypatch, Line(OK, "first", "there"), line)
    assert doctor.doctor(None, console=Console(file=sys.stdout, width=20)) is healthy
    whole = capsys.readouterr().out
    assert student.main() == int(not healthy)
    assert capsys.readouterr().out == whole.replace(instructor.INSTALL, student.INSTALL)
    rows = whole.splitlines()
    assert rows[0] == "ok      first       there"
    if isinstance(line, Exception):
        line = Line(PROBLEM, "look 1", "OSError: gone", rows[2].partition("→ ")[2])
    assert rows[1] == f"{line.state:<8}{line.what:<12}{line.found}"
    assert rows[2:] == ([f"{'':<20}→ {line.remedy}"] if line.remedy else [])


def test_the_students_doctor_needs_nothing_but_the_standard_library(tmp_path):
    """Python without site-packages: every line still comes, and says what is missing."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "course_utils.doctor"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, "")
    rows = [line.split()[1] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert rows == [what for what, _ in student.for_students(tmp_path)]
    assert "torch and torchvision not installed" in done.stdout
