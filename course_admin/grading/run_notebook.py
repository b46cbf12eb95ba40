"""`execute`, the second of the five calls: run a submission in the sandbox and let the exams question its code.

    with open_sandbox("auto", Limits()) as sandbox:
        run = execute(notebook, "01_pca_vs_ae", sandbox, exams)

The notebook is executed cell by cell, with three differences from a kernel:

- The hidden region of a check cell is never sent to the sandbox.
- After a check cell, the exam runs in the grader's process and asks the code in the sandbox.
- A Python process that dies is replaced by a new one, so that one bad cell does not cost the points of other cells.

Nothing that the notebook prints or returns is a score: course_admin.grading.scoring reads only the exam runs.
"""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict

from course_admin.common import regions
from course_admin.common.graded_cells import exam_name, grade_id, is_automatic, is_needed
from course_admin.common.text import display_name, last_line, one_line
from course_admin.grading.answers_only import NeedsAllCells, is_missing, shown
from course_admin.grading.exams import SEED, Exam, Transcript, run_exam
from course_admin.grading.execution import MAX_RESTARTS
from course_admin.grading.run_result import ExamRun, Run
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import seconds
from course_admin.sandbox.session import CellResult, Session, Stopped
from course_admin.submissions.safe_files import MAX_NOTES
from course_utils.evidence import Evidence, EvidenceError, pack, unpack
from course_utils.probes import PROBES, StudentError, texts_as_evidence, written

OTHER_CELLS_SHARE = 0.5
"""Share of a notebook's time limit for all cells that are neither set-up, answer nor check."""
MAX_FINDINGS = 50
QUICK_SECONDS = 1.0
"""A new Python process executes every cell again that took less time than this."""


def execute(
    notebook: NotebookNode,
    lab: str,
    sandbox: Sandbox,
    exams: Mapping[str, Exam],
    *,
    files: Mapping[str, bytes] | None = None,
    left_out: Mapping[str, Sequence[Any]] | None = None,
    seed: int = SEED,
    max_restarts: int = MAX_RESTARTS,
    log: Callable[[str], None] = lambda line: None,
) -> Run:
    """Execute `notebook` in place (its outputs are replaced by those of this run) and run the exams.

    files: the files in the notebook's folder, content by relative path; left_out: the outputs to show for left-out
    cells, by cell id; only the definitions of these cells are run (course_admin.grading.answers_only); max_restarts:
    how often a dead Python process is replaced; log: is called with the traceback of an exam that failed.
    Raises SandboxError if the sandbox itself fails, and NeedsAllCells if a name is missing that a left-out cell
    defines. Nothing else that the submission does raises an exception.
    """
    run = Run(lab, seed=seed, answers_only=bool(left_out))
    execution = _NotebookRun(notebook, run, sandbox, exams, files or {}, left_out or {}, max_restarts, log)
    started = time.monotonic()
    try:
        execution.execute_all_cells()
    finally:
        execution.stop_session()
    execution.run.seconds = time.monotonic() - started
    return execution.run


