"""Make .venv, the environment that every `make` target of the course runs in.

The only module of the course that runs before anything is installed: it needs nothing but the standard library of
whatever `python3` the system has, and stays readable to older ones than the course accepts, so that they can be told.

What is installed is exactly requirements.lock, by the ordinary pip with its own configuration, and the course itself,
editable. A stamp in .venv, written last, says for what it was made: while that holds there is nothing to do, and a
set-up that was killed half-way is simply done again. Packages that somebody added to .venv stay.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

MINIMUM_PYTHON = (3, 11)
VENV_GB = 7.0  # torch with its CUDA libraries is most of it
DOWNLOAD_GB = 3.5  # pip keeps the wheels in the temporary folder until it has installed them
TICK_SECONDS = 15
STAMP = "course-stamp.json"
LOG = "course-setup.log"

EXAMPLE = """\
example:
  python3 course_admin/bootstrap.py            make .venv or bring it up to date (what `make setup` runs)
  make setup PYTHON=python3.12                 the same with another Python
"""

# Settings of a person's pip that make sense elsewhere and would put the packages in the wrong place here.
_UNWANTED = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
    *("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_NO_COMPILE", "PIP_REQUIRE_HASHES", "PIP_LOG"),
)


class SetupError(Exception):
    """What stopped the set-up and how to mend it, in one line."""


def main(argv=None):
    """Run the set-up; returns the exit code: 0, or 1 after one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        description="Make .venv at the root of the course and install requirements.lock and the course into it.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS)
    root = parser.parse_args(argv).root.resolve()
    try:
        with only_one_setup(root):
            set_up(root)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {_readable(error, root)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; `make setup` takes it up again.", file=sys.stderr)
        return 1
    return 0


def set_up(root):
    """Bring `root`/.venv to what requirements.lock and pyproject.toml say; nothing is done where it is already so."""
    if os.name != "posix":
        raise SetupError("make works on Linux and macOS; on Windows use WSL, or conda with environment.yml.")
    check_python(sys.version_info)
    venv = root / ".venv"
    version = python_of(venv)
    why = why_unusable(venv, version)
    stamp = read_stamp(venv)
    if why is None and stamp == fingerprint(root, version):
        return
    this = _dotted(sys.version_info[:2])
    if why is None and stamp is None and version != this and not has_torch(venv):
        # Somebody names another Python because the first had no packages: do as told.
        why = f"was begun with Python {version}, now it is {this}"
    started = time.monotonic()
    if why is not None:
        if venv.exists() or venv.is_symlink():
            say(f".venv {why}: making it anew.")
            _remove(venv)
        check_disk(root)
        say(f"making .venv with Python {sys.version.split()[0]}")
        make_venv(venv)
    elif not has_torch(venv):
        check_disk(root)
    with suppress(FileNotFoundError):
        (venv / STAMP).unlink()
    install(root, venv, started)
    write_stamp(venv, fingerprint(root, python_of(venv)))
    say(f"done in {elapsed(started)}")


# ---------------------------------------------------------------------------------------------------- the stamp


def fingerprint(root, version):
    """What the environment is made from: change one of these and `make setup` has something to do."""
    return {
        "location": str(root / ".venv"),
        "requirements.lock": _digest(root / "requirements.lock"),
        "pyproject.toml": _digest(root / "pyproject.toml"),
        "python": version,
    }


def python_of(venv):
    """ "3.11" for an environment whose interpreter runs and is its own; None for none or a broken one."""
    code = "import sys; print('%d.%d' % sys.version_info[:2], sys.prefix, sep='\\n')"
    try:
        done = subprocess.run(
            [str(venv / "bin" / "python"), "-I", "-c", code], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != 2 or os.path.realpath(lines[1]) != os.path.realpath(venv):
        return None
    return lines[0]


def read_stamp(venv):
    """The fingerprint that the last completed set-up left, or None."""
    try:
        return json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_stamp(venv, wanted):
    """Written last and in one step: a stamp means that everything before it was done."""
    part = venv / (STAMP + ".part")
    part.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    part.replace(venv / STAMP)


def why_unusable(venv, version):
    """What is wrong with an environment ("was moved here …"), or None where pip can go on with it."""
    if not venv.exists():
        return "is missing" if not venv.is_symlink() else "is a link to nothing"
    if version is None:
        return "is broken (its Python is gone or does not run)"
    if tuple(int(part) for part in version.split(".")) < MINIMUM_PYTHON:
        return f"has Python {version}, the course needs {_dotted(MINIMUM_PYTHON)}"
    packages = venv / "lib" / f"python{version}" / "site-packages"
    if not packages.is_dir():
        return "is broken (it holds packages of another Python)"
    if not (packages / "pip").is_dir():
        return "is broken (it has no pip)"
    with suppress(OSError):
        # The commands in bin/ carry the place where the environment was made; activate says it in every version.
        text = (venv / "bin" / "activate").read_text(encoding="utf-8", errors="replace")
        if str(venv) not in text and os.path.realpath(venv) not in text:
            return "was made in another folder"
    return None


def has_torch(venv):
    return "torch" in installed_names(venv)


# --------------------------------------------------------------------------------------------- what is needed first


def check_python(version):
    if tuple(version[:2]) < MINIMUM_PYTHON:
        raise SetupError(
            f"this is Python {_dotted(version[:3])}, the course needs {_dotted(MINIMUM_PYTHON)} or newer: "
            f"install one and name it, as in `make setup PYTHON=python{_dotted(MINIMUM_PYTHON)}`."
        )


def check_disk(root):
    """Room for the environment, and for the downloads where these lie on another disk."""
    temporary = Path(tempfile.gettempdir())
    together = root.stat().st_dev == temporary.stat().st_dev
    for folder, need, remedy in (
        (root, VENV_GB + DOWNLOAD_GB * together, "make room there, or move the course to another disk"),
        (temporary, DOWNLOAD_GB, "make room there, or name another folder, as in `TMPDIR=/var/tmp make setup`"),
    ):
        free = shutil.disk_usage(folder).free / 1e9
        if free < need:
            raise SetupError(
                f"the set-up needs about {need:.1f} GB free on the disk of {folder}, which has {free:.1f}: {remedy}."
            )


def make_venv(venv):
    """By venv where this Python has it; else by virtualenv, or after Debian's package for it was installed."""
    if not has_module("ensurepip"):
        if has_module("virtualenv"):
            return _make_with("virtualenv", venv)
        install_debian_venv()
    return _make_with("venv", venv)


def install_debian_venv():
    """Debian and Ubuntu keep venv in a package of its own; root can just take it."""
    package = f"python{_dotted(sys.version_info[:2])}-venv"
    missing = f"this Python lacks its venv module: install it (Debian, Ubuntu: `sudo apt install {package}`), "
    missing += "then run `make setup` again."
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(missing)
    say(f"installing Debian's {package}")
    env = dict(child_environment(), DEBIAN_FRONTEND="noninteractive")
    for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", "-q", *command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            raise SetupError(f"`apt-get {' '.join(command)}` failed ({_last_line(done.stdout)}); {missing}")


def has_module(name):
    return importlib.util.find_spec(name) is not None


def _make_with(module, venv):
    done = subprocess.run(
        [sys.executable, "-m", module, str(venv)],
        cwd=str(venv.parent),
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        _remove(venv)
        raise SetupError(
            f"`{sys.executable} -m {module}` could not make .venv ({_last_line(done.stdout)}): mend that Python, "
            "or name another one, as in `make setup PYTHON=python3.12`."
        )


# ------------------------------------------------------------------------------------------------------------- pip


def install(root, venv, started):
    """Exactly the lock (it is complete, so nothing is left to resolve), then the course itself."""
    names = locked_names(root / "requirements.lock")
    log = venv / LOG
    with suppress(FileNotFoundError):
        log.unlink()
    terminal = sys.stdout.isatty()
    if has_torch(venv):
        say(f"bringing {len(names)} packages to the versions of requirements.lock")
    else:
        say(f"installing {len(names)} packages: some minutes and about {VENV_GB:.0f} GB, this once")
    with ticking(venv, names, started, log, only_while_installing=terminal):
        pip(venv, log, ["--no-deps", "-r", str(root / "requirements.lock")], show=terminal)
    say(f"installing the course itself, editable ({elapsed(started)})")
    pip(venv, log, ["--no-deps", "--no-build-isolation", "-e", str(root)], show=False)


def pip(venv, log, arguments, show):
    """Run the environment's own `pip install`, with its progress bar where `show`; SetupError says what went wrong."""
    command = [
        str(venv / "bin" / "python"),
        "-m",
        "pip",
        "--log",
        str(log),
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["install", "--compile", "--no-user", *arguments]
    # Not in the root of the course, where a folder could have the name of something that pip imports.
    done = subprocess.run(
        command,
        cwd=str(venv),
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=None if show else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if done.returncode:
        raise SetupError(explain_pip(done.stderr.decode("utf-8", "replace"), log))


def explain_pip(stderr, log):
    """One line for what pip said in many: the cause and what to do next."""
    again = f"then run `make setup` again (pip's log: {log})"
    no_release = re.search(r"No matching distribution found for (\S+)", stderr)
    if "No space left on device" in stderr:
        return f"the disk ran full; make room, or give pip another folder with `TMPDIR=... make setup`, {again}."
    if re.search(
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection broken"
        r"|Could not fetch URL|Temporary failure in name resolution|Network is unreachable|Max retries exceeded"
        r"|Read timed out|Connection refused|connection (?:was )?reset",
        stderr,
        re.IGNORECASE,
    ):
        return f"pip could not reach its package index; check the network and `pip config list`, {again}."
    if no_release:
        name = no_release.group(1)
        return (
            f"the package index has no {name} for Python {_dotted(sys.version_info[:2])} on this computer; try another "
            f"Python, as in `make setup PYTHON=python3.12`, or conda with environment.yml (pip's log: {log})."
        )
    if "Permission denied" in stderr:
        return f"pip may not write to .venv; make the folder your own (`sudo chown -R $USER .venv`), {again}."
    errors = [line for line in stderr.splitlines() if line.lower().startswith("error")]
    said = (errors or stderr.strip().splitlines() or ["it said nothing"])[0].strip()
    return f"pip failed ({said[:200]}); mend that, {again}."


def child_environment():
    """The environment for pip: this one's, less what belongs to another environment or would misdirect pip."""
    return {name: value for name, value in os.environ.items() if name not in _UNWANTED}


def locked_names(lock):
    """Names of the packages in the lock that concern this computer, as far as can be told without `packaging`."""
    names = set()
    for line in lock.read_text(encoding="utf-8").splitlines():
        requirement, _, marker = line.partition(";")
        match = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", requirement)
        foreign = re.search(r"(?:sys_platform|os_name) == '(\w+)'", marker)
        if match and (foreign is None or foreign.group(1) in (sys.platform, os.name)):
            names.add(_normal(match.group(1)))
    return names


# -------------------------------------------------------------------------------------------------------- progress


def say(line):
    print(f"setup: {line}", flush=True)


@contextmanager
def ticking(venv, names, started, log, only_while_installing):
    """A line now and then while pip works, for it is silent for a minute while it unpacks torch."""
    stop = threading.Event()
    before = len(installed_names(venv) & names)

    def tick():
        while not stop.wait(TICK_SECONDS):
            count = len(installed_names(venv) & names)
            if count > before:
                say(f"{count} of {len(names)} packages installed ({elapsed(started)})")
            elif not only_while_installing:
                say(f"collecting packages{_collecting(log)} ({elapsed(started)})")

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def installed_names(venv):
    folders = (venv / "lib").glob("python*/site-packages/*.dist-info")
    return {_normal(folder.name.split("-")[0]) for folder in folders}


def elapsed(started):
    seconds = int(time.monotonic() - started)
    return f"{seconds // 60}:{seconds % 60:02d} min"


def _collecting(log):
    with suppress(OSError):
        found = re.findall(r"Collecting (\S+)", log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return f", now {found[-1]}"
    return ""


# --------------------------------------------------------------------------------------------------------- helpers


@contextmanager
def only_one_setup(root):
    """Two `make` in two terminals: the second waits for the first."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        # The lock file of the packages serves as the lock of the set-up: it is there, and reading it suffices.
        handle = (root / "requirements.lock").open("rb")
    except FileNotFoundError:
        raise SetupError(f"there is no requirements.lock in {root}: get the course again, whole.") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: two at once are rare enough
        yield


def _remove(venv):
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    else:
        shutil.rmtree(str(venv), ignore_errors=False)


def _digest(path):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise SetupError(f"there is no {path.name} in {path.parent}: get the course again, whole.") from None


def _readable(error, root):
    what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    if error.errno == 28:
        return f"the disk ran full ({what}); make room, then run `make setup` again."
    if isinstance(error, PermissionError):
        return f"{what}; make the folder your own (`sudo chown -R $USER {root}`), then run `make setup` again."
    return f"{what}; mend that, then run `make setup` again."


def _last_line(output):
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _dotted(version):
    return ".".join(str(part) for part in version)


if __name__ == "__main__":
    sys.exit(main())
