"""`store`, the fourth of the five calls: save the results of grading. Only this module writes them:

    gradebook                      the marks (course_admin.grading.gradebook)
    autograded/STUDENT/LAB/        the executed notebook with marks and findings, and the other files in its folder
    evidence/STUDENT/LAB.zip       the answers to the exams' questions: enough to re-mark without executing anything
    feedback/STUDENT/LAB/LAB.html  the feedback page for the student

The gradebook is written first, then the files, each of them atomically. The autograded notebook is written last. So if
the command is killed, the records are either unchanged, or the next run recognises that they are incomplete and grades
again. The autograded notebook, which contains the answers that a person has marked, is never missing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course_admin.common.atomic import TEMPORARY, write_atomic
from course_admin.common.graded_cells import CHECK, KEY, exam_name, is_automatic
from course_admin.course import Lab
from course_admin.grading.gradebook import CourseGradebook, Entry
from course_admin.grading.run_result import Run
from course_admin.grading.scoring import Mark, outputs_of
from course_admin.submissions.safe_files import files_beside

if TYPE_CHECKING:
    from course_admin.grading.exams import Result
    from course_admin.submissions.read import Submission

GRADED, KEPT, FAILED = "graded", "kept", "failed"
EARLIER = "the points are those of an earlier hand-in"
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""Files of a submission that its feedback page may show. No SVG, because it can contain scripts."""

BAD_NAME_ERRORS = (
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.EILSEQ,
    errno.EINVAL,
)
"""Errors caused by a file's name: it is too long or invalid, or it conflicts with another file or folder."""


@dataclass
class Outcome:
    """The result of grading one submission.

    state: "graded", "kept" (unchanged since the last grading) or "failed" (missing or damaged: a person has to look at
    it, and the findings say why; the points come from the readable part, or from an earlier hand-in, then a finding
    says so); automatic, automatic_max: points from the exams, and their maximum; pending: number of answers that a
    person has to mark; page: the feedback page, None if there is none; seconds: duration of the run.
    """

    lab: str
    student: str
    state: str
    automatic: float = 0.0
    automatic_max: float = 0.0
    pending: int = 0
    findings: list[str] = field(default_factory=list)
    page: Path | None = None
    seconds: float = 0.0


