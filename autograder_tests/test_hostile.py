"""Tests of the hostile corpus: no entry gains points, sees or harms others' data, or stops the batch."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import re
import secrets
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from submissions import Case, hand_in, mismatches, read_cases, read_groups
from template_course import template_answers, template_course
from tested_labs import REPO

from course_admin.authoring.new_lab import new_course
from course_admin.grading.exams import SEED, load_exams, points_of
from course_admin.sandbox import process_watch
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import MB, Limits
from course_admin.sandbox.selftest import open_sandbox
from course_admin.sandbox.session import FRESH, NONE, PRELOADED, SandboxError
from course_utils.evidence import EvidenceError, pack, unpack

LAB = "00_template"
CORPORA = REPO / "autograder_tests" / "corpora" / LAB
CASES = read_cases(CORPORA / "hostile.py")
ACCIDENTS = read_cases(CORPORA / "accidental.py")
NEIGHBOUR, LAST = "before-them-all", "zz-after-them-all"

CLASSES = {
    "asserts removed by AST transformers",
    "torch, numpy, the checks or the probes patched",
    "fake results",
    "always-equal objects",
    "isinstance or len overridden",
    "an identity passed off as an autoencoder",
    "answers cached by input",
    "weights smuggled in",
    "everything readable read or listed",
    "everywhere written",
    "environments and command lines",
    "exams looked for",
    "sockets: network, unix, abstract",
    "shared memory and signals towards others",
    "fork and thread bombs",
    "memory bombs: plain, shared, memfd",
    "disk, inode and output bombs",
    "loops that swallow interrupts",
    "os._exit and other sudden ends",
    "stdout replaced",
    "the evidence channel tampered with",
    "pickles, huge or malformed evidence",
    "links and path tricks in the submission",
    "metadata, points and ids edited",
    "injection into feedback",
}
"""The classes of attacks. The corpus must have at least one entry of each."""

LIMITS = Limits(
    cell_seconds=8,
    question_seconds=8,
    notebook_seconds=80,
    interrupt=1,
    memory=700 * MB,
    processes=40,
    files=200,
    disk=60 * MB,
    shared_memory=20 * MB,
    inodes=4000,
    cell_output=MB // 2,
    notebook_output=2 * MB,
    flood=8 * MB,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="THE SANDBOX NEEDS LINUX: nothing hostile was tried")


def test_every_class_is_there():
    groups = read_groups(CORPORA / "hostile.py")
    assert len(groups) == len(set(groups)) == len(CLASSES)
    assert {case.group for case in CASES} == set(groups) == CLASSES
    assert len(CASES) >= 45
    assert len({case.name for case in CASES}) == len(CASES)
    assert sum(case.start == "perfect" for case in CASES) >= 15, "too few with honest points to lose"


# --- canaries: planted before grading, and unchanged after it ---------------------------------------------------------


@dataclass
class Canaries:
    """Files, sockets, processes and memory that a submission must not read, change, connect to or kill.

    known: the values that the corpus's entries may use, by name; never_seen: secret texts that must not be displayed.
    """

    root: Path
    known: dict[str, Any] = field(default_factory=dict)
    never_seen: list[str] = field(default_factory=list)
    files: dict[Path, str] = field(default_factory=dict)
    sockets: list[socket.socket] = field(default_factory=list)
    victim: subprocess.Popen | None = None
    segment: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    def seen_in(self, text: str) -> list[str]:
        return [canary for canary in self.never_seen if canary in text]

    def harm(self) -> list[str]:
        """Return one line for each canary that was harmed, and for each file that an attacker left."""
        said = [f"{path} was changed" for path, content in self.files.items() if path.read_text() != content]
        reached, _, _ = select.select(self.sockets, [], [], 0)
        said += [f"{one.getsockname()} was connected to" for one in reached]
        if self.victim.poll() is not None or process_watch._state(self.victim.pid)[0] in "TZ":
            said.append("the victim was ended or stopped")
        elif os.getpriority(os.PRIO_PROCESS, self.victim.pid) != self.state["priority"]:
            said.append("the victim was slowed down")
        if ctypes.string_at(self.segment, len(self.state["segment"])) != self.state["segment"]:
            said.append("the shared memory was changed")
        places = [Path(self.known["HOME"]), Path(tempfile.gettempdir()), Path("/dev/shm"), REPO, Path("/")]
        left = [path for place in places for path in place.glob(f"*{self.known['TAG']}-was-here*")]
        said += [f"{path} was written" for path in [*left, *self.root.rglob("*was-here*")]]
        return said


@contextlib.contextmanager
def planted(root: Path) -> Iterator[Canaries]:
    """Plant canaries: in the course's folder, home folder, shared memory, environment, sockets and another process."""
    tag, secret = f"canary{secrets.token_hex(4)}", secrets.token_hex(12)
    canaries = Canaries(root)
    canaries.never_seen = [secret, "names the missing nonlinearity, and says", "numbers around 10,000"]
    text = f"{tag} {secret}"
    with contextlib.ExitStack() as undo:
        home = Path.home() if os.access(Path.home(), os.W_OK) else root
        for path in (root / "secret.txt", home / f"{tag}.txt", Path("/dev/shm", f"{tag}-shm")):
            path.write_text(text)
            undo.callback(path.unlink, missing_ok=True)
            canaries.files[path] = text
        undo.enter_context(pytest.MonkeyPatch.context()).setenv("COURSE_CANARY", secret)
        # The path of a socket may have at most 107 characters.
        folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="canary-"))
        places = [(socket.AF_UNIX, f"{folder}/s"), (socket.AF_UNIX, f"\0{tag}"), (socket.AF_INET, ("127.0.0.1", 0))]
        for family, address in places:
            one = undo.enter_context(socket.socket(family))
            one.bind(address)
            one.listen()
            canaries.sockets.append(one)
        victim = [sys.executable, "-c", "import time; time.sleep(9999)", text]
        canaries.victim = undo.enter_context(subprocess.Popen(victim))
        undo.callback(canaries.victim.kill)
        libc = ctypes.CDLL(None)
        libc.shmat.restype = ctypes.c_void_p
        key = secrets.randbits(30) + 1
        identity = libc.shmget(key, 4096, 0o1666)
        undo.callback(libc.shmctl, identity, 0, None)
        canaries.segment = libc.shmat(identity, None, 0)
        undo.callback(libc.shmdt, ctypes.c_void_p(canaries.segment))
        ctypes.memmove(canaries.segment, text.encode(), len(text))
        canaries.state = {
            "segment": text.encode(),
            "priority": os.getpriority(os.PRIO_PROCESS, canaries.victim.pid),
        }
        canaries.known = {
            **{"ROOT": root, "HOME": home, "TAG": tag, "NEIGHBOUR": NEIGHBOUR, "VICTIM": canaries.victim.pid},
            **{"SOCKET": f"{folder}/s", "ABSTRACT": tag, "PORT": canaries.sockets[2].getsockname()[1]},
            **{"SHM": f"{tag}-shm", "SHMKEY": key, "SHMID": identity},
        }
        yield canaries


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The template lab, built."""
    return template_course(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def answers(course):
    return template_answers(course)


@pytest.fixture(scope="module")
def full(course):
    return points_of(course, LAB)


@pytest.fixture(scope="module")
def canaries(course):
    with planted(course) as found:
        yield found


@pytest.fixture(scope="module")
def handed_in(course, answers, canaries):
    """Hand in the whole corpus, with an honest submission before and after it that contains a secret."""
    return hand_in_all(course, answers, canaries)


def hand_in_all(root: Path, answers, canaries: Canaries, cases=tuple(CASES)) -> dict[str, Path]:
    secret = f"\n# {canaries.never_seen[0]}"
    honest = {**answers, "standardise": answers["standardise"] + secret}
    folders = {name: hand_in(Case(name), root, LAB, honest) for name in (NEIGHBOUR, LAST)}
    return folders | {case.name: hand_in(case, root, LAB, answers, canaries.known) for case in cases}


def best_sandbox(limits: Limits = LIMITS) -> Sandbox:
    try:
        return open_sandbox("auto", limits)
    except SandboxError as refused:
        pytest.skip(f"NO SANDBOX HERE, nothing hostile was tried: {refused}")


@pytest.fixture(scope="module")
def sandbox(canaries):
    with best_sandbox() as opened:
        yield opened
        below = [pid for pid, _ in process_watch.descendants(opened._process.pid)]
    assert not [pid for pid in below if process_watch.is_running(pid)], "processes are left"


# --- one submission ---------------------------------------------------------------------------------------------------


@dataclass
class Graded:
    """The result of a submission: points by exercise, findings, all displayed text, and whether it was damaged."""

    points: dict[str, float]
    findings: list[str]
    shown: str
    damaged: bool


def mended(root: Path, folder: Path) -> Any:
    return read(root, folder)[0]


def read(root: Path, folder: Path) -> tuple[Any, dict[str, bytes]]:
    """Return the repaired notebook of a submission, and the files beside it."""
    from course_admin.settings import load_settings
    from course_admin.submissions.find_notebook import find_notebook
    from course_admin.submissions.read import read_release, repaired
    from course_admin.submissions.repair import filled_in
    from course_admin.submissions.safe_files import files_beside, seen_from

    given = read_release(root / "source" / LAB / f"{LAB}.ipynb", load_settings(root))
    taken = find_notebook(folder, LAB, partial(filled_in, given))
    return repaired(given, taken), seen_from(taken.path, folder, files_beside(folder)[0])


def graded(root: Path, folder: Path, sandbox: Sandbox, full: dict[str, float], seed: int | None = None) -> Graded:
    """Execute and score one submission, without nbgrader and its gradebook. seed: of the inputs, by default random."""
    from course_admin.grading.run_notebook import execute
    from course_admin.grading.scoring import score

    found, beside = read(root, folder)
    done = execute(
        found.notebook,
        LAB,
        sandbox,
        load_exams(root, LAB),
        files=beside,
        seed=secrets.randbits(32) if seed is None else seed,
        max_restarts=3,
    )
    marks = score(done, {f"check-{name}": points for name, points in full.items()})
    points = {name.removeprefix("check-"): mark.points for name, mark in marks.items()}
    shown = [output for cell in found.notebook.cells for output in cell.get("outputs", [])]
    text = json.dumps([shown, [mark.message for mark in marks.values()], done.findings], ensure_ascii=False)
    findings = [*([found.damage] if found.damage else []), *found.notes, *done.findings]
    return Graded(points, findings, text, bool(found.damage))


def files_of(root: Path) -> dict[str, tuple]:
    """Return mode, time and size of every file of a course that grading does not write, to detect changes."""
    written = ("autograded", "feedback", "evidence", ".course-secret", ".course-lock", "gradebook.db", ".nbgrader.log")
    found = {}
    for path in root.rglob("*"):
        inside = path.relative_to(root)
        if inside.parts[0] not in written and "__pycache__" not in inside.parts:
            facts = path.lstat()
            found[str(inside)] = (facts.st_mode, facts.st_mtime_ns, 0 if path.is_dir() else facts.st_size)
    return found


@pytest.mark.parametrize("case", [case for case in CASES if not case.bomb], ids=lambda case: case.name)
def test_nothing_is_gained_seen_or_harmed(case, course, handed_in, sandbox, canaries, full):
    if sandbox.kind != PRELOADED:
        pytest.skip("NO PRELOADED SANDBOX HERE: make test-hostile tries the corpus in fresh ones")
    before = files_of(course)
    got = graded(course, handed_in[case.name], sandbox, full)
    assert mismatches(case, full, got.points, got.findings) == []
    assert got.damaged == (case.state == "failed")
    assert canaries.seen_in(got.shown) == []
    assert canaries.harm() == []
    assert files_of(course) == before
    assert sandbox.starts == 1, "the parent had to be started anew"
    assert not [pid for pid, _ in process_watch.descendants(sandbox.parent) if process_watch.is_running(pid)], (
        "processes are left"
    )


def test_prepared_answers_are_right_for_the_inputs_that_they_were_prepared_for(course, handed_in, sandbox, full):
    """The prepared answers fail in the corpus only because the inputs are drawn anew."""
    got = graded(course, handed_in["answers-prepared-for-the-public-seed"], sandbox, full, seed=SEED)
    assert got.points == full | {"sampler": 0}


@pytest.mark.parametrize(
    ("bomb", "words"),
    [
        ("entries", "more than 1000 names"),
        ("names", "names, numbers and texts"),
        ("compression", "compressed in another way"),
        ("texts", "MiB of evidence, or 4 of texts"),
        ("arrays", "MiB of evidence, or 4 of texts"),
    ],
)
def test_evidence_is_refused_before_it_is_unfolded(bomb, words):
    """Evidence that is small as bytes, but large as objects in the grader's process, is refused."""
    if bomb == "entries":
        entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, *[0] * 6) + b"a"
        data = entry * 3000
        data += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3000, 3000, len(data), 0, 0)
    elif bomb == "compression":
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("__scalars__.npy", bytes(1 << 20))
        data = data.getvalue()
    elif bomb in ("texts", "arrays"):
        data = io.BytesIO()
        scalars = {"a": {"array": True} if bomb == "arrays" else ["é" * 2000] * 900}
        text = np.frombuffer(json.dumps(scalars, ensure_ascii=False).encode(), dtype=np.uint8)
        np.savez(data, __scalars__=text, a0=np.zeros(((64 << 20) + 9) * (bomb == "arrays"), dtype=np.uint8))
        data = data.getvalue()
    else:
        data = io.BytesIO()
        np.savez_compressed(data, __scalars__=np.frombuffer(b'{"a":[' + b"[]," * 2_000_000 + b"1]}", dtype=np.uint8))
        data = data.getvalue()
        assert len(data) < 100_000
    with pytest.raises(EvidenceError, match=words):
        unpack(data)
    with pytest.raises(EvidenceError, match="names, numbers and texts"):
        pack({f"n{number}": ["é" * 500] * 10 for number in range(900)})


