"""Make .venv, the environment that every `make` target of the course runs in.

This is the only module that runs before anything is installed. It needs only the standard library of the system's
`python3`. A Python too old for the course can still run it, so that the user gets a clear message. It installs exactly
requirements.lock, with uv if uv is installed, else with pip, and then the course itself in editable mode. A stamp file,
written last, records what .venv was made from. If that is unchanged, nothing is done; a set-up that was killed leaves
no stamp and is done again. Packages that a user added to .venv stay.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

MINIMUM_PYTHON = (3, 11)
NEEDED_GB = 10.5  # mostly torch with its CUDA libraries: 7 installed, 3.5 downloaded
STAMP, LOG = "course-stamp.json", "course-setup.log"
PROGRESS_SECONDS = 15
NEXT = (
    "done. In each new terminal type `. .venv/bin/activate` here; then `course --help` and all commands work as printed"
)
AGAIN = "then run `make setup` again"
EXAMPLE = """example:
  make setup                        make .venv or bring it up to date
  make setup PYTHON=python3.12      the same with another Python (remove .venv first, if there is one)
"""
# Settings of the user's Python and pip that would install the packages in the wrong place.
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
    """An error that stopped the set-up. The message is one line: the problem and its remedy."""


def main(argv=None):
    """Run the set-up. Return the exit code: 0, or 1 after an error, with one line on stderr."""
    parser = argparse.ArgumentParser(epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS)
    parser.add_argument("--tell", action="store_true", help=argparse.SUPPRESS)  # print NEXT even if nothing changed
    given = parser.parse_args(argv)
    try:
        if set_up(given.root.resolve()) or given.tell:
            say(NEXT)
        return 0
    except (SetupError, OSError) as error:
        print(f"setup: {error if isinstance(error, SetupError) else explain(str(error))}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nsetup: interrupted; `make setup` continues", file=sys.stderr)
    return 1


def set_up(root):
    """Make `root`/.venv match requirements.lock and pyproject.toml. Return False if it was already up to date."""
    if os.name != "posix":
        raise SetupError("make works on Linux and macOS; on Windows use WSL, or conda with environment.yml")
    this = sys.version_info[:2]
    if this < MINIMUM_PYTHON:
        need = "{}.{}".format(*MINIMUM_PYTHON)
        raise SetupError(
            f"Python {this[0]}.{this[1]} is too old, use {need} or newer: `make setup PYTHON=python{need}`"
        )
    for name in ("requirements.lock", "pyproject.toml"):
        if not (root / name).is_file():
            raise SetupError(f"there is no {name} in {root}: get the whole course again")
    import fcntl

    with (root / "requirements.lock").open("rb") as lock:  # if `make` runs in two terminals, the second waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        venv, version, stamp = root / ".venv", python_of(root / ".venv"), read_stamp(root / ".venv")
        if version and stamp == fingerprint(root, version):
            return False
        # A complete environment keeps its Python. In an incomplete one, the user may still choose another Python.
        usable = version and (stamp.get("location") == str(venv) if stamp else version == list(this))
        if not usable or tuple(version) < MINIMUM_PYTHON:
            if venv.exists() or venv.is_symlink():
                say(".venv is broken, was moved, or has another Python: making it again")
                shutil.rmtree(str(venv)) if venv.is_dir() and not venv.is_symlink() else venv.unlink()
            make_venv(venv)
        if (venv / STAMP).exists():
            (venv / STAMP).unlink()
        say(f"installing packages: the first time some minutes and {NEEDED_GB:.0f} GB (log: {venv / LOG})")
        install(root, venv)
        part = venv / f"{STAMP}.part"
        part.write_text(json.dumps(fingerprint(root, python_of(venv))))
        part.replace(venv / STAMP)
        return True


def fingerprint(root, version):
    """Return a description of what the environment is made from. If it changes, `make setup` installs again."""
    hashes = {n: hashlib.sha256((root / n).read_bytes()).hexdigest() for n in ("requirements.lock", "pyproject.toml")}
    return dict(hashes, location=str(root / ".venv"), python=version)


def python_of(venv):
    """Return the Python version of an environment ([3, 11]), None unless its own Python runs and has pip."""
    code = "import json, sys, pip; print(json.dumps([sys.version_info[:2], sys.prefix]))"
    command = [str(venv / "bin" / "python"), "-I", "-c", code]
    try:
        version, prefix = json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL, timeout=60).decode())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return version if os.path.realpath(prefix) == os.path.realpath(str(venv)) else None


def read_stamp(venv):
    """Return the fingerprint of the last complete set-up, or None."""
    try:
        return json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return None


def make_venv(venv):
    """Make the environment with uv or with Python's venv module, a separate package on Debian and Ubuntu."""
    free = shutil.disk_usage(str(venv.parent)).free / 1e9
    if free < NEEDED_GB:
        raise SetupError(f"the disk of {venv.parent} has {free:.1f} GB free, the set-up needs {NEEDED_GB}: make room")
    log, version = venv.parent / LOG, "{}.{}".format(*sys.version_info)
    say(f"making .venv with Python {version}")
    if shutil.which("uv"):
        run(["uv", "venv", "--seed", "--python", sys.executable, str(venv)], log)
    else:
        if importlib.util.find_spec("ensurepip") is None:
            if os.geteuid() != 0 or shutil.which("apt-get") is None:
                raise SetupError(f"Python lacks its venv module: `sudo apt install python{version}-venv`, {AGAIN}")
            run(["apt-get", "-q", "update"], log)
            run(["apt-get", "-q", "install", "-y", "--no-install-recommends", f"python{version}-venv"], log)
        run([sys.executable, "-I", "-m", "venv", str(venv)], log)
    log.unlink()


def install(root, venv):
    """Install exactly requirements.lock, which is complete, then the course.

    Files are compiled, so that importing torch takes a third of the time.
    """
    python = str(venv / "bin" / "python")
    command = [python, "-I", "-m", "pip", "install", "--compile", "--no-user"]
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--compile-bytecode", "--python", python]
    run([*command, "--no-deps", "-r", str(root / "requirements.lock")], venv / LOG)
    run([*command, "--no-deps", "--no-build-isolation", "-e", str(root)], venv / LOG)


def run(command, log):
    """Run a command with its output in the log file; print progress every 15 s. Raises SetupError."""
    environment = {name: value for name, value in os.environ.items() if not UNWANTED.match(name)}
    environment.update(DEBIAN_FRONTEND="noninteractive", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    if command[0] == "uv" and "UV_DEFAULT_INDEX" not in environment:  # uv does not read pip's configuration
        settings = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE).stdout
        found = re.findall(r"\.index-url='(.*)'", settings.decode())
        environment.update({"UV_DEFAULT_INDEX": found[-1]} if found else {})
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


def explain(output, where=""):
    """Summarise a command's output in one line: the cause and what to do next."""
    for pattern, words in CAUSES.items():
        found = re.search(pattern, output, re.IGNORECASE)
        if found:
            return f"{words.format(*found.groups())}, {AGAIN}{where}"
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    errors = [line for line in lines if re.match("error|E:", line, re.IGNORECASE)]
    return f"{(errors or lines[-1:])[0][:200]}: repair that, {AGAIN}{where}"


def say(line):
    print("setup: " + line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
