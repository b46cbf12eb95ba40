"""The engine of `course grade`: workers die, the command is killed, the gradebook refuses, and nothing is lost."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import stubbed
from template_course import template_course

from course_admin import classroom
from course_admin.cli import main
from course_admin.common.one_at_a_time import one_at_a_time
from course_admin.course import CourseError
from course_admin.grading import command as grading
from course_admin.grading import gradebook, pool
from course_admin.grading import tasks as worker
from course_admin.grading.command import FAILED, GRADED, KEPT, grade, rescore
from course_admin.grading.execution import Execution
from course_admin.grading.pool import LostError, ProcessPool, Task, spread
from course_admin.grading.store import Records
from course_admin.report import read_marks
from course_admin.sandbox import process_watch
from course_admin.submissions.collect import collect

REPO = Path(__file__).parents[2]
LAB = "00_template"
CLASS = ("ada", "bob wrong", "cy", "dee", "eve wrong", "fay")
KILLS = int(os.environ.get("COURSE_KILLS", "20"))

pytestmark = [pytest.mark.pipeline, pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The template lab, and a class that has handed it in, all of it right."""
    root = template_course(tmp_path_factory.mktemp("engine") / "course")
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"))
    for student in CLASS:
        classroom.hand_in(root, student, LAB, classroom.fill(release, answers))
    return root


@pytest.fixture
def course(built, tmp_path):
    """A course of its own, nothing graded yet."""
    return Path(shutil.copytree(built, tmp_path / "course"))


@pytest.fixture
def stubs(monkeypatch):
    """No sandbox, no torch: what a worker does is pretended."""
    monkeypatch.setattr(worker, "execute_job", stubbed.execute_job)
    monkeypatch.setattr(grading, "render", stubbed.render)


def expected(student):
    return 0.0 if "wrong" in student else 9.0


def assert_everything_is_there_once(root):
    """Every mark in the gradebook, once, and a notebook, evidence and a page for everybody."""
    rows = read_marks(root)[LAB]
    assert [row.student for row in rows] == sorted(CLASS)
    for row in rows:
        automatic = [mark for mark in row.grades.values() if mark.automatic]
        assert sum(mark.points for mark in automatic) == expected(row.student)
        assert len(automatic) == 3
        assert (root / "autograded" / row.student / LAB / f"{LAB}.ipynb").is_file()
        assert (root / "evidence" / row.student / f"{LAB}.zip").is_file()
        assert (root / "feedback" / row.student / LAB / f"{LAB}.html").is_file()
    with sqlite3.connect(root / "gradebook.db") as database:
        for table, columns in (
            ("student", "id"),
            ("submitted_assignment", "assignment_id, student_id"),
            ("submitted_notebook", "assignment_id, notebook_id"),
            ("grade", "notebook_id, cell_id"),
            ("comment", "notebook_id, cell_id"),
        ):
            (count,) = database.execute(f"select count(*) from {table}").fetchone()
            (different,) = database.execute(f"select count(*) from (select distinct {columns} from {table})").fetchone()
            assert count == different, f"doubled in {table}"
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        (grades,) = database.execute("select count(*) from grade").fetchone()
        assert grades == 4 * len(CLASS)


# --- workers ---------------------------------------------------------------------------------------------------------


def test_every_task_is_done_once_and_those_that_come_first_first():
    with ProcessPool(2) as pool:
        first: deque[Task] = deque()
        found = []
        for task, result in spread(pool, (Task(stubbed.doubled, (i,), i) for i in range(8)), first):
            found.append((task.key, result))
            if task.key == 2:
                first.append(Task(stubbed.doubled, (100,), "in between"))
    assert sorted(found, key=str) == sorted([*((i, 2 * i) for i in range(8)), ("in between", 200)], key=str)
    assert found.index(("in between", 200)) < 8


def test_a_task_that_ends_its_workers_is_given_up_and_costs_the_others_nothing():
    with ProcessPool(2) as pool:
        tasks = [Task(stubbed.doubled, (i,), i) for i in range(6)]
        tasks.insert(2, Task(stubbed.ends_itself, (3,), "bad"))
        results = {task.key: result for task, result in spread(pool, iter(tasks), deque())}
        assert pool.died == 3
    assert isinstance(results.pop("bad"), LostError)
    assert results == {i: 2 * i for i in range(6)}


