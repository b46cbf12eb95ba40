"""Make .venv, the environment that every `make` target of the course runs in.

The only module that runs before anything is installed: it needs only the standard library of the system's `python3`,
and an older Python than the course accepts can read it, so that it can be told so.

Installs exactly requirements.lock, with uv where that is installed, else with pip, then the course itself, editable. A
stamp, written last, says what .venv was made from: while that is unchanged there is nothing to do, and a set-up that
was killed is done again. Packages that a person added to .venv stay.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MINIMUM_PYTHON = (3, 11)
VENV_GB, DOWNLOAD_GB = 7.0, 3.5  # torch with its CUDA libraries is most of both
STAMP, LOG = "course-stamp.json", "course-setup.log"
PROGRESS_SECONDS = 15
AGAIN = "then run `make setup` again"
EXAMPLE = """example:
  make setup                        make .venv or bring it up to date
  make setup PYTHON=python3.12      the same with another Python (remove .venv first, if there is one)
"""
# Settings of a person's Python and pip that would put the packages in the wrong place.
UNWANTED = re.compile("PYTHON(PATH|HOME|DONTWRITEBYTECODE)|VIRTUAL_ENV|PIP_(TARGET|PREFIX|ROOT|USER|NO_COMPILE|LOG)")
NETWORK = r"name resolution|NewConnection|Network is unreachable|Max retries|timed out|ProxyError|SSLError|dns error"
CAUSES = {
    "No space left on device": "the disk is full: make room, or name another folder, as in `TMPDIR=/x make setup`",
    NETWORK + "|error sending request": "no package index answers: check the network and `pip config list`",
    r"(?:distribution found for|no version of|Because(?! there is)) (\S+)": "the package index has no {} for this "
    "Python and computer: try another Python, as in `make setup PYTHON=python3.12`, or conda with environment.yml",
    "Permission denied": "a folder cannot be written: make it your own (`sudo chown -R $USER .`)",
}


class SetupError(Exception):
    """What stopped the set-up and what to do about it, in one line."""


def main(argv=None):
    """Run the set-up; returns the exit code: 0, or 1 after one line on stderr."""
    parser = argparse.ArgumentParser(epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS)
    root = parser.parse_args(argv).root.resolve()
    try:
        with one_setup_at_a_time(root):
            set_up(root)
    except (SetupError, OSError) as error:
        print(f"setup: {error if isinstance(error, SetupError) else explain(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; `make setup` continues", file=sys.stderr)
        return 1
    return 0


def set_up(root):
    """Bring `root`/.venv to what requirements.lock and pyproject.toml say; does nothing where nothing has changed."""
    if os.name != "posix":
        raise SetupError("make works on Linux and macOS; on Windows use WSL, or conda with environment.yml")
    need, this = dotted(MINIMUM_PYTHON), dotted(sys.version_info[:2])
    if sys.version_info[:2] < MINIMUM_PYTHON:
        raise SetupError(f"this is Python {this}, the course needs {need} or newer: `make setup PYTHON=python{need}`")
    venv, version, stamp = root / ".venv", python_of(root / ".venv"), read_stamp(root / ".venv")
    if version and stamp == fingerprint(root, version):
        return
    why = "is broken" if not version else ""
    if stamp and stamp.get("location") != str(venv):
        why = "was made in another folder"
    elif version and tuple(map(int, version.split("."))) < MINIMUM_PYTHON:
        why = f"has Python {version}, the course needs {need}"
    elif version and version != this and not stamp:  # nothing is complete in it, so the Python may still be chosen
        why = f"was begun with Python {version}, now it is {this}"
    if why:
        if venv.exists() or venv.is_symlink():
            say(f".venv {why}: making it again")
            shutil.rmtree(str(venv)) if venv.is_dir() and not venv.is_symlink() else venv.unlink()
        check_disk(root)
        make_venv(venv)
    with contextlib.suppress(FileNotFoundError):
        (venv / STAMP).unlink()
    say(f"installing packages: the first time some minutes and {VENV_GB:.0f} GB (log: {venv / LOG})")
    install(root, venv)
    part = venv / f"{STAMP}.part"
    part.write_text(json.dumps(fingerprint(root, python_of(venv))))
    part.replace(venv / STAMP)
    say("done")


def fingerprint(root, version):
    """What the environment is made from: when one of these changes, `make setup` has something to do."""
    found = {"location": str(root / ".venv"), "python": version}
    for name in ("requirements.lock", "pyproject.toml"):
        if not (root / name).is_file():
            raise SetupError(f"there is no {name} in {root}: get the whole course again")
        found[name] = hashlib.sha256((root / name).read_bytes()).hexdigest()
    return found


def python_of(venv):
    """The version ("3.11") of an environment whose Python runs, is its own and has pip; None otherwise."""
    code = "import sys, pip; print('%d.%d' % sys.version_info[:2], sys.prefix, sep='\\n')"
    command = [str(venv / "bin" / "python"), "-I", "-c", code]
    try:
        version, prefix = subprocess.check_output(command, stderr=subprocess.DEVNULL, timeout=60).decode().splitlines()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return version if os.path.realpath(prefix) == os.path.realpath(str(venv)) else None


def read_stamp(venv):
    """What the last complete set-up was made from, or None."""
    try:
        return json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return None


def check_disk(root):
    """Raise SetupError where the environment, or the downloads in the temporary folder, have no room."""
    temporary = Path(tempfile.gettempdir())
    one_disk = root.stat().st_dev == temporary.stat().st_dev
    for folder, need in ((root, VENV_GB + DOWNLOAD_GB * one_disk), (temporary, DOWNLOAD_GB)):
        free = shutil.disk_usage(str(folder)).free / 1e9
        if free < need:
            words = f"the disk of {folder} has {free:.1f} GB free, the set-up needs {need:.1f}: make room"
            raise SetupError(f"{words}, or name another folder for downloads, as in `TMPDIR=/var/tmp make setup`")


def make_venv(venv):
    """With uv, or with this Python's venv, for which Debian and Ubuntu have a package of its own."""
    say(f"making .venv with Python {dotted(sys.version_info[:3])}")
    log = venv.parent / "course-setup.log"
    if shutil.which("uv"):
        run(["uv", "venv", "--seed", "--python", sys.executable, str(venv)], log)
        log.unlink()
        return
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{dotted(sys.version_info[:2])}-venv"
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise SetupError(f"this Python lacks its venv module: `sudo apt install {package}` on Debian, {AGAIN}")
        say(f"installing Debian's {package}")
        run(["apt-get", "-q", "update"], log)
        run(["apt-get", "-q", "install", "-y", "--no-install-recommends", package], log)
    run([sys.executable, "-I", "-m", "venv", str(venv)], log)
    log.unlink()


