"""Run one submission's `fit_predict` on all draws, each draw in a separate Python process.

Each draw needs a new process, because the draws share images: a call must not see the data of an earlier call.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from course_admin.common.graded_cells import is_automatic
from course_admin.common.text import one_line
from course_admin.grading.run_notebook import read_answer
from course_admin.leaderboard.draws import Draw
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.session import Stopped
from course_admin.submissions.read import Submission
from course_utils.evidence import pack
from course_utils.probes import StudentError

EXERCISE = "fit_predict"


@dataclass
class Entry:
    """A line of the leaderboard. accuracies, seconds: one for each answered draw; failures: one for each other draw."""

    name: str
    accuracies: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_baseline: bool = False

    @property
    def mean(self) -> float | None:
        """The mean accuracy; a draw without an answer counts as 0. None if no draw has an answer."""
        count = len(self.accuracies) + len(self.failures)
        return sum(self.accuracies) / count if self.accuracies else None

    @property
    def half_width(self) -> float | None:
        """Half the length of the mean's 95 % interval (Student's t); None for fewer than two draws or any failure."""
        from scipy.stats import sem, t

        n = len(self.accuracies)
        return float(t.ppf(0.975, n - 1) * sem(self.accuracies)) if n > 1 and not self.failures else None

    @property
    def in_words(self) -> str:
        if self.mean is None:
            return self.failures[0] if self.failures else "no answer"
        return f"{self.mean:.3f} in {np.mean(self.seconds):.0f} s" + (f", {self.failures[0]}" if self.failures else "")


def play(name: str, submission: Submission, sandbox: Sandbox, draws: Sequence[Draw]) -> Entry:
    """Run a submission on all draws. Nothing that the submission does raises an error here."""
    entry = Entry(name)
    for draw in draws:
        began = time.monotonic()
        try:
            guesses, began = _answer(submission, sandbox, draw)
        except StudentError as error:
            entry.failures.append("not done" if error.is_stub else one_line(str(error))[:200])
            continue
        entry.seconds.append(time.monotonic() - began)
        entry.accuracies.append(float(np.mean(guesses == draw.truth)))
    return entry


def baseline(draws: Sequence[Draw]) -> Entry:
    """Return the entry of a support vector machine that is trained on the pixels of the labelled images."""
    from sklearn.svm import SVC

    entry = Entry("an SVM on the pixels, for comparison", is_baseline=True)
    for draw in draws:
        began = time.monotonic()
        flat = [images.reshape(len(images), -1) for images in (draw.images, draw.pool)]
        entry.accuracies.append(float(np.mean(SVC(C=10).fit(flat[0], draw.labels).predict(flat[1]) == draw.truth)))
        entry.seconds.append(time.monotonic() - began)
    return entry


def _answer(submission: Submission, sandbox: Sandbox, draw: Draw) -> tuple[np.ndarray, float]:
    """Return the guessed classes of a draw's pool, and the call's start time. Raises StudentError if there are none."""
    with sandbox.session() as session:
        for path, content in submission.files.items():
            session.put(path, content)
        for cell in submission.notebook.cells:
            if cell.cell_type == "code" and cell.source.strip() and not is_automatic(cell):
                needed = "setup" in cell.metadata.get("tags", []) or cell.metadata.get("nbgrader", {}).get("solution")
                result = session.execute(cell.source, definitions=not needed, patient=True)
                if result.state == "dead":
                    raise StudentError("Stopped", f"a cell before it {result.why}")
        inputs = {"images": draw.images, "labels": draw.labels, "unlabelled": draw.pool}
        asked = {"probe": "call", "targets": [EXERCISE], **{f"i:{name}": value for name, value in inputs.items()}}
        began = time.monotonic()
        try:
            evidence = read_answer(session.ask(pack(asked)))
        except Stopped as stopped:
            raise StudentError("Stopped", f"the function {stopped}") from None
    guesses = evidence.get("value")
    if not isinstance(guesses, np.ndarray) or guesses.shape != draw.truth.shape or guesses.dtype.kind not in "iuf":
        raise StudentError("EvidenceError", f"expected one class for each of the {len(draw.pool):,} images")
    return guesses, began
