"""No function that the course gives to students is the answer to an exercise."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import socket
from contextlib import redirect_stderr, redirect_stdout

import pytest
from candidates import candidate, stubs

import course_utils
from course_admin.grading.exams import load_exams, run_exam
from course_utils.probes import direct_ask

LEFT_OUT = ("save_given", "make_sample", "fetch_split", "main")
"""Functions that are not tried, because they write files or use the network."""

HONEST = {
    # A different loss, but gradients reach its first argument. Squared differences earn the same.
    ("course_utils.training.pixel_error", "cross_entropy"): 0.2,
    # The squared error instead of the pixels' cross-entropy keeps half of that term. A student's own code does, too.
    ("course_utils.training.pixel_error", "joint_loss"): 0.19,
}
"""The largest share that a wrong function may earn, if a student's own code with the same result earns it, too."""


def modules():
    """Yield all modules of course_utils except the checks, whose functions have the names of the exercises."""
    for found in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
        if not found.name.startswith("course_utils.checks"):
            yield importlib.import_module(found.name)


def exports():
    """Return all public functions and classes of course_utils by name, without those of probes and evidence."""
    found = {}
    for module in modules():
        if module.__name__.startswith(("course_utils.probes", "course_utils.evidence")):
            continue
        for name, value in vars(module).items():
            made_here = callable(value) and str(getattr(value, "__module__", "")).startswith("course_utils")
            if made_here and not name.startswith("_") and name not in LEFT_OUT:
                found[f"{module.__name__}.{name}"] = value
    return {name: value for i, (name, value) in enumerate(found.items()) if value not in list(found.values())[:i]}


def test_no_exercise_asks_for_a_name_that_course_utils_has(lab):
    root, name = lab
    asked = {target for exam in load_exams(root, name).values() for target in exam.targets}
    doubled = {f"{module.__name__}.{target}" for module in modules() for target in asked if hasattr(module, target)}
    assert not doubled


def arities(function, most=4):
    """Return the range of numbers of positional arguments that a function accepts, up to `most`."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return range(1)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    return range(len(needed), min(len(positional), most) + 1)


@pytest.fixture
def offline(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.chdir(tmp_path)


def that_earn(root, lab, functions):
    """Return one line for each of the functions {name: function} that earns more than allowed in an exam of a lab.

    Each function is tried for each exercise, called with as many of the exam's arguments as it accepts.
    """
    import matplotlib.pyplot as plt

    said = []
    for exam in load_exams(root, lab).values():
        for name, function in functions.items():
            for count in arities(function):

                def answer(*arguments, function=function, count=count, **named):
                    return function(*arguments[:count], **named)

                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    result = run_exam(exam, direct_ask(dict.fromkeys(exam.targets, answer)))
                plt.close("all")
                allowed = HONEST.get((name, exam.name), 0.0) + 1e-9
                if result.share > allowed or result.error is not None:
                    said.append(f"{name} for {exam.name}: {result.share:.4f} {result.error}\n{result.message}")
    return said


@pytest.mark.filterwarnings("ignore")
def test_no_function_of_course_utils_is_an_answer(lab, offline):
    said = that_earn(*lab, exports())
    assert said == [], "\n".join(said)


@pytest.mark.filterwarnings("ignore")
def test_no_given_definition_of_a_lab_is_an_answer(lab, offline):
    root, name = lab
    asked = {target for exam in load_exams(root, name).values() for target in exam.targets}
    empty = candidate(root, name, stubs(root, name))
    given = {key: value for key, value in empty.items() if getattr(value, "__module__", "") == "__main__"}
    said = that_earn(root, name, {key: value for key, value in given.items() if key not in asked})
    assert said == [], "\n".join(said)