def install(root, venv):
    """Exactly the lock, which is complete, then the course. Compiled: importing torch takes a third of the time."""
    python = str(venv / "bin" / "python")
    command = [python, "-I", "-m", "pip", "install", "--compile", "--no-user"]
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--compile-bytecode", "--python", python]
    run([*command, "--no-deps", "-r", str(root / "requirements.lock")], venv / LOG)
    run([*command, "--no-deps", "--no-build-isolation", "-e", str(root)], venv / LOG)


def run(command, log):
    """Run a command, its output into the log, with a line on stdout now and then. Raises SetupError."""
    environment = {name: value for name, value in os.environ.items() if not UNWANTED.match(name)}
    environment.update(DEBIAN_FRONTEND="noninteractive", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.update(pip_settings() if command[0] == "uv" else {})
    started = time.monotonic()
    with log.open("wb") as output:
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, env=environment, **streams)
        while process.poll() is None:
            try:
                process.wait(PROGRESS_SECONDS)
            except subprocess.TimeoutExpired:
                last = log.read_text(errors="replace").strip().rpartition("\n")[2]
                say(f"{time.monotonic() - started:.0f} s: {last.strip()[:90]}")
    if process.returncode:
        raise SetupError(explain(log.read_text(errors="replace"), f" (log: {log})"))


def pip_settings():
    """The package index in pip's configuration, which uv does not read, as uv's variables."""
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    names["cert"] = "SSL_CERT_FILE"
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE)
    found = re.findall(r"\.(index-url|extra-index-url|find-links|cert)='(.*)'", done.stdout.decode())
    found = {names[key]: value for key, value in found if names[key] not in os.environ}
    return dict(found, UV_INDEX_STRATEGY="unsafe-best-match")  # as pip: the lock's version from whichever index has it


def explain(output, where=""):
    """One line for many lines of output: the cause and what to do next."""
    for pattern, words in CAUSES.items():
        found = re.search(pattern, output, re.IGNORECASE)
        if found:
            return f"{words.format(*found.groups())}, {AGAIN}{where}"
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    errors = [line for line in lines if re.match("error|E:", line, re.IGNORECASE)]
    return f"{(errors or lines[-1:])[0][:200]}: repair that, {AGAIN}{where}"


@contextlib.contextmanager
def one_setup_at_a_time(root):
    """Two `make` in two terminals: the second waits for the first."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(ImportError, OSError):  # without locks, or without the file, there is no waiting
            import fcntl

            fcntl.flock(held.enter_context((root / "requirements.lock").open("rb")), fcntl.LOCK_EX)
        yield


def say(line):
    print("setup: " + line, flush=True)


def dotted(version):
    return ".".join(map(str, version))


if __name__ == "__main__":
    sys.exit(main())
