"""`course build`: notebooks/<lab>/<lab>.py -> source/<lab>/<lab>.ipynb -> release/<lab>/<lab>.ipynb, byte-identical
on every machine.

The text is the master version. Each cell of the text, with the additions of derived_cells, becomes a cell of the
source notebook. nbgrader's own GenerateAssignment makes the release from the source notebook, in a temporary folder
and without a gradebook. Cells without nbgrader metadata get no such metadata. The reason: an id generated from a
cell's text would change with every corrected typo, and nbgrader refuses to change the ids of a notebook that students
have submitted.

The source notebook's metadata records what was built ("course": digest and files). The build therefore never overwrites
an edit made in JupyterLab or in the formgrader. The build refuses, and `adopt` takes the edit back into the text.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import course_utils
from course_admin.authoring import derived_cells, lab_text
from course_admin.authoring.build_rules import problems
from course_admin.authoring.draft import Draft, Problem
from course_admin.authoring.install_address import INSTALL_CELL, refuse_address_of_course
from course_admin.authoring.lab_exercises import checks_folder, known_exercises
from course_admin.authoring.lab_text import Cell
from course_admin.common.atomic import TEMPORARY, write_atomic
from course_admin.common.notebook import METADATA
from course_admin.course import CONFIG, CourseError, Lab, find_labs
from course_utils.versions import NAME


class Refused(CourseError):  # noqa: N818
    """The error that the build raises when it refuses labs. problems: all problems that it found."""

    def __init__(self, found: Sequence[Problem]) -> None:
        self.problems = list(found)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([*map(str, self.problems), f"{count}; what they are about was left as it is"]))


@dataclass(frozen=True)
class Built:
    """A lab built in memory. source, release: the bytes of the notebooks; files: the files that are copied with both
    notebooks, by name; digest: the digest of the source notebook's cells.
    """

    lab: Lab
    source: bytes
    release: bytes
    files: dict[str, bytes]
    digest: str

    def outputs(self) -> dict[Path, bytes]:
        """Return all files to write, by path. The source notebook is last, because it records that the others exist."""
        found = {}
        for notebook in (self.lab.release, self.lab.source):
            found.update({notebook.parent / name: data for name, data in self.files.items()})
        return {**found, self.lab.release: self.release, self.lab.source: self.source}


def build(root: Path, names: Sequence[str] = (), *, say: Callable[[str], None] = print) -> None:
    """Build labs (default: all) and write the files that changed. Each lab is written completely or not at all.

    Raises Refused with the problems of all labs. The labs without problems are built nevertheless.
    """
    found: list[Problem] = []
    refuse_address_of_course(root, say=say)
    for lab in find_labs(root, tuple(names)):
        try:
            built = make(lab)
            _refuse_to_overwrite(built)
            say(f"{lab.name}: {_write(built)}")
        except Refused as refused:
            found.extend(refused.problems)
    if found:
        raise Refused(found)


def check(root: Path, names: Sequence[str] = (), *, say: Callable[[str], None] = print) -> None:
    """Check that source/ and release/ are what a build of the texts makes. Write nothing.

    Raises Refused, which names each file that differs.
    """
    found: list[Problem] = []
    for lab in find_labs(root, tuple(names)):
        try:
            differences = _differences(make(lab))
        except Refused as refused:
            differences = refused.problems
        found.extend(differences)
        if not differences:
            say(f"{lab.name}: up to date")
    if not names:
        found.extend(_orphans(root))
    if found:
        raise Refused(found)


def adopt(root: Path, name: str, *, say: Callable[[str], None] = print) -> None:
    """Take an edited source/<lab> (the notebook without its outputs, and the files) back into notebooks/<lab>. Then
    build the lab.

    Raises Refused if the text also changed since the last build, or if the result does not build. In both cases nothing
    is written.
    """
    lab = Lab(Path(root), name)
    if not lab.source.is_file():
        raise CourseError(f"there is no {lab.show(lab.source)} to adopt: `course build {name}` makes it")
    notebook = _read_notebook(lab)
    edited = lab_text.normal_cells(notebook["cells"])
    exercises = known_exercises(lab)

    def derived(cells: list[Cell]) -> list[Cell]:
        return derived_cells.derived(name, cells, exercises)

    _refuse_attachments(lab, notebook)
    old, text = lab_text.LabText("", ()), ""
    if lab.text.is_file():
        text, old, wrong = _read_text(lab)
        _refuse(wrong)
        _refuse_two_edits(lab, notebook, edited, derived(lab_text.normal_cells(old.cells)))
    try:
        new = lab_text.take_back(old, edited, lambda cells: derived_cells.shortened(name, cells, exercises))
    except ValueError as error:
        where = f"{lab.show(lab.source)}, cell {error.args[0] + 1}"
        _refuse(
            [
                Problem(
                    where,
                    "cannot be written as text: has it a line that begins with `# %%`? Write that line differently",
                )
            ]
        )
    files, clashes = _files_to_adopt(lab, notebook)
    _refuse(clashes)
    built = make(lab, text=new, files={**_files(lab)[0], **files})
    for path, data in {**{lab.folder / file: data for file, data in files.items()}, lab.text: new.encode()}.items():
        if not path.is_file() or path.read_bytes() != data:
            _write_file(path, data)
    changed = sum(a != b for a, b in zip(derived(old.cells), edited, strict=False)) + abs(len(old.cells) - len(edited))
    if new == text and not files:
        say(f"{name}: nothing to adopt, {lab.show(lab.text)} says the same")
    else:
        counts = f"{changed} cell{'s' * (changed != 1)}, {len(files)} file{'s' * (len(files) != 1)}"
        say(f"{name}: adopted into {lab.show(lab.text)} ({counts})")
    say(f"{name}: {_write(built)}")


def make(lab: Lab, *, text: str | None = None, files: dict[str, bytes] | None = None) -> Built:
    """Build a lab in memory. text, files: used instead of the text and the files in notebooks/<lab>.

    Raises Refused with all problems.
    """
    found: list[Problem] = []
    if files is None:
        files, found = _files(lab)
    if text is None:
        _, parsed, wrong = _read_text(lab)
    else:
        parsed, lines = lab_text.parse(text)
        wrong = [Problem(f"{lab.show(lab.text)}:{line}", reason) for line, reason in lines]
    found = [*found, *wrong]
    if not parsed.cells:
        raise Refused(found)
    exercises = known_exercises(lab)
    cells = derived_cells.derived(lab.name, parsed.cells, exercises)
    notebook = _source_notebook(lab, cells, files)
    trouble = None
    try:
        release = _generate(lab, notebook)
    except CourseError as error:
        release, trouble = None, error
    lines = parsed.lines if text is None else []  # a text that is being adopted is not yet on disk
    found.extend(
        problems(Draft(lab, parsed.cells, cells, exercises, lines, release["cells"] if release else [], files))
    )
    if not found and trouble:
        found.append(Problem(lab.show(lab.text), str(trouble)))
    _refuse(found)
    _verify(lab, notebook, release)
    return Built(lab, _dump(notebook), _dump(release), files, notebook["metadata"]["course"]["digest"])


# --- the two notebooks ----------------------------------------------------------------------------------


def install_cell(lab: Lab) -> str:
    """Return the source of the cell that installs course_utils if it is missing or lacks this lab's checks."""
    checks = checks_folder(lab)
    needed = next((path.name for path in (checks, checks.with_suffix(".py")) if path.exists()), "")
    text = INSTALL_CELL.read_text(encoding="utf-8").strip("\n")
    if needed:
        module = f"course_utils/checks/{needed}" + ("" if needed.endswith(".py") else "/__init__.py")
        text = text.replace('NEEDED = "course_utils/__init__.py"', f'NEEDED = "{module}"')
    return text.replace(f'{NAME} = ""', f'{NAME} = "{course_utils.__version__}"')