def test_a_task_that_hangs_is_given_up():
    with ProcessPool(1) as pool:
        tasks = [Task(stubbed.waits, (0,), "stuck", seconds=0.3), Task(stubbed.doubled, (4,), "next")]
        results = {task.key: result for task, result in spread(pool, iter(tasks), deque())}
        assert pool.died == 1, "it was tried again, which would take as long"
    assert isinstance(results["stuck"], LostError)
    assert "longer than 0.3 s" in str(results["stuck"])
    assert results["next"] == 8


def test_an_exception_in_a_task_is_its_result():
    with ProcessPool(1) as pool:
        ((_, result),) = spread(pool, iter([Task(stubbed.doubled, (None,), "x")]), deque())
    assert isinstance(result, TypeError)


def test_workers_end_with_the_command(built, tmp_path):
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "if __name__ == '__main__':\n"
        "    from course_admin.grading.pool import ProcessPool; import stubbed\n"
        "    pool = ProcessPool(2); pool.submit(stubbed.doubled, 1).result(); pool.submit(stubbed.waits, 1)\n"
        "    print(*pool.pids(), flush=True); time.sleep(60)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    command = [sys.executable, str(script), str(REPO / "tests" / "support")]
    environment = {**os.environ, "PYTHONPATH": str(REPO / "tests" / "support")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2
    until = time.monotonic() + 20
    while any(_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in pids if _alive(pid)]


def test_workers_share_one_sandbox_until_it_is_gone():
    execution = Execution()
    with ProcessPool(2) as pool:
        pool.prepare(execution)
        pool.prepare(execution)  # once is enough
        fork_server = pool.fork_server()
        if fork_server is None:
            pytest.skip("NO PRELOADED SANDBOX HERE: there is none to share")
        shared = replace(execution, fork_server=fork_server)
        tasks = [Task(stubbed.opens_a_sandbox, (shared,), number) for number in range(2)]
        found = {task.key: result for task, result in spread(pool, iter(tasks), deque())}
        opened = pool._opening[1].result()
        below = dict(process_watch.descendants(opened.parent))
        assert {parent for parent, _ in found.values()} <= set(below)
        assert {shown for _, shown in found.values()} == {"42"}
        opened.close()
        # A worker whose sandbox has gone opens one of its own, and goes on.
        ((_, (parent, shown)),) = spread(pool, iter([Task(stubbed.opens_a_sandbox, (shared,), "late")]), deque())
        assert shown == "42"
        assert parent not in below
    until = time.monotonic() + 20
    while _alive(parent) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(parent)


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# --- a class, with real workers that are killed ----------------------------------------------------------------------


def test_a_class_is_graded_while_workers_are_killed(course, monkeypatch):
    """Real sandboxes; every few seconds a worker gets kill -9. Nobody's points suffer, and nothing is left behind."""
    pools, below = [], set()

    class Watched(ProcessPool):
        def __init__(self, size):
            super().__init__(size)
            pools.append(self)

        def submit(self, function, *arguments):
            future = super().submit(function, *arguments)
            if function is worker.execute_job and len(killed) < 3:
                killed.append(function)
                _kill_later(self, self._busy[future], random.uniform(0.0, 1.5), below)
            return future

    killed = []
    monkeypatch.setattr("course_admin.grading.command.ProcessPool", Watched)
    outcomes = grade(course, [LAB], jobs=2)
    assert len(killed) == 3
    assert pools[0].died >= 1, "no worker was killed in time"
    states = {outcome.student: outcome.state for outcome in outcomes}
    lost = [student for student, state in states.items() if state == FAILED]
    # Three deaths for one submission would be bad luck, and are reported.
    assert all("worker ended 3 times" in outcome.findings[0] for outcome in outcomes if outcome.student in lost)
    again = grade(course, [LAB], jobs=2)
    assert {outcome.state for outcome in again} <= {KEPT, GRADED}
    for outcome in again:
        assert outcome.automatic == 9
    until = time.monotonic() + 20
    while any(map(_alive, below)) and time.monotonic() < until:
        time.sleep(0.1)
    assert below
    assert not [pid for pid in below if _alive(pid)], "sandboxes are left"


def _kill_later(pool_, worker_, seconds, below):
    def kill():
        below.update(pid for pid, _ in process_watch.descendants(pool_._opening[1].result()._process.pid))
        worker_.kill()

    threading.Timer(seconds, kill).start()


# --- the command is killed -------------------------------------------------------------------------------------------


def test_a_command_that_is_killed_anywhere_loses_and_doubles_nothing(course, stubs, monkeypatch):
    """kill -9 at random points of a run, and then once more to the end: every mark is there, once."""
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    grade(course, [LAB], student="ada")  # the first time a gradebook is made and the lab put into it, which takes long
    with sqlite3.connect(course / "gradebook.db") as database:
        for table in ("grade", "comment", "submitted_notebook", "submitted_assignment", "student"):
            database.execute(f"delete from {table}")
    empty = (course / "gradebook.db").read_bytes()
    began = time.monotonic()
    _grade_in_a_fork(course, wait=None)
    length = time.monotonic() - began
    assert_everything_is_there_once(course)
    chance = random.Random(20261124)
    unfinished = 0
    for _ in range(KILLS):
        for part in ("autograded", "evidence", "feedback"):
            shutil.rmtree(course / part, ignore_errors=True)
        for journal in course.glob("gradebook.db-*"):
            journal.unlink()
        (course / "gradebook.db").write_bytes(empty)
        for _ in range(2):
            unfinished += _grade_in_a_fork(course, wait=chance.uniform(0, length)) == -signal.SIGKILL
        assert _grade_in_a_fork(course, wait=None) == 0
        assert_everything_is_there_once(course)
    assert unfinished >= KILLS // 2, "hardly a run was killed before it had ended"


def _grade_in_a_fork(root, wait):
    """Grade in a copy of this process; kill it after `wait` seconds. Returns its exit code, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            sys.stdout = sys.stderr = io.StringIO()
            grade(root, [LAB])
            code = 0
        finally:
            os._exit(code)
    if wait is not None:
        time.sleep(wait)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_ctrl_c_says_how_to_go_on(course, stubs, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    monkeypatch.setattr("course_admin.grading.command._execute_task", interrupted)
    with pytest.raises(CourseError, match="the same command goes on from there"):
        grade(course, [LAB])


# --- two commands at once, and a command that is killed where it replaces ---------------------------------------------


def _in_a_fork(what):
    """Run something in a copy of this process. Returns its process number."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            what()
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    return pid


def _holding(root, tmp_path):
    """A process that holds the lock of a course until it is killed; it has it when this returns."""

    def hold():
        with one_at_a_time(root):
            (tmp_path / "held").touch()
            time.sleep(60)

    pid = _in_a_fork(hold)
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    return pid


def test_a_second_command_is_refused_and_a_killed_one_leaves_no_lock(course, stubs, monkeypatch, tmp_path):
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    grade(course, [LAB], student="ada")
    (tmp_path / f"lovelaceada_1_2_{LAB}.ipynb").write_text("{}")
    before = {path: path.stat().st_mtime_ns for path in course.rglob("*") if path.name != ".course-lock"}
    pid = _holding(course, tmp_path)
    try:
        for command in (
            lambda: grade(course, [LAB]),
            lambda: grade(course, [LAB], student="ada", force=True),
            lambda: rescore(course, LAB, "standardise"),
            lambda: collect(course, tmp_path, LAB),
        ):
            with pytest.raises(CourseError, match=r"another `course grade` or `course collect` is working in") as said:
                command()
            assert str(said.value).count("\n") == 0
        assert collect(course, tmp_path, LAB, dry_run=True).hand_ins
        assert {path: path.stat().st_mtime_ns for path in before} == before
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    grade(course, [LAB])
    assert_everything_is_there_once(course)


def test_two_commands_started_together(course, stubs, monkeypatch):
    """One of them may be refused; neither fails otherwise, and together they grade the class once."""
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    grade(course, [LAB], student="ada")

    def graded():
        sys.stdout = sys.stderr = io.StringIO()
        try:
            grade(course, [LAB], force=True)
        except CourseError as error:
            assert "another `course grade`" in str(error)

    for _ in range(3):
        pids = [_in_a_fork(graded) for _ in range(3)]
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0, 0]
    assert_everything_is_there_once(course)


