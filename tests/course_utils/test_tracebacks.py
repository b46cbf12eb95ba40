"""course_utils.tracebacks: which errors of a notebook are shown in one line, and which keep their whole traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
import course_utils.checks
for cell in sys.argv[1:]:
    shell.run_cell(cell, store_history=True)
"""


@pytest.fixture(scope="module")
def shows():
    """cells -> what running them one after the other shows."""

    def run(*cells):
        done = subprocess.run(
            [sys.executable, "-c", START, *cells],
            capture_output=True, text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


STUB = 'def keep(x):\n    raise NotImplementedError("Your code goes here: replace this line.")'
CLASS = "class Net:\n    def __init__(self):\n        raise NotImplementedError('Your code goes here.')"


@pytest.mark.parametrize(("cell", "use", "name"), [(STUB, "y = 1\nkeep(y)", "keep"), (CLASS, "Net()", "Net")])
def test_below_an_unfinished_cell_there_is_one_line(shows, cell, use, name):
    shown = shows(cell, use)
    assert shown == f"·  `{name}` is not complete yet: fill in its cell first, then run this one again"


def test_a_wrong_answer_that_reaches_a_function_of_the_course_is_one_line(shows):
    shown = shows("import torch\nfrom course_utils import plotting", "x = torch.zeros(0)\nplotting.show_images(x)")
    assert shown.startswith("✗  ValueError in line 2 of this cell: images must be [N, 1, H, W]")
    assert len(shown.splitlines()) == 1


@pytest.mark.parametrize(
    "cells",
    [
        ("def mine(x):\n    return x.nothing", "mine(3)"),
        ("from course_utils import sweeps\ndef mine():\n    return sweeps.sweep({})", "mine()"),
        ("from course_utils import training\ndef mine(x):\n    return x.nothing",
         "import torch\ntraining.evaluate(mine, torch.zeros(2, 3))"),
        ("raise NotImplementedError('on purpose')",),
    ],
    ids=["own function", "own function calls the course", "the course calls own function", "raised by the cell"],
)  # fmt: skip
def test_errors_in_the_students_own_code_keep_their_traceback(shows, cells):
    shown = shows(*cells)
    assert "Traceback" in shown
    assert "mine" in shown or "on purpose" in shown
    assert len(shown.splitlines()) > 4


def test_the_message_of_a_check_stays_as_it_is(shows):
    check = "from course_utils.checks import pca_vs_ae as checks\nchecks.keep_digits(keep)"
    shown = shows(STUB.replace("(x)", "(*x)"), check)
    assert shown == "·  complete the cell above first, run it, then run this one"
