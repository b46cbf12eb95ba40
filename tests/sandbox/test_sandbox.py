"""The sandbox: what works in it, what is not to be seen from it, and what it survives.

Bombs carry the marker `hostile` and run only with limits in place (make test-hostile).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_admin.sandbox import frames, process_watch, seccomp, selftest
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import MB, Limits
from course_admin.sandbox.outputs import Outputs
from course_admin.sandbox.selftest import open_sandbox
from course_admin.sandbox.session import FRESH, NONE, PRELOADED, SandboxError, Stopped
from course_utils.evidence import pack, unpack

REPO = Path(__file__).parents[2]
LIMITS = Limits(
    cell_seconds=6,
    question_seconds=3,
    notebook_seconds=60,
    interrupt=3,
    memory=700 * MB,
    processes=40,
    files=100,
    disk=20 * MB,
    shared_memory=20 * MB,
    inodes=300,
    cell_output=MB // 2,
    notebook_output=MB,
    flood=8 * MB,
)


def printed(result):
    """The text of a cell: what it printed, and the value of its last line."""
    parts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in result.outputs]
    return "".join(parts)


def error(result):
    """Kind and message of the exception that a cell ended with."""
    found = [output for output in result.outputs if output["output_type"] == "error"]
    assert found, result
    return f"{found[-1]['ename']}: {found[-1]['evalue']}"


# --- the parts that need no sandbox ----------------------------------------------------------------------------------


def test_frames_come_back_whole_however_they_are_cut():
    sent = [({"is": "output"}, b"x" * 300), ({"is": "done", "ok": True}, b""), ({}, b"\0" * 5)]
    data = b"".join(frames.encode(header, body) for header, body in sent)
    for size in (1, 7, 64, len(data)):
        reader, got = frames.Reader(), []
        for start in range(0, len(data), size):
            got += reader.feed(data[start : start + size], 1000)
        assert got == sent


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello, this is not a frame at all",
        struct.pack(">II", 10, 1 << 31),
        struct.pack(">II", 1 << 20, 0),
        struct.pack(">II", 4, 0) + b"[1]\n",
        struct.pack(">II", 2, 0) + b"{]",
        struct.pack(">II", 16000, 0) + b"[" * 16000,
        struct.pack(">II", 2, 0) + b"\xff\xfe",
    ],
)
def test_garbage_is_no_frame(garbage):
    with pytest.raises(frames.FrameError):
        list(frames.Reader().feed(garbage, 1000))


def run_filter(code, number, architecture, *arguments):
    """What the filter returns for a system call, by interpreting it."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(*arguments, *[0] * (6 - len(arguments))))
    lines = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]
    position = value = 0
    while True:
        operation, yes, no, operand = lines[position]
        if operation == seccomp.RETURN:
            return operand
        if operation == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, operand)
            position += 1
            continue
        holds = {
            seccomp.EQUAL: value == operand,
            seccomp.AT_LEAST: value >= operand,
            seccomp.ANY_BIT: bool(value & operand),
        }[operation]
        position += 1 + (yes if holds else no)


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_filter_forbids_what_it_should_and_nothing_else(machine, column):
    code = seccomp.program(machine)
    _, ours = seccomp.ARCHITECTURES[machine]
    eperm, enosys = seccomp.ERROR | 1, seccomp.ERROR | 38
    for name, numbers in seccomp.CALLS.items():
        if numbers[column] is not None:
            assert run_filter(code, numbers[column], ours) == eperm, name
    read, execve, futex = {"x86_64": (0, 59, 202), "aarch64": (63, 221, 98)}[machine]
    for number in (read, execve, futex):
        assert run_filter(code, number, ours) == seccomp.ALLOW
        assert run_filter(code, number, 0x40000003) == eperm
    clone, clone3, sock, ioctl = (
        numbers[column] for numbers in (seccomp.CLONE, seccomp.CLONE3, seccomp.SOCKET, seccomp.IOCTL)
    )
    assert run_filter(code, clone3, ours) == enosys
    assert run_filter(code, clone, ours, 0x01200011) == seccomp.ALLOW  # what fork() asks for
    assert run_filter(code, clone, ours, 0x003D0F00) == seccomp.ALLOW  # what a thread asks for
    assert run_filter(code, clone, ours, 0x10000011) == eperm
    assert [run_filter(code, sock, ours, family) for family in (1, 2, 10, 16)] == [seccomp.ALLOW] * 4
    assert [run_filter(code, sock, ours, family) for family in (17, 38, 40)] == [eperm] * 3
    assert run_filter(code, ioctl, ours, 0, 0x5412) == eperm
    assert run_filter(code, ioctl, ours, 0, 0x5401) == seccomp.ALLOW
    if machine == "x86_64":
        assert run_filter(code, (1 << 30) | 0, ours) == eperm


def test_another_processor_has_no_filter():
    assert seccomp.program("riscv64") is None


def shown(*outputs):
    kept = Outputs(LIMITS)
    for output in outputs:
        kept.take(output if isinstance(output, bytes) else json.dumps(output).encode())
    return kept