class Records:
    """The records of one lab."""

    def __init__(self, lab: Lab, config: Any, gradebook: CourseGradebook) -> None:
        from course_admin.deadlines import deadlines
        from course_admin.grading.late_penalty import LatePenalties

        self.lab, self.config, self.gradebook = lab, config, gradebook
        self._dates, self._penalties = deadlines(config), LatePenalties(config=config)
        self._penalties.init_plugin()
        self._lab_files = files_beside(lab.source.parent)[0]

    # --- reading -----------------------------------------------------------------------------------------------------

    def path(self, directory: str, student: str, suffix: str) -> Path:
        """Return the path of a submission's file. directory: nbgrader's name for it, e.g. "autograded_directory"."""
        return self._folder(directory, student) / (self.lab.name + suffix)

    def evidence(self, student: str) -> Path:
        """Return the path of a submission's evidence."""
        return self.lab.root / "evidence" / student / f"{self.lab.name}.zip"

    def summary(self, student: str) -> dict[str, Any]:
        """Return the run's summary from the autograded notebook, {} if there is none."""
        found = self._autograded(student).get("metadata", {}).get(KEY)
        return found if isinstance(found, dict) else {}

    def kept(self, submission: Submission) -> Outcome | None:
        """Return the outcome of the earlier run if nothing that affects the marks has changed, else None."""
        student = submission.student
        summary, entry = self.summary(student), self.gradebook.read(self.lab.name, student)
        then = (summary.get("fingerprint"), set(summary.get("notes", [])), summary.get("damage", ""))
        cells = self.gradebook.cells(self.lab.name)
        complete = entry and all(
            name in entry.scores and entry.scores[name].auto is not None
            for name, cell in cells.items()
            if cell.marks and not cell.written
        )
        if then != (submission.fingerprint, set(submission.notes), submission.damage) or not complete:
            return None
        if "newer" in summary:
            # A newer, damaged hand-in was removed since then.
            self._amend(student, lambda about: about.pop("newer"))
        self._charge(student)
        return self.outcome(student, FAILED if submission.damage else KEPT)

    def outcome(self, student: str, state: str) -> Outcome:
        """Return the outcome of a submission from the records. state: of the outcome."""
        entry, summary = self.gradebook.read(self.lab.name, student), self.summary(student)
        cells = self.gradebook.cells(self.lab.name)
        found = Outcome(self.lab.name, student, state)
        for name, score in entry.scores.items() if entry else ():
            found.pending += score.pending
            if not cells[name].written:
                found.automatic += score.auto or 0.0
                found.automatic_max += cells[name].out_of
        found.findings = [str(line) for line in summary.get("findings", [])]
        found.seconds = float(summary.get("seconds", 0.0))
        return found

    def has_points(self, student: str) -> bool:
        """Return whether the gradebook holds points of an earlier hand-in, from the exams or from a person."""
        entry = self.gradebook.read(self.lab.name, student)
        return bool(entry) and any(score.auto or score.manual is not None for score in entry.scores.values())

    def out_of(self) -> dict[str, float]:
        """Return the maximum points of each automatically graded cell by grade_id."""
        cells = self.gradebook.cells(self.lab.name)
        return {name: cell.out_of for name, cell in cells.items() if cell.marks and not cell.written}

    # --- writing -----------------------------------------------------------------------------------------------------

    def remove_leftovers(self, students: Iterable[str]) -> None:
        """Remove incomplete files that a killed command left behind."""
        for student in students:
            folders = [self._folder(name, student) for name in ("autograded_directory", "feedback_directory")]
            for folder in (folders[0], folders[0].parent, folders[1], self.evidence(student).parent):
                for path in folder.glob(TEMPORARY):
                    path.unlink(missing_ok=True)

    def store(
        self, submission: Submission, notebook: NotebookNode, run: Run, marks: Mapping[str, Mark], evidence: bytes
    ) -> Outcome:
        """Write everything except the page. notebook: executed; marks: by grade_id, see `score`.

        Raises CourseError if the gradebook cannot be written; then nothing of this submission has changed.
        """
        from nbgrader.utils import compute_checksum, determine_grade

        from course_admin.submissions.timestamp import read_timestamp

        student, cells = submission.student, self.gradebook.cells(self.lab.name)
        marked = self._marked_by_hand(student)
        points: dict[str, float | None] = {}
        blank = set()
        for cell in notebook.cells:
            about = cell.metadata.get("nbgrader", {})
            name = about.get("grade_id", "")
            if name not in cells:
                continue
            about["checksum"] = cells[name].checksum
            if is_automatic(cell):
                cell.outputs = outputs_of(marks[name], cell.get("execution_count"))
            if about.get("grade") or about.get("task"):
                points[name] = determine_grade(cell)[0] if about.get("grade") else None
            if about.get("solution") and compute_checksum(cell) == cells[name].checksum:
                blank.add(name)
        now = _answers(notebook)
        settled = {name for name, text in marked.items() if text == now.get(name, submission.fingerprint)}
        timestamp, problem = read_timestamp(self._folder("submitted_directory", student))
        run.findings[:0] = [line for line in (submission.damage, *submission.notes, problem) if line]
        changed = [name for name in marked if name not in settled]
        if changed:
            run.findings.append(f"changed since a person marked it, so it needs another look: {', '.join(changed)}")
        late = self.gradebook.write_marks(
            self.lab.name, student, points, blank=blank, settled=settled, timestamp=timestamp, charge=self._charge_of
        )
        run.fingerprint = submission.fingerprint
        summary = NotebookNode(run.summary(), notes=submission.notes, damage=submission.damage)
        notebook.metadata[KEY] = summary | ({"late": late} if late else {})
        self._put(self.evidence(student), evidence)
        self._replace_autograded(student, notebook, submission.files)
        return self.outcome(student, FAILED if submission.damage else GRADED)

    def keep_earlier(self, student: str, findings: list[str]) -> Outcome:
        """Return the outcome of a submission that could not be graded. A finding says that earlier marks are kept."""
        outcome = self.outcome(student, FAILED)
        if outcome.automatic and EARLIER not in findings:
            findings.append(EARLIER)
        outcome.findings = findings
        self._amend(student, lambda about: about.update(newer=findings))
        return outcome

    def store_again(self, student: str, name: str, result: Result, mark: Mark) -> float:
        """Write a new mark for one exercise, computed from saved evidence. Return the previous points."""
        grade_id = CHECK + name
        entry = self.gradebook.read(self.lab.name, student)
        before = entry.scores[grade_id].auto or 0.0
        late = self.gradebook.rescore(self.lab.name, student, grade_id, mark.points, charge=self._charge_of)
        notebook = nbformat.from_dict(self._autograded(student))
        verdicts = [[item.passed, item.message, item.aspect] for item in result.verdicts]
        for shown in notebook.get("cells", []):
            if is_automatic(shown) and exam_name(shown) == name:
                shown.outputs = outputs_of(mark, shown.get("execution_count"))
                notebook.metadata[KEY].pop("late", None)
                notebook.metadata[KEY].update({"late": late} if late else {})
                notebook.metadata[KEY].setdefault("verdicts", {})[name] = verdicts
                self._put(self.path("autograded_directory", student, ".ipynb"), _as_json(notebook))
        return before

    # --- the page ----------------------------------------------------------------------------------------------------

    def page(self, student: str) -> tuple[str, dict[str, Any], str] | None:
        """Return the input of `render`: the notebook (JSON), nbgrader's resources, and the comment for write_page.

        Returns None if there is nothing to show, or if the existing page already shows the same.
        """
        notebook, entry = self._autograded(student), self.gradebook.read(self.lab.name, student)
        if not notebook.get("cells") or entry is None:
            return None
        cells = self.gradebook.cells(self.lab.name)
        for cell in notebook["cells"]:
            about = cell["metadata"].get("nbgrader", {})
            name = about.get("grade_id", "")
            if name in entry.comments:
                about["comment"] = entry.comments[name]
            if name in entry.scores:
                about["score"], about["points"] = entry.scores[name].points, cells[name].out_of
        names = {"student": student, "assignment": self.lab.name, "notebook": self.lab.name}
        names |= self._totals(entry)
        text = json.dumps(notebook, ensure_ascii=False)
        resources = {"nbgrader": names, "unique_key": self.lab.name, "metadata": {"name": self.lab.name, "path": ""}}
        made_of = hashlib.sha256((text + repr(resources)).encode("utf-8", "replace")).hexdigest()
        comment = f"<!-- {made_of} -->"
        try:
            with self.path("feedback_directory", student, ".html").open("rb") as file:
                file.seek(-len(comment), os.SEEK_END)
                if file.read() == comment.encode():
                    return None
        except OSError:
            pass
        return text, resources, comment

    def write_page(self, student: str, text: str, comment: str) -> Path:
        """Write a rendered page and the pictures that it may show. Return its path. comment: appended to the page."""
        page = self.path("feedback_directory", student, ".html")
        kept = self._folder("autograded_directory", student)
        for path in kept.rglob("*") if kept.is_dir() else ():
            inside = path.relative_to(kept)
            wanted = path.suffix.lower() in PICTURES and inside.parts[0] != page.name
            if wanted and path.is_file() and not path.is_symlink():
                with _ignoring_bad_names():
                    self._put(page.parent / inside, path.read_bytes())
        self._put(page, (text + comment).encode("utf-8", "replace"))
        return page

    def _totals(self, entry: Entry) -> dict[str, float]:
        earned = sum(score.points for score in entry.scores.values())
        out_of = sum(cell.out_of for cell in self.gradebook.cells(self.lab.name).values())
        return {"score": earned - entry.penalty, "max_score": out_of, "late_penalty": entry.penalty}

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _folder(self, directory: str, student: str) -> Path:
        from nbgrader.coursedir import CourseDirectory

        coursedir = CourseDirectory(config=self.config)
        return Path(coursedir.format_path(getattr(coursedir, directory), student, self.lab.name))

    def _autograded(self, student: str) -> dict[str, Any]:
        try:
            found = json.loads(self.path("autograded_directory", student, ".ipynb").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) and isinstance(found.get("metadata"), dict) else {}

    def _marked_by_hand(self, student: str) -> dict[str, str]:
        """Return the answers that a person has marked, by grade_id.

        The value is the answer's text at that time. For a check cell it is the submission's fingerprint.
        """
        entry = self.gradebook.read(self.lab.name, student)
        marked = [
            name
            for name, score in (entry.scores if entry else {}).items()
            if score.manual is not None and not score.pending
        ]
        if not marked:
            return {}
        notebook = nbformat.from_dict(self._autograded(student))
        texts, then = _answers(notebook), self.summary(student).get("fingerprint", "")
        return {name: texts.get(name, then) for name in marked}

    def _charge_of(self, submission: Any) -> str:
        return self._penalties.charge(submission, self._dates)

    def _charge(self, student: str) -> None:
        """Write the late penalty again, because the dates may have changed."""
        from course_admin.submissions.timestamp import read_timestamp

        timestamp, problem = read_timestamp(self._folder("submitted_directory", student))
        late = self.gradebook.charge(self.lab.name, student, None if problem else timestamp, self._charge_of)
        if late != self.summary(student).get("late", ""):
            self._amend(student, lambda about: about.update(late=late))

    def _amend(self, student: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change the run's summary in the autograded notebook, if there is one."""
        notebook = self._autograded(student)
        if isinstance(notebook.get("metadata", {}).get(KEY), dict):
            change(notebook["metadata"][KEY])
            self._put(self.path("autograded_directory", student, ".ipynb"), _as_json(notebook))

    def _replace_autograded(self, student: str, notebook: NotebookNode, files: Mapping[str, bytes]) -> None:
        folder, name = self._folder("autograded_directory", student), f"{self.lab.name}.ipynb"
        folder.mkdir(parents=True, exist_ok=True)
        # A file of the lab replaces a student's file of the same name, as in nbgrader.
        courses = {path.casefold() for path in (name, *self._lab_files)}
        folders = {above for path in courses for above in _folders_of(path)}
        own = {
            path: content
            for path, content in files.items()
            if path.casefold() not in folders and not courses & {path.casefold(), *_folders_of(path.casefold())}
        }
        _remove_others(folder, {folder / path for path in (name, *self._lab_files, *own)})
        for path, content in self._lab_files.items():
            self._put(folder / path, content, folder.parent)
        for path, content in own.items():
            with _ignoring_bad_names():
                self._put(folder / path, content, folder.parent)
        self._put(folder / name, _as_json(notebook), folder.parent)

    def _put(self, path: Path, content: bytes, temporary: Path | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content, folder=temporary)


@contextlib.contextmanager
def _ignoring_bad_names() -> Iterator[None]:
    """Skip a student's file whose name cannot be used here. Other errors, such as a full disk, are raised."""
    try:
        yield
    except OSError as error:
        if error.errno not in BAD_NAME_ERRORS:
            raise


def _folders_of(path: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(path).parents]


def _remove_others(folder: Path, wanted: set[Path]) -> None:
    """Remove everything in a folder except the wanted files and their parent folders.

    Links are removed, too, and so are folders at the path of a wanted file and files at the path of a parent folder.
    """
    above = {parent for path in wanted for parent in path.parents}
    for here, folders, files in os.walk(folder, topdown=False):
        for path in (Path(here, name) for name in (*files, *folders)):
            if not path.is_dir() or path.is_symlink():
                if path not in wanted or path.is_symlink():
                    path.unlink(missing_ok=True)
            elif path not in above:
                with contextlib.suppress(OSError):  # another program may have put something into it
                    path.rmdir()


def _answers(notebook: NotebookNode) -> dict[str, str]:
    """Return the student's answers in an autograded notebook by grade_id."""
    found = {}
    for cell in notebook.get("cells", []):
        about = cell.get("metadata", {}).get("nbgrader", {})
        if about.get("solution"):
            source = cell.get("source", "")
            found[about.get("grade_id", "")] = source if isinstance(source, str) else "".join(source)
    return found


def _as_json(notebook: Any) -> bytes:
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
