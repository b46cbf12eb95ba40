"""`course publish`: make the student bundle, a folder with everything that students need and nothing else.

It has the releases with their figures, course_utils with its data, a pyproject.toml that installs course_utils alone,
and an environment.yml. The last two are made from the course's own pyproject.toml, so that package names are in one
place only. The content is collected in memory, searched for answers, and only then written.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomllib

from course_admin.authoring import build, cell_code, derived_cells, leaks
from course_admin.authoring.draft import grade_id, is_solution
from course_admin.authoring.install_address import refuse_address_of_course
from course_admin.authoring.lab_text import Cell
from course_admin.authoring.leaks import Secret
from course_admin.bootstrap import MINIMUM_PYTHON
from course_admin.common import regions
from course_admin.common.atomic import replace_folder, write_atomic
from course_admin.course import CourseError, Lab, find_labs
from course_admin.settings import SECONDS_TO_VALIDATE

HOME = Path(__file__).resolve().parents[2]  # the checkout that this command runs from
README = Path(__file__).with_name("bundle") / "README.md"
MARKER = (
    "# A student bundle, made by `course publish`. Run again, it replaces this folder: keep your own work elsewhere."
)
"""The first line of a bundle's pyproject.toml; by this line the next run recognises the folder."""

ROOMS = (
    *("notebooks", "source", "release", "course_utils", "course_admin", "autograder_tests", "tests", "benchmarks"),
    *("docs", "submitted", "autograded", "feedback", "exchange", ".git", ".venv", ".ci"),
)
LITTER = frozenset([".ipynb_checkpoints", "__pycache__", ".virtual_documents", ".DS_Store", "build"])
READABLE = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]{%d,}" % leaks.SHORTEST_CODE)
RIGHT_ANSWER = "right answer of a corpus"
SHOWN = 20
"""Number of finds that the message shows in full."""

BY_PIP = ("torch", "torchvision")  # pip installs PyTorch's own builds, which support the GPU


def publish(
    root: Path,
    dest: Path,
    names: Sequence[str] = (),
    *,
    zip: bool = False,
    say: Callable[[str], None] = print,
) -> Path:
    """Write the bundle of the named labs (default: all) to the folder `dest` and return it. zip: also write dest.zip,
    which contains that folder; the same content gives the same bytes.

    Raises CourseError, before anything is written, when a release differs from the build of its text, when `dest`
    contains anything other than a bundle, and when the bundle would contain an answer.
    """
    root, dest = Path(root).resolve(), Path(dest).resolve()
    archive = dest.with_name(dest.name + ".zip")
    _refuse_place(root, dest)
    if zip:
        _refuse_archive(archive)
    labs = find_labs(root, tuple(names))
    refuse_address_of_course(root, say=say)
    _refuse_stale(root, labs)
    files = contents(root, labs)
    found = answers_in(files, root)
    if found:
        raise CourseError(_refusal(found))
    _write_folder(dest, files)
    size = sum(map(len, files.values())) / 1e6
    say(f"{dest}: {', '.join(lab.name for lab in labs)}; {len(files)} files, {size:.1f} MB, no answers in them")
    if zip:
        _write_archive(archive, dest.name, files)
        say(f"{archive}: the same as one file, {archive.stat().st_size / 1e6:.1f} MB")
    return dest


def contents(root: Path, labs: Sequence[Lab]) -> dict[str, bytes]:
    """Return the content of all files of the bundle, by path with forward slashes."""
    project = _project()
    files = {f"{lab.name}/{name}": data for lab in labs for name, data in _released(lab).items()}
    files.update(_with_checks_of(labs, _package(Path(root), project)))
    files.update({name: (HOME / name).read_bytes() for name in project["project"]["license-files"]})
    files["pyproject.toml"] = _pyproject(project).encode()
    files["environment.yml"] = _environment(project).encode()
    # The Validate button reads this file in the folder where `jupyter lab` was started.
    validate = {"Validator": {"Execute": {"timeout": SECONDS_TO_VALIDATE}}}
    files["nbgrader_config.json"] = json.dumps(validate).encode() + b"\n"
    files["README.md"] = _readme(project, labs).encode()
    return dict(sorted(files.items()))


