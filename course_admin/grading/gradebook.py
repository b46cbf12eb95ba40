"""Write the gradebook for `course grade`: opened once, few SQL statements, one transaction per submission.

The result is the same as that of nbgrader's own autograder (a test compares the two). nbgrader's autograder sends
about a hundred statements per submission and commits after each cell. So if it is killed, only half of a submission's
marks are written, and its time grows with the number of marks in the gradebook.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from course_admin.course import CourseError

PATIENCE = 30.0
"""Seconds to wait while another program writes to the gradebook (SQLite only)."""


class Cell(NamedTuple):
    """A cell that is graded, or answered by the student, or both.

    marks, comments: the cell's database ids for its mark and its comment, or None; out_of: maximum points; written:
    whether a person marks it; checksum: nbgrader's checksum of the released cell.
    """

    marks: str | None
    comments: str | None
    out_of: float
    written: bool
    checksum: str


@dataclass
class Score:
    """The gradebook's values for one graded cell.

    auto: automatic mark; manual: mark given by a person; extra: extra credit; pending: whether a person has to mark it;
    points: the points that count: the manual mark if there is one, else the automatic mark, plus extra credit.
    """

    auto: float | None
    manual: float | None
    extra: float | None
    pending: bool

    @property
    def points(self) -> float:
        given = self.manual if self.manual is not None else self.auto
        return (given or 0.0) + (self.extra or 0.0)


@dataclass
class Entry:
    """A submission in the gradebook. scores, comments: by grade_id; penalty: points lost for late submission."""

    scores: dict[str, Score]
    comments: dict[str, str | None]
    penalty: float


class CourseGradebook:
    """A course's gradebook, used as `with CourseGradebook(url) as gradebook`. Each writing method is one transaction.

    Every database error becomes a CourseError: one line that says what to do.
    """

    def __init__(self, url: str) -> None:
        """Open the database and create missing tables, and indexes for frequent queries. url: nbgrader's db_url."""
        from nbgrader.api import Gradebook
        from sqlalchemy import create_engine, text

        self.url = url
        self._labs: dict[str, tuple[str, str, dict[str, Cell]]] = {}
        with _in_words(url):
            Gradebook(url).close()
            arguments = {"timeout": PATIENCE} if url.startswith("sqlite") else {}
            self._engine = create_engine(url, connect_args=arguments)
            with self._engine.begin() as connection:
                for table, column in INDEXES:
                    name = f"course_{table}_{column}"
                    connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"))
                columns = "lab VARCHAR(128) PRIMARY KEY, digest VARCHAR(64) NOT NULL"
                connection.execute(text(f"CREATE TABLE IF NOT EXISTS course_registered ({columns})"))

    @classmethod
    def of(cls, config: Any) -> CourseGradebook:
        """Open the gradebook that nbgrader's configuration names."""
        from nbgrader.coursedir import CourseDirectory

        return cls(CourseDirectory(config=config).db_url)

    def __enter__(self) -> CourseGradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    # --- reading -----------------------------------------------------------------------------------------------------

    def cells(self, lab: str) -> dict[str, Cell]:
        """Return the cells of a lab by grade_id. Raises CourseError if the lab is not registered."""
        return self._lab(lab)[2]

    def read(self, lab: str, student: str) -> Entry | None:
        """Return a submission's scores, comments and penalty, or None if it was never graded."""
        from nbgrader.api import Comment, Grade
        from sqlalchemy import select

        cells = self.cells(lab)
        with _in_words(self.url), self._engine.connect() as connection:
            found = self._find(connection, lab, student)
            if found is None:
                return None
            _, notebook, penalty = found
            columns = [Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade]
            rows = connection.execute(select(Grade.cell_id, *columns).where(Grade.notebook_id == notebook))
            scores = {cell: Score(auto, manual, extra, bool(look)) for cell, auto, manual, extra, look in rows}
            columns = [Comment.auto_comment, Comment.manual_comment]
            rows = connection.execute(select(Comment.cell_id, *columns).where(Comment.notebook_id == notebook))
            comments = {cell: auto if manual is None else manual for cell, auto, manual in rows}
        return Entry(
            {name: scores[cell.marks] for name, cell in cells.items() if cell.marks in scores},
            {name: comments[cell.comments] for name, cell in cells.items() if cell.comments in comments},
            penalty or 0.0,
        )

    def registered(self, lab: str) -> str:
        """Return the digest of the lab's source at registration, or "" if the lab is not registered."""
        from sqlalchemy import text

        with _in_words(self.url), self._engine.connect() as connection:
            known = "SELECT digest FROM course_registered JOIN assignment ON name = lab WHERE lab = :lab"
            return connection.execute(text(known), {"lab": lab}).scalar() or ""

    def set_registered(self, lab: str, digest: str) -> None:
        """Record that a lab's cells are in the gradebook, with the digest of the lab's source."""
        from sqlalchemy import text

        self._labs.pop(lab, None)
        with _in_words(self.url), self._engine.begin() as connection:
            connection.execute(text("DELETE FROM course_registered WHERE lab = :lab"), {"lab": lab})
            row = {"lab": lab, "digest": digest}
            connection.execute(text("INSERT INTO course_registered (lab, digest) VALUES (:lab, :digest)"), row)

    # --- writing -----------------------------------------------------------------------------------------------------

    def write_marks(
        self,
        lab: str,
        student: str,
        points: Mapping[str, float | None],
        *,
        blank: frozenset[str] | set[str] = frozenset(),
        settled: frozenset[str] | set[str] = frozenset(),
        timestamp: datetime | None = None,
        charge: Callable[[Any], str] | None = None,
    ) -> str:
        """Write all marks of a submission in one transaction: all of them or none.

        points: by grade_id, None if a person has to mark the cell, 0 for missing cells; blank: answers that the
        student did not change; settled: cells whose manual mark needs no review; timestamp: of submission, naive UTC;
        charge: called with nbgrader's SubmittedAssignment, sets the late penalty and returns a line about it.
        Returns the line from `charge`, "" without `charge`.
        """
        from nbgrader.api import Comment, Grade
        from sqlalchemy import bindparam, select, update

        with _in_words(self.url), self._engine.begin() as connection:
            submission, notebook = self._submission(connection, lab, student, timestamp)
            marked = select(Grade.cell_id).where(Grade.notebook_id == notebook, Grade.manual_score.is_not(None))
            by_hand = set(connection.execute(marked).scalars())
            grades = Grade.__table__
            rows = []
            for name, cell in self.cells(lab).items():
                if cell.marks:
                    score = points.get(name, 0.0)
                    # As in nbgrader, a person has to review every cell with a manual mark.
                    look = (score is None or cell.marks in by_hand) and name not in settled
                    rows.append({"cell": cell.marks, "auto": score, "look": look})
            statement = (
                update(grades)
                .where(grades.c.notebook_id == notebook, grades.c.cell_id == bindparam("cell"))
                .values(auto_score=bindparam("auto"), needs_manual_grade=bindparam("look"))
            )
            connection.execute(statement, rows)
            comments = Comment.__table__
            statement = (
                update(comments)
                .where(comments.c.notebook_id == notebook, comments.c.cell_id == bindparam("cell"))
                .values(auto_comment=bindparam("text"))
            )
            texts = [
                {"cell": cell.comments, "text": "No response." if name in blank else None}
                for name, cell in self.cells(lab).items()
                if cell.comments
            ]
            if texts:
                connection.execute(statement, texts)
            return self._charge(connection, submission, charge)

    def charge(self, lab: str, student: str, timestamp: datetime | None, charge: Callable[[Any], str]) -> str:
        """Write a submission's late penalty for the current dates. Parameters as in `write_marks`."""
        with _in_words(self.url), self._engine.begin() as connection:
            submission, _ = self._submission(connection, lab, student, timestamp)
            return self._charge(connection, submission, charge)

    def rescore(self, lab: str, student: str, name: str, points: float, charge: Callable | None = None) -> str:
        """Write the automatic mark of one cell of an existing submission, and the late penalty.

        Returns the line from `charge`. Raises CourseError if there is no such submission.
        """
        from nbgrader.api import Grade
        from sqlalchemy import update

        cell = self.cells(lab)[name]
        with _in_words(self.url), self._engine.begin() as connection:
            found = self._find(connection, lab, student)
            if found is None:
                raise CourseError(f"the gradebook has no submission of {lab} by {student}")
            submission, notebook, _ = found
            which = (Grade.notebook_id == notebook, Grade.cell_id == cell.marks)
            connection.execute(update(Grade).where(*which).values(auto_score=points))
            return self._charge(connection, submission, charge)

    # --- inside a transaction ----------------------------------------------------------------------------------------

    def _lab(self, lab: str) -> tuple[str, str, dict[str, Cell]]:
        """Return a lab's (assignment id, notebook id, cells), cached after the first query."""
        from nbgrader.api import Assignment, BaseCell, GradeCell, Notebook, SourceCell, TaskCell
        from sqlalchemy import select

        if lab in self._labs:
            return self._labs[lab]
        with _in_words(self.url), self._engine.connect() as connection:
            where = (Notebook.assignment_id == Assignment.id, Assignment.name == lab, Notebook.name == lab)
            found = connection.execute(select(Assignment.id, Notebook.id).where(*where)).first()
            if found is None:
                raise CourseError(f"lab {lab} is not in the gradebook: `course grade {lab}` puts it there")
            assignment, notebook = found
            base, grade, task = BaseCell.__table__, GradeCell.__table__, TaskCell.__table__
            cells = connection.execute(
                select(base.c.id, base.c.name, base.c.type, grade.c.max_score, grade.c.cell_type, task.c.max_score)
                .select_from(base.outerjoin(grade, grade.c.id == base.c.id).outerjoin(task, task.c.id == base.c.id))
                .where(base.c.notebook_id == notebook)
            ).all()
            sums = connection.execute(
                select(SourceCell.name, SourceCell.checksum).where(SourceCell.notebook_id == notebook)
            )
            checksums = dict(sums.all())
        # nbgrader stores a written answer as two cells: a graded cell and a solution cell with the same name.
        solutions = {name: id for id, name, kind, *_ in cells if kind == "SolutionCell"}
        found = {}
        for id, name, kind, points, shape, task_points in cells:
            checksum = checksums.get(name) or ""
            if kind == "GradeCell":
                written = name in solutions or shape != "code"
                found[name] = Cell(id, solutions.get(name), float(points or 0), written, checksum)
            elif kind == "TaskCell":
                found[name] = Cell(id, id, float(task_points or 0), True, checksum)
        for name in solutions.keys() - found.keys():
            found[name] = Cell(None, solutions[name], 0.0, False, checksums.get(name) or "")
        self._labs[lab] = (assignment, notebook, found)
        return self._labs[lab]

    def _find(self, connection: Any, lab: str, student: str) -> tuple[str, str, float | None] | None:
        """Return (submission id, id of its notebook, late penalty), or None if there is no submission."""
        from nbgrader.api import SubmittedAssignment, SubmittedNotebook
        from sqlalchemy import select

        assignment, notebook, _ = self._lab(lab)
        there = select(
            SubmittedAssignment.__table__.c.id,
            SubmittedNotebook.__table__.c.id,
            SubmittedNotebook.__table__.c.late_submission_penalty,
        ).where(
            SubmittedNotebook.__table__.c.assignment_id == SubmittedAssignment.__table__.c.id,
            SubmittedNotebook.__table__.c.notebook_id == notebook,
            SubmittedAssignment.__table__.c.assignment_id == assignment,
            SubmittedAssignment.__table__.c.student_id == student,
        )
        row = connection.execute(there).first()
        return None if row is None else tuple(row)

    def _submission(self, connection: Any, lab: str, student: str, timestamp: datetime | None) -> tuple[str, str]:
        """Return the ids of a submission and its notebook. Insert missing rows, also one for each mark and comment."""
        from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook, new_uuid
        from sqlalchemy import insert, select, update

        assignment, notebook, cells = self._lab(lab)
        students, submissions = Student.__table__, SubmittedAssignment.__table__
        if connection.execute(select(students.c.id).where(students.c.id == student)).first() is None:
            connection.execute(insert(students).values(id=student))
        found = self._find(connection, lab, student)
        if found is not None:
            changed = (submissions.c.id == found[0]) & submissions.c.timestamp.is_distinct_from(timestamp)
            connection.execute(update(submissions).where(changed).values(timestamp=timestamp))
        else:
            found = (new_uuid(), new_uuid(), None)
            about = {"id": found[0], "assignment_id": assignment, "student_id": student, "timestamp": timestamp}
            connection.execute(insert(submissions).values(about))
            about = {"id": found[1], "notebook_id": notebook, "assignment_id": found[0], "flagged": False}
            connection.execute(insert(SubmittedNotebook.__table__).values(about))
        for table, wanted in (
            (Grade.__table__, {cell.marks for cell in cells.values()}),
            (Comment.__table__, {cell.comments for cell in cells.values()}),
        ):
            there = connection.execute(select(table.c.cell_id).where(table.c.notebook_id == found[1])).scalars()
            rows = [{"id": new_uuid(), "cell_id": id, "notebook_id": found[1]} for id in wanted - {None} - set(there)]
            if rows:
                connection.execute(insert(table), rows)
        return found[0], found[1]

    def _charge(self, connection: Any, submission: str, charge: Callable[[Any], str] | None) -> str:
        if charge is None:
            return ""
        from nbgrader.api import SubmittedAssignment
        from sqlalchemy.orm import Session

        with Session(bind=connection) as session:
            line = charge(session.get(SubmittedAssignment, submission))
            session.flush()
        return line


INDEXES = (
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
    ("submitted_notebook", "assignment_id"),
    ("submitted_assignment", "student_id"),
    ("base_cell", "notebook_id"),
)


@contextlib.contextmanager
def _in_words(url: str) -> Iterator[None]:
    """Convert database errors to a CourseError: one line for the person who grades."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        try:
            # The message must not contain the password.
            shown = make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
        except ArgumentError:
            raise CourseError(
                "c.CourseDirectory.db_url is not the URL of a database: write it as "
                "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, or sqlite:///gradebook.db"
            ) from error
        reason = (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]
        hint = "earlier marks are kept; repair it and run the same command again"
        if "locked" in reason:
            hint = "another program uses it; close that program and run the same command again"
        raise CourseError(f"the gradebook {shown} cannot be used: {reason}. {hint}") from error


def has_points(db_url: str, lab: str, student: str) -> bool:
    """Return whether the gradebook holds points of a student for a lab, from the exams or from a person."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(db_url) as gradebook:
        try:
            submission = gradebook.find_submission(lab, student)
        except MissingEntry:
            return False
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        return any(grade.auto_score or grade.manual_score is not None for grade in grades)