def test_the_neighbours_keep_everything(course, handed_in, sandbox, full):
    if sandbox.kind != PRELOADED:
        pytest.skip("NO PRELOADED SANDBOX HERE")
    for name in (NEIGHBOUR, LAST):
        got = graded(course, handed_in[name], sandbox, full)
        assert (got.points, got.findings) == (full, [])


SINGS = """
import pathlib, socket
root = pathlib.Path("@ROOT@")
for path in ("secret.txt", "source/00_template/00_template.ipynb", "autograder_tests/exams/00_template.py"):
    print((root / path).read_text())
(root / "@TAG@-was-here").write_text("written")
connected = socket.socket(socket.AF_UNIX)
connected.connect("\\0@ABSTRACT@")
"""


def test_the_canaries_sing_where_nothing_protects_them(tmp_path, course, answers, full):
    """The tests above can fail. The corpus's own entries are not used here: they would read and write this machine."""
    root = tmp_path / "course"
    shutil.copytree(course, root, ignore=shutil.ignore_patterns("submitted"))
    case = Case("sings", "blank", steps=[("first", "", SINGS)])
    with planted(root) as lost, Sandbox(NONE, LIMITS) as unsafe:
        folder = hand_in(case, root, LAB, answers, lost.known)
        assert lost.harm() == []
        assert set(lost.seen_in(graded(root, folder, unsafe, full).shown)) == set(lost.never_seen)
        assert len(lost.harm()) == 2, lost.harm()


