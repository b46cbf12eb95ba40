"""What grading costs beside the students' code: the sandbox, a class against stock nbgrader, the gradebook, memory.

    python benchmarks/grading.py                         (all of it, with a class of 24: half an hour on two cores)
    python benchmarks/grading.py --class 6 --only class  (one part, a small class; what was measured before stays)

first cell   from the request for a new Python to the end of its first cell: forked from a preloaded parent, and in a
             fresh sandbox
class        honest submissions of lab 01 through `course grade`, with one worker and with two, and through stock
             nbgrader (autograde, then generate_feedback) without the course's configuration; the same budget and marks
answers only the same class in full and with --answers-only, handed in with outputs, one worker; then each lab's corpus
             as a class (one student hands in the first mistake in each exercise, the next one the second, ...): the
             marks have to be the same
gradebook    10,000 submissions, their runs pretended, through the real score, store and gradebook
growth       1,000 submissions through one sandbox: processes, memory, files

`own` is what a notebook's cells and its exams' questions take in a preloaded fork, one thread: as long as the
submissions ran in `course grade --jobs 1`, less what a run takes between cells and questions. What a way of grading
needs beyond that is its cost: starting Python, importing torch, reading, writing, rendering pages.

Times are of the clock on the wall and compare within one run only. Results: a table, and results/grading.json.
"""

import argparse
import contextlib
import io
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported

import nbformat
from rich.console import Console
from rich.table import Table

from course_admin import classroom
from course_admin.authoring.build import build
from course_admin.authoring.new_lab import new_course
from course_admin.course import Lab
from course_admin.grading import command, run_notebook, store
from course_admin.grading.exams import Result, Transcript, load_exams
from course_admin.grading.run_result import ExamRun, Run
from course_admin.sandbox import process_watch
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import Limits
from course_admin.sandbox.selftest import open_sandbox
from course_admin.sandbox.session import FRESH, Session
from course_utils.checks import Verdict

REPO = Path(__file__).resolve().parent.parent
RESULTS = REPO / "benchmarks" / "results" / "grading.json"
LAB = "01_pca_vs_ae"
PARTS = ("first cell", "class", "answers only", "gradebook", "growth")
BIN = Path(sys.executable).parent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--class", type=int, default=24, dest="size", help="how many submissions of lab 01 (24)")
    arguments.add_argument("--records", type=int, default=10_000, help="how many pretended submissions (10000)")
    arguments.add_argument("--only", choices=PARTS, action="append", help="that part, may be given several times")
    arguments.add_argument("--lab", action="append", help="answers only: the corpus of this lab (default: of all)")
    given = arguments.parse_args()
    console = Console()
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if given.only and RESULTS.is_file() else {}
    about = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    parts: dict[str, Callable[[Path], dict[str, Any]]] = {
        "first cell": first_cell,
        "class": lambda folder: whole_class(folder, given.size, console),
        "answers only": lambda folder: answers_only(folder, given.size, given.lab, console),
        "gradebook": lambda folder: gradebook(folder, given.records),
        "growth": growth,
    }
    for name in given.only or PARTS:
        console.print(f"[bold]{name}[/]")
        with tempfile.TemporaryDirectory(prefix="course-benchmark-") as folder:
            load = os.getloadavg()[0]
            found[name] = parts[name](Path(folder)) | {"load before": round(load, 1)} | about
        show(name, found[name], console)
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def show(name: str, numbers: dict[str, Any], console: Console) -> None:
    table = Table(show_header=False, box=None)
    for what, value in numbers.items():
        shown = f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else f"{value}"
        table.add_row(what, shown)
    console.print(table)


# --- the sandbox -----------------------------------------------------------------------------------------------------


def first_cell(_: Path) -> dict[str, Any]:
    """Seconds to the end of a first cell, preloaded and fresh; the cell imports what every lab imports first."""
    imports = "import torch, matplotlib.pyplot, sklearn.decomposition, seaborn, torchvision"
    found: dict[str, Any] = {}
    with open_sandbox("auto", Limits()) as preloaded:
        found["sandbox"] = f"{preloaded.kind}, as {'root' if os.geteuid() == 0 else 'ordinary user'}"
        found["warm, s"] = statistics.median(_time_to_first_cell(preloaded, imports) for _ in range(15))
        program = preloaded.bwrap
    fresh = Sandbox(FRESH, Limits(), bwrap=program)
    found["cold, s"] = statistics.median(_time_to_first_cell(fresh, imports) for _ in range(3))
    return found


