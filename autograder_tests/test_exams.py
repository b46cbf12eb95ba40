"""The exams proved right: the reference gets all, a stub nothing, a mistake loses its points and gets its own hint."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO

import numpy as np
import pytest
from candidates import apply, candidate, read_corpus, solution, stubs

from course_admin.grading.exams import SEED, Transcript, load_exams, run_exam
from course_utils.checks import CheckFailed
from course_utils.probes import direct_ask


def ask_about(exam, namespace):
    return direct_ask({name: namespace[name] for name in exam.targets})


def test_the_reference_gets_everything(lab):
    root, name = lab
    namespace = candidate(root, name)
    for exam in load_exams(root, name).values():
        result = run_exam(exam, ask_about(exam, namespace))
        assert (result.share, result.trouble) == (1.0, None), f"{exam.name}: {result.message}\n{result.trouble}"


def test_the_reference_gets_everything_whatever_the_seed(lab):
    """Twenty seeds, or as many as four seconds allow for an exam that trains (three at least)."""
    root, name = lab
    namespace = candidate(root, name)
    for exam in load_exams(root, name).values():
        began = time.monotonic()
        for seed in range(20):
            result = run_exam(exam, ask_about(exam, namespace), seed=seed)
            assert (result.share, result.trouble) == (1.0, None), f"{exam.name}, seed {seed}: {result.message}"
            if seed >= 2 and time.monotonic() - began > 4:
                break


def test_each_exercise_stands_alone(lab):
    """With every other exercise still a stub, an answer keeps all its points."""
    root, name = lab
    empty = stubs(root, name)
    for exam in load_exams(root, name).values():
        others = {exercise: source for exercise, source in empty.items() if exercise != exam.name}
        result = run_exam(exam, ask_about(exam, candidate(root, name, others)))
        assert (result.share, result.trouble) == (1.0, None), f"{exam.name}: {result.message}\n{result.trouble}"


def test_a_stub_earns_nothing_and_is_told_so(lab):
    root, name = lab
    namespace = candidate(root, name, stubs(root, name))
    for exam in load_exams(root, name).values():
        result = run_exam(exam, ask_about(exam, namespace))
        assert (result.share, result.trouble) == (0.0, None)
        assert "complete the cell above first" in result.message


def test_a_mistake_loses_its_points_and_gets_its_hint(mistake):
    root, lab, entry = mistake
    answer = apply(entry, solution(root, lab, entry.exercise))
    exam = load_exams(root, lab)[entry.exercise]
    result = run_exam(exam, ask_about(exam, candidate(root, lab, {entry.exercise: answer})))
    assert result.trouble is None, result.trouble
    assert result.share == pytest.approx(entry.keeps, abs=1e-3), result.message
    assert entry.hint in result.message
    others = [
        other
        for other in read_corpus(root, lab, "mistakes")
        if other.exercise == entry.exercise and other.hint != entry.hint
    ]
    assert not [other.name for other in others if other.hint in result.message], (
        f"hints of other mistakes in\n{result.message}"
    )


def test_the_check_sees_every_mistake(mistake, monkeypatch):
    """What costs points is told beforehand: the visible check fails, too, whatever it draws."""
    root, lab, entry = mistake
    check = getattr(import_module(f"course_utils.checks.{lab[3:]}"), entry.exercise)
    answer = candidate(root, lab, {entry.exercise: apply(entry, solution(root, lab, entry.exercise))})
    targets = [answer[name] for name in load_exams(root, lab)[entry.exercise].targets]
    with redirect_stdout(StringIO()), pytest.raises(CheckFailed) as found:
        check(*targets)
    if entry.hint not in str(found.value):
        # Now and then a draw makes two slips look alike; the hint is held to the exam's own draws.
        drawn = np.random.default_rng
        own = [SEED, zlib.crc32(entry.exercise.encode())]
        monkeypatch.setattr(np.random, "default_rng", lambda *seed: drawn(*seed or [own]))
        with redirect_stdout(StringIO()), pytest.raises(CheckFailed) as found:
            check(*targets)
    assert entry.hint in str(found.value)


def test_an_alternative_loses_nothing(alternative):
    root, lab, entry = alternative
    answer = apply(entry, solution(root, lab, entry.exercise))
    exam = load_exams(root, lab)[entry.exercise]
    result = run_exam(exam, ask_about(exam, candidate(root, lab, {entry.exercise: answer})))
    assert (result.share, result.trouble) == (1.0, None), f"{result.message}\n{result.trouble}"


def test_no_hint_serves_more_than_two_mistakes(lab):
    root, name = lab
    hints = Counter(entry.hint for entry in read_corpus(root, name, "mistakes"))
    assert [hint for hint, times in hints.items() if times > 2] == []


def test_a_transcript_replays_to_the_same_result(lab):
    root, name = lab
    namespace = candidate(root, name)
    for exam in load_exams(root, name).values():
        transcript = Transcript()
        live = run_exam(exam, transcript.recording(ask_about(exam, namespace)))
        assert run_exam(exam, transcript.replaying()) == live
        assert "transcript" in run_exam(exam, transcript.replaying(), seed=1).trouble