def test_an_autograded_folder_is_replaced_by_two_at_once(tmp_path):
    """What a lock does not hold back, such as a course on a disk that has none."""
    records = Records.__new__(Records)
    records.lab, records._lab_files = SimpleNamespace(name=LAB), {"figures/a.png": b"1", "data.csv": b"2"}
    records._folder = lambda _, student: tmp_path / "autograded" / student / LAB

    def replaced():
        for number in range(150):
            records._replace_autograded("ada", {"cells": [number]}, {"src/k.py": b"3", "notes.md": b"4"})

    pids = [_in_a_fork(replaced) for _ in range(3)]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0, 0]
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    names = ("figures/a.png", "data.csv", "src/k.py", "notes.md", f"{LAB}.ipynb")
    assert there == {f"autograded/ada/{LAB}/{name}" for name in names}


def test_an_autograded_folder_holds_what_is_wanted_whatever_was_there(tmp_path):
    records = Records.__new__(Records)
    records.lab, records._lab_files = SimpleNamespace(name=LAB), {"figures/a.png": b"lab", "data.csv": b"lab"}
    records._folder = lambda _, student: tmp_path / "autograded" / student / LAB
    folder = tmp_path / "autograded" / "ada" / LAB
    for name in (f"{LAB}.ipynb/x", "data.csv/x", "old/older/x", "figures/b.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("old")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("kept")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "src").symlink_to(tmp_path / "elsewhere")
    files = {f"{LAB}.ipynb/y": b"s", "data.csv": b"s", "figures": b"s", "src/k.py": b"s", "data.csv/z": b"s"}
    records._replace_autograded("ada", {"cells": []}, files)
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert set(there) == {f"{LAB}.ipynb", "data.csv", "figures/a.png", "src/k.py"}
    assert (there["data.csv"], there["figures/a.png"], there["src/k.py"]) == (b"lab", b"lab", b"s")
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["kept"]
    assert {path.name for path in folder.iterdir()} == {f"{LAB}.ipynb", "data.csv", "figures", "src"}


def test_a_kill_at_any_step_does_not_flag_what_a_person_marked(course, stubs, monkeypatch):
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    (course / "submitted" / "ada" / LAB / "helper.py").write_text("k = 1")
    grade(course, [LAB], student="ada")
    with sqlite3.connect(course / "gradebook.db") as database:
        marked = "update grade set manual_score = 0.75, needs_manual_grade = 0 where needs_manual_grade = 1"
        assert database.execute(marked).rowcount == 1
    kept = course.with_name("kept")
    shutil.copytree(course, kept)

    def killed_after(steps):
        left = [steps]

        def counted(method):
            def call(*arguments, **options):
                if left[0] == 0:
                    os._exit(9)
                left[0] -= 1
                return method(*arguments, **options)

            return call

        sys.stdout = sys.stderr = io.StringIO()
        for name in ("rename", "replace", "mkdir", "unlink", "rmdir", "open"):
            setattr(Path, name, counted(getattr(Path, name)))
        shutil.rmtree = counted(shutil.rmtree)
        grade(course, [LAB], student="ada", force=True)

    for steps in range(200):
        shutil.rmtree(course)
        shutil.copytree(kept, course)
        (course / "submitted" / "ada" / LAB / "helper.py").unlink()
        (course / "submitted" / "ada" / LAB / "other.py").write_text("k = 2")
        code = os.waitstatus_to_exitcode(os.waitpid(_in_a_fork(partial(killed_after, steps)), 0)[1])
        grade(course, [LAB], student="ada", force=True)
        with sqlite3.connect(course / "gradebook.db") as database:
            found = database.execute("select manual_score, needs_manual_grade from grade where manual_score > 0")
            assert found.fetchall() == [(0.75, 0)], f"flagged again after {steps} steps"
        there = {path.name for path in (course / "autograded" / "ada").rglob("*")}
        assert there == {LAB, f"{LAB}.ipynb", "other.py"}, f"after {steps} steps"
        if code == 0:
            break
        assert code == 9
    assert steps > 10


# --- a gradebook that refuses ----------------------------------------------------------------------------------------


def test_a_locked_gradebook_is_said_and_nothing_is_lost(course, stubs, monkeypatch):
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    monkeypatch.setattr(gradebook, "PATIENCE", 0.2)
    grade(course, [LAB], student="ada")
    with sqlite3.connect(course / "gradebook.db") as other:
        other.execute("begin exclusive")
        with pytest.raises(CourseError, match=r"gradebook.*locked"):
            grade(course, [LAB])
        other.rollback()
    grade(course, [LAB])
    assert_everything_is_there_once(course)


def test_a_full_disk_is_said_and_nothing_is_lost(course, stubs, monkeypatch):
    """No file may be written beyond a limit: what a full disk, or a quota, does to the gradebook."""
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    grade(course, [LAB], student="ada")
    # Also nothing in the second half of what it has, where there may be room for a few marks more.
    size = (course / "gradebook.db").stat().st_size // 2
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            grade(course, [LAB], force=True)
        except (CourseError, OSError):
            code = 7
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    grade(course, [LAB])
    assert_everything_is_there_once(course)


def test_a_gradebook_that_cannot_be_written_is_said(course, stubs, monkeypatch):
    monkeypatch.setattr("course_admin.grading.command._pool", lambda *_: pool.ThreadPool())
    grade(course, [LAB])
    path = course / "gradebook.db"
    with (
        pytest.raises(CourseError, match=r"readonly"),
        gradebook.CourseGradebook(f"sqlite:///file:{path}?mode=ro&uri=true") as book,
    ):
        book.write_marks(LAB, "new student", {"check-sampler": 1.0})
    assert_everything_is_there_once(course)


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_names_that_are_no_utf8_cost_only_those_that_have_them(course, capsys):
    """With the real sandbox: files beside the notebook, a name that the code prints, and a student's own folder."""
    odd = os.fsdecode(b"\xf6")
    for name in CLASS[2:]:
        shutil.rmtree(course / "submitted" / name)
    ada = course / "submitted" / "ada" / LAB
    notebook = json.loads((ada / f"{LAB}.ipynb").read_text())
    listing = {"cell_type": "code", "source": "import os\nprint(os.listdir())", "metadata": {}, "outputs": []}
    notebook["cells"].append({**listing, "execution_count": None, "id": "listing"})
    (ada / f"{LAB}.ipynb").write_text(json.dumps(notebook))
    (ada / f"L{odd}sung.txt").write_text("3")
    (ada / odd).mkdir()
    (ada / odd / f"{odd}.png").write_bytes(b"4")
    shutil.copytree(ada, course / "submitted" / f"J{odd}rg" / LAB)
    shutil.copytree(ada, course / "submitted" / ("x" * 129) / LAB)
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "grade", LAB, "--json", "-j", "1"])
    assert ended.value.code == 0
    outcomes = {row["student"]: row for row in json.loads(capsys.readouterr().out)}
    assert (outcomes["ada"]["state"], outcomes["ada"]["automatic"]) == (GRADED, 9)
    assert outcomes["bob wrong"]["state"] == GRADED
    assert outcomes["Jörg"]["state"] == outcomes["x" * 129]["state"] == FAILED
    assert "is not UTF-8 (it means Jörg?): rename it in submitted/" in outcomes["Jörg"]["findings"][0]
    assert "is longer than 128 characters: rename it" in outcomes["x" * 129]["findings"][0]
    assert (course / "feedback" / "ada" / LAB / f"{LAB}.html").is_file()
    again = {outcome.student: outcome.state for outcome in grade(course, [LAB], jobs=1)}
    assert again == {"ada": KEPT, "bob wrong": KEPT, "Jörg": FAILED, "x" * 129: FAILED}