def _source_notebook(lab: Lab, cells: list[Cell], files: dict[str, bytes]) -> dict[str, Any]:
    made: list[dict[str, Any]] = []
    ids: set[str] = set()
    for position, cell in enumerate(cells):
        entry = {**cell, "id": _cell_id(position, cell, ids)}
        if lab_text.INSTALL_TAG in cell["metadata"].get("tags", []):
            entry["source"] = install_cell(lab)
        if cell["cell_type"] == "code":
            entry.update(execution_count=None, outputs=[])
        made.append(entry)
    course = {
        "digest": lab_text.digest(lab_text.normal_cells(cells)),
        "files": {name: _hash(data) for name, data in files.items()},
    }
    return {"cells": made, "metadata": {**METADATA, "course": course}, "nbformat": 4, "nbformat_minor": 5}


def _cell_id(position: int, cell: Cell, taken: set[str]) -> str:
    # nbformat allows 1 to 64 letters, digits, - and _ in an id. Each id must be unique in the notebook.
    named = re.sub(r"[^a-zA-Z0-9_-]", "-", cell["metadata"].get("nbgrader", {}).get("grade_id", ""))[:64]
    hashed = hashlib.sha256(f"{position}\n{cell['cell_type']}\n{cell['source']}".encode()).hexdigest()
    found = next(name for name in (named, *(hashed[k : k + 12] for k in range(50))) if name and name not in taken)
    taken.add(found)
    return found


