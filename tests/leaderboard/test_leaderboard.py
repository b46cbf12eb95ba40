"""`course leaderboard`: the same draws for all, each in the sandbox, and a page that hides names and escapes texts."""

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from course_admin.course import CourseError
from course_admin.leaderboard import draws, leaderboard, page, pseudonym
from course_admin.leaderboard.play import Entry
from course_admin.sandbox.limits import Limits

REPO = Path(__file__).parents[2]
LAB = "06_semi_supervised"

NEAREST = """\
def fit_predict(images, labels, unlabelled):
    apart = torch.cdist(unlabelled.flatten(1), images.flatten(1))
    return labels[apart.argmin(dim=1)]
"""
REMEMBERS = """\
seen = []
def fit_predict(images, labels, unlabelled):
    seen.append(images)
    return labels[torch.zeros(len(unlabelled), dtype=torch.long)] if len(seen) == 1 else 1 / 0
"""
REACHES_OUT = """\
def fit_predict(images, labels, unlabelled):
    import socket
    socket.create_connection(("192.0.2.1", 80), timeout=1)
"""


class Silent:
    """A console for the command."""

    def __init__(self):
        self.lines = []

    def print(self, line, **_):
        self.lines.append(str(line))

    def status(self, text):
        from contextlib import nullcontext

        return nullcontext()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with this lab and four submissions of it: a fair one, two that try something, and an empty one."""
    root = tmp_path_factory.mktemp("board")
    shutil.copy(REPO / "nbgrader_config.py", root)
    (root / "source" / LAB).mkdir(parents=True)
    shutil.copy(REPO / "source" / LAB / f"{LAB}.ipynb", root / "source" / LAB)
    release = nbformat.read(REPO / "release" / LAB / f"{LAB}.ipynb", as_version=4)
    for student, answer in {"ada": NEAREST, "bob": REMEMBERS, "eve": REACHES_OUT, "tom": None}.items():
        notebook = nbformat.from_dict(release)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "fit_predict" and answer:
                cell.source = answer
        folder = root / "submitted" / student / LAB
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{LAB}.ipynb")
    return root


@pytest.fixture(scope="module")
def written(course):
    """(the page, the lines printed) of two draws."""
    console = Silent()
    path = leaderboard(course, LAB, draws=2, seconds=60, seed=3, console=console)
    return path.read_text(encoding="utf-8"), console.lines


@pytest.mark.pipeline
def test_each_submission_is_played_in_the_sandbox(written):
    _, lines = written
    of = {line.split()[0]: line for line in lines}
    fair, remembers, reaches, empty = (of[name] for name in ("ada", "bob", "eve", "tom"))
    assert 0.4 < float(fair.split()[3]) < 0.95
    assert "ZeroDivisionError" not in remembers, "the second draw finds what the first has left"
    assert "OSError" in reaches or "unreachable" in reaches or "PermissionError" in reaches
    assert "not done" in empty


@pytest.mark.pipeline
def test_the_page_hides_names_and_says_what_it_cannot_exclude(written, course):
    text, _ = written
    assert pseudonym(course, LAB, "ada") in text
    assert not any(f">{name}<" in text for name in ("ada", "bob", "eve", "tom"))
    assert "Built-in knowledge" in text and "an SVM on the pixels" in text


def test_what_a_submission_says_is_escaped():
    entry = Entry("<b>ada</b>", failures=["<script>alert(1)</script>"])
    fair = Entry("fair", accuracies=[0.9, 0.92], seconds=[1.0, 2.0])
    drawn, whence = draws.draws_of(0, 1)
    text = page.as_page(LAB, [entry, fair], draws=drawn, whence=whence, limits=Limits(), seed=0)
    assert "<script" not in text and "&lt;b&gt;ada" in text
    assert text.index("fair") < text.index("&lt;b&gt;ada"), "an entry without an answer is not first"


def test_draws_repeat_with_their_seed_and_hold_ten_of_each_class():
    (first, second), _ = draws.draws_of(5, 2)
    (again, _), _ = draws.draws_of(5, 2)
    assert np.array_equal(first.pool, again.pool) and np.array_equal(first.truth, again.truth)
    assert not np.array_equal(first.labels, second.labels)
    assert np.bincount(first.labels).tolist() == [10] * 10
    assert first.pool.shape == (1000, 1, 28, 28) and first.pool.dtype == np.float32
    known = {image.tobytes() for image in first.images}
    assert not any(image.tobytes() in known for image in first.pool)


def test_images_of_the_bundle_are_not_drawn(monkeypatch):
    """Where the full test set is there, those that are bundled are left out; else they are changed."""
    from course_utils.data import load_mnist

    monkeypatch.setenv("COURSE_DATA", "sample")
    bundled = {image.tobytes() for image in load_mnist("test", source="sample").images.numpy()}
    (drawn,), _ = draws.draws_of(0, 1)
    assert not any(image.tobytes() in bundled for image in drawn.pool)


def test_a_draw_without_an_answer_counts_as_nothing():
    entry = Entry("x", accuracies=[0.8], failures=["ran longer than 5 s"])
    assert entry.mean == pytest.approx(0.4)
    assert entry.half_width is None


def test_a_lab_without_the_exercise_is_refused(course, tmp_path):
    with pytest.raises(CourseError, match="no exercise fit_predict"):
        leaderboard(course, "01_pca_vs_ae", console=Silent())
