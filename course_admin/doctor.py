"""`course doctor`: what is installed and works, and how to repair what does not."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

OK, WARNING, MISSING = "ok", "warning", "missing"
INSTALL = "run `make setup`, or pip install -e '.[dev]' in the course's folder"


class Line(NamedTuple):
    """One thing that was checked. state: ok, warning (works without it) or missing (necessary); remedy: what to do."""

    state: str
    what: str
    found: str
    remedy: str = ""


def doctor(root: Path | None, *, console: Any = None) -> bool:
    """Print a line for everything that the course needs. Returns whether all that is necessary is there.

    root: the course's folder, None when there is none here.
    """
    from rich.console import Console

    console = console or Console()
    colours = {OK: "green", WARNING: "yellow", MISSING: "red"}
    healthy = True
    for line in examine(root):
        console.print(f"[{colours[line.state]}]{line.state:<8}[/]{line.what:<12}", end="")
        console.print(line.found, markup=False, highlight=False, soft_wrap=True)
        if line.remedy:
            console.print(f"{'':<20}→ {line.remedy}", markup=False, highlight=False, soft_wrap=True)
        healthy = healthy and line.state != MISSING
    return healthy


def examine(root: Path | None) -> Iterator[Line]:
    """The lines, one after the other. An examination that breaks is a line too."""
    looks: list[Callable[[], Line]] = [
        python,
        torch_pair,
        jupyterlab,
        nbgrader,
        device,
        sandbox,
        sample,
        cache,
        lambda: course(root),
        lambda: gradebook(root),
    ]
    for look in looks:
        try:
            yield look()
        except Exception as error:  # a doctor that dies is no help
            yield Line(MISSING, look.__name__, f"{type(error).__name__}: {error}", INSTALL)


def python() -> Line:
    """Python 3.11 or newer."""
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < (3, 11):
        return Line(
            MISSING, "python", found, "the course's commands need Python 3.11 or newer: make setup PYTHON=python3.12"
        )
    return Line(OK, "python", found)


def torch_pair() -> Line:
    """torch and torchvision, which go as a pair: torchvision's own operators must load."""
    lacking = [name for name in ("torch", "torchvision") if importlib.util.find_spec(name) is None]
    if lacking:
        return Line(MISSING, "torch", f"{' and '.join(lacking)} not installed", INSTALL)
    versions = f"torch {_version('torch')} with torchvision {_version('torchvision')}"
    try:
        import torch
        import torchvision

        torchvision.ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        return Line(MISSING, "torch", f"{versions}: do not work together ({reason})", f"they go as a pair: {INSTALL}")
    return Line(OK, "torch", versions)


def jupyterlab() -> Line:
    """JupyterLab with nbgrader's extension, which has the Validate button."""
    if importlib.util.find_spec("jupyterlab") is None:
        return Line(MISSING, "jupyterlab", "not installed", INSTALL)
    from jupyter_core.paths import jupyter_path

    found = f"JupyterLab {_version('jupyterlab')}"
    places = [Path(folder) / "@jupyter" / "nbgrader" for folder in jupyter_path("labextensions")]
    if not any((place / "package.json").is_file() for place in places):
        return Line(WARNING, "jupyterlab", f"{found} without nbgrader's extension (no Validate button)", INSTALL)
    if not _server_extension():
        remedy = "jupyter server extension enable --sys-prefix nbgrader"
        return Line(WARNING, "jupyterlab", f"{found}, nbgrader's server extension is not enabled", remedy)
    return Line(OK, "jupyterlab", f"{found} with the Validate button")


def nbgrader() -> Line:
    """nbgrader in a version that the course was tried with."""
    if importlib.util.find_spec("nbgrader") is None:
        return Line(MISSING, "nbgrader", "not installed", INSTALL)
    version = _version("nbgrader")
    if not version.startswith("0.9."):
        return Line(
            WARNING, "nbgrader", f"{version}: the course was tried with 0.9", "pip install 'nbgrader>=0.9.5,<0.10'"
        )
    return Line(OK, "nbgrader", version)