def answers_in(files: Mapping[str, bytes], root: Path) -> list[str]:
    """Return the finds that must not be published, one line for each: files for instructors; solutions, hidden tests,
    mark schemes, exams and corpora of all labs of the course, published or not; markers of instructors' notebooks.

    The right answers of a corpus are not searched in the notebooks of other labs: they cover every common way to write
    such code, and other labs give some of this code to students.
    """
    everything = answers_of(root)
    labs = {lab.name for lab in find_labs(root)}
    found = []
    for name, data in files.items():
        if re.search(r"(^|/)(course_admin|autograder_tests|source|tests|nbgrader_config\.py|gradebook)", name):
            found.append(f"{name} is for instructors")
        top = name.split("/")[0]
        other = top in labs and name.endswith(".ipynb")
        wanted = [secret for secret in everything if secret.kind != RIGHT_ANSWER or not other or secret.lab == top]
        for place, text in texts(name, data):
            where = f"{name}{place}"
            found.extend(f"{where} has the marker {marker}" for marker in sorted(set(regions.MARKER.findall(text))))
            found.extend(
                f"{where} shows {_a(secret.kind)} of {secret.lab}: {secret.line[:80]}"
                for secret in leaks.find(wanted, text)
            )
    return found


def answers_of(root: Path) -> list[Secret]:
    """Return the secrets that `answers_in` searches: each key once, keys of right answers once for each lab."""
    found: dict[str, Secret] = {}
    for lab in find_labs(root):
        cells = derived_cells.read_cells(lab) if lab.text.is_file() else []
        secrets = leaks.secrets(cells)
        if lab.exams.is_file():
            secrets += leaks.secrets_of_code(lab.exams.read_text(encoding="utf-8"), "exam")
        for path in sorted(lab.corpora.glob("*.py")):
            secrets += _secrets_of_corpus(path, cells)
        for secret in secrets:
            key = f"{lab.name} {secret.key}" if secret.kind == RIGHT_ANSWER else secret.key
            found.setdefault(key, replace(secret, lab=lab.name))
    return list(found.values())


def texts(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """Yield all readable text of a file as (place in the file, text): a notebook's cells one by one with their
    metadata, members of archives (such as .npz files and checkpoints) with their names, text fields of pictures.
    """
    if name.endswith(".ipynb"):
        notebook = json.loads(data)
        for number, cell in enumerate(notebook.pop("cells"), 1):
            source = "".join(cell.pop("source"))
            if leaks.ON_PURPOSE not in cell.get("metadata", {}).get("tags", []):
                yield f", cell {number}", source
            yield f", metadata of cell {number}", "\n".join(leaks.strings(cell))
        yield ", metadata", "\n".join(leaks.strings(notebook))
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield "", f"{name}\n{archive.comment.decode('utf-8', 'ignore')}"
            for member in archive.infolist():
                words = member.comment + b"\n" + member.extra
                yield f", member {member.filename}", f"{member.filename}\n{words.decode('utf-8', 'ignore')}"
                for place, text in texts(member.filename, archive.read(member)):
                    yield f", member {member.filename}{place}", text
    elif b"\0" in data and not leaks.is_picture(data):
        # Numbers: yield only parts that look like text, or the pixels of all digits would be searched for each answer.
        yield "", "\n".join([name, *(run.decode("utf-8", "ignore") for run in READABLE.findall(data))])
    else:
        yield "", leaks.text_of_file(name, data)


# --- content --------------------------------------------------------------------------------------------


def _released(lab: Lab) -> dict[str, bytes]:
    folder = lab.release.parent
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if not any(part.startswith(".") for part in name.split("/"))}


def _package(root: Path, project: dict[str, Any]) -> dict[str, bytes]:
    """Return the files that course_utils has in its wheel: modules and package data. A course in another folder adds
    the checks of its labs.
    """
    patterns = ["**/*.py", *project["tool"]["setuptools"]["package-data"]["course_utils"]]
    found = {}
    for package in (HOME / "course_utils", root / "course_utils"):
        for pattern in patterns:
            for path in sorted(package.glob(pattern)):
                inside = path.relative_to(package)
                if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in inside.parts):
                    found[f"course_utils/{inside.as_posix()}"] = path.read_bytes()
    return found


