"""The exercise that docs/contributors.md walks through works as it is printed there."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import jupytext
import numpy as np
import pytest

from course_admin.grading.exams import exams_in, run_exam
from course_utils.checks import CheckFailed, Exercise
from course_utils.probes import direct_ask

GUIDE = (Path(__file__).parents[2] / "docs" / "contributors.md").read_text(encoding="utf-8")
LAB, CHECK, CORPUS, EXAM = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
NAME = "kl_to_standard_normal"


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    """The exam of the guide's check and corner, as a lab 09_guide would have it."""
    path = tmp_path_factory.mktemp("guide") / f"{NAME}.py"
    path.write_text(CHECK)
    module = types.ModuleType("course_utils.checks.guide")
    exec(compile(CHECK, str(path), "exec"), vars(module))
    module.__spec__ = types.SimpleNamespace(name=module.__name__)
    sys.modules[module.__name__] = module
    yield exams_in(EXAM, "09_guide")[NAME]
    del sys.modules[module.__name__]


def solution():
    (cell,) = [cell for cell in jupytext.reads(LAB, fmt="py:percent").cells if "exercise" in cell.metadata]
    return cell.source


def answers():
    """(title, source, keeps, hint) of the solution and of every entry of the guide's corpus."""
    yield "reference", solution(), 1.0, ""
    for cell in jupytext.reads(CORPUS, fmt="py:percent").cells:
        source, meta = cell.source, cell.metadata
        if "patch" in meta:
            old, _, new = meta["patch"].partition(" => ")
            assert solution().count(old) == 1, meta["patch"]
            source = solution().replace(old, new)
        yield meta["title"], source, float(meta.get("keeps", 1.0)), meta.get("hint", "")


@pytest.mark.parametrize(
    "title, source, keeps, hint", list(answers()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_answer_of_the_guide_gets_what_it_says(exam, title, source, keeps, hint):
    import torch

    namespace = {"torch": torch}
    exec(source, namespace)
    for seed in range(5):
        result = run_exam(exam, direct_ask({NAME: namespace[NAME]}), seed=seed)
        assert (result.share, result.error) == (pytest.approx(keeps, abs=1e-6), None), f"{title}: {result.message}"
        assert hint in result.message


def test_the_check_shows_the_same(exam):
    check = Exercise(exam.judge.__self__.judging, exam.targets, exam.rubric)
    with pytest.raises(CheckFailed, match="the factor one half is missing"), np.errstate(all="ignore"):
        check(lambda mu, logvar: (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1).mean())


def test_an_exercise_takes_sixty_lines_at_most():
    """Check, exam, three mistakes and two alternatives."""
    lines = [line for text in (CHECK, CORPUS, EXAM) for line in text.splitlines() if line.strip()]
    assert len(lines) <= 60
