"""What is wrong with a set-up, each in one line with its remedy:  python -m course_utils.doctor

Plain functions, one for each thing that breaks in classes; each returns a Line. They import late, and nothing but the
standard library by themselves, so that the doctor works where torch or Jupyter do not. Instructors have more of them
in course_admin/doctor.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

OK, WARNING, PROBLEM = "ok", "warning", "problem"
OLDEST_PYTHON = (3, 10)
INSTALL = 'pip install -e ".[lab]" in the folder of the bundle'
ACTIVATE = "activate the environment: `. .venv/bin/activate`, with conda `conda activate autoencoder-course`"
LIBRARIES = ("torch", "torchvision", "numpy", "matplotlib", "seaborn", "sklearn", "scipy", "pandas", "tqdm", "IPython")
LITTLE_GB, TOO_LITTLE_GB = 1.0, 0.2
DEEP = 3
"""So many folders below the current one are searched for notebooks."""


class Line(NamedTuple):
    """What was found. state: OK, WARNING (the labs work without it) or PROBLEM; remedy: what to do, "" if nothing."""

    state: str
    what: str
    found: str
    remedy: str = ""


def main() -> int:
    """Print the lines for the current folder; returns the exit code, 1 where something is wrong."""
    lines = []
    for line in examine(for_students(Path.cwd())):
        lines.append(line)
        print("\n".join(text_of(line)), flush=True)
    return int(any(line.state == PROBLEM for line in lines))


def for_students(folder: Path) -> list[tuple[str, Callable[[], Line]]]:
    """What a student's set-up needs: (name, function) in the order of the table. folder: with the notebooks."""
    return [
        ("python", python),
        ("environment", lambda: environment(folder)),
        ("torch", torch_pair),
        ("numpy", numpy),
        ("jupyterlab", jupyterlab),
        ("kernel", kernel),
        ("data", data),
        ("cache", cache),
        ("notebooks", lambda: notebooks(folder)),
        ("version", lambda: version(folder)),
        ("names", lambda: names(folder)),
        ("disk", lambda: disk(folder)),
        ("home", home),
    ]


def examine(looks: Iterable[tuple[str, Callable[[], Line]]], remedy: str = INSTALL) -> Iterator[Line]:
    """The lines, one after the other. An examination that breaks is a line, too, with this remedy."""
    for what, look in looks:
        try:
            yield look()
        except Exception as error:  # a doctor that dies is no help
            yield Line(PROBLEM, what, f"{type(error).__name__}: {first_line(error)}", remedy)


def text_of(line: Line) -> list[str]:
    """A line of the table, and below it the remedy."""
    return [f"{line.state:<8}{line.what:<12}{line.found}", *([f"{'':<20}→ {line.remedy}"] if line.remedy else [])]


# --- the environment ------------------------------------------------------------------------------------


def python(oldest: tuple[int, int] = OLDEST_PYTHON, remedy: str = "") -> Line:
    """A Python that is new enough."""
    found = f"{platform.python_version()} ({sys.executable})"
    if tuple(sys.version_info[:2]) < oldest:
        wanted = "{}.{}".format(*oldest)
        other = remedy or f"make the environment with a newer one: python{wanted} -m venv .venv, then {INSTALL}"
        return Line(PROBLEM, "python", f"{found}: too old, {wanted} or newer is needed", other)
    return Line(OK, "python", found)


def environment(folder: Path) -> Line:
    """The Python that runs is the environment's, and a command such as `jupyter` is found and is the environment's."""
    what, here = "environment", Path(sys.prefix)
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if active and not _same(Path(active), here) and os.environ.get("CONDA_DEFAULT_ENV") != "base":
        return Line(PROBLEM, what, f"{active} is active, but this Python is of {here}", f"deactivate, then {ACTIVATE}")
    made = next((at / ".venv" for at in (folder, *folder.parents) if (at / ".venv" / "pyvenv.cfg").is_file()), None)
    alone = sys.prefix == sys.base_prefix and not (here / "conda-meta").is_dir()
    if made and alone:
        return Line(PROBLEM, what, f"this Python is the system's, not that of {made}", ACTIVATE)
    command = shutil.which("jupyter")
    if command is None:
        return Line(WARNING, what, f"{here}; the command `jupyter` is not found", ACTIVATE)
    # In the environment's folder: conda on Windows has commands and Python in two folders of it.
    if Path(os.path.realpath(here)) not in Path(os.path.realpath(command)).parents:
        return Line(WARNING, what, f"{here}; the command `jupyter` is another one, {command}", ACTIVATE)
    return Line(OK, what, str(here))