def _time_to_first_cell(sandbox: Sandbox, source: str) -> float:
    began = time.perf_counter()
    with sandbox.session() as session:
        result = session.execute(source)
        assert result.state == "ok", result
        return time.perf_counter() - began


# --- a class ---------------------------------------------------------------------------------------------------------


def whole_class(folder: Path, size: int, console: Console) -> dict[str, Any]:
    """The same class through `course grade`, with one worker and two, and through stock nbgrader."""
    root = _one_lab(folder / "ours", LAB, size)
    between = _seconds_between(root)
    environment = {**os.environ, "COURSE_BUDGET": "quick", "COURSE_DATA": "sample", "COURSE_PROGRESS": "0"}
    times: dict[str, float] = {}
    peaks = {}
    for jobs in (1, 2):
        command = [BIN / "course", "grade", LAB, "--force", "--jobs", str(jobs)]
        seconds, _, peaks[jobs] = _timed(command, root, environment)
        times[f"course grade --jobs {jobs}"] = seconds
        console.print(f"  course grade --jobs {jobs}: {seconds:.0f} s")
        if jobs == 1:
            own = _run_seconds(root) - between
    ours = _marks(root)
    stock = _one_lab(folder / "stock", LAB, size)
    (stock / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(stock)!r}\nc.CourseDirectory.course_id = 'course'\n"
    )
    # As somebody has it who has changed nothing: as many threads as torch likes.
    environment = {name: value for name, value in environment.items() if name != "OMP_NUM_THREADS"}
    _timed([BIN / "nbgrader", "generate_assignment", LAB, "--force"], stock, environment)
    seconds = 0.0
    for step in ("autograde", "generate_feedback"):
        took, *_ = _timed([BIN / "nbgrader", step, LAB], stock, environment)
        console.print(f"  nbgrader {step}: {took:.0f} s")
        seconds += took
    times["stock nbgrader"] = seconds
    assert _marks(stock) == ours, "the marks differ"
    each = {f"{name}, s each": total / size for name, total in times.items()}
    beyond = {name: total / size - own for name, total in times.items()}
    return {
        "submissions": size,
        **each,
        "own, s each": own,
        "of a run between cells and questions, s each": between,
        "stock beyond own, s each": beyond["stock nbgrader"],
        "course beyond own, one worker, s each": beyond["course grade --jobs 1"],
        "beyond own: stock / course": beyond["stock nbgrader"] / beyond["course grade --jobs 1"],
        "throughput, two workers: course / stock": times["stock nbgrader"] / times["course grade --jobs 2"],
        "peak memory with one worker, MB": round(peaks[1] / 2**20),
        "peak memory of one more worker, MB": round((peaks[2] - peaks[1]) / 2**20),
        "marks": "the same",
    }


# --- the answers alone -----------------------------------------------------------------------------------------------