def test_outputs_are_built_anew():
    kept = shown(
        {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m\x00", "evil": 1},
        {"output_type": "stream", "name": "stdout", "text": " more"},
        {"output_type": "display_data", "data": {"text/plain": "t", "application/javascript": "alert(1)"}},
        {"output_type": "execute_result", "data": {"text/html": ["no", "list"]}, "execution_count": "x"},
        {"output_type": "error", "ename": 3, "evalue": None, "traceback": ["a", 4]},
        {"output_type": "something"},
        [1, 2],
        b"[" * 100_000,
        b"\xff",
    )
    assert kept.cell == [
        {"output_type": "stream", "name": "stdout", "text": "red more"},
        {"output_type": "display_data", "data": {"text/plain": "t"}, "metadata": {}},
        {"output_type": "error", "ename": "", "evalue": "", "traceback": ["a", ""]},
    ]


def test_outputs_have_an_end():
    kept = shown(*({"output_type": "stream", "name": "stdout", "text": "x" * 100_000} for _ in range(20)))
    assert kept.cut
    assert sum(len(output["text"]) for output in kept.cell) <= LIMITS.cell_output
    for _ in range(5):
        kept.next_cell()
        kept.text("stdout", "x" * 400_000)
    assert kept.cut
    assert kept._total <= LIMITS.notebook_output


@pytest.mark.parametrize("body", [b'{"text": [' + b"[]," * 100_000 + b"0]}", b"[" + b'"",' * 300_000 + b"0]"])
def test_an_output_of_brackets_or_of_empty_texts_is_not_read(body, monkeypatch):
    """A byte of it takes twenty as objects of the grader's process."""
    monkeypatch.setattr(json, "loads", lambda body: pytest.fail("it was read"))
    assert shown(body).cut


def test_empty_outputs_and_updates_of_many_have_an_end_too():
    """A gigabyte of the grader's memory, or an hour of its time, for a megabyte that was sent."""
    display = {"output_type": "display_data", "data": {"text/plain": "x"}, "display_id": "a" * 300}
    kept = shown(display)
    for _ in range(60):
        kept.next_cell()
        for _ in range(1000):
            kept.take(json.dumps(display).encode())
    assert kept.cut
    assert kept._total >= 500 * sum(map(len, kept._displays.values()))
    assert [len(same) for same in kept._displays.values()] == [100]
    kept.take(json.dumps(display | {"data": {"text/plain": "y"}, "update": True}).encode())
    assert {output["data"]["text/plain"] for output in next(iter(kept._displays.values()))} == {"y"}


def test_a_display_is_updated_in_place_and_a_cell_cleared():
    first = {"output_type": "display_data", "data": {"text/plain": "1"}, "display_id": "a"}
    update = {"output_type": "display_data", "data": {"text/plain": "2"}, "display_id": "a", "update": True}
    kept = shown(first, {"output_type": "stream", "name": "stdout", "text": "x"}, update)
    assert [output.get("data", {}).get("text/plain") for output in kept.cell] == ["2", None]
    kept.take(b'{"output_type": "clear_output", "wait": true}')
    assert len(kept.cell) == 2
    kept.text("stdout", "new")
    assert [output["text"] for output in kept.cell] == ["new"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("MemoryError: ", "700 MB of memory"), ("OSError: [Errno 28] No space left on device", "on disk"), ("x: y", None)],
)
def test_a_limit_is_recognised(text, words):
    found = LIMITS.explain(text)
    assert found is None if words is None else words in found


# --- in the sandbox --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox():
    """The best sandbox of this machine, the same for all tests; at the end nothing of it may be left."""
    before = (descriptors(), Path("/proc/self/mounts").read_text() if is_linux() else "")
    try:
        opened = open_sandbox("auto", LIMITS)
    except SandboxError as refused:
        pytest.skip(f"NO SANDBOX HERE, nothing of it was tested: {refused}")
    with opened:
        yield opened
        below = [pid for pid, _ in process_watch.descendants(opened._process.pid)]
    assert opened._process is None
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()], "processes are left"
    assert (descriptors(), Path("/proc/self/mounts").read_text()) == before


def is_linux():
    return sys.platform == "linux"


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir())) if is_linux() else 0