# --- re-marked from saved evidence ----------------------------------------------------------------------------------


def test_one_exercise_is_re_marked_without_executing_anything(course, monkeypatch):
    for student in CLASS[2:]:
        shutil.rmtree(course / "submitted" / student)
    assert [outcome.automatic for outcome in grade(course, [LAB])] == [9, 9]
    exams = course / "autograder_tests" / "exams" / f"{LAB}.py"
    text = exams.read_text()
    monkeypatch.setattr(worker, "execute_job", None)
    same = rescore(course, LAB, "sampler")
    assert set(same.values()) == {(same["ada"][0], same["ada"][0])}
    # The same questions, and half of what was right before is wrong now.
    assert "def sampler(" not in text
    exams.write_text(text + HARDER)
    changed = rescore(course, LAB, "sampler")
    full = same["ada"][0]
    assert set(changed.values()) == {(full, full / 2)}
    marks = {row.student: row.grades["sampler"].points for row in read_marks(course)[LAB]}
    assert marks == {"ada": full / 2, "bob wrong": full / 2}
    page = (course / "feedback" / "ada" / LAB / f"{LAB}.html").read_text()
    assert "a second look" in page
    exams.write_text(text + OTHER_QUESTION)
    refused = rescore(course, LAB, "sampler")
    assert all("asks other questions" in why for why in refused.values())
    with pytest.raises(CourseError, match="no exercise 'nothing'"):
        rescore(course, LAB, "nothing")