# --- fresh sandboxes, bombs included ----------------------------------------------------------------------------------

hostile = pytest.mark.hostile


def in_fresh_sandboxes(root: Path, cases: list[Case], folders: list[Path], full, bwrap: str) -> list[Graded]:
    """Grade two submissions at a time, because each start takes seconds and a bomb mostly means waiting."""

    def one(case: Case, folder: Path) -> Graded:
        # The first optimiser in a process imports for more than a second. A fresh sandbox has no preloaded parent.
        allowed = 20 if not case.bomb else 3 if case.start == "blank" else 12
        limits = replace(LIMITS, cell_seconds=allowed, question_seconds=allowed)
        with Sandbox(FRESH, limits, bwrap=bwrap) as fresh:
            got = graded(root, folder, fresh, full)
            assert fresh._process is None, f"{case.name} outlived its fresh sandbox"
            return got

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, cases, folders))


@hostile
@pytest.mark.timeout(900)
def test_the_same_in_a_fresh_sandbox_bombs_included(course, handed_in, canaries, full, sandbox):
    """Every entry whose code runs is tried, several in one notebook if they do not disturb each other."""
    cases = together(CASES)
    folders = [handed_in.get(case.name) or hand_in(case, course, LAB, {}, canaries.known) for case in cases]
    before = files_of(course)
    said = []
    for case, got in zip(cases, in_fresh_sandboxes(course, cases, folders, full, sandbox.bwrap), strict=True):
        # Entries that kill other processes find fewer of them in a preloaded sandbox, so they expect no finding there.
        wanted = case if case.findings else replace(case, findings=tuple(got.findings))
        said += mismatches(wanted, full, got.points, got.findings)
        said += [f"{case.name}: {canary} was seen" for canary in canaries.seen_in(got.shown)]
    assert said == [], "\n".join(said)
    assert canaries.harm() == []
    assert files_of(course) == before