def _with_checks_of(labs: Sequence[Lab], package: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of course_utils without the checks of other labs. The checks that stay are the toolkit, the
    labs' own checks, and all checks that the releases or the other kept files import.
    """
    wanted, found = {"__init__", "toolkit", *(lab.topic for lab in labs)}, {}
    for lab in labs:
        for cell in json.loads(lab.release.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                wanted |= _checks_imported("".join(cell["source"]), "")
    while True:
        new = {name: data for name, data in package.items() if (_checks_of(name) or "__init__") in wanted}
        new = {name: data for name, data in new.items() if name not in found}
        if not new:
            return found
        found.update(new)
        for name, data in new.items():
            if name.endswith(".py"):
                wanted |= _checks_imported(data.decode("utf-8"), name.rpartition("/")[0].replace("/", "."))


def _checks_of(name: str) -> str:
    """Return the part of course_utils.checks that a file belongs to ("pca_vs_ae"); empty for other files."""
    match = re.match(r"course_utils/checks/(\w+)", name)
    return match[1] if match else ""


def _checks_imported(source: str, package: str) -> set[str]:
    """Return the parts of course_utils.checks that code imports. package: the code's package, "" for a notebook."""
    names: list[str] = []
    for node in ast.walk(cell_code.tree(source) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            names += [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            names += [f"{module}.{item.name}" for item in node.names]
    return {match[1] for name in names if (match := re.match(r"course_utils\.checks\.(\w+)", name))}


def _project() -> dict[str, Any]:
    try:
        return tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{HOME} has no pyproject.toml: publish from a checkout of the course") from None


def _pyproject(project: dict[str, Any]) -> str:
    about, system = project["project"], project["build-system"]

    def listed(values: Sequence[str]) -> str:
        return "[\n" + "".join(f"    {_toml(value)},\n" for value in values) + "]"

    return f"""\
{MARKER}
[build-system]
requires = {_toml(system["requires"])}
build-backend = {_toml(system["build-backend"])}

[project]
name = {_toml(about["name"])}
version = {_toml(about["version"])}
description = {_toml(about["description"])}
readme = "README.md"
requires-python = {_toml(about["requires-python"])}
license = {_toml(about["license"])}
license-files = {_toml(about["license-files"])}
authors = [{", ".join("{ name = " + _toml(author["name"]) + " }" for author in about["authors"])}]
dependencies = {listed(about["dependencies"])}

[project.optional-dependencies]
lab = {listed(about["optional-dependencies"]["lab"])}

[tool.setuptools]
packages = {{ find = {{ include = ["course_utils*"] }} }}

[tool.setuptools.package-data]
course_utils = {_toml(project["tool"]["setuptools"]["package-data"]["course_utils"])}
"""


def _environment(project: dict[str, Any]) -> str:
    about = project["project"]
    wanted = [*about["dependencies"], *about["optional-dependencies"]["lab"]]
    by_pip = [entry for entry in wanted if re.match(r"[\w-]+", entry).group() in BY_PIP]
    lines = [
        f"# The labs for conda users:  conda env create -f environment.yml && conda activate {about['name']}",
        f"name: {about['name']}",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={_dotted(MINIMUM_PYTHON)}",
        "  - pip",
        *(f"  - {entry}" for entry in wanted if entry not in by_pip),
        "  - pip:",
        *(f"      - {entry}" for entry in by_pip),
        "      - -e .",
    ]
    return "\n".join(lines) + "\n"


def _readme(project: dict[str, Any], labs: Sequence[Lab]) -> str:
    floor = re.search(r">=\s*([\d.]+)", project["project"]["requires-python"]).group(1)
    listed = [f"- [{_title(lab)}]({lab.name}/{lab.name}.ipynb)" for lab in labs]
    values = {
        "labs": "\n".join(listed),
        "name": project["project"]["name"],
        "python": floor,
        "first": f"{labs[0].name}/{labs[0].name}.ipynb",
        "file": f"`{labs[0].name}.ipynb`" + " (or the file of another lab)" * (len(labs) > 1),
    }
    text = README.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _title(lab: Lab) -> str:
    """Return the first heading of a release, or the lab's name if there is none."""
    for cell in json.loads(lab.release.read_text(encoding="utf-8"))["cells"]:
        heading = re.match(r"# (.+)", "".join(cell["source"]))
        if cell["cell_type"] == "markdown" and heading:
            return heading.group(1).strip()
    return lab.name


# --- secrets to search ----------------------------------------------------------------------------------


def _secrets_of_corpus(path: Path, cells: Sequence[Cell]) -> list[Secret]:
    """Return the secrets of a corpus: the headings of all entries, the code of right answers (entries without keeps=).

    Code that the lab gives to students up to that exercise is no secret: an answer is a whole cell and repeats it. The
    code of wrong answers is no secret either: much of it is common code, which labs also have.
    """
    found = []
    for entry in re.split(r"^(?=# %%)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        heading, _, body = entry.partition("\n")
        if not heading.startswith("# %%"):
            continue
        found += leaks.secrets_of_code(heading.replace("# %%", "# "), "corpus entry")
        if "keeps=" not in heading:
            named = re.search(r'\bexercise="([^"]*)"', heading)
            given = _given(cells, named[1] if named else path.stem)
            answer = leaks.secrets_of_code(body, RIGHT_ANSWER)
            found += [secret for secret in answer if not leaks.find([secret], given)]
    return found


def _given(cells: Sequence[Cell], exercise: str) -> str:
    """Return the code that students get up to and including the cell of an exercise; empty without such a cell."""
    found = []
    for cell in cells:
        if cell["cell_type"] == "code":
            found.append(regions.without(regions.without(cell["source"], regions.SOLUTION), regions.HIDDEN_TESTS))
        if is_solution(cell) and grade_id(cell) == exercise:
            return "\n".join(found)
    return ""


def _refusal(found: Sequence[str]) -> str:
    """Return the error message: the first SHOWN finds in full, one line for each; for the others only their files."""
    lines = [f"nothing was published, an answer would go to students: {found[0]}", *found[1:SHOWN]]
    if rest := found[SHOWN:]:
        files = dict.fromkeys(re.split(r", | (?:shows|has|is) ", line)[0] for line in rest)
        lines.append(f"{len(rest)} more in {', '.join(files)}")
    remedy = f"take out what is not meant for students; what is meant so goes into a cell tagged {leaks.ON_PURPOSE}"
    return "\n".join([*lines, remedy])


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


# --- writing --------------------------------------------------------------------------------------------


def _refuse_place(root: Path, dest: Path) -> None:
    if root.is_relative_to(dest):
        raise CourseError(f"{dest} holds the course itself: name a folder beside it, course publish DEST")
    if dest.is_relative_to(root) and dest.relative_to(root).parts[0] in ROOMS:
        raise CourseError(
            f"{dest} is one of the course's own folders: name another one, as in course publish out/bundle"
        )
    if dest.exists() and not dest.is_dir():
        raise CourseError(f"{dest} is a file: name a folder that is empty or does not exist yet")
    if not dest.is_dir() or not any(dest.iterdir()):
        return
    if not _ours(dest):
        raise CourseError(f"{dest} holds something that is no student bundle: name another folder")
    strange = sorted(path.name for path in dest.iterdir() if not _known(path))
    if strange:
        raise CourseError(
            f"{dest} holds {', '.join(strange)}, which no bundle has and would be lost: move it away, or name another "
            "folder and copy the bundle from there"
        )


def _refuse_archive(archive: Path) -> None:
    if not archive.exists():
        return
    try:
        with zipfile.ZipFile(archive) as there:
            ours = any(
                there.read(name).startswith(MARKER.encode())
                for name in there.namelist()
                if name.endswith("/pyproject.toml")
            )
    except (OSError, zipfile.BadZipFile):
        ours = False
    if not ours:
        raise CourseError(f"{archive} is there and is no student bundle: move it away, or name another DEST")


def _refuse_stale(root: Path, labs: Sequence[Lab]) -> None:
    try:
        build.check(root, [lab.name for lab in labs], say=lambda line: None)
    except CourseError as error:
        first = str(error).splitlines()[0]
        raise CourseError(
            f"not published, {first} (`course build` shows all that is amiss; then publish again)"
        ) from None


def _ours(folder: Path) -> bool:
    try:
        with (folder / "pyproject.toml").open(encoding="utf-8") as file:
            return file.readline().rstrip("\n") == MARKER
    except (OSError, UnicodeDecodeError):
        return False


def _known(path: Path) -> bool:
    """Return whether an entry at the top of a bundle belongs to the bundle, or was made by using the bundle."""
    if path.name in LITTER or path.name.endswith(".egg-info"):
        return True
    if path.is_dir():
        return path.name == "course_utils" or (path / f"{path.name}.ipynb").is_file()
    own = ("README.md", "pyproject.toml", "environment.yml", "nbgrader_config.json")
    return path.name in (*own, *_project()["project"]["license-files"])


def _write_folder(dest: Path, files: Mapping[str, bytes]) -> None:
    new = dest.with_name(f".{dest.name}.course-publish")
    shutil.rmtree(new, ignore_errors=True)
    try:
        for name, data in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        replace_folder(new, dest)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write_archive(archive: Path, top: str, files: Mapping[str, bytes]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            member = zipfile.ZipInfo(f"{top}/{name}")  # dated 1980: independent of the clock
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system, member.external_attr = 3, 0o644 << 16
            made.writestr(member, data)
    write_atomic(archive, content.getvalue())


def _toml(value: str | Sequence[str]) -> str:
    # JSON strings and lists of strings are also valid TOML.
    return json.dumps(value, ensure_ascii=False)


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