class _NotebookRun:
    """The state of one notebook while it is executed."""

    def __init__(
        self,
        notebook: NotebookNode,
        run: Run,
        sandbox: Sandbox,
        exams: Mapping[str, Exam],
        files: Mapping[str, bytes],
        left_out: Mapping[str, Sequence[Any]],
        max_restarts: int,
        log: Callable[[str], None],
    ) -> None:
        self.notebook, self.run, self.sandbox, self.exams, self.log = notebook, run, sandbox, exams, log
        self.files, self.left_out, self.max_restarts = files, left_out, max_restarts
        self.sources_left_out = [cell.source for cell in notebook.cells if cell.get("id") in left_out]
        self.deadline = time.monotonic() + sandbox.limits.notebook_seconds
        self.session: Session | None = None
        self.open_sessions = contextlib.ExitStack()
        self.starts = 0
        self.count = 0
        self.skips_other_cells = False
        self.seconds_for_other_cells = OTHER_CELLS_SHARE * sandbox.limits.notebook_seconds
        # How a new Python process executes the earlier cells again: "whole", "definitions" or "skip".
        self.replays: dict[int, str] = {}

    # --- cells -------------------------------------------------------------------------------------------------------

    def execute_all_cells(self) -> None:
        for index, cell in enumerate(self.notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if is_automatic(cell):
                self.check_cell(cell, index)
            elif cell.get("id") in self.left_out and self.have_session():
                self.session.execute(cell.source, definitions=True)
                cell.outputs = from_dict(shown(self.left_out[cell.id], self.sandbox.limits))
                self.replays[index] = "definitions"
            elif cell.source.strip() and self.have_session():
                needed = is_needed(cell)
                whole = needed or self.seconds_for_other_cells > 0
                result = self.execute_cell(cell, index, cell.source, definitions=not whole)
                self.seconds_for_other_cells -= 0.0 if needed else result.seconds
                self.replays[index] = _replay_mode(cell, result) if whole else "definitions"
                if not whole and not self.skips_other_cells:
                    self.skips_other_cells = True
                    self.run.findings.append(
                        f"from code cell {_number(self.notebook, index)} on, cells outside of exercises were not run, "
                        "only what they define: the cells before used half of the time, and the exercises need the rest"
                    )

    def check_cell(self, cell: NotebookNode, index: int) -> None:
        """Run the exam of a check cell. Before it, run the visible lines if they do more than call the check."""
        grade_id, name = cell.metadata.nbgrader.grade_id, exam_name(cell)
        if name not in self.exams:
            self.run.missed[grade_id] = "this exercise has no exam: the course team has to add one"
            return
        visible = regions.without(cell.source, regions.HIDDEN_TESTS)
        # A plain check call need not run: the exam asks the same with other numbers, and its messages are shown.
        if not _is_only_a_check(visible) and self.have_session():
            self.execute_cell(cell, index, visible)
        # If the visible lines have just ended Python, a new process may still answer the exam's questions.
        if not self.have_session():
            self.run.missed[grade_id] = self.run.findings[-1]
            return
        transcript = Transcript()
        ask = self.ask_about(self.exams[name], _label(self.notebook, index))
        result = run_exam(self.exams[name], transcript.recording(ask), seed=self.run.seed)
        self.run.exam_runs[grade_id] = ExamRun(name, transcript, result)
        if result.error:
            self.log(f"exam {name} of {self.run.lab} failed:\n{result.error}")
            self.run.findings.append(f"exam {name} could not judge the answer: {last_line(result.error)}")

    def execute_cell(self, cell: NotebookNode, index: int, source: str, *, definitions: bool = False) -> CellResult:
        """Execute a cell, put its outputs into the notebook, and add a finding if it hit a limit."""
        result = self.session.execute(source, definitions=definitions, patient=is_needed(cell))
        self.count += 1
        cell.execution_count = self.count
        cell.outputs = [from_dict(output) for output in result.outputs]
        # nbgrader and nbformat need the cell's number. The number from the student's process cannot be trusted.
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = self.count
        label = _label(self.notebook, index)
        if result.state == "dead":
            self.note(cell, f"{label} {result.why}; the cells after it were run in a new Python, and still counted")
            self.stop_session()
        elif result.state == "interrupted":
            self.note(cell, f"{label} {result.why} and was stopped; the cells after it still counted")
        elif result.state == "error":
            errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
            for error in errors:
                self.look_for_what_is_left_out(error)
            if not errors:  # the limit was hit a second time while IPython formatted the error
                errors = [output.text[-300:] for output in cell.outputs[-1:] if output.output_type == "stream"]
            hit = next(filter(None, map(self.sandbox.limits.explain, errors)), None)
            if hit:
                self.note(cell, f"{label} ran into {hit}")
        if result.went_on and is_needed(cell):
            self.note(cell, f"{label} needs something that is not available here; the lines below it were run anyway")
        if result.cut:
            self.note(cell, f"{label} printed more than is kept: the rest was cut")
        return result

    def note(self, cell: NotebookNode, line: str) -> None:
        """Add a finding about a cell, and show it in that cell."""
        if len(self.run.findings) < MAX_FINDINGS:
            self.run.findings.append(line)
        else:
            self.add_finding("there were more such findings: each is shown in its cell")
        shown = {"output_type": "error", "ename": "Stopped", "evalue": line, "traceback": [line]}
        cell.outputs.append(from_dict(shown))

    # --- Python processes --------------------------------------------------------------------------------------------

    def have_session(self) -> bool:
        """Make sure that Python runs. A new process executes the earlier cells again.

        Returns False if no Python runs; then a finding says why.
        """
        if time.monotonic() > self.deadline:
            self.stop_session()
            limit = seconds(self.sandbox.limits.notebook_seconds)
            self.add_finding(f"the notebook ran longer than {limit} altogether: the remaining cells were not run")
            return False
        if self.session is not None:
            if self.session.alive:
                return True
            self.stop_session()
        while self.starts <= self.max_restarts:
            self.starts += 1
            left = self.deadline - time.monotonic()
            self.session = self.open_sessions.enter_context(self.sandbox.session(seconds_left=left))
            self.put_files()
            if self.replay():
                return True
            self.stop_session()
        self.add_finding(f"Python ended {self.starts} times: the remaining cells were not run")
        return False

    def put_files(self) -> None:
        missing = []
        for path, content in self.files.items():
            if not self.session.put(path, content):
                missing.append(
                    f"{display_name(path)} could not be put beside the notebook: the notebook was run without it"
                )
        for line in missing[:MAX_NOTES]:
            self.add_finding(line)
        if len(missing) > MAX_NOTES:
            self.add_finding(f"{len(missing) - MAX_NOTES} more files could not be put beside the notebook")

    def replay(self) -> bool:
        """Execute the earlier cells again, without keeping outputs. Return whether the new Python process survived.

        If a cell ends the process, the next process executes only its definitions, and the one after that skips it.
        """
        for index, how in list(self.replays.items()):
            if how == "skip":
                continue
            result = self.session.execute(self.notebook.cells[index].source, definitions=how == "definitions")
            if result.state == "dead":
                self.replays[index] = "definitions" if how == "whole" else "skip"
                return False
        return True

    def stop_session(self) -> None:
        """End the Python process, if there is one, in any state."""
        self.session = None
        self.open_sessions.close()

    def add_finding(self, line: str) -> None:
        if line not in self.run.findings:
            self.run.findings.append(line)

    # --- exam questions ----------------------------------------------------------------------------------------------

    def ask_about(self, exam: Exam, label: str) -> Callable[..., Evidence]:
        """Return the `ask` of an exam: it sends a question to the sandbox and returns evidence or raises StudentError.

        label: of the check cell, used in the finding if the student's code has to be stopped.
        """

        def ask(question: Callable, targets: tuple[str, ...] | None = None, /, **inputs: Any) -> Evidence:
            if question is written:  # asks for the cells' text, which the student's process could falsify
                return texts_as_evidence(_answers_to(exam, self.notebook))
            if PROBES.get(question.__name__) is not question:
                raise LookupError(f"{question.__name__} is not in course_utils.probes: the sandbox cannot find it")
            asked = {"probe": question.__name__, "targets": list(exam.targets if targets is None else targets)}
            packed = pack(asked | {f"i:{name}": value for name, value in inputs.items()})
            alive = self.session.alive
            try:
                answer = self.session.ask(packed)
            except Stopped as stopped:
                if alive:
                    after = "still counted" if self.session.alive else "were run in a new Python, and still counted"
                    self.add_finding(f"{label} {stopped}; the cells after it {after}")
                raise StudentError("Stopped", f"your code {stopped}") from None
            try:
                return read_answer(answer)
            except StudentError as error:
                self.look_for_what_is_left_out(f"{error.kind}: {error.text}")
                raise

        return ask

    def look_for_what_is_left_out(self, error: str) -> None:
        """Raise NeedsAllCells if a NameError names something that a left-out cell defines."""
        if error.startswith("NameError") and is_missing(error, self.sources_left_out):
            raise NeedsAllCells


def read_answer(data: bytes) -> Evidence:
    """Return the evidence in an answer. Raises StudentError for any other content; the bytes are not trusted."""
    try:
        got = unpack(data)
    except EvidenceError as error:
        raise StudentError("EvidenceError", str(error)) from None
    if got.get("ok") is True:
        return {key.removeprefix("e:"): value for key, value in got.items() if key.startswith("e:")}
    kind, text, where = (one_line(got.get(name)) for name in ("kind", "text", "where"))
    raise StudentError(kind or "Exception", text, where)


def _answers_to(exam: Exam, notebook: NotebookNode) -> list[str]:
    """Return the text of an exam's own cell and of all cells that define or import one of its targets."""
    names = "|".join(map(re.escape, exam.targets))
    defines = re.compile(
        rf"^(?:def|class)\s+(?:{names})\b|^(?:{names})\b[^=\n]*=|\bimport\b.*\b(?:{names})\b", re.MULTILINE
    )
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not is_automatic(cell)]
    return [cell.source for cell in cells if grade_id(cell) == exam.name or defines.search(cell.source)]