def answers_only(folder: Path, size: int, labs: list[str] | None, console: Console) -> dict[str, Any]:
    """A class of lab 01, then every lab's corpus as a class: seconds in full and with --answers-only, and the marks."""
    found: dict[str, Any] = {"submissions": size}
    few = max(1, size // 3)
    root, smaller = (_with_outputs(folder / name, count) for name, count in (("class", size), ("third", few)))
    for name, options in (("in full", []), ("answers only", ["--answers-only"])):
        seconds, of_cores, marks = _graded(root, LAB, *options)
        found[f"{name}, s each"] = seconds / size
        found[f"{name}, s of cores each"] = of_cores / size
        found[f"{name}, run, s each"] = _run_seconds(root)
        assert found.setdefault("marks", marks) == marks, "the marks differ"
        _, of_few, _ = _graded(smaller, LAB, *options)
        found[f"{name}, s of cores for each further one"] = (of_cores - of_few) / (size - few)
        console.print(f"  {size} submissions of {LAB} {name}: {seconds:.0f} s, {of_cores:.0f} s of cores")
    found["marks"] = "the same"
    found["of this the command's own process, one submission after the other, s each"] = _seconds_of_command(root)
    found["throughput: answers only / in full"] = found["in full, s each"] / found["answers only, s each"]
    for lab in labs or sorted(path.name for path in (REPO / "notebooks").glob("0[1-9]_*")):
        root = _one_lab(folder / lab, lab, 0)
        students = _hand_in_corpus(root, lab)
        by_way = {}
        for name, options in (("in full", []), ("answers only", ["--answers-only"])):
            _, of_cores, by_way[name] = _graded(root, lab, *options)
            found[f"{lab}, {name}, s of cores each"] = of_cores / students
        one, other = by_way.values()
        differ = {
            (student, name) for student in one for name in one[student] if one[student][name] != other[student][name]
        }
        found[f"{lab}, submissions made of its corpus"] = students
        found[f"{lab}, marks that differ"] = len(differ)
        console.print(
            f"  {lab}: {students} submissions, {sum(map(len, one.values()))} marks, differing: {sorted(differ)}"
        )
    return found


def _with_outputs(root: Path, size: int) -> Path:
    """A course of one lab whose class has handed in notebooks with outputs, as students do."""
    _one_lab(root, LAB, size)
    _graded(root, LAB)
    for path in root.glob(f"autograded/*/{LAB}/{LAB}.ipynb"):
        shutil.copy(path, root / "submitted" / path.parents[1].name / LAB / path.name)
    return root


def _graded(root: Path, lab: str, *options: str) -> tuple[float, float, dict[str, dict[str, float]]]:
    """Seconds of the clock, seconds of cores, and the marks, of `course grade --force --jobs 1`."""
    environment = {**os.environ, "COURSE_BUDGET": "quick", "COURSE_DATA": "sample", "COURSE_PROGRESS": "0"}
    command = [BIN / "course", "grade", lab, "--force", "--jobs", "1", *options]
    seconds, of_cores, _ = _timed(command, root, environment)
    return seconds, of_cores, _marks(root, lab)


def _hand_in_corpus(root: Path, lab: str) -> int:
    """One student hands in the first entry of each exercise, the next the second, and so on. Returns how many do."""
    sys.path.insert(0, str(REPO / "autograder_tests"))
    from candidates import apply, read_corpus, solution

    by_exercise: dict[str, list[str]] = {}
    for entry in read_corpus(REPO, lab):
        if entry.path.stem != "unlikely":
            source = apply(entry, solution(REPO, lab, entry.exercise))
            by_exercise.setdefault(entry.exercise, []).append(source)
    students = max(map(len, by_exercise.values()))
    for number in range(students):
        answers = {name: sources[number % len(sources)] for name, sources in by_exercise.items()}
        answers = classroom.reference_answers(classroom.read_notebook(Lab(root, lab).source)) | answers
        release = classroom.read_notebook(root / "release" / lab / f"{lab}.ipynb")
        classroom.hand_in(root, f"student{number:03}", lab, classroom.fill(release, answers))
    return students


def _one_lab(root: Path, lab: str, size: int) -> Path:
    """A course of one lab, which so many students have handed in without a mistake."""
    new_course(root, like=REPO)
    for part in ("notebooks", "autograder_tests/corpora"):
        shutil.copytree(REPO / part / lab, root / part / lab)
    exams = Lab(REPO, lab).exams
    if exams.is_file():
        Lab(root, lab).exams.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(exams, Lab(root, lab).exams)
    build(root, [lab], say=lambda line: None)
    for number in range(size):
        classroom.hand_in(root, f"student{number:03}", lab, _perfect(root, lab))
    return root


def _perfect(root: Path, lab: str) -> dict[str, Any]:
    release = classroom.read_notebook(root / "release" / lab / f"{lab}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / lab / f"{lab}.ipynb"))
    return classroom.fill(release, answers)


class _Stopwatch:
    """Adds up the seconds that some functions take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def on(self, function: Callable) -> Callable:
        """The same function, timed."""

        def call(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - began

        return call


def _seconds_of_command(root: Path) -> float:
    """Seconds that the one process which reads and stores needs for a submission, while workers do the rest."""
    watch = _Stopwatch()
    names = ["read", "fingerprint", "demonstrations", "_execute_task", "_score_and_store", "_page_task"]
    with contextlib.ExitStack() as patched:
        for name in names:
            patched.enter_context(mock.patch.object(command, name, watch.on(getattr(command, name))))
        patched.enter_context(mock.patch.object(store.Records, "write_page", watch.on(store.Records.write_page)))
        quiet = Console(file=io.StringIO())
        graded = command.grade(root, [LAB], force=True, jobs=1, answers_only=True, console=quiet)
    return watch.seconds / len(graded)


def _run_seconds(root: Path) -> float:
    """Seconds that a submission took in the sandbox, its exams included, in the last run; their mean."""
    paths = root.glob(f"autograded/*/{LAB}/{LAB}.ipynb")
    return statistics.mean(
        json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"]["seconds"] for path in paths
    )


def _seconds_between(root: Path) -> float:
    """Seconds of a run that are no cell's and no question's: the fork, the judging, what goes through the pipes."""
    watch = _Stopwatch()
    notebook, exams = nbformat.from_dict(_perfect(root, LAB)), load_exams(root, LAB)
    execute, ask = Session.execute, Session.ask
    found = []
    with open_sandbox("auto", Limits()) as sandbox:
        for _ in range(4):
            watch.seconds, began = 0.0, time.perf_counter()
            Session.execute, Session.ask = watch.on(execute), watch.on(ask)
            try:
                run_notebook.execute(notebook, LAB, sandbox, exams)
            finally:
                Session.execute, Session.ask = execute, ask
            found.append(time.perf_counter() - began - watch.seconds)
    return statistics.median(found[1:])  # the first one imports what the exams compare with


def _timed(command: list[Any], root: Path, environment: dict[str, str]) -> tuple[float, float, int]:
    """Seconds that a command takes; seconds of cores, and the most memory in bytes, that all its processes had
    together.
    """
    with (root / "log.txt").open("ab") as log, _counted_together() as group:
        began = time.perf_counter()
        with subprocess.Popen(
            list(map(str, command)), cwd=root, env=environment, stdout=log, stderr=log, preexec_fn=group.join
        ) as process:
            over, peaks = threading.Event(), [0]
            watching = threading.Thread(target=_watch_memory, args=(process.pid, over, peaks))
            watching.start()
            code = process.wait()
            over.set()
            watching.join()
        seconds = time.perf_counter() - began
    if code != 0:
        raise SystemExit(f"{command} failed:\n{(root / 'log.txt').read_text()[-3000:]}")
    return seconds, group.seconds, max(peaks)


class _Group:
    """A control group of Linux, which counts the time on processors of all processes in it: those of a sandbox end
    where no other process hears of their times. `seconds` is nan where the system lets us make none.
    """

    def __init__(self) -> None:
        self.seconds, self.folder = math.nan, None
        own = Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].splitlines()[0]
        for root in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
            folder = root / own / f"course-benchmark-{os.getpid()}"
            if self.folder is None and (root / own / "cpu.stat").is_file():
                with contextlib.suppress(OSError):
                    folder.mkdir()
                    self.folder = folder

    def join(self) -> None:
        """Put this process into the group; its children will be in it, too."""
        if self.folder is not None:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def close(self) -> None:
        if self.folder is not None:
            for _ in range(200):  # the sandbox ends a moment after the command
                if not (self.folder / "cgroup.procs").read_text():
                    break
                time.sleep(0.1)
            self.seconds = int((self.folder / "cpu.stat").read_text().split()[1]) / 1e6
            self.folder.rmdir()


@contextlib.contextmanager
def _counted_together() -> Iterator[_Group]:
    group = _Group()
    try:
        yield group
    finally:
        group.close()


def _watch_memory(pid: int, over: threading.Event, peaks: list[int]) -> None:
    """What several processes share is counted once: each has its proportional part (Pss)."""
    while not over.wait(0.5):
        peaks.append(sum(map(_proportional, [pid, *(below for below, _ in process_watch.descendants(pid))])))


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _marks(root: Path, lab: str = LAB) -> dict[str, dict[str, float]]:
    from course_admin.report import read_marks

    return {
        row.student: {name: round(mark.points, 2) for name, mark in row.grades.items()}
        for row in read_marks(root, [lab])[lab]
    }


# --- the gradebook ---------------------------------------------------------------------------------------------------


def gradebook(folder: Path, count: int) -> dict[str, Any]:
    """Seconds to score and store pretended submissions of lab 01, at the beginning and at the end."""
    from course_admin.grading.evidence_store import pack_evidence
    from course_admin.grading.gradebook import CourseGradebook
    from course_admin.grading.register import register
    from course_admin.grading.scoring import score
    from course_admin.grading.store import Records
    from course_admin.report import gradebook_url
    from course_admin.settings import load_settings
    from course_admin.submissions.read import Submission

    root = _one_lab(folder / "records", LAB, 0)
    config, lab = load_settings(root), Lab(root, LAB)
    exams, text = load_exams(root, LAB), json.dumps(_perfect(root, LAB))
    seconds = []
    before = _rss()
    with CourseGradebook(gradebook_url(root)) as gradebook:
        register(lab, config, gradebook)
        records = Records(lab, config, gradebook)
        for number in range(count):
            student = f"student{number:05}"
            pretended = Run(LAB)
            for name in exams:
                result = Result(number % 5 / 4, [Verdict("values", "pretended", 1.0, 0.0)])
                pretended.exam_runs[f"check-{name}"] = ExamRun(name, Transcript(), result)
            notebook = nbformat.from_dict(json.loads(text))
            began = time.perf_counter()
            submission = Submission(student, notebook, fingerprint=student)
            marks = score(pretended, records.out_of())
            records.store(submission, notebook, pretended, marks, pack_evidence(pretended))
            seconds.append(time.perf_counter() - began)
            # What is measured is the gradebook, not the disk.
            shutil.rmtree(root / "autograded" / student)
    part = max(1, count // 10)
    first, last = statistics.mean(seconds[:part]), statistics.mean(seconds[-part:])
    return {
        "submissions": count,
        "minutes in all": sum(seconds) / 60,
        "ms each": 1000 * statistics.mean(seconds),
        "ms each, first tenth": 1000 * first,
        "ms each, last tenth": 1000 * last,
        "last / first": last / first,
        "memory grew by, MB": round((_rss() - before) / 2**20),
    }


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- growth ----------------------------------------------------------------------------------------------------------


def growth(folder: Path) -> dict[str, Any]:
    """What is left of 1,000 submissions through one sandbox, each with a cell that uses memory and disk."""
    tmp = folder / "tmp"
    tmp.mkdir()
    tempfile.tempdir = str(tmp)
    source = "import torch\nx = torch.randn(500, 500)\n"
    source += "for name in ('left', '/tmp/left'): open(name, 'w').write('x' * 99_999)"
    with open_sandbox("auto", Limits()) as sandbox:
        _time_to_first_cell(sandbox, source)
        before = (_processes(sandbox), _rss(), _shared_rss(sandbox), len(list(tmp.iterdir())), _descriptors())
        began = time.perf_counter()
        for _ in range(1000):
            _time_to_first_cell(sandbox, source)
        seconds = time.perf_counter() - began
        after = (_processes(sandbox), _rss(), _shared_rss(sandbox), len(list(tmp.iterdir())), _descriptors())
        starts = sandbox.starts
    tempfile.tempdir = None
    return {
        "submissions": 1000,
        "ms each": seconds,  # of 1,000
        "sandboxes started": starts,
        "processes more": after[0] - before[0],
        "grader's memory grew by, MB": round((after[1] - before[1]) / 2**20, 1),
        "warm parent's memory grew by, MB": round((after[2] - before[2]) / 2**20, 1),
        "temporary files more": after[3] - before[3],
        "open files more": after[4] - before[4],
    }


def _processes(sandbox: Sandbox) -> int:
    return len(list(process_watch.descendants(os.getpid())))


def _shared_rss(sandbox: Sandbox) -> int:
    return int(Path(f"/proc/{sandbox.parent}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


if __name__ == "__main__":
    main()