def device() -> Line:
    """What models are trained on."""
    import torch

    from course_utils.training import best_device

    best = best_device()
    if best.type == "cuda":
        return Line(OK, "device", f"{best}: {torch.cuda.get_device_name(best)}")
    if best.type == "mps":
        return Line(OK, "device", "mps: Apple's GPU")
    return Line(OK, "device", f"cpu, {os.cpu_count()} cores (no GPU found; the labs need none)")


def sandbox() -> Line:
    """Where students' code will run, tried out by this user: what was found and why (course_admin.sandbox.selftest)."""
    from course_admin.sandbox.limits import Limits
    from course_admin.sandbox.selftest import open_sandbox
    from course_admin.sandbox.session import PRELOADED, SandboxError

    try:
        with open_sandbox("auto", Limits()) as found:
            if found.kind == PRELOADED:
                return Line(OK, "sandbox", found.why)
            return Line(WARNING, "sandbox", f"{found.why}; grading is as safe, but takes seconds more for each")
    except SandboxError as error:
        return Line(WARNING, "sandbox", f"grading will refuse: {error.what}", error.remedy)


def sample() -> Line:
    """The bundled digits, which grading uses."""
    from course_utils.data import load_mnist

    try:
        counts = [len(load_mnist(split, source="sample", device="cpu").labels) for split in ("train", "test")]
    except Exception as error:
        return Line(MISSING, "data", f"the bundled digits cannot be read: {error}", "take the course's files anew")
    return Line(OK, "data", f"bundled sample: {counts[0]:,} training and {counts[1]:,} test digits")


def cache() -> Line:
    """Where the full data sets are kept, and which of them are there."""
    from course_utils.data import images

    sets = (images.MNIST, images.FASHION_MNIST, images.KMNIST)
    places = {dataset.title: images._cache_folder(dataset) for dataset in sets}
    there = [title for title, place in places.items() if place.is_dir() and any(place.iterdir())]
    named = os.environ.get("COURSE_DATA", "")
    where = f"COURSE_DATA={named}; " if named else ""
    what = f"{', '.join(there)} in full" if there else "nothing downloaded yet (comes when it is first asked for)"
    return Line(OK, "cache", f"{where}{os.path.commonpath(list(places.values()))}: {what}")


def course(root: Path | None) -> Line:
    """The course's folder and its labs."""
    if root is None:
        return Line(WARNING, "course", "not in a course's folder", "go there, or name it: course --root DIR doctor")
    from course_admin.course import Lab

    labs = [
        Lab(root, path.parent.name) for path in sorted(root.glob("notebooks/*/*.py")) if path.stem == path.parent.name
    ]
    waiting = [lab.name for lab in labs if not lab.source.is_file() or not lab.release.is_file()]
    found = f"{root} with {len(labs)} lab{'' if len(labs) == 1 else 's'}"
    if waiting:
        return Line(WARNING, "course", f"{found}, not built: {', '.join(waiting)}", "course build")
    return Line(OK, "course", found)


def gradebook(root: Path | None) -> Line:
    """The gradebook, if anything was graded."""
    if root is None:
        return Line(OK, "gradebook", "none: not in a course's folder")
    from course_admin.course import CourseError
    from course_admin.report import gradebook_url, read_marks

    url = gradebook_url(root)
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).is_file():
        return Line(OK, "gradebook", "none yet; `course grade LAB` makes it")
    try:
        found = read_marks(root)
    except CourseError as error:
        return Line(WARNING, "gradebook", str(error), "bring back a copy, or move it away and grade again")
    where = url.removeprefix("sqlite:///") if url.startswith("sqlite") else "on a server"
    return Line(OK, "gradebook", f"{where}: {sum(map(len, found.values()))} submissions of {len(found)} labs")


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def _server_extension() -> bool:
    from jupyter_core.paths import jupyter_config_path

    for folder in jupyter_config_path():
        for path in sorted(Path(folder).glob("jupyter_server_config.d/*.json")):
            try:
                settings = json.loads(path.read_text(encoding="utf-8"))
                names = settings["ServerApp"]["jpserver_extensions"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if any(name.startswith("nbgrader") and on for name, on in names.items()):
                return True
    return False