def torch_pair(remedy: str = INSTALL) -> Line:
    """torch and torchvision, which go as a pair: torchvision's own operators must load."""
    lacking = [name for name in ("torch", "torchvision") if importlib.util.find_spec(name) is None]
    if lacking:
        return Line(PROBLEM, "torch", f"{' and '.join(lacking)} not installed here ({sys.executable})", remedy)
    torch, vision = version_of("torch"), version_of("torchvision")
    versions = f"torch {torch} with torchvision {vision}"
    numbers = [re.match(r"(\d+)\.(\d+)", text) for text in (torch, vision)]
    if all(numbers):
        (one, n), (zero, m) = [tuple(map(int, found.groups())) for found in numbers]
        if (one, zero) == (2, 0) and m != n + 15:
            return Line(PROBLEM, "torch", f"{versions}: no pair", f'pip install "torchvision==0.{n + 15}.*"')
    try:
        import torch as library
        import torchvision

        torchvision.ops.nms(library.tensor([[0.0, 0.0, 1.0, 1.0]]), library.tensor([1.0]), 0.5)
    except Exception as error:
        again = "install both again, from the same place: pip install --force-reinstall torch torchvision"
        return Line(PROBLEM, "torch", f"{versions}: do not work together ({first_line(error)})", again)
    return Line(OK, "torch", versions)


def numpy() -> Line:
    """numpy 2 only with a torch that was built for it: an older one says "Numpy is not available"."""
    numpy, torch = version_of("numpy"), version_of("torch")
    if not numpy:
        return Line(PROBLEM, "numpy", f"not installed here ({sys.executable})", INSTALL)
    old = re.match(r"1\.|2\.[0-2]\.", torch)
    if old and not numpy.startswith(("0.", "1.")):
        return Line(PROBLEM, "numpy", f"{numpy}, but torch {torch} was built for numpy 1", 'pip install "numpy<2"')
    return Line(OK, "numpy", numpy)


def jupyterlab(remedy: str = INSTALL) -> Line:
    """JupyterLab with nbgrader's extension, which has the Validate button."""
    lacking = [name for name in ("jupyterlab", "nbgrader") if importlib.util.find_spec(name) is None]
    if "jupyterlab" in lacking:
        return Line(PROBLEM, "jupyterlab", "not installed here", remedy)
    found = f"JupyterLab {version_of('jupyterlab')}"
    if lacking:
        return Line(WARNING, "jupyterlab", f"{found}, nbgrader is not installed (no Validate button)", remedy)
    from jupyter_core.paths import jupyter_path

    places = [Path(folder) / "@jupyter" / "nbgrader" for folder in jupyter_path("labextensions")]
    if not any((place / "package.json").is_file() for place in places):
        return Line(WARNING, "jupyterlab", f"{found} without nbgrader's extension (no Validate button)", remedy)
    if not _server_extension():
        enable = "jupyter server extension enable --sys-prefix nbgrader"
        return Line(WARNING, "jupyterlab", f"{found}, nbgrader's server extension is not enabled", enable)
    return Line(OK, "jupyterlab", f"{found} with the Validate button")


def kernel() -> Line:
    """The kernel "Python 3" is this Python: a kernel that was registered in the home folder hides the environment's."""
    mend = "python -m ipykernel install --sys-prefix"
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return Line(PROBLEM, "kernel", "Jupyter is not installed here", INSTALL)
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Line(PROBLEM, "kernel", "there is no kernel `python3`", f"pip install ipykernel, then {mend}")
    program = spec.argv[0] if spec.argv else ""
    # Jupyter replaces a plain `python` by the Python that it runs with.
    if re.fullmatch(r"python(3(\.\d+)?)?(\.exe)?", program) or _same(Path(program).parent, Path(sys.executable).parent):
        return Line(OK, "kernel", f"python3 ({sys.executable})")
    gone = "" if Path(program).exists() else ", which does not exist"
    return Line(
        PROBLEM,
        "kernel",
        f"notebooks run with {program}{gone}, not with {sys.executable}",
        f"remove the folder {spec.resource_dir}, or in JupyterLab choose Kernel, Change Kernel; {mend} if none is left",
    )