def together(cases: list[Case]) -> list[Case]:
    """Return the cases in which code runs, as few notebooks as possible.

    Cases without findings are merged into blank notebooks: the cases of each group that add cells, and the cases of
    all groups that attack through answers of different exercises.
    """
    merged: dict[str, Case] = {}
    for case in cases:
        places = {place for place, _, _ in case.steps}
        if places == {"damage"} and not any(word in case.steps[0][2] for word in ("code(", '["source"]')):
            continue
        if case.findings or case.bomb or "damage" in places or (case.start, places) == ("perfect", {"after"}):
            merged[case.name] = case
            continue
        name = re.sub(r"\W+", "-", f"all of {case.group}")
        if "cell" in places:
            taken = {name: {step[1] for step in found.steps} for name, found in merged.items() if "answers" in name}
            wanted = {step[1] for step in case.steps}
            free = (name for name, cells in taken.items() if not cells & wanted and name.startswith("several-answers"))
            name = next(free, f"several-answers-{len(taken)}")
        merged.setdefault(name, Case(name, "blank")).steps += case.steps
    return list(merged.values())


@hostile
@pytest.mark.timeout(900)
def test_accidents_in_a_fresh_sandbox(course, answers, full, sandbox):
    """Each different notebook that repair makes of the accidental corpus is run once. Most repaired ones are equal."""
    keys, folders = [], {}
    for case in ACCIDENTS:
        folder = hand_in(replace(case, name=f"accident-{case.name}"), course, LAB, answers)
        cells = [cell.source for cell in mended(course, folder).notebook.cells if cell.cell_type == "code"]
        keys.append((*cells, *sorted(path.name for path in folder.rglob("*.py"))))
        folders.setdefault(keys[-1], folder)
    got = in_fresh_sandboxes(course, ACCIDENTS[: len(folders)], list(folders.values()), full, sandbox.bwrap)
    points = dict(zip(folders, (one.points for one in got), strict=True))
    for case in ACCIDENTS:
        shutil.rmtree(course / "submitted" / f"accident-{case.name}")
    said = [
        line
        for case, key in zip(ACCIDENTS, keys, strict=True)
        for line in mismatches(replace(case, findings=()), full, points[key], [])
    ]
    assert said == [], "\n".join(said)
    assert 5 <= len(folders) < len(ACCIDENTS)