def _replay_mode(cell: NotebookNode, result: CellResult) -> str:
    """Return how to execute a cell again in a new Python process: "whole" or "definitions".

    "whole" for set-up cells, answers and fast cells, else "definitions": a training run would take as long again, and
    a cell that ended Python would end it again.
    """
    if result.state in ("dead", "interrupted"):
        return "definitions"
    return "whole" if is_needed(cell) or result.seconds < QUICK_SECONDS else "definitions"


def _is_only_a_check(source: str) -> bool:
    """Return whether a cell only calls functions of `checks` with names as arguments, like the labs' check cells."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return False
    return all(
        isinstance(statement, ast.Expr)
        and isinstance(call := statement.value, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "checks"
        and not call.keywords
        and all(isinstance(argument, ast.Name) for argument in call.args)
        for statement in statements
    )


def _label(nb: NotebookNode, index: int) -> str:
    """Return a cell's name for messages: its number among the code cells, and its grade_id if it has one."""
    name = nb.cells[index].metadata.get("nbgrader", {}).get("grade_id")
    number = _number(nb, index)
    return f"code cell {number} ({name})" if name else f"code cell {number}"


def _number(nb: NotebookNode, index: int) -> int:
    return sum(cell.cell_type == "code" for cell in nb.cells[: index + 1])