def running(words):
    """The processes with these words in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


@pytest.fixture
def session(sandbox):
    with sandbox.session() as opened:
        yield opened
    # Every test ends with this: whatever a submission did, the parent survives and the next one works.
    with sandbox.session() as following:
        assert printed(following.execute("6 * 7")) == "42"
    if sandbox.kind == PRELOADED:
        assert not [pid for pid, _ in process_watch.descendants(sandbox.parent) if process_watch.is_running(pid)]
        assert sandbox.starts == 1, "the parent had to be started anew"


pipeline = pytest.mark.pipeline


@pipeline
def test_cells_share_a_namespace_and_show_what_they_do(session):
    assert printed(session.execute("x = 40\nprint('hello')\nx + 2")) == "hello\n42"
    assert printed(session.execute("x")) == "40"
    result = session.execute("1 / 0")
    assert (result.state, error(result)) == ("error", "ZeroDivisionError: division by zero")
    trace = "\n".join(result.outputs[0]["traceback"])
    assert "----> 1 1 / 0" in trace
    assert "\x1b" not in trace
    assert session.execute("def f(:").state == "error"
    assert "the grader" not in printed(session.execute("import sys; print('e', file=sys.stderr)"))
    assert printed(session.execute("import subprocess; subprocess.run(['echo', 'raw']); None")) == "raw\n"
    assert printed(session.execute("!echo shell")) == "shell\n"
    assert "EOFError: nobody is there" in error(session.execute("input('name? ')"))
    assert session.execute("exit()").state == "ok"
    assert printed(session.execute("await __import__('asyncio').sleep(0, 'awaited')")) == "'awaited'"


@pipeline
def test_figures(session):
    inline = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    (png,) = [output for output in session.execute(inline).outputs if output["output_type"] == "display_data"]
    assert png["data"]["image/png"].startswith("iVBOR")
    result = session.execute("plt.plot([3, 4]);")
    assert [list(output["data"]) for output in result.outputs] == [["text/plain", "image/png"]]
    course = (
        "from course_utils import plotting\nimport torch\n"
        "plotting.describe(plotting.show_images(torch.rand(4, 1, 9, 9)), 'four images')"
    )
    (figure,) = session.execute(course).outputs
    assert figure["data"]["text/html"].startswith('<img alt="four images')
    live = (
        "from IPython.display import display\nhandle = display('first', display_id=True)\n"
        "print('between')\nhandle.update('second')"
    )
    assert printed(session.execute(live)) == "'second'between\n"
    fit = (
        "from course_utils import training\nfrom course_utils.plotting import LiveFigure\n"
        "model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 9), torch.nn.Unflatten(1, (1, 3, 3)))\n"
        "x = torch.rand(32, 1, 3, 3)\n"
        "training.fit(model, x, epochs=2, progress=False, callbacks=[LiveFigure(x[:4])]);"
    )
    (figure,) = session.execute(fit).outputs
    assert "after epoch 2" in figure["data"]["text/html"] or "<img alt=" in figure["data"]["text/html"]


@pipeline
def test_files_can_be_put_beside_and_nowhere_else(session):
    assert session.put("mine.py", b"x = 6")
    assert session.put("a folder/data.txt", "seven é".encode())
    code = "from mine import x\nx, open('a folder/data.txt', encoding='utf-8').read()"
    assert printed(session.execute(code)) == "(6, 'seven é')"
    assert session.put("large.bin", bytes(5 * MB))
    assert not session.put("larger.bin", bytes(LIMITS.disk + 1))
    assert not session.put("mine.py/x", b"")
    for outside in ("/tmp/x", "../x", "a/../../x", ""):
        with pytest.raises(ValueError, match="below the working folder"):
            session.put(outside, b"x")
    assert printed(session.execute("x")) == "6"


def question(probe="call", targets=("f",), **inputs):
    asked = {"probe": probe, "targets": list(targets)} | {f"i:{name}": value for name, value in inputs.items()}
    return pack(asked)


@pipeline
def test_questions_are_answered(session):
    session.execute("def f(x): return x + 1\ndef g(x): raise ValueError('no')")
    got = unpack(session.ask(question(x=np.zeros(3))))
    assert got["ok"] is True
    assert got["e:value"].tolist() == [1, 1, 1]
    got = unpack(session.ask(question(targets=["g"], x=1)))
    assert (got["ok"], got["kind"], got["text"], got["where"]) == (
        False,
        "ValueError",
        "no",
        "line 2: def g(x): raise ValueError('no')",
    )
    got = unpack(session.ask(question(targets=["nowhere"], x=1)))
    assert (got["kind"], got["text"]) == ("NameError", "nowhere is not defined")
    large = unpack(session.ask(question(x=np.zeros((2000, 1000)))))
    assert large["e:value"].nbytes == 8_000_000


@pipeline
def test_the_same_again_gives_the_same_numbers(sandbox):
    code = (
        "import torch, numpy, random\n[torch.rand(2).tolist(), numpy.random.rand(), random.random(), {'a', 'b', 'c'}]"
    )
    seen = set()
    for _ in range(2):
        with sandbox.session() as opened:
            seen.add(printed(opened.execute(code)))
    assert len(seen) == 1


@pipeline
def test_torch_trains_and_workers_work(session):
    code = """
