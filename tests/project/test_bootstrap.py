"""`make setup` without its 6 GB: when it does nothing, when it starts again, and what it says when it cannot."""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from course_admin import bootstrap

SCRIPT = Path(bootstrap.__file__)
DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture(autouse=True)
def roomy(monkeypatch):
    """These tests pass on a disk that is nearly full."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: DiskUsage(99e9, 0, 99e9))


@pytest.fixture
def root(tmp_path):
    """A course of two packages that pip is never really asked for."""
    (tmp_path / "requirements.lock").write_text("one==1.0\ntwo==2.0 ; sys_platform == 'win32'\n")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'tiny'\n")
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """What `install` was called with."""
    made = []
    monkeypatch.setattr(bootstrap, "install", lambda root, venv: made.append(venv))
    return made


@pytest.fixture(scope="session")
def plain_venv(tmp_path_factory):
    """An environment with nothing in it but an empty pip."""
    venv = tmp_path_factory.mktemp("plain").resolve() / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    next(venv.glob("lib/python*/site-packages")).joinpath("pip.py").touch()
    return venv


@pytest.fixture
def quick_venv(monkeypatch, plain_venv):
    """Make environments by copying: a tenth of a second instead of five."""
    made = []

    def make(venv):
        made.append(venv)
        shutil.copytree(plain_venv, venv, symlinks=True)

    monkeypatch.setattr(bootstrap, "make_venv", make)
    return made


def run(root, capsys):
    code = bootstrap.main(["--root", str(root)])
    return code, capsys.readouterr()


def only_line(captured):
    """The single line on stderr; every failure has exactly one."""
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("setup: ")
    return lines[0]


# ---------------------------------------------------------------------------------------------------- the stamp


def test_the_second_time_nothing_is_done_and_nothing_said(root, calls, quick_venv, capsys):
    assert run(root, capsys)[0] == 0
    code, said = run(root, capsys)
    assert (code, said.out, said.err) == (0, "", "")
    assert (len(calls), len(quick_venv)) == (1, 1)


def test_setup_ends_by_saying_what_to_type(root, calls, quick_venv, capsys):
    said = run(root, capsys)[1]
    assert ". .venv/bin/activate" in said.out.splitlines()[-1] and "course --help" in said.out.splitlines()[-1]
    assert bootstrap.main(["--root", str(root), "--tell"]) == 0
    assert capsys.readouterr().out.splitlines() == said.out.splitlines()[-1:]


def test_make_setup_always_says_it_and_other_targets_only_after_installing():
    for goal, told in (("setup", True), ("test", False)):
        done = subprocess.run(["make", "-n", goal], cwd=SCRIPT.parents[1], capture_output=True, text=True, check=True)
        first = next(line for line in done.stdout.splitlines() if "bootstrap.py" in line)
        assert ("--tell" in first) == told


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_is_installed_into_the_same_environment(root, calls, quick_venv, capsys, name):
    run(root, capsys)
    with (root / name).open("a") as file:
        file.write("\n# changed\n")
    assert run(root, capsys)[0] == 0
    assert (len(calls), len(quick_venv)) == (2, 1)


def test_a_killed_setup_is_taken_up_again(root, calls, quick_venv, capsys, monkeypatch):
    run(root, capsys)
    (root / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    with monkeypatch.context() as patch:

        def killed(*arguments):
            raise SystemExit(9)

        patch.setattr(bootstrap, "install", killed)
        with pytest.raises(SystemExit):
            bootstrap.main(["--root", str(root)])
    # Even the stamp of before must be gone: half of the new lock may be installed.
    (root / "pyproject.toml").write_text("[project]\nname = 'tiny'\n")
    run(root, capsys)
    assert (len(calls), len(quick_venv)) == (2, 1)


def test_a_moved_environment_is_made_again_and_said_so(root, calls, quick_venv, capsys, tmp_path):
    run(root, capsys)
    elsewhere = tmp_path / "moved"
    elsewhere.mkdir()
    for name in (".venv", "requirements.lock", "pyproject.toml"):
        (root / name).rename(elsewhere / name)
    code, said = run(elsewhere, capsys)
    assert code == 0
    assert "was moved, or has another Python: making it again" in said.out
    assert len(quick_venv) == 2


def break_python(venv):
    for name in ("python", "python3"):
        (venv / "bin" / name).unlink()
        (venv / "bin" / name).symlink_to("/nowhere/python3")


def break_pip(venv):
    next(venv.glob("lib/python*/site-packages")).joinpath("pip.py").unlink()


def break_packages(venv):
    next(venv.glob("lib/python*")).rename(venv / "lib" / "python3.1")


def break_folder(venv):
    shutil.rmtree(venv)
    venv.write_text("not a folder")


@pytest.mark.parametrize("damage", [break_python, break_pip, break_packages, break_folder])
def test_a_broken_environment_is_made_again_and_said_so(root, calls, quick_venv, capsys, damage):
    run(root, capsys)
    damage(root / ".venv")
    code, said = run(root, capsys)
    assert code == 0
    assert ".venv is broken" in said.out
    assert len(quick_venv) == 2
    assert run(root, capsys)[1].out == ""


def test_an_unreadable_stamp_counts_as_none(root, calls, quick_venv, capsys):
    run(root, capsys)
    (root / ".venv" / bootstrap.STAMP).write_text("{")
    run(root, capsys)
    assert (len(calls), len(quick_venv)) == (2, 1)
    assert json.loads((root / ".venv" / bootstrap.STAMP).read_text())["location"] == str(root / ".venv")


def test_nothing_to_do_takes_well_under_a_second(root, calls, quick_venv, capsys):
    import time

    run(root, capsys)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", str(SCRIPT), "--root", str(root)], check=True)
    assert time.perf_counter() - started < 1.5  # 0.1 s on an idle machine


# --------------------------------------------------------------------------------------------- readable errors


def test_an_old_python_is_told_so_in_one_line(root, capsys, monkeypatch):
    monkeypatch.setattr(bootstrap, "MINIMUM_PYTHON", (3, 99))
    code, said = run(root, capsys)
    assert code == 1
    assert "use 3.99 or newer: `make setup PYTHON=python3.99`" in only_line(said)
    assert not (root / ".venv").exists()


def test_old_pythons_can_read_the_script():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_no_module_of_ours_hides_one_of_pythons():
    """`python3 course_admin/bootstrap.py` puts this folder first on the path."""
    ours = {path.stem for path in SCRIPT.parent.glob("*.py")} - {"__init__"}
    assert not ours & set(sys.stdlib_module_names)


def test_a_full_disk_is_noticed_before_anything_is_made(root, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: DiskUsage(0, 0, 1e9))
    code, said = run(root, capsys)
    assert code == 1
    assert "has 1.0 GB free, the set-up needs 10.5" in only_line(said)
    assert not (root / ".venv").exists()


@pytest.fixture
def without_ensurepip(monkeypatch):
    """A Debian Python without its venv package, and no uv."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "uv" else real(name))


