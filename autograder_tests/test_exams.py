"""Tests of the exams: the reference gets all points, a stub none, and a mistake loses points with the right message."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO

import pytest
from candidates import apply, candidate, read_corpus, solution, stubs

from course_admin.grading.exams import SEED, Transcript, load_exams, run_exam
from course_utils.checks import CheckFailed
from course_utils.probes import direct_ask

SEEDS = (SEED, 1, 2)


def ask_about(exam, namespace):
    return direct_ask({name: namespace[name] for name in exam.targets})


def answered(root, lab, entry):
    """Return an entry's exam, and the namespace of a notebook with the entry in place of the reference."""
    answer = apply(entry, solution(root, lab, entry.exercise))
    return load_exams(root, lab)[entry.exercise], candidate(root, lab, {entry.exercise: answer})


def test_the_reference_gets_everything(lab):
    root, name = lab
    namespace = candidate(root, name)
    for exam in load_exams(root, name).values():
        result = run_exam(exam, ask_about(exam, namespace))
        assert (result.share, result.error) == (1.0, None), f"{exam.name}: {result.message}\n{result.error}"


def test_the_reference_gets_everything_whatever_the_seed(lab):
    """Twenty seeds are tried. An exam that trains is tried with as many as four seconds allow, at least three."""
    root, name = lab
    namespace = candidate(root, name)
    for exam in load_exams(root, name).values():
        began = time.monotonic()
        for seed in range(20):
            result = run_exam(exam, ask_about(exam, namespace), seed=seed)
            assert (result.share, result.error) == (1.0, None), f"{exam.name}, seed {seed}: {result.message}"
            if seed >= 2 and time.monotonic() - began > 4:
                break


def test_each_exercise_stands_alone(lab):
    """An answer keeps all its points if every other exercise is still a stub."""
    root, name = lab
    empty = stubs(root, name)
    for exam in load_exams(root, name).values():
        others = {exercise: source for exercise, source in empty.items() if exercise != exam.name}
        result = run_exam(exam, ask_about(exam, candidate(root, name, others)))
        assert (result.share, result.error) == (1.0, None), f"{exam.name}: {result.message}\n{result.error}"


def test_a_stub_earns_nothing_and_is_told_so(lab):
    root, name = lab
    namespace = candidate(root, name, stubs(root, name))
    for exam in load_exams(root, name).values():
        result = run_exam(exam, ask_about(exam, namespace))
        assert (result.share, result.error) == (0.0, None)
        assert "complete the cell above first" in result.message


def test_a_mistake_loses_its_points_and_is_told(mistake):
    """With each seed, a likely mistake keeps the share that its entry says; a rare one keeps at most that."""
    root, lab, entry = mistake
    exam, namespace = answered(root, lab, entry)
    # Training takes seconds, so one seed must be enough.
    for seed in SEEDS[:1] if "train" in entry.exercise else SEEDS:
        result = run_exam(exam, ask_about(exam, namespace), seed=seed)
        assert result.error is None, result.error
        assert result.share < 1, f"seed {seed}: keeps everything"
        assert result.share <= entry.keeps + 1e-3, result.message
        if entry.path.stem != "unlikely":
            assert result.share == pytest.approx(entry.keeps, abs=6e-3), result.message
        assert entry.hint in result.message
        assert not entry.corner or [item.aspect for item in result.verdicts if not item.passed] == [entry.corner]


def test_the_check_sees_every_mistake(mistake):
    """Students see each mistake before grading: the visible check fails, too, with any inputs, except for corners."""
    root, lab, entry = mistake
    exam, namespace = answered(root, lab, entry)
    check = getattr(import_module(f"course_utils.checks.{lab[3:]}"), entry.exercise)
    if entry.corner:
        with redirect_stdout(StringIO()):
            return check(*(namespace[name] for name in exam.targets))
    with redirect_stdout(StringIO()), pytest.raises(CheckFailed) as found:
        check(*(namespace[name] for name in exam.targets))
    assert entry.hint in str(found.value)


def test_an_alternative_loses_nothing(alternative):
    root, lab, entry = alternative
    exam, namespace = answered(root, lab, entry)
    result = run_exam(exam, ask_about(exam, namespace))
    assert (result.share, result.error) == (1.0, None), f"{result.message}\n{result.error}"


def test_the_corpus_of_an_exercise_is_small_and_says_each_thing_once(lab):
    root, name = lab
    likely = [entry for entry in read_corpus(root, name) if entry.path.stem != "unlikely"]
    for exercise, mistakes in Counter(entry.exercise for entry in likely if entry.keeps is not None).items():
        assert mistakes <= 8, f"{exercise} has {mistakes} mistakes: the rare ones belong into unlikely.py"
    assert {entry.exercise for entry in likely} == set(load_exams(root, name))
    hints = Counter((entry.exercise, entry.hint) for entry in likely if entry.hint)
    assert [hint for hint, times in hints.items() if times > 2] == []


def test_a_transcript_replays_to_the_same_result(lab):
    root, name = lab
    namespace = candidate(root, name)
    for exam in load_exams(root, name).values():
        transcript = Transcript()
        live = run_exam(exam, transcript.recording(ask_about(exam, namespace)))
        assert run_exam(exam, transcript.replaying()) == live
        assert "transcript" in run_exam(exam, transcript.replaying(), seed=1).error