import torch
from torch.utils.data import DataLoader, TensorDataset
model = torch.nn.Linear(300, 300)
model(torch.randn(500, 300)).square().mean().backward()
seen = sum(len(x) for x, in DataLoader(TensorDataset(torch.arange(40)), batch_size=8, num_workers=2))
print(seen, float(model.weight.grad.abs().sum()) > 0)
"""
    assert printed(session.execute(code)).splitlines()[-1] == "40 True"


@pipeline
def test_a_cell_that_takes_too_long_is_interrupted(session):
    session.execute("kept = 1")
    result = session.execute("print('begins')\nwhile True: pass")
    assert (result.state, result.why) == ("interrupted", "ran longer than 6 s")
    assert "KeyboardInterrupt" in error(result)
    assert printed(session.execute("kept")) == "1"
    session.execute("def f(x):\n    while True: pass")
    with pytest.raises(Stopped, match=r"ran longer than 3 s when the exam called it, and was stopped"):
        session.ask(question(x=1))
    assert printed(session.execute("kept")) == "1"


@pipeline
def test_what_a_stopped_cell_has_started_ends_with_it(session):
    """It would take the processor from the cells after it."""
    began = "import os, subprocess\nkept = subprocess.Popen(['sleep', '60'])"
    assert session.execute(began).state == "ok"
    before = alive_below(session)
    for starts in ("subprocess.Popen(['sleep', '60'])", "os.fork()\nos.fork()"):
        assert session.execute(f"{starts}\nwhile True: pass").state == "interrupted"
        assert alive_below(session) == before
    assert printed(session.execute("kept.poll()")) == ""
    assert session.execute("def f(x):\n    os.fork()\n    while True: pass").state == "ok"
    with pytest.raises(Stopped):
        session.ask(question(x=1))
    assert alive_below(session) == before


def alive_below(session):
    return {pid for pid, _ in process_watch.descendants(session._sandbox.parent) if process_watch.is_running(pid)}


@pipeline
def test_time_in_which_others_have_the_processor_does_not_count(session, monkeypatch):
    """On a machine that is full, or that another submission has filled, an honest answer takes longer."""
    session._limits = replace(LIMITS, cell_seconds=1)
    # As if three quarters of all time were others'.
    monkeypatch.setattr(process_watch, "waited", lambda pid: 0.75 * time.monotonic())
    sleeps, loops = "import time\ntime.sleep(2)", "while True: pass"
    assert session.execute(sleeps, patient=True).state == "ok"
    assert session.execute(sleeps).state == "interrupted"
    began = time.monotonic()
    assert session.execute(loops, patient=True).state == "interrupted"
    assert 3 < time.monotonic() - began < 4 + LIMITS.interrupt
    # Who has filled it is not waited for.
    monkeypatch.setattr(process_watch, "computing", lambda pids: 9)
    assert session.execute(sleeps, patient=True).state == "interrupted"


def test_the_whole_notebook_has_a_limit(sandbox):
    with sandbox.session(seconds_left=1.5) as opened:
        result = opened.execute("while True: pass")
    assert result.state == "interrupted"
    assert "the notebook's 60 s were over" in result.why


@pipeline
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(3)", r"ended the Python process \(exit code 3\)"),
        ("import os; os._exit(137)", r"\(exit code 127 or above\)"),  # not killed: 128 and a signal
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("import os; os.kill(os.getpid(), 9)", "killed"),
        ("import os; [os.kill(1, number) for number in (2, 9, 15)]; os._exit(4)", "exit code 4"),
        (
            "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException:\n        pass",
            "ran longer than 6 s and could not be interrupted",
        ),
        ("import os; os.closerange(0, 100)", "closed the grader's pipes"),
        ("import os\nfor fd in range(3, 9):\n    os.dup2(1, fd)", "closed the grader's pipes"),
        ("import os; os.write(4, b'garbage' * 100)", "wrote into the channel"),
        ("import os; os.write(4, b'\\xff' * 8)", "wrote into the channel"),
        ("import os\nwhile True: os.write(1, b'x' * 10000)", "wrote more than 8 MB"),
    ],
)
def test_what_ends_python_ends_nothing_else(session, code, words):
    began = time.monotonic()
    result = session.execute(f"print('before')\n{code}")
    assert result.state == "dead"
    assert re.search(words, result.why), result.why
    assert time.monotonic() - began < LIMITS.cell_seconds + LIMITS.interrupt + 5
    assert session.execute("1").state == "dead"
    with pytest.raises(Stopped):
        session.ask(question(x=1))


@pipeline
def test_signals_reach_nobody_else(session):
    # Not the caller, says kill(2), and nobody else is there.
    assert "ProcessLookupError" in error(session.execute("import os; os.kill(-1, 9)"))
    assert session.execute("[os.kill(1, number) for number in (2, 9, 15)]").state == "ok"
    assert printed(session.execute("'alive'")) == "'alive'"


@pipeline
def test_patching_python_does_no_more_than_spoil_ones_own_outputs(session):
    code = """
import sys, os, builtins, json
sys.stdout = None
sys.stderr = object()
json.dumps = lambda *a, **k: 'nonsense'
os.write = os.read = lambda *a: 1 / 0
builtins.print = len
"""
    session.execute(code)
    assert session.execute("1").state in ("dead", "interrupted")


@pipeline
def test_a_forged_answer_is_dropped_and_a_late_one_too(session):
    code = """
import os, sys
frames = sys.modules["course_sandbox.frames"]
def f(x):
    os.write(4, frames.encode({"is": "answer", "nonce": "guessed"}, b"forged"))
    os.write(4, frames.encode({"is": "done", "ok": True}))
    return x + 1