def _generate(lab: Lab, notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the release that nbgrader makes from a source notebook with the course's own configuration.

    Raises CourseError with nbgrader's reason.
    """
    import logging

    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    log = logging.getLogger("course.build")
    log.propagate = False
    heard = _Listener()
    log.handlers = [heard]
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        config = _configuration(lab.root)
        config.CourseDirectory.root = folder
        config.CourseDirectory.assignment_id = lab.name
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
        path = Path(folder, "source", lab.name, f"{lab.name}.ipynb")
        path.parent.mkdir(parents=True)
        path.write_bytes(_dump(notebook))
        coursedir = CourseDirectory(config=config, log=log)
        # nbgrader changes its working directory to the folder and returns to the former one afterwards.
        try:
            GenerateAssignment(coursedir=coursedir, config=config, log=log).start()
        except NbGraderException:
            raise CourseError(f"nbgrader cannot make the release: {heard.reason()}") from None
        made = json.loads(Path(folder, "release", lab.name, f"{lab.name}.ipynb").read_text(encoding="utf-8"))
    if len(made["cells"]) != len(notebook["cells"]):
        raise CourseError(
            "nbgrader's release has other cells than the text: put a header or footer into the text itself"
        )
    for before, after in zip(notebook["cells"], made["cells"], strict=True):
        after["id"] = before["id"]
        after["source"] = "".join(after["source"])
    return made


def _configuration(root: Path) -> Any:
    from traitlets.config.loader import PyFileConfigLoader

    try:
        return PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:  # the file is Python code, so any error is possible
        raise CourseError(f"{root / CONFIG} does not run: {error}") from error


class _Listener:
    """A logging handler that keeps nbgrader's error messages."""

    level = 40

    def __init__(self) -> None:
        self.lines: list[str] = []

    def handle(self, record: Any) -> None:
        self.lines.append(record.getMessage())

    def reason(self) -> str:
        traces = [line for line in self.lines if line.startswith("Traceback")]
        return (traces or self.lines or ["it gives no reason"])[-1].strip().splitlines()[-1]


def _verify(lab: Lab, notebook: dict[str, Any], release: dict[str, Any]) -> None:
    """Raise an error if nbgrader's own reader refuses a notebook, or if the release lacks a cell's grading metadata.

    Neither must ever happen.
    """
    from nbgrader.nbgraderformat import reads

    for made in (notebook, release):
        reads(_dump(made).decode(), as_version=4)
    for number, (before, after) in enumerate(zip(notebook["cells"], release["cells"], strict=True), 1):
        wanted, got = before["metadata"].get("nbgrader"), after["metadata"].get("nbgrader")
        if wanted and {key: (got or {}).get(key) for key in wanted} != wanted:
            raise CourseError(
                f"{lab.name}: cell {number} loses its nbgrader metadata in the release; please report this"
            )


def _dump(notebook: dict[str, Any]) -> bytes:
    import nbformat

    return (nbformat.writes(nbformat.from_dict(notebook)).rstrip("\n") + "\n").encode()


# --- reading --------------------------------------------------------------------------------------------


def _read_text(lab: Lab) -> tuple[str, lab_text.LabText, list[Problem]]:
    shown = lab.show(lab.text)
    if not lab.text.is_file():
        wanted = f"a lab's text bears the name of its folder: {shown} does not exist"
        _refuse(
            [
                Problem(
                    shown,
                    f"{wanted}; write it, or `course build --adopt {lab.name}` makes it of {lab.show(lab.source)}",
                )
            ]
        )
    try:
        text = lab.text.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse([Problem(shown, f"not UTF-8 (byte {error.start}): save it as UTF-8")])
    parsed, wrong = lab_text.parse(text)
    return text, parsed, [Problem(f"{shown}:{line}", reason) for line, reason in wrong]


def _read_notebook(lab: Lab) -> dict[str, Any]:
    import nbformat

    try:
        notebook = nbformat.reads(lab.source.read_bytes().decode("utf-8-sig"), as_version=4)
    except Exception as error:  # errors of nbformat, of json and of the decoding
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CourseError(
            f"{lab.show(lab.source)} is not a readable notebook ({reason}): "
            f"move it away and run `course build {lab.name}`"
        ) from error
    return json.loads(json.dumps(notebook))


def _files(lab: Lab) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the other files in notebooks/<lab>, which are copied with the notebook, by path with forward slashes.

    Also return a problem for each link and each notebook there.
    """
    found, wrong = {}, []
    for path in _listing(lab.folder):
        name = path.relative_to(lab.folder).as_posix()
        if path == lab.text:
            continue
        if path.is_symlink():
            wrong.append(
                Problem(lab.show(path), "is a link; put the file itself there, it goes along with the release")
            )
        elif path.suffix == ".ipynb":
            wrong.append(Problem(lab.show(path), "a notebook here would go to students: move it away"))
        else:
            found[name] = path.read_bytes()
    return found, wrong


def _listing(folder: Path) -> list[Path]:
    hidden = ("__pycache__", ".")
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink())
    return [path for path in files if not any(part.startswith(hidden) for part in path.relative_to(folder).parts)]


# --- what is on disk ------------------------------------------------------------------------------------


def _refuse_to_overwrite(built: Built) -> None:
    """Raise Refused if the source notebook or a file beside it was changed by hand since the last build."""
    lab = built.lab
    if not lab.source.is_file():
        return
    notebook = _read_notebook(lab)
    edited = lab_text.normal_cells(notebook["cells"])
    _refuse_attachments(lab, notebook)
    now = lab_text.digest(edited)
    if now not in (_last(notebook).get("digest"), built.digest):
        _refuse_two_edits(lab, notebook, edited, None, built.digest)
        where = lab.show(lab.source)
        _refuse(
            [Problem(where, f"was changed by hand since the last build; keep that: course build --adopt {lab.name}")]
        )
    clashes = []
    files, two = _files_to_adopt(lab, notebook)
    for name in files:
        where = lab.show(lab.source.parent / name)
        clashes.append(Problem(where, f"was put there or changed by hand; keep that: course build --adopt {lab.name}"))
    _refuse([*clashes, *two])


def _refuse_two_edits(
    lab: Lab, notebook: dict[str, Any], edited: list[Cell], text: list[Cell] | None, text_digest: str | None = None
) -> None:
    """Raise Refused if the source notebook and the text both changed since the last build, in different ways."""
    last = _last(notebook).get("digest")
    of_text = text_digest or lab_text.digest(text or [])
    now = lab_text.digest(edited)
    if of_text in (last, now) or now == last:
        return
    since = (
        "both changed since the last build" if last else "differ, and the notebook does not say which build it is from"
    )
    where = f"{lab.show(lab.text)} and {lab.show(lab.source)}"
    _refuse(
        [
            Problem(
                where,
                f"{since}; nothing was written. Move the notebook away, run `course build {lab.name}` and carry its "
                f"edits over, or put the text back as it was (git restore) and run `course build --adopt {lab.name}`",
            )
        ]
    )


def _refuse_attachments(lab: Lab, notebook: dict[str, Any]) -> None:
    _refuse(
        [
            Problem(
                f"{lab.show(lab.source)}, cell {number}",
                f"a picture was pasted into it, which the text cannot hold: save it in {lab.show(lab.folder)}/ "
                "and link to that file",
            )
            for number, cell in enumerate(notebook["cells"], 1)
            if cell.get("attachments")
        ]
    )


def _files_to_adopt(lab: Lab, notebook: dict[str, Any]) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the files beside the source notebook that were added or changed by hand since the last build.

    Also return a problem for each of these files that changed in notebooks/ as well.
    """
    built, ours = _last(notebook).get("files", {}), _files(lab)[0]
    found, wrong = {}, []
    for path in _listing(lab.source.parent):
        name = path.relative_to(lab.source.parent).as_posix()
        if path == lab.source or path.suffix == ".ipynb":
            continue
        data = path.read_bytes()
        if _hash(data) == built.get(name) or data == ours.get(name):
            continue
        found[name] = data
        if (_hash(ours[name]) if name in ours else None) != built.get(name):
            where = f"{lab.show(lab.folder / name)} and {lab.show(path)}"
            wrong.append(
                Problem(where, "both changed since the last build; nothing was written: move one of them away")
            )
    return found, wrong


def _differences(built: Built) -> list[Problem]:
    """Return a problem for each file on disk that differs from the lab built in memory."""
    lab, found = built.lab, []
    remedy = f"run `course build {lab.name}`"
    try:
        _refuse_to_overwrite(built)
    except CourseError as error:
        found = error.problems if isinstance(error, Refused) else [Problem(lab.show(lab.source), str(error))]
    named = {problem.where.split(",")[0].split(" and ")[-1] for problem in found}
    outputs = built.outputs()
    for path, data in outputs.items():
        if lab.show(path) in named:
            continue
        if not path.is_file():
            found.append(Problem(lab.show(path), f"is missing: {remedy}"))
        elif path.read_bytes() != data:
            found.append(Problem(lab.show(path), f"differs from what {lab.show(lab.text)} makes: {remedy}"))
    for path in [*_listing(lab.source.parent), *_listing(lab.release.parent)]:
        if path not in outputs and lab.show(path) not in named:
            found.append(
                Problem(lab.show(path), f"does not come from {lab.show(lab.folder)}/: move it there, or delete it")
            )
    return found


def _orphans(root: Path) -> list[Problem]:
    labs = {lab.name for lab in find_labs(root)}
    return [
        Problem(f"{top}/{folder.name}", f"there is no notebooks/{folder.name}: delete it, or bring the lab's text back")
        for top in ("source", "release")
        for folder in sorted((Path(root) / top).glob("*"))
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in labs and any(folder.iterdir())
    ]


def _last(notebook: dict[str, Any]) -> dict[str, Any]:
    course = notebook["metadata"].get("course")
    return course if isinstance(course, dict) else {}


# --- writing --------------------------------------------------------------------------------------------


def _write(built: Built) -> str:
    """Write the files that changed and delete files of the last build that are obsolete. Return a summary in words."""
    lab = built.lab
    stale = _last(_read_notebook(lab)).get("files", {}).keys() - built.files.keys() if lab.source.is_file() else set()
    done = {}
    for folder in (lab.source.parent, lab.release.parent):
        for left in folder.rglob(TEMPORARY):
            left.unlink(missing_ok=True)
        for name in stale:
            (folder / name).unlink(missing_ok=True)
    for path, data in built.outputs().items():
        done[path] = not path.is_file() or path.read_bytes() != data
        if done[path]:
            _write_file(path, data)
    words = {True: "written", False: "unchanged"}
    copied = sum(changed for path, changed in done.items() if path not in (lab.source, lab.release))
    along = f", {copied} file{'s' if copied != 1 else ''} copied" if copied else ""
    return f"source {words[done[lab.source]]}, release {words[done[lab.release]]}{along}"


def _write_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data, durable=True)


def _hash(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _refuse(found: Sequence[Problem]) -> None:
    if found:
        raise Refused(found)
