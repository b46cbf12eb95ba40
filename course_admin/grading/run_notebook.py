"""`run`: a submission is executed in the sandbox, and the exams ask its code for evidence.

    with open_sandbox("auto", Limits()) as sandbox:
        found = run(notebook, "01_pca_vs_ae", sandbox, exams)

It executes a notebook cell by cell, with three differences to what a kernel would do: the hidden region of a check
cell never reaches the sandbox; after a check cell the exam, here in the grader's process, asks the code inside; and
where Python dies a new one is started, so that one bad cell does not cost the others. Nothing that the notebook
prints or returns is a score: course_admin.nbgrader_plugins.judge reads the sittings alone.
"""

from __future__ import annotations

import ast
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict

from course_admin import regions
from course_admin.graded_cells import exam_name, is_automatic
from course_admin.grading.exams import SEED, Exam, Transcript, run_exam
from course_admin.grading.execution import MAX_RESTARTS
from course_admin.grading.run_result import Run, Sitting
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import seconds
from course_admin.sandbox.session import CellResult, Session, Stopped
from course_admin.submissions.safe_files import MAX_NOTES
from course_admin.submissions.safe_text import shown
from course_utils.evidence import Evidence, EvidenceError, pack, unpack
from course_utils.probes import PROBES, StudentError

OWN_SHARE = 0.5
"""Of a notebook's time: what the cells that are neither set-up, answer nor check may take together."""
MAX_FINDINGS = 50
QUICK_SECONDS = 1.0
"""A cell that took no longer is executed again after a death, whatever it does."""


def run(
    notebook: NotebookNode,
    lab: str,
    sandbox: Sandbox,
    exams: Mapping[str, Exam],
    *,
    files: Mapping[str, bytes] | None = None,
    seed: int = SEED,
    max_restarts: int = MAX_RESTARTS,
    log: Callable[[str], None] = lambda line: None,
) -> Run:
    """Execute `notebook` in place (its outputs are those of this run) and let the exams ask.

    files: what lies beside the notebook, content by relative path; max_restarts: how often a Python that died is
    started again; log: gets the traceback of an exam that could not cope. Raises SandboxError when the sandbox itself
    fails; never for anything that the submission does.
    """
    running = _Running(notebook, Run(lab, seed=seed), sandbox, exams, files or {}, max_restarts, log)
    started = time.monotonic()
    try:
        running.all_cells()
    finally:
        running.drop()
    running.run.seconds = time.monotonic() - started
    return running.run