"""
    assert session.execute(code).state == "ok"
    assert unpack(session.ask(question(x=1)))["e:value"] == 2


@pipeline
def test_a_fork_in_a_cell_does_not_answer_in_its_place(session):
    assert session.execute("import os\npid = os.fork()\nprint('one of two')").state == "ok"
    for number in range(5):
        # What the other one printed may come later, at the end of another pipe.
        found = session.execute(f"{number} + 1").outputs
        assert [item["data"]["text/plain"] for item in found if "data" in item] == [str(number + 1)]


@pipeline
def test_nothing_of_the_machine_is_to_be_seen(sandbox, monkeypatch):
    """A secret in the course's folder, in the environment and on a command line; looked for everywhere inside."""
    secret = f"canary{os.getpid()}q{time.time_ns()}"
    planted = REPO / "out" / f"{secret}.txt"
    with contextlib.suppress(PermissionError):  # a grader who may not write there has the other two canaries
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(secret)
    monkeypatch.setenv("CANARY", secret)
    code = f"""
import os, getpass
secret, found = {secret[:6]!r} + {secret[6:]!r}, []
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders.remove("proc")
    found += [os.path.join(folder, name) for name in files + folders if secret in name]
    for name in files:
        path = os.path.join(folder, name)
        if folder.startswith(("/usr", "/sandbox/packages", "/dev")) or "python" in folder or not os.path.isfile(path):
            continue
        try:
            with open(path, "rb") as file:
                if secret.encode() in file.read(1 << 20):
                    found.append(path)
        except OSError:
            pass
for process in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline", "mountinfo", "status"):
        try:
            with open(f"/proc/{{process}}/{{name}}", "rb") as file:
                text = file.read()
        except OSError:
            continue
        if secret.encode() in text or b"course_admin" in text.replace(b"/course_admin/sandbox/", b""):
            found.append((process, name))
found += [name for name, value in os.environ.items() if secret in value]
for path in ({str(REPO)!r}, {str(Path.home())!r}, {str(REPO / "source")!r}, {str(REPO / "autograder_tests")!r}):
    for name in ("course_admin", "source", "autograder_tests", "Makefile", ".ssh", ".bashrc", ".git"):
        if os.path.exists(os.path.join(path, name)):
            found.append(os.path.join(path, name))
for name in ("course_admin", "autograder_tests"):
    try:
        __import__(name)
        found.append(name)
    except ImportError:
        pass
print("found", found)
"""
    monkeypatch.setattr(sandbox, "limits", Limits(cell_seconds=60))
    try:
        # A parent of its own, so that it was started with the secret in our environment.
        with Sandbox(sandbox.kind, sandbox.limits, bwrap=sandbox.bwrap) as fresh, fresh.session() as opened:
            assert printed(opened.execute(code)) == "found []\n"
    finally:
        with contextlib.suppress(OSError):
            planted.unlink()


@pipeline
def test_nothing_can_be_written_but_scratch(session):
    code = """
import os
import platform
written = []
for top in ("/", "/usr", "/etc", "/dev", "/proc", "/proc/sys/kernel", "/sandbox", "/sandbox/packages/0", "/root",
            "/sandbox/course/course_utils", "/sandbox/program/course_sandbox", os.path.dirname(os.__file__), "/home"):
    try:
        open(top + "/x", "w").close()
        written.append(top)
    except OSError:
        pass
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/mem", "/proc/1/oom_score_adj"):
    try:
        open(path, "r+b").close()
        written.append(path)
    except OSError:
        pass
for folder in ("/tmp", "/dev/shm", "."):
    with open(folder + "/x", "w") as file:
        file.write("fine")
print(written)
"""
    assert printed(session.execute(code)) == "[]\n"


@pipeline
def test_no_network_and_no_socket_of_the_host(session):
    name = f"\0course-canary-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket() as tcp:
        abstract.bind(name)
        abstract.listen()
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        code = f"""
import socket
reached = []
def reach(family, address):
    try:
        with socket.socket(family) as s:
            s.settimeout(1)
            s.connect(address)
            reached.append(address)
    except OSError as error:
        print(type(error).__name__, error.errno)
reach(socket.AF_INET, ("192.0.2.1", 80))
reach(socket.AF_INET, ("127.0.0.1", {tcp.getsockname()[1]}))
reach(socket.AF_INET6, ("::1", {tcp.getsockname()[1]}))
reach(socket.AF_UNIX, {name!r})
reach(40, (2, 1024))
try:
    print(socket.getaddrinfo("example.org", 80))
except OSError:
    pass
print(reached)
"""
        assert printed(session.execute(code)).splitlines()[-1] == "[]"


@pipeline
def test_privileges_are_gone_and_do_not_come_back(session):
    code = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    return name if result != -1 else None