@hostile
def test_a_fresh_sandbox_counts_processes_as_well(sandbox):
    """The kernel does not count root's processes. Once, only the process watch was left, too late for a fork bomb."""
    code = "import os, time\nfor number in range(150):\n    if os.fork() == 0: time.sleep(30)"
    with Sandbox(FRESH, LIMITS, bwrap=sandbox.bwrap) as fresh, fresh.session() as session:
        result = session.execute(code)
    assert result.state == "error", result
    assert "Resource temporarily unavailable" in result.outputs[-1]["evalue"]


# --- the whole class in one batch, and stock nbgrader -----------------------------------------------------------------


@pytest.fixture(scope="module")
def batch(course, handed_in, canaries, tmp_path_factory):
    """Grade the whole corpus and two honest submissions with one command; return the outcomes by student."""
    from course_admin.grading.command import grade

    best_sandbox().close()
    before, temporary = files_of(course), tmp_path_factory.mktemp("temporary")
    limits = {"timeout": 5.0, "question_timeout": 5.0, "notebook_timeout": 60.0, "memory": 0.7, "max_restarts": 2}
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("TMPDIR", str(temporary))
        changed.setattr(tempfile, "tempdir", str(temporary))
        outcomes = {outcome.student: outcome for outcome in grade(course, [LAB], table=False, **limits)}
    assert files_of(course) == before, "grading changed something beside its own folders"
    assert not list(temporary.glob("course-*")), "temporary files are left"
    return outcomes


def points_in_gradebook(root: Path) -> dict[str, dict[str, float]]:
    from course_admin.report import read_marks

    rows = read_marks(root)[LAB]
    return {row.student: {name: mark.points for name, mark in row.grades.items() if mark.automatic} for row in rows}


