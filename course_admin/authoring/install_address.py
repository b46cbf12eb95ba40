"""Check the address in install_cell.py from which students' notebooks install course_utils.

It must be the address of the published bundle, and never of a repository, folder or archive with the answers.
"""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from course_admin.course import CourseError

INSTALL_CELL = Path(__file__).with_name("install_cell.py")
FOR_INSTRUCTORS = re.compile(r"(?:^|/)(source(?=/[^/]+/[^/]+\.ipynb$)|autograder_tests/|course_admin/)")
SECONDS = 30
LARGEST = 100_000_000  # bytes, the most that is read of an archive; a bundle has 3 MB


def install_from() -> str:
    """Return the address in install_cell.py, or an empty string if there is none."""
    for node in ast.parse(INSTALL_CELL.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INSTALL_FROM":
            return str(ast.literal_eval(node.value)).strip()
    return ""


def refuse_address_of_course(root: Path, address: str | None = None, *, say: Callable[[str], None] = print) -> None:
    """Raise CourseError if students find an instructors' folder at the address: in a git repository (in any branch), in
    an archive or in a folder.

    The course's own repository is recognised without a network and refused. Any other address that cannot be reached
    is only reported with `say`.
    """
    address = install_from() if address is None else address
    if not address:
        return
    if _repository(address) in _remotes(root):
        _refuse(address, "it is the repository of this course")
    try:
        found = sorted({match[1] for name in _names(address) if (match := FOR_INSTRUCTORS.search(name))})
    except (OSError, ValueError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        say(
            f"INSTALL_FROM: could not look into {address} ({reason}): make sure that it holds the published bundle only"
        )
        return
    if found:
        _refuse(address, f"it holds {', '.join(name.rstrip('/') + '/' for name in found)}")


def _refuse(address: str, reason: str) -> None:
    where = f"course_admin/authoring/{INSTALL_CELL.name}"
    raise CourseError(
        f"{where}: INSTALL_FROM = {address!r} shows students the solutions, {reason}: publish a bundle, put it into a "
        "repository of its own, and write that address (docs/instructors.md)"
    )


def _repository(address: str) -> str:
    """Return host and path of a repository, or of an archive that its host makes of the repository.

    The result is the same for all ways to write the address. For example, it is github.com/ada/course for
    git@github.com:ada/course.git and for https://github.com/ada/course/archive/main.zip.
    """
    address = re.sub(r"^[\w.-]+ @ ", "", address).removeprefix("git+").split("#")[0]
    if scp := re.fullmatch(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)", address):
        host, path = scp.groups()
    else:
        parts = urlsplit(address)
        host, path = (parts.hostname or "").removeprefix("codeload."), parts.path
    path = re.sub(r"(?:/-)?/(?:archive|zip|tarball|zipball|raw|releases|tree)/.*$", "", path)
    path = re.sub(r"@[^/@]*(?:/[^@]*)?$", "", path).rstrip("/").removesuffix(".git").strip("/")
    return f"{host}/{path}".lower()


def _remotes(root: Path) -> set[str]:
    try:
        listed = _git("-C", str(root), "config", "--get-regexp", r"^remote\..*\.url$")
    except (OSError, subprocess.SubprocessError):
        return set()
    return {_repository(line.split(None, 1)[1]) for line in listed.splitlines() if " " in line}


def _names(address: str) -> Iterable[str]:
    """Return the paths of all files at an address."""
    address = re.sub(r"^[\w.-]+ @ ", "", address).split("#")[0]
    if address.startswith("git+") or address.endswith(".git"):
        return _names_in_git(re.sub(r"(?<=[^/])@[^/@:]*$", "", address.removeprefix("git+")))
    if re.match(r"https?://", address):
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            return zipfile.ZipFile(io.BytesIO(answer.read(LARGEST))).namelist()
    place = Path(urlsplit(address).path if address.startswith("file:") else address).expanduser()
    if place.is_dir():
        return [path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()]
    return zipfile.ZipFile(place).namelist()


def _names_in_git(address: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="course-address-") as folder:
        shallow = ("--bare", "--depth", "1", "--no-single-branch", "--filter=blob:none", "--quiet")
        _git("clone", *shallow, address, folder)
        branches = _git("-C", folder, "for-each-ref", "--format=%(objectname)").split()
        trees = (_git("-C", folder, "ls-tree", "-r", "--name-only", branch) for branch in dict.fromkeys(branches))
        return [name for tree in trees for name in tree.splitlines()]


def _git(*arguments: str) -> str:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    done = subprocess.run(
        ["git", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
    )
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or ["git failed"])[-1])
    return done.stdout