got = [
    call("unshare", 0x10000000), call("unshare", 0x00020000), call("setns", 0, 0), call("chroot", b"/tmp"),
    call("mount", b"tmpfs", b"/tmp", b"tmpfs", 0, None), call("umount2", b"/proc", 2), call("ptrace", 16, 1, 0, 0),
    call("memfd_create", b"x", 0), call("shmget", 0, 4096, 0o1600), call("msgget", 0, 0o1600),
    call("setuid", 0) if os.getuid() else None, call("sethostname", b"x", 1), call("klogctl", 10, None, 0),
]
facts = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print([name for name in got if name], [facts[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")])
print(sorted(os.listdir("/proc/self/fd"))[:5], oct(os.stat("/proc/1").st_mode))
"""
    assert printed(session.execute(code)).splitlines()[0] == "[] ['', '', '', '']"


@pipeline
def test_a_submission_finds_nothing_of_the_one_before(sandbox):
    leave = """
import os, socket, subprocess
for folder in ("/tmp", "/dev/shm", "/work"):
    with open(folder + "/left-behind", "w") as file:
        file.write("secret of the first")
listening = socket.socket(socket.AF_UNIX); listening.bind("\\0left"); listening.listen()
if os.fork() == 0:
    os.setsid()
    while True: os.sched_yield()
token = "secret of the first"
"""
    look = """
import gc, os, socket
found = [path for folder in ("/tmp", "/dev/shm", "/work") for path in os.listdir(folder) if "left" in path]
found += [o for o in gc.get_objects() if isinstance(o, str) and o == "secret of the " + "first"]
try:
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("\\0left")
        found.append("socket")
except OSError:
    pass
print(found, len([name for name in os.listdir("/proc") if name.isdigit()]) <= 3, "token" in globals())
"""
    with sandbox.session() as first:
        assert first.execute(leave).state == "ok"
        pids = [pid for pid, _ in process_watch.descendants(sandbox.parent)]
        assert len(pids) >= 3
    assert not [pid for pid in pids if process_watch.is_running(pid)]
    with sandbox.session() as second:
        assert printed(second.execute(look)) == "[] True False\n"


@pipeline
def test_two_at_a_time_see_nothing_of_each_other(sandbox):
    with (
        Sandbox(sandbox.kind, LIMITS, bwrap=sandbox.bwrap) as other,
        sandbox.session() as first,
        other.session() as second,
    ):
        here = """
import os, signal, socket
signals = []
for number in (10, 12, 15): signal.signal(number, lambda n, f: signals.append(n))
open("/tmp/mine", "w").close(); open("/dev/shm/mine", "w").close()
s = socket.socket(socket.AF_UNIX); s.bind("\\0mine"); s.listen()
os.getpid()
"""
        assert printed(first.execute(here)) == "2"
        there = """
import os, socket
for pid in range(3, 400):
    for number in (10, 15):
        try: os.kill(pid, number)
        except OSError: pass
found = [f for f in ("/tmp/mine", "/dev/shm/mine") if os.path.exists(f)]
with socket.socket(socket.AF_UNIX) as s:
    found.append(s.connect_ex("\\0mine"))
found
"""
        assert printed(second.execute(there)) == "[111]"
        assert printed(first.execute("signals")) == "[]"


@pipeline
@pytest.mark.parametrize("kind", [FRESH, NONE])
def test_the_other_kinds_run_the_same_cells(sandbox, kind, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox(kind, replace(LIMITS, cell_seconds=2), bwrap=sandbox.bwrap) as opened:
        for _ in range(1 if kind == FRESH else 2):
            with opened.session() as one:
                assert printed(one.execute("open('x', 'x').close()\n6 * 7")) == "42"
                assert one.execute("def f(x): return x + 1\nwhile True: pass").state == "interrupted"
                assert unpack(one.ask(question(x=1)))["e:value"] == 2
                dead = one.execute("import os\nif os.fork():\n    os._exit(5)\nwhile True: pass")
                assert (dead.state, "exit code 5" in dead.why) == ("dead", True)
        pid = opened._process.pid if opened._process else None
        folder = opened._folder.name if opened._folder else "course-unsafe-"
    assert pid is None or not Path(f"/proc/{pid}").exists()
    assert not running(folder), "a fork of the submission has outlived the sandbox"
    assert not list(tmp_path.iterdir())


@pipeline
@pytest.mark.parametrize("whose", ["own", "nursed"])
def test_what_the_host_does_not_find_ends_with_the_session_all_the_same(sandbox, monkeypatch, whose):
    if sandbox.kind != PRELOADED:
        pytest.skip("a fresh sandbox ends as a whole")

    def find_the_first_alone(pid, patience=5.0):
        return all(process_watch._kill(child, pid) for child in process_watch.children(pid)) or True

    with contextlib.ExitStack() as held:
        top = sandbox
        if whose == "nursed":
            top = server = held.enter_context(open_sandbox("auto", LIMITS, as_fork_server=True))
            sandbox = held.enter_context(Sandbox(PRELOADED, LIMITS, bwrap=server.bwrap, fork_server=server.fork_server))
        with monkeypatch.context() as patched, sandbox.session() as session:
            patched.setattr(process_watch, "kill_below", find_the_first_alone)
            session.execute("import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '600'])")
            assert len(list(process_watch.descendants(sandbox.parent))) == 6  # two that wait, the shell, and these
            session.close()
        left = [pid for pid, _ in process_watch.descendants(top.parent) if process_watch.is_running(pid)]
        assert left == [sandbox.parent] * (whose == "nursed"), "what has lost its parent goes to process 1 of it all"


@pipeline
def test_workers_get_their_sandboxes_from_one(sandbox):
    """Each has a parent of its own, which outlives nobody, and costs next to nothing."""
    if sandbox.kind != PRELOADED:
        pytest.skip("fresh sandboxes share nothing")
    with contextlib.ExitStack() as held:
        server = held.enter_context(open_sandbox("auto", LIMITS, as_fork_server=True))
        one, two = (
            held.enter_context(Sandbox(PRELOADED, LIMITS, bwrap=server.bwrap, fork_server=server.fork_server))
            for _ in range(2)
        )
        with one.session() as first, two.session() as second:
            first.execute("import os, pathlib; pathlib.Path('/tmp/here').touch(); x = 1")
            assert printed(second.execute("import os; os.listdir('/tmp'), os.listdir('/work')")) == "([], [])"
            assert error(second.execute("x")).startswith("NameError")
            seen = "sorted(int(name) for name in os.listdir('/proc') if name.isdigit())"
            assert printed(first.execute(seen)) == printed(second.execute(seen)) == "[1, 2]"
            assert first.execute("os._exit(3)").state == "dead"
            assert printed(second.execute("'alive'")) == "'alive'"
            assert one.parent != two.parent
            assert {one.parent, two.parent} <= {pid for pid, _ in process_watch.descendants(server.parent)}
        for _ in range(3):
            with one.session() as again:
                assert printed(again.execute("6 * 7")) == "42"
        gone = one.parent
        one.close()
        assert not process_watch.is_running(gone)
        with two.session() as session:
            assert printed(session.execute("6 * 7")) == "42"
            server.close()
            assert session.execute("1").state == "dead"
        # The one who needs it gets a parent of its own.
        with two.session() as session:
            assert printed(session.execute("6 * 7")) == "42"
        assert two.starts == 2


@pipeline
def test_a_worker_that_is_killed_leaves_nothing_in_the_fork_server(sandbox, tmp_path):
    if sandbox.kind != PRELOADED:
        pytest.skip("fresh sandboxes share nothing")
    script = tmp_path / "worker.py"
    script.write_text(
        "import sys, time\n"
        "from course_admin.sandbox.fork_server import ForkServer, Sandbox\n"
        "from course_admin.sandbox.session import PRELOADED\n"
        "from course_admin.sandbox.limits import Limits\n"
        "fork_server = ForkServer(*sys.argv[1:])\n"
        "sandbox = Sandbox(PRELOADED, Limits(), bwrap=fork_server.bwrap, fork_server=fork_server)\n"
        "with sandbox, sandbox.session() as session:\n"
        "    print(sandbox.parent, flush=True)\n"
        "    session.execute('import time; time.sleep(600)')\n"
    )
    with open_sandbox("auto", LIMITS, as_fork_server=True) as server:
        worker = subprocess.Popen([sys.executable, script, *server.fork_server], stdout=subprocess.PIPE, text=True)
        parent = int(worker.stdout.readline())
        assert parent in dict(process_watch.descendants(server.parent))
        worker.kill()
        worker.communicate()
        until = time.monotonic() + 10
        while process_watch.is_running(parent) and time.monotonic() < until:
            time.sleep(0.05)
        assert not [pid for pid, _ in process_watch.descendants(server.parent) if process_watch.is_running(pid)]


@pipeline
def test_a_host_that_is_killed_leaves_nothing(sandbox, tmp_path):
    """The launcher is killed while a cell loops: the sandbox ends by itself."""
    import signal
    import subprocess

    code = f"""
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import Limits
from course_admin.sandbox import process_watch
with Sandbox({sandbox.kind!r}, Limits(), bwrap={sandbox.bwrap!r}) as sandbox, sandbox.session() as session:
    print(sandbox._process.pid, *[pid for pid, _ in process_watch.descendants(sandbox._process.pid)], flush=True)
    session.execute("while True: pass")
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as launcher:
        pids = [int(pid) for pid in launcher.stdout.readline().split()]
        launcher.send_signal(signal.SIGKILL)
    assert len(pids) >= 3
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pipeline
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import torch; x = torch.zeros(10**9)", "of memory"),
        ("x = bytearray(10**9)", "of memory"),
        ("open('large', 'wb').write(bytes(30_000_000))", "one file|on disk"),
        ("for i in range(3): open(f'/dev/shm/{i}', 'wb').write(bytes(9_000_000))", "on disk"),
        ("for i in range(1000): open(f'/tmp/{i}', 'w').close()", "on disk"),
        ("files = [open('/dev/null') for _ in range(1000)]", "open files"),
        (
            "import threading, time\nfor _ in range(99): threading.Thread(target=time.sleep, args=(9,)).start()",
            "threads",
        ),
        ("import os, time\nfor _ in range(99):\n    if os.fork() == 0: time.sleep(30)", "processes"),
    ],
)
def test_a_limit_is_hit_and_named(session, code, words):
    result = session.execute(code)
    if sandbox_kind_is_root_fresh(result):
        return
    assert result.state == "error", result
    assert re.search(words, LIMITS.explain(error(result)) or error(result))
    assert printed(session.execute("'goes on'")) == "'goes on'"


def sandbox_kind_is_root_fresh(result):
    """A fresh sandbox of root has no limit on processes but the watch."""
    return result.state == "dead" and "processes" in result.why


# --- bombs -----------------------------------------------------------------------------------------------------------


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("code", "words"),
    [
        # memory that RLIMIT_DATA does not count
        ("import mmap\nx = mmap.mmap(-1, 2 * 10**9)\nfor i in range(0, 2 * 10**9, 4096): x[i] = 1", "of memory"),
        (
            "import mmap, os\nx = [mmap.mmap(-1, 10**8) for _ in range(12)]\n"
            "for m in x:\n    if os.fork() == 0:\n        while True: m[:] = bytes([1]) * 10**8",
            "of memory",
        ),
        # each process below the limit, together above it
        (
            "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        x = bytearray(b'x' * 150_000_000)\n"
            "        time.sleep(60)\ntime.sleep(60)",
            "of memory",
        ),
        ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "processes|longer|memory"),
        (
            "import threading, time\nwhile True:\n"
            "    try: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
            "    except RuntimeError: pass",
            "longer|processes",
        ),
        ("while True: print('x' * 1000)", "longer"),
        ("import os\nwhile True: os.write(4, b'\\0\\0\\0\\2\\0\\1\\0\\0{}' + bytes(65536))", "wrote"),
        (
            "import subprocess\nwhile True:\n    try: subprocess.Popen(['sleep', '60'])\n    except OSError: pass",
            "longer|processes|memory",
        ),
        (
            "i = 0\nwhile True:\n    i += 1\n    try: open(f'/tmp/{i}', 'wb').write(bytes(10**6))\n"
            "    except BaseException: pass",
            "longer",
        ),
        (
            "import signal, os\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
            "    except (OSError, ValueError): pass\nwhile True: pass",
            "longer",
        ),
    ],
)
def test_bombs(session, code, words):
    began = time.monotonic()
    result = session.execute(code)
    assert time.monotonic() - began < LIMITS.cell_seconds + LIMITS.interrupt + 15
    assert result.state in ("dead", "interrupted"), result
    assert re.search(words, result.why), result.why
    assert session.peak < 2 * LIMITS.memory, "the watch came late"