def test_without_venv_an_ordinary_user_is_told_the_package(root, capsys, monkeypatch, without_ensurepip):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, said = run(root, capsys)
    assert code == 1
    assert f"sudo apt install python3.{sys.version_info.minor}-venv" in only_line(said)


def fake_program(folder, name, code):
    """A program that writes down how it was called."""
    command = folder / name
    command.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $@" >> {folder}/called\necho "E: no luck"\nexit {code}\n')
    command.chmod(0o755)


def test_without_venv_root_installs_it_by_apt(root, calls, capsys, monkeypatch, tmp_path, without_ensurepip):
    fake_program(tmp_path, "apt-get", 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert run(root, capsys)[0] == 0
    update, install = (tmp_path / "called").read_text().splitlines()
    assert update == "noninteractive -q update"
    assert install.startswith("noninteractive -q install -y") and install.endswith("-venv")
    assert bootstrap.python_of(root / ".venv")


def test_a_failing_apt_is_one_line(root, capsys, monkeypatch, tmp_path, without_ensurepip):
    fake_program(tmp_path, "apt-get", 100)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    code, said = run(root, capsys)
    assert code == 1
    assert "E: no luck: repair that, then run `make setup` again" in only_line(said)


OUTPUTS = {
    "network": (
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...: Failed to establish a "
        "new connection: [Errno -3] Temporary failure in name resolution')'\n"
        "ERROR: Could not find a version that satisfies the requirement one==1.0 (from versions: none)\n"
        "ERROR: No matching distribution found for one==1.0\n",
        "no package index answers",
    ),
    "no release": (
        "ERROR: Could not find a version that satisfies the requirement one==1.0 (from versions: 0.9)\n"
        "ERROR: No matching distribution found for one==1.0\n",
        "has no one==1.0 for this Python",
    ),
    "no release, uv": (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because one was not found in the package registry",
        "has no one for this Python",
    ),
    "disk": ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", "TMPDIR="),
    "permission": ("ERROR: Could not install: [Errno 13] Permission denied: '.venv/lib'\n", "chown"),
    "else": ("WARNING: whatever\nERROR: something odd happened\nmore of it\n", "ERROR: something odd happened"),
    "silent": ("", "no output"),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_failing_installation_is_one_line_with_a_remedy_and_its_log(root, quick_venv, capsys, monkeypatch, kind):
    output, expected = OUTPUTS[kind]
    (root / "output").write_text(output)
    monkeypatch.setattr(
        bootstrap,
        "install",
        lambda root, venv: bootstrap.run(["sh", "-c", f"cat {root}/output; exit 1"], venv / bootstrap.LOG),
    )
    code, said = run(root, capsys)
    assert code == 1
    line = only_line(said)
    assert expected in line
    assert "make setup" in line and bootstrap.LOG in line
    assert bootstrap.read_stamp(root / ".venv") is None


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_missing_file_of_the_course_is_named(root, quick_venv, calls, capsys, name):
    (root / name).unlink()
    code, said = run(root, capsys)
    assert code == 1
    assert f"there is no {name}" in only_line(said)


def test_another_python_may_take_over_what_never_got_installed(root, quick_venv, calls, capsys, monkeypatch):
    run(root, capsys)
    (root / ".venv" / bootstrap.STAMP).unlink()
    monkeypatch.setattr(sys, "version_info", (3, 77, 0))
    code, said = run(root, capsys)
    assert code == 0
    assert "has another Python: making it again" in said.out


# ------------------------------------------------------------------------------------------ what is run, and how


def test_no_foreign_environment_gets_in(tmp_path, monkeypatch):
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "PIP_TARGET", "PIP_USER"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("PIP_CERT", "kept")
    bootstrap.run(["env"], tmp_path / "log")
    lines = (tmp_path / "log").read_text().splitlines()
    assert not [line for line in lines if line.endswith("=/nowhere")]
    assert "PIP_CERT=kept" in lines


@pytest.mark.parametrize(("uv", "flag"), [(None, "--compile"), ("/usr/bin/uv", "--compile-bytecode")])
def test_the_lock_then_the_course_are_installed_and_compiled(root, monkeypatch, uv, flag):
    """Uncompiled, importing torch takes three times as long."""
    seen = []
    monkeypatch.setattr(shutil, "which", lambda name: uv)
    monkeypatch.setattr(bootstrap, "run", lambda command, log: seen.append(command))
    bootstrap.install(root, root / ".venv")
    assert all(flag in command and "--no-deps" in command for command in seen)
    assert [command[-2:] for command in seen] == [["-r", str(root / "requirements.lock")], ["-e", str(root)]]


def test_uv_gets_the_index_of_pips_configuration(root, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(root / "pip.conf"))
    (root / "pip.conf").write_text("[global]\nindex-url = https://packages.example/simple\n")
    (tmp_path / "uv").write_text("#!/bin/sh\nenv\n")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    bootstrap.run(["uv", "venv"], tmp_path / "log")
    assert "UV_DEFAULT_INDEX=https://packages.example/simple" in (tmp_path / "log").read_text().splitlines()


def test_a_really_failing_pip_is_one_line(root, capsys, tmp_path, monkeypatch):
    """The real venv and the real pip, with an index that is an empty folder on this disk."""
    (tmp_path / "index").mkdir()
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nno-index = true\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (root / "requirements.lock").write_text("a-package-that-nobody-made==1.0\n")
    code, said = run(root, capsys)
    assert code == 1
    assert "has no a-package-that-nobody-made==1.0" in only_line(said)


def test_help_has_an_example():
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), "--help"], capture_output=True, text=True, check=True)
    assert "example:" in done.stdout and "make setup PYTHON=python3.12" in done.stdout
