"""`run`: a submission is executed in a kernel, and the exams ask its code for evidence.

CourseExecute takes the place of nbgrader's Execute among the preprocessors of `nbgrader autograde`. It executes the
notebook as Execute does, with three differences: the hidden region of a check cell never reaches the kernel; after a
check cell the exam, here in the grader's process, asks the kernel through files in a private folder; and a kernel that
dies is started again, so that one bad cell does not cost the others. Nothing that the notebook prints or returns is a
score: course_admin.judge reads the sittings alone.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.client import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Integer, Unicode

from course_admin.exams import SEED, Exam, Transcript, load_exams, sit
from course_admin.submission import KEY, Run, Sitting, exam_name, fingerprint, is_automatic, without_hidden
from course_utils.evidence import MAX_BYTES, Evidence, EvidenceError, pack, unpack
from course_utils.probes import PROBES, StudentError

ENVIRONMENT = {
    # One thread of the processor: the same numbers and the same speed for everybody, however many are graded at once.
    "OMP_NUM_THREADS": "1",
    "COURSE_DEVICE": "cpu",
    "COURSE_BUDGET": "quick",
    # A mark never depends on a network.
    "COURSE_DATA": "sample",
    "COURSE_PROGRESS": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
ANSWER = "__import__('course_utils.probes', fromlist=['_']).answer_file({request!r}, {reply!r}, get_ipython().user_ns)"
DIED = "ended the Python process (os._exit, exit, or out of memory)"


class CourseExecute(Execute):
    """Executes a submission and lets the lab's exams ask it. Leaves a Run in resources["course"]."""

    timeout = Integer(60, allow_none=True, help="Seconds that one cell may take.").tag(config=True)
    question_timeout = Integer(60, help="Seconds that the student's code may take for one question of an exam.").tag(
        config=True
    )
    iopub_timeout = Integer(10, help="Seconds to wait for what a cell printed, once it has ended.").tag(config=True)
    max_restarts = Integer(3, help="How often a kernel that died is started again.").tag(config=True)
    seed = Integer(SEED, help="The seed of the exams' random inputs.").tag(config=True)
    course_root = Unicode(
        "", help="The course's folder (default: where nbgrader_config.py is, from the notebook upwards)."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Execute `nb` in place and return it with the Run among the resources."""
        # Not an oversight: nbconvert's own ExecutePreprocessor does the same, since a client is made for one notebook.
        NotebookClient.__init__(self, nb, km)
        self._check_assign_resources(resources)
        # Whatever kernel the student's file names: the course's own Python executes it.
        self.kernel_name = "python3"
        # A killed kernel has nothing to put in order, and waiting for it politely takes half a second.
        self.shutdown_kernel = "immediate"

        lab = resources["nbgrader"]["assignment"]
        root = self._root(resources)
        self.run = resources[KEY] = Run(lab, seed=self.seed, fingerprint=self._fingerprint(root, lab, resources))
        self.starts = 0
        self.replayable: list[int] = []
        exams = load_exams(root, lab)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="course-ask-") as folder:
            self.mailbox = Path(folder)
            try:
                for index, cell in enumerate(nb.cells):
                    self.one_cell(cell, index, exams)
            finally:
                self.drop_kernel()
        self.run.seconds = time.monotonic() - started
        self.set_widgets_metadata()
        return nb, resources

    # --- executing ---------------------------------------------------------------------------------------------------

    def one_cell(self, cell: NotebookNode, index: int, exams: dict[str, Exam]) -> None:
        """Execute a cell, and after a check cell let its exam ask."""
        if cell.cell_type != "code":
            return
        cell.outputs = []
        if is_automatic(cell):
            self.check_cell(cell, index, exams)
        elif cell.source.strip() and self.have_kernel() and self.execute_or_note(cell, index) and not self.timed_out:
            self.replayable.append(index)

    def check_cell(self, cell: NotebookNode, index: int, exams: dict[str, Exam]) -> None:
        """Execute what the student can see of a check cell, then sit the exam."""
        grade_id, name = cell.metadata.nbgrader.grade_id, exam_name(cell)
        if name not in exams:
            self.run.missed[grade_id] = "this exercise has no exam: the course team has to mend that"
            return
        if not self.have_kernel():
            self.run.missed[grade_id] = self.run.findings[-1]
            return
        source = cell.source
        cell.source = without_hidden(source)
        try:
            alive = self.execute_or_note(cell, index)
        finally:
            cell.source = source
        if not alive:
            self.run.missed[grade_id] = self.run.findings[-1]
            return
        transcript = Transcript()
        result = sit(exams[name], transcript.recording(self.ask_about(exams[name])), seed=self.run.seed)
        self.run.sittings[grade_id] = Sitting(name, transcript, result)
        if result.trouble:
            self.log.error("exam %s of %s could not cope:\n%s", name, self.run.lab, result.trouble)
            reason = result.trouble.strip().splitlines()[-1]
            self.run.findings.append(f"exam {name} could not judge the answer: {reason}")

    def execute_or_note(self, cell: NotebookNode, index: int) -> bool:
        """Execute a cell; when that ends the kernel, say so in the cell and among the findings.

        Returns whether the kernel lives.
        """
        self.timed_out = False
        try:
            self.execute_cell(cell, index)
        except DeadKernelError:
            why = DIED
        except CellTimeoutError:
            slow = f"ran longer than {self.timeout} s and could not be interrupted"
            why = slow if self.timed_out else "printed more than could be read"
        else:
            if self.timed_out:
                late = f"{_label(self.nb, index)} ran longer than {self.timeout} s and was stopped"
                self.run.findings.append(f"{late}; the cells after it still counted")
            return True
        self.drop_kernel()
        line = f"{_label(self.nb, index)} {why}; the cells after it were run in a new one"
        self.run.findings.append(line)
        cell.outputs.append(NotebookNode(output_type="error", ename="Stopped", evalue=line, traceback=[line]))
        return False

    def have_kernel(self) -> bool:
        """Make sure that a kernel runs.

        After one died, a new one gets the earlier cells again, except check cells and those that ended it.
        """
        if self.kc is not None:
            return True
        while self.starts <= self.max_restarts:
            self.starts += 1
            self.create_kernel_manager()
            if os.name == "posix":
                # Sockets in our own folder, which nobody else may enter, instead of ports, which all may.
                self.km.connection_file = str(self.mailbox / f"kernel-{self.starts}.json")
                self.km.transport = "ipc"
            # What a process writes past Jupyter would land in the middle of the progress bar.
            self.start_new_kernel(env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.start_new_kernel_client()
            if self.replay():
                return True
        line = f"Python ended {self.starts} times: the remaining cells were not run"
        if line not in self.run.findings:
            self.run.findings.append(line)
        return False

    def replay(self) -> bool:
        """Execute the earlier cells again, outputs to nowhere. Returns whether the new kernel survived that."""
        for index in list(self.replayable):
            shown = self.nb.cells[index]
            # execute_cell puts the cell that it executed into the notebook.
            try:
                self.timed_out = False
                self.execute_cell(NotebookNode({**shown, "outputs": []}), index)
            except (DeadKernelError, CellTimeoutError):
                self.replayable.remove(index)
                self.drop_kernel()
                return False
            finally:
                self.nb.cells[index] = shown
        return True

    def drop_kernel(self) -> None:
        """End the kernel, whatever state it is in."""
        if self.km is not None:
            self._cleanup_kernel()
        self.kc = self.km = None

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> dict[str, Any] | None:
        self.timed_out = True
        line = f"stopped: it ran longer than {timeout} s"
        self.error_on_timeout = {"ename": "CellTimeoutError", "evalue": line, "traceback": [line]}
        return await super()._async_handle_timeout(timeout, cell)

    # --- asking ------------------------------------------------------------------------------------------------------

    def ask_about(self, exam: Exam) -> Callable[..., Evidence]:
        """The `ask` of an exam: questions go to the kernel, and evidence or a StudentError comes back."""

        def ask(question: Callable, *, targets: tuple[str, ...] | None = None, **inputs: Any) -> Evidence:
            if PROBES.get(question.__name__) is not question:
                raise LookupError(f"{question.__name__} is no probe of course_utils.probes: a kernel cannot find it")
            asked = {"probe": question.__name__, "targets": list(exam.targets if targets is None else targets)}
            return self.put(pack(asked | {f"i:{name}": value for name, value in inputs.items()}))

        return ask

    def put(self, question: bytes) -> Evidence:
        """Put one packed question to the kernel."""
        if self.kc is None:
            raise StudentError("Stopped", f"your code {DIED}")
        # A folder for each question: an answer that comes too late lands where nobody looks.
        folder = Path(tempfile.mkdtemp(dir=self.mailbox))
        request, reply = folder / "question.npz", folder / "answer.npz"
        request.write_bytes(question)
        try:
            status = self.execute_silently(ANSWER.format(request=str(request), reply=str(reply)))
        except DeadKernelError:
            self.drop_kernel()
            self.run.findings.append(f"an exam's question {DIED}")
            raise StudentError("Stopped", f"your code {DIED} when the exam called it") from None
        except TimeoutError:
            raise StudentError(
                "Stopped",
                f"your code ran longer than {self.question_timeout} s when the exam called it, and was stopped",
            ) from None
        try:
            return read_answer(reply)
        except FileNotFoundError:
            raise StudentError("Stopped", f"your code gave no answer when the exam called it ({status})") from None

    async def _async_execute_silently(self, code: str) -> str:
        """Execute code beside the notebook: no output, no history. Returns how that ended.

        Raises DeadKernelError, and TimeoutError after `question_timeout` seconds (the kernel is interrupted, and ended
        when that does not help).
        """
        kc, km = self.kc, self.km
        sent = kc.execute(code, silent=True, store_history=False, allow_stdin=False, stop_on_error=False)
        drain = asyncio.ensure_future(_drain(kc, sent))
        deadline, late = time.monotonic() + self.question_timeout, False
        try:
            while True:
                try:
                    message = await ensure_async(kc.shell_channel.get_msg(timeout=0.25))
                except Empty:
                    if not await ensure_async(kc.is_alive()):
                        raise DeadKernelError("Kernel died") from None
                    if time.monotonic() < deadline:
                        continue
                    if late:
                        # It swallows interrupts. The next cell gets a new kernel.
                        await self._async_cleanup_kernel()
                        raise TimeoutError from None
                    late, deadline = True, time.monotonic() + 5
                    await ensure_async(km.interrupt_kernel())
                    continue
                if message["parent_header"].get("msg_id") == sent:
                    if late:
                        raise TimeoutError
                    return str(message["content"].get("ename") or message["content"].get("status"))[:100]
        finally:
            drain.cancel()

    execute_silently = run_sync(_async_execute_silently)

    # --- where we are ------------------------------------------------------------------------------------------------

    def _root(self, resources: dict[str, Any]) -> Path:
        if self.course_root:
            return Path(self.course_root)
        here = Path(resources.get("metadata", {}).get("path") or ".").resolve()
        for folder in (here, *here.parents):
            if (folder / "nbgrader_config.py").is_file():
                return folder
        raise FileNotFoundError(f"no course at or above {here}: set c.CourseExecute.course_root")

    def _fingerprint(self, root: Path, lab: str, resources: dict[str, Any]) -> str:
        # The preprocessor's parent is the exporter, and that one's nbgrader's converter.
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None)
        if coursedir is None:
            return ""
        names = resources["nbgrader"]
        folder = coursedir.format_path(coursedir.submitted_directory, names["student"], lab)
        return fingerprint(root, lab, Path(folder, f"{names['notebook']}.ipynb"))


def read_answer(path: Path) -> Evidence:
    """The evidence in a reply file, which an enemy may have put there. Raises StudentError for anything else."""
    try:
        # Neither following a link nor waiting for somebody to write into a pipe.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > 2 * MAX_BYTES:
                raise EvidenceError("the answer is not a file of evidence, or is too large")
            got = unpack(file.read(2 * MAX_BYTES + 1))
    except FileNotFoundError:
        raise
    except (OSError, EvidenceError) as error:
        raise StudentError("EvidenceError", str(error)) from None
    if got.get("ok") is True:
        return {key.removeprefix("e:"): value for key, value in got.items() if key.startswith("e:")}
    kind, text, where = (_one_line(got.get(name)) for name in ("kind", "text", "where"))
    raise StudentError(kind or "Exception", text, where)


def _one_line(value: Any) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", value)[:300] if isinstance(value, str) else ""


async def _drain(kc: Any, sent: str) -> None:
    # What the question printed is thrown away as it comes, before it piles up.
    while True:
        await ensure_async(kc.iopub_channel.get_msg(timeout=None))


def _label(nb: NotebookNode, index: int) -> str:
    """A cell as people find it: its grade_id, or its number among the code cells."""
    name = nb.cells[index].metadata.get("nbgrader", {}).get("grade_id")
    number = sum(cell.cell_type == "code" for cell in nb.cells[: index + 1])
    return f"code cell {number} ({name})" if name else f"code cell {number}"


def _environment() -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("COURSE_")}
    return {**inherited, **ENVIRONMENT}