@hostile
@pytest.mark.timeout(900)
def test_a_hostile_class_is_graded_in_one_batch(course, batch, full, canaries):
    assert set(batch) >= {case.name for case in CASES} | {NEIGHBOUR, LAST}
    got, said = points_in_gradebook(course), []
    for case in CASES:
        outcome = batch[case.name]
        said += mismatches(case, full, got[case.name], outcome.findings)
        if (outcome.state == "failed") != (case.state == "failed"):
            said.append(f"{case.name}: {outcome.state}")
        folders = [course / kind / case.name for kind in ("autograded", "feedback")]
        texts = [
            path.read_text("utf-8", "replace") for folder in folders for path in folder.rglob("*") if path.is_file()
        ]
        said += [f"{case.name}: {canary} is in what was graded" for text in texts for canary in canaries.seen_in(text)]
    assert said == [], "\n".join(said)
    assert canaries.harm() == []
    for name in (NEIGHBOUR, LAST):
        assert (batch[name].state, batch[name].findings, got[name]) == ("graded", [], full)
    assert not any(path.is_symlink() for path in (course / "autograded").rglob("*"))


STOCK = (
    *("asserts-and-raises-removed", "probes-replaced", "scores-for-check-cells", "equal-to-everything"),
    *("the-identity-behind-a-facade", "answers-prepared-for-the-public-seed", "weights-in-a-file", "known-places-read"),
    *("files-left-everywhere", "exits-with-success", "answers-forged-with-the-right-number", "pickles"),
    *("files-named-like-the-courses", "points-raised", "points-below-nothing", "one-answer-for-all-exercises"),
    *("exercises-invented", "claims-to-have-been-graded", "scripts-in-outputs", "scripts-in-words"),
)
"""Some entries of each kind except bombs and links: stock nbgrader refuses links (test_accidents.py)."""


@hostile
@pytest.mark.timeout(900)
def test_stock_nbgrader_gives_the_same_marks(course, answers, full, tmp_path):
    best_sandbox().close()
    root = new_course(tmp_path / "stock", like=REPO)
    for part in ("source", "autograder_tests"):
        shutil.copytree(course / part, root / part)
    shutil.copytree(course / "release", root / "release")
    cases = [case for case in CASES if case.name in STOCK]
    assert len(cases) == len(STOCK)
    with planted(root) as canaries:
        hand_in_all(root, answers, canaries, cases)

        def nbgrader(*arguments):
            command = [sys.executable, "-m", "nbgrader", *arguments]
            return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=800, check=False)

        assert nbgrader("generate_assignment", LAB, "--force").returncode == 0
        done = nbgrader("autograde", LAB)
        assert done.returncode == 0, done.stderr[-3000:]
        got = points_in_gradebook(root)
        said = [line for case in cases for line in mismatches(replace(case, findings=()), full, got[case.name], [])]
        assert said == [], "\n".join(said)
        assert got[NEIGHBOUR] == got[LAST] == full
        assert canaries.harm() == []
        for case in cases:
            text = (root / "autograded" / case.name / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8")
            assert canaries.seen_in(text) == [], case.name


# --- the grader's environment variables -------------------------------------------------------------------------------


@pytest.mark.pipeline
@pytest.mark.parametrize("budget", ["quick", "study", "full"])
def test_the_graders_environment_changes_no_mark(budget, course, handed_in, full, tmp_path, monkeypatch):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "seaborn.py").write_text("raise SystemExit('from PYTHONPATH')")
    elsewhere = {"COURSE_BUDGET": budget, "COURSE_DATA": str(tmp_path), "COURSE_DEVICE": "cuda", "COURSE_PROGRESS": "1"}
    elsewhere |= {"PYTHONPATH": str(tmp_path / "evil"), "PYTHONSTARTUP": "/nowhere.py", "PYTHONHASHSEED": "7"}
    elsewhere |= {"MPLBACKEND": "TkAgg", "OMP_NUM_THREADS": "3", "LD_PRELOAD": "", "HOME": str(tmp_path)}
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    with best_sandbox() as fresh:
        for name, points in ((NEIGHBOUR, full), ("the-identity", full | {"linear_autoencoder": 0})):
            got = graded(course, handed_in[name], fresh, full)
            assert (got.points, got.findings) == (points, [])
        with fresh.session() as session:
            session.execute("from course_utils.training import budget\nimport os")
            (shown,) = session.execute("budget(full='full', study='study', quick='quick'), dict(os.environ)").outputs
    said = shown["data"]["text/plain"]
    assert "'quick'" in said
    assert str(tmp_path) not in said
    assert not [name for name in ("PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "TkAgg") if name in said]