@pytest.mark.hostile
def test_a_bomb_in_the_background_while_the_grader_thinks(session):
    code = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        time.sleep(1)
        hoard = bytearray(b"x" * 300_000_000)
        time.sleep(60)
"""
    assert session.execute(code).state == "ok"
    time.sleep(4)
    result = session.execute("1")
    assert result.state == "dead"
    assert "memory" in result.why or "processes" in result.why


@pytest.mark.hostile
def test_evidence_that_is_too_large_or_malformed(session):
    session.execute("import torch\ndef f(x): return torch.zeros(20_000_000)\ndef g(x): return object()")
    got = unpack(session.ask(question(x=1)))
    assert (got["ok"], got["kind"]) == (False, "EvidenceError")
    assert unpack(session.ask(question(targets=["g"], x=1)))["kind"] == "EvidenceError"
    session.execute("import sys\nsys.modules['course_sandbox.shell'].pack = lambda values: b'PK' + bytes(200_000_000)")
    with pytest.raises(Stopped, match=r"channel|memory"):
        session.ask(question(x=1))


@pipeline
def test_where_children_get_no_namespaces_every_submission_gets_a_sandbox(sandbox, monkeypatch):
    """As under Ubuntu's AppArmor profile for bwrap, which takes all privileges from what runs in it."""
    from course_admin.sandbox import bwrap

    whole = bwrap.arguments
    program = (sandbox.bwrap, "the only one")

    def without_privileges(**settings):
        given = whole(**settings)
        if "--cap-add" in given:
            at = given.index("--cap-add")
            given[at : at + 2] = ["--cap-drop", "ALL"]
        return given

    monkeypatch.setattr(bwrap, "arguments", without_privileges)
    monkeypatch.setattr(bwrap, "find", lambda: iter([program]))
    with open_sandbox("auto", LIMITS) as opened:
        assert opened.kind == FRESH
        assert "not preloaded because" in opened.why
        assert "namespaces" in opened.why