HARDER = """

from course_admin.grading.exams import exam
from course_utils.checks import Verdict, template


@exam("sampler", targets=template.sampler.targets)
def sampler(ask, rng):
    template.sampler.judge(ask, rng)
    return [Verdict("before", "as before", 1.0), Verdict("second", "a second look", 1.0, 0.0)]
"""
OTHER_QUESTION = """

from course_admin.grading.exams import exam
from course_utils import probes
from course_utils.checks import template


@exam("sampler", targets=template.sampler.targets)
def sampler(ask, rng):
    return ask(probes.call, x=rng.normal(size=3))
"""


# --- a cluster -------------------------------------------------------------------------------------------------------


def test_a_dask_cluster_grades_a_class_and_survives_the_loss_of_a_worker(course, tmp_path, monkeypatch):
    """A scheduler and two workers over TCP; one gets kill -9 while it works."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e .[cluster]")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s"}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    where = tmp_path / "scheduler.json"
    processes = []
    try:
        processes.append(_start([*dask, "--scheduler-file", str(where), "--host", "127.0.0.1"], environment, tmp_path))
        until = time.monotonic() + 60
        while not where.is_file() and time.monotonic() < until:
            time.sleep(0.1)
        address = json.loads(where.read_text())["address"]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
        command += ["--no-dashboard", "--local-directory", str(tmp_path), "--memory-limit", "0"]
        workers = [_start(command, environment, tmp_path) for _ in range(2)]
        processes += workers
        score_and_store = grading._score_and_store

        def killing(*arguments):
            # Both are at work by then.
            workers[0].kill()
            return score_and_store(*arguments)

        monkeypatch.setattr(grading, "_score_and_store", killing)
        outcomes = grade(course, [LAB], scheduler=address)
        assert {(outcome.state, outcome.automatic) for outcome in outcomes} == {(GRADED, 9.0)}
        assert workers[0].wait(60) == -signal.SIGKILL
        again = grade(course, [LAB], scheduler=address)
        assert {outcome.state for outcome in again} == {KEPT}
        workers[1].kill()
        workers[1].wait()
        monkeypatch.setattr("course_admin.grading.pool.PATIENCE", 0.5)
        with pytest.raises(CourseError, match=r"has had no worker for 0\.5 s: start some with `dask worker tcp://"):
            grade(course, [LAB], scheduler=address, force=True)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    with pytest.raises(CourseError, match="no Dask scheduler answers"):
        grade(course, [LAB], scheduler=address)


def _start(command, environment, folder):
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