# --- the course's files ---------------------------------------------------------------------------------


def data() -> Line:
    """The bundled images: their archives are whole. git can damage them, by line endings or as LFS pointers."""
    folder = Path(__file__).parent / "data" / "samples"
    paths = sorted(folder.glob("*.npz"))
    again = "get the course's files again, as the .zip of the bundle"
    for path in paths:
        trouble, remedy = "", again
        content = path.read_bytes()
        if content.startswith(b"version https://git-lfs"):
            trouble, remedy = "git has stored a pointer in its place", "git lfs install && git lfs pull"
        else:
            try:
                with zipfile.ZipFile(path) as archive:
                    trouble = "it is damaged" if archive.testzip() else ""
            except zipfile.BadZipFile:
                trouble = "it is damaged"
        if trouble:
            return Line(PROBLEM, "data", f"{path}: {trouble}", remedy)
    if not paths:
        return Line(PROBLEM, "data", f"no images in {folder}", again)
    return Line(OK, "data", f"{len(paths)} files with the bundled images, whole")


def cache() -> Line:
    """Where full data sets are kept: can it be written, and what is there."""
    if torch_pair().state != OK:
        return Line(WARNING, "cache", "not examined: torch does not work")
    from course_utils.data import images

    sets = (images.MNIST, images.FASHION_MNIST, images.KMNIST)
    places = {dataset.title: images._cache_folder(dataset) for dataset in sets}
    there = [title for title, place in places.items() if place.is_dir() and any(place.iterdir())]
    folder = Path(os.path.commonpath([str(place) for place in places.values()]))
    if not _writable(folder):
        return Line(
            WARNING,
            "cache",
            f"{folder} cannot be written: full data sets would be downloaded in every session",
            "COURSE_CACHE=FOLDER names another folder; the bundled images need none",
        )
    named = os.environ.get("COURSE_DATA", "")
    what = f"{', '.join(there)} in full" if there else "nothing downloaded (comes when it is first asked for)"
    return Line(OK, "cache", f"{f'COURSE_DATA={named}; ' if named else ''}{folder}: {what}")


def notebooks(folder: Path) -> Line:
    """Every notebook below the folder is one."""
    paths = list(_notebooks(folder))
    wrong = [(path, trouble) for path in paths if (trouble := notebook_trouble(path.read_bytes()))]
    if wrong:
        path, (found, remedy) = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return Line(PROBLEM, "notebooks", f"{path.relative_to(folder)}: {found}{more}", remedy)
    return Line(OK, "notebooks", f"{len(paths)} in {folder}" if paths else f"none in {folder}")