@pytest.mark.parametrize("mode", ["auto", "bwrap"])
def test_without_a_sandbox_grading_refuses_and_says_what_to_do(monkeypatch, mode):
    from course_admin.sandbox import bwrap

    monkeypatch.setattr(bwrap, "find", lambda: iter([]))
    with pytest.raises(SandboxError, match=r"--sandbox none") as refused:
        open_sandbox(mode, LIMITS)
    assert "\n" not in str(refused.value)
    monkeypatch.setattr(bwrap, "find", lambda: iter([("/bin/false", "a broken one")]))
    with pytest.raises(SandboxError, match="no sandbox works here"):
        open_sandbox(mode, LIMITS)
    with pytest.raises(SandboxError, match="choose one of"):
        open_sandbox("maybe", LIMITS)


@pipeline
def test_a_busy_machine_is_no_missing_sandbox(sandbox, monkeypatch):
    """The trial imports torch, which takes longer than a submission's limits where others have the processor."""
    with open_sandbox("auto", replace(LIMITS, cell_seconds=0.01, interrupt=0.01)) as opened:
        assert opened.limits.cell_seconds == 0.01, "the trial's patience is not the submissions'"
    monkeypatch.setattr(selftest, "TRIAL_SECONDS", 0.001)
    with pytest.raises(SandboxError, match=r"the machine is too busy .*: try again when less is running") as busy:
        open_sandbox("auto", LIMITS)
    assert "container" not in str(busy.value)


POOLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for call, arguments in ((206, (64, ctypes.byref(ctypes.c_ulong(0)))), (253, ()), (294, (0,)), (425, (8, 0))):
    got = libc.syscall(call, *arguments)
    print(call, got, ctypes.get_errno())
import resource
print(resource.getrlimit(resource.RLIMIT_SIGPENDING))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
def test_pools_that_all_processes_share_are_closed(session):
    """io_setup, inotify_init, inotify_init1, io_uring_setup: contexts of a machine, instances of a user."""
    output = printed(session.execute(POOLS))
    for call in (206, 253, 294, 425):
        assert f"{call} -1 1\n" in output, output
    assert "(1024, 1024)" in output