class _Running:
    """A run that is under way."""

    def __init__(
        self,
        notebook: NotebookNode,
        run: Run,
        sandbox: Sandbox,
        exams: Mapping[str, Exam],
        files: Mapping[str, bytes],
        max_restarts: int,
        log: Callable[[str], None],
    ) -> None:
        self.notebook, self.run, self.sandbox, self.exams, self.log = notebook, run, sandbox, exams, log
        self.files, self.max_restarts = files, max_restarts
        self.deadline = time.monotonic() + sandbox.limits.notebook_seconds
        self.session: Session | None = None
        self.held = contextlib.ExitStack()
        self.starts = 0
        self.count = 0
        self.hurried = False
        self.own_seconds = OWN_SHARE * sandbox.limits.notebook_seconds
        # Earlier cells and how they are executed again when Python has died: whole, or what they define.
        self.again: dict[int, str] = {}

    # --- cells -------------------------------------------------------------------------------------------------------

    def all_cells(self) -> None:
        for index, cell in enumerate(self.notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if is_automatic(cell):
                self.check_cell(cell, index)
            elif cell.source.strip() and self.have_session():
                wanted = _is_wanted(cell)
                spare = wanted or self.own_seconds > 0
                result = self.execute(cell, index, cell.source, definitions=not spare)
                self.own_seconds -= 0.0 if wanted else result.seconds
                self.again[index] = _again(cell, result) if spare else "definitions"
                if not spare and not self.hurried:
                    self.hurried = True
                    self.run.findings.append(
                        f"from code cell {_number(self.notebook, index)} on, cells outside of exercises were not run, "
                        "but for what they define: those before had taken half of the time, and the exercises need it"
                    )

    def check_cell(self, cell: NotebookNode, index: int) -> None:
        """Sit the exam of a check cell; before that run what the student can see of it, if more than a check."""
        grade_id, name = cell.metadata.nbgrader.grade_id, exam_name(cell)
        if name not in self.exams:
            self.run.missed[grade_id] = "this exercise has no exam: the course team has to mend that"
            return
        visible = regions.without(cell.source, regions.HIDDEN_TESTS)
        # The exam asks what the course's own check would, on other numbers, and its lines are the ones that are shown.
        if not _is_only_a_check(visible) and self.have_session():
            self.execute(cell, index, visible)
        # Also when the check has just ended Python: the exam's own questions may be answered.
        if not self.have_session():
            self.run.missed[grade_id] = self.run.findings[-1]
            return
        transcript = Transcript()
        ask = self.ask_about(self.exams[name], _label(self.notebook, index))
        result = run_exam(self.exams[name], transcript.recording(ask), seed=self.run.seed)
        self.run.sittings[grade_id] = Sitting(name, transcript, result)
        if result.trouble:
            self.log(f"exam {name} of {self.run.lab} could not cope:\n{result.trouble}")
            reason = _one_line(result.trouble.strip().splitlines()[-1])
            self.run.findings.append(f"exam {name} could not judge the answer: {reason}")

    def execute(self, cell: NotebookNode, index: int, source: str, *, definitions: bool = False) -> CellResult:
        """Execute a cell, show its outputs in the notebook, and say among the findings which limit it hit."""
        result = self.session.execute(source, definitions=definitions, patient=_is_wanted(cell))
        self.count += 1
        cell.execution_count = self.count
        cell.outputs = [from_dict(output) for output in result.outputs]
        # nbgrader and nbformat want the number of the cell, not what the student's process says it is.
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = self.count
        label = _label(self.notebook, index)
        if result.state == "dead":
            self.note(cell, f"{label} {result.why}; the cells after it were run in a new Python, and still counted")
            self.drop()
        elif result.state == "interrupted":
            self.note(cell, f"{label} {result.why} and was stopped; the cells after it still counted")
        elif result.state == "error":
            errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
            if not errors:  # the limit was hit once more while IPython wanted to show the error
                errors = [output.text[-300:] for output in cell.outputs[-1:] if output.output_type == "stream"]
            hit = next(filter(None, map(self.sandbox.limits.explain, errors)), None)
            if hit:
                self.note(cell, f"{label} ran into {hit}")
        if result.went_on and _is_wanted(cell):
            self.note(cell, f"{label} asked for something that is not here; the lines below that were run all the same")
        if result.cut:
            self.note(cell, f"{label} printed more than is kept: the rest was cut")
        return result

    def note(self, cell: NotebookNode, line: str) -> None:
        """A finding, also shown in the cell that it is about."""
        if len(self.run.findings) < MAX_FINDINGS:
            self.run.findings.append(line)
        else:
            self.say_once("there was more of the like: it stands in the cells that it is about")
        shown = {"output_type": "error", "ename": "Stopped", "evalue": line, "traceback": [line]}
        cell.outputs.append(from_dict(shown))

    # --- Python, and Python again ------------------------------------------------------------------------------------

    def have_session(self) -> bool:
        """Make sure that a Python runs; a new one gets the earlier cells again. Else say why among the findings."""
        if time.monotonic() > self.deadline:
            self.drop()
            limit = seconds(self.sandbox.limits.notebook_seconds)
            self.say_once(f"the notebook ran longer than {limit} altogether: the remaining cells were not run")
            return False
        if self.session is not None:
            if self.session.alive:
                return True
            self.drop()
        while self.starts <= self.max_restarts:
            self.starts += 1
            left = self.deadline - time.monotonic()
            self.session = self.held.enter_context(self.sandbox.session(seconds_left=left))
            self.lay_out_files()
            if self.replay():
                return True
            self.drop()
        self.say_once(f"Python ended {self.starts} times: the remaining cells were not run")
        return False

    def lay_out_files(self) -> None:
        missing = []
        for path, content in self.files.items():
            if not self.session.put(path, content):
                missing.append(
                    f"{shown(path)} could not be put beside the notebook: it was not there when that was run"
                )
        for line in missing[:MAX_NOTES]:
            self.say_once(line)
        if len(missing) > MAX_NOTES:
            self.say_once(f"{len(missing) - MAX_NOTES} more files could not be put beside the notebook")

    def replay(self) -> bool:
        """Execute the earlier cells again, outputs to nowhere. Returns whether the new Python survived that.

        A cell that ends it this time is left to what it defines, and then left out.
        """
        for index, how in list(self.again.items()):
            if how == "skip":
                continue
            result = self.session.execute(self.notebook.cells[index].source, definitions=how == "definitions")
            if result.state == "dead":
                self.again[index] = "definitions" if how == "whole" else "skip"
                return False
        return True

    def drop(self) -> None:
        """End Python, whatever state it is in."""
        self.session = None
        self.held.close()

    def say_once(self, line: str) -> None:
        if line not in self.run.findings:
            self.run.findings.append(line)

    # --- asking ------------------------------------------------------------------------------------------------------

    def ask_about(self, exam: Exam, label: str) -> Callable[..., Evidence]:
        """The `ask` of an exam: questions go to the sandbox, and evidence or a StudentError comes back.

        label: of the check cell, for the finding when the answer's code has to be stopped.
        """

        def ask(question: Callable, targets: tuple[str, ...] | None = None, /, **inputs: Any) -> Evidence:
            if PROBES.get(question.__name__) is not question:
                raise LookupError(f"{question.__name__} is no probe of course_utils.probes: a sandbox cannot find it")
            asked = {"probe": question.__name__, "targets": list(exam.targets if targets is None else targets)}
            packed = pack(asked | {f"i:{name}": value for name, value in inputs.items()})
            alive = self.session.alive
            try:
                answer = self.session.ask(packed)
            except Stopped as stopped:
                if alive:
                    after = "still counted" if self.session.alive else "were run in a new Python, and still counted"
                    self.say_once(f"{label} {stopped}; the cells after it {after}")
                raise StudentError("Stopped", f"your code {stopped}") from None
            return read_answer(answer)

        return ask


def read_answer(data: bytes) -> Evidence:
    """The evidence in an answer, which an enemy may have written. Raises StudentError for anything else."""
    try:
        got = unpack(data)
    except EvidenceError as error:
        raise StudentError("EvidenceError", str(error)) from None
    if got.get("ok") is True:
        return {key.removeprefix("e:"): value for key, value in got.items() if key.startswith("e:")}
    kind, text, where = (_one_line(got.get(name)) for name in ("kind", "text", "where"))
    raise StudentError(kind or "Exception", text, where)


def _again(cell: NotebookNode, result: CellResult) -> str:
    """How a cell is executed again when Python has died after it, or in it.

    Whole, if it is set-up, an answer, or was quick; else only what it defines: a training run would take its time
    again, and the cell that ended Python would end it again.
    """
    if result.state in ("dead", "interrupted"):
        return "definitions"
    return "whole" if _is_wanted(cell) or result.seconds < QUICK_SECONDS else "definitions"


def _is_wanted(cell: NotebookNode) -> bool:
    """Whether a cell is set-up or an answer, which exercises need."""
    return bool("setup" in cell.metadata.get("tags", []) or cell.metadata.get("nbgrader", {}).get("solution"))


def _is_only_a_check(source: str) -> bool:
    """Whether a cell does nothing but call course_utils.checks, as `checks` in every lab, on what has a name."""
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
    """A cell as people find it: its number among the code cells, and its grade_id."""
    name = nb.cells[index].metadata.get("nbgrader", {}).get("grade_id")
    number = _number(nb, index)
    return f"code cell {number} ({name})" if name else f"code cell {number}"


def _number(nb: NotebookNode, index: int) -> int:
    return sum(cell.cell_type == "code" for cell in nb.cells[: index + 1])


def _one_line(value: Any) -> str:
    text = value[:300] if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else " " for char in text)