def notebook_trouble(content: bytes) -> tuple[str, str] | None:
    """Why a file is no notebook, and the remedy; None for a notebook."""
    again = "get the file again; what you wrote may be in JupyterLab's .ipynb_checkpoints beside it"
    if not content.strip():
        return "empty", again
    if content.startswith(b"version https://git-lfs"):
        return "a pointer of git LFS instead of the notebook", "git lfs install && git lfs pull"
    if re.search(rb"^(<{7}|>{7}) ", content, re.MULTILINE):
        return (
            "git has written a merge conflict into it",
            "git checkout --ours FILE keeps your version, --theirs the other one",
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "saved as UTF-16 by another program", "save it as UTF-8, or get the file again"
    if re.match(rb"\s*<(!doctype|html)", content, re.IGNORECASE):
        return "a web page instead of the notebook", "download the raw file, or the .zip of the bundle"
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "not in UTF-8", "save it as UTF-8, or get the file again"
    except ValueError as error:
        return f"damaged, no valid JSON ({error})", again
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        return "JSON, but no notebook", again
    return None


def version(folder: Path) -> Line:
    """The notebooks and course_utils are of the same version of the course, and no other course_utils is installed."""
    import course_utils
    from course_utils import versions

    ours, others = course_utils.__version__, {}
    for path in _notebooks(folder):
        try:
            cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
            named = versions.named_in("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        except (OSError, ValueError, LookupError, TypeError):  # `notebooks` names them
            continue
        if named and versions.differ(named, ours):
            others[path] = named
    if others:
        path = next(iter(others))
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        found = f"{path.relative_to(folder)} is of version {others[path]}{more}, course_utils of {ours}"
        return Line(PROBLEM, "version", found, "install the bundle that the notebook came with")
    place = Path(course_utils.__file__).parents[1]
    elsewhere = [entry for entry in sys.path if entry and not _same(Path(entry), place)]
    spec = importlib.machinery.PathFinder.find_spec("course_utils", elsewhere)
    if spec and spec.origin and not _same(Path(spec.origin).parents[1], place):
        named = re.search(r'^__version__ = "(.*)"', Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE)
        if named and named[1] != ours:
            found = f"{ours} in {place}, but {named[1]} is installed in {Path(spec.origin).parent}"
            return Line(WARNING, "version", found, f"install this one: {INSTALL}")
    return Line(OK, "version", f"{ours} ({place})")


def names(folder: Path) -> Line:
    """No file of one's own hides a library: `random.py` beside a notebook breaks `import torch`."""
    taken = {*getattr(sys, "stdlib_module_names", ()), *LIBRARIES} - {"this", "antigravity"}
    folders = dict.fromkeys([folder, *(path.parent for path in _notebooks(folder))])
    own = [path for at in folders for path in sorted(at.glob("*.py")) if path.stem in taken]
    if own:
        remedy = f"rename it, for example to my_{own[0].name}, and restart the kernel"
        return Line(PROBLEM, "names", f"{own[0]} hides the library `{own[0].stem}`", remedy)
    return Line(OK, "names", "no file hides a library")


# --- the machine ----------------------------------------------------------------------------------------


def disk(folder: Path) -> Line:
    """Room to save a notebook."""
    free = shutil.disk_usage(folder).free / 1e9
    found = f"{free:.1f} GB free in {folder}"
    remedy = "make room: a notebook that cannot be saved is lost"
    if free < LITTLE_GB:
        return Line(PROBLEM if free < TOO_LITTLE_GB else WARNING, "disk", found, remedy)
    if not _writable(folder):
        return Line(WARNING, "disk", f"{folder} cannot be written", "copy the notebooks into a folder of your own")
    return Line(OK, "disk", found)


def home() -> Line:
    """A home folder that can be written: Jupyter keeps the addresses of running kernels there."""
    folder = Path(os.environ.get("JUPYTER_RUNTIME_DIR") or Path("~").expanduser())
    if not _writable(folder):
        return Line(
            PROBLEM,
            "home",
            f"{folder} cannot be written: no kernel can start",
            "export HOME=FOLDER, with a folder that you can write, before you start Jupyter",
        )
    return Line(OK, "home", str(folder))


# --- helpers --------------------------------------------------------------------------------------------


def version_of(package: str) -> str:
    """The version of an installed package, "" where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error).strip().splitlines() or [""])[0]


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _writable(folder: Path) -> bool:
    """Tried: permissions say nothing about a full or a read-only disk."""
    there = next((at for at in (folder, *folder.parents) if at.is_dir()), None)
    try:
        with tempfile.TemporaryFile(dir=there):
            return True
    except OSError:
        return False


def _notebooks(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        depth = len(Path(here).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and depth < DEEP)
        yield from (Path(here, name) for name in sorted(files) if name.endswith(".ipynb"))


def _server_extension() -> bool:
    from jupyter_core.paths import jupyter_config_path

    for folder in jupyter_config_path():
        for path in sorted(Path(folder).glob("jupyter_server_config.d/*.json")):
            try:
                settings = json.loads(path.read_text(encoding="utf-8"))
                extensions = settings["ServerApp"]["jpserver_extensions"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if any(name.startswith("nbgrader") and on for name, on in extensions.items()):
                return True
    return False


if __name__ == "__main__":
    sys.exit(main())
