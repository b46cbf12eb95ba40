"""Make a class's gradebook without running notebooks: marks, verdicts, findings and times as grading writes them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_admin.authoring.new_lab import new_course
from course_admin.report import gradebook_url

REPO = Path(__file__).parents[2]
LAB = "00_template"
POINTS = {"standardise": 2.0, "sampler": 3.0, "linear_autoencoder": 4.0}
WRITTEN = {"written-linear": 1.0}


def make_class(
    folder: Path,
    shares: Mapping[str, Sequence[float]],
    *,
    written: Mapping[str, float] | None = None,
    runs: Mapping[str, Mapping[str, Any]] | None = None,
    config: str = "",
) -> Path:
    """Make a course with a gradebook of one lab, and return its root.

    shares: student -> the share of the points of each of POINTS; written: student -> points of the written answer (for
    other students it needs manual grading); runs: student -> the summary of the run; config: additional configuration.
    """
    from nbgrader.api import Gradebook

    root = new_course(folder, like=REPO)
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(config)
    with Gradebook(gradebook_url(root)) as gb:
        gb.add_assignment(LAB)
        gb.add_notebook(LAB, LAB)
        for name, points in POINTS.items():
            gb.add_grade_cell(f"check-{name}", LAB, LAB, max_score=points, cell_type="code")
        for name, points in WRITTEN.items():
            gb.add_grade_cell(name, LAB, LAB, max_score=points, cell_type="markdown")
            gb.add_solution_cell(name, LAB, LAB)
        for student, given in shares.items():
            gb.add_student(student)
            gb.add_submission(LAB, student)
            for (name, points), share in zip(POINTS.items(), given, strict=True):
                mark = gb.find_grade(f"check-{name}", LAB, LAB, student)
                mark.auto_score, mark.needs_manual_grade = share * points, False
            for name in WRITTEN:
                mark = gb.find_grade(name, LAB, LAB, student)
                mark.needs_manual_grade = student not in (written or {})
                mark.manual_score = (written or {}).get(student)
        gb.db.commit()
    leave_runs(root, runs or {})
    return root


def leave_runs(root: Path, runs: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the summaries of runs into autograded notebooks, as grading does."""
    for student, summary in runs.items():
        path = root / "autograded" / student / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"cells": [], "metadata": {"course": summary}, "nbformat": 4, "nbformat_minor": 5}))


def invented_class(folder: Path, size: int = 60, seed: int = 0) -> Path:
    """Make a class with random abilities, diagnoses and findings; two of three written answers are marked."""
    rng = random.Random(seed)
    shares, runs, written = {}, {}, {}
    told = {
        "standardise": ["divides by n - 1 instead of n", "a constant column gives nan: divide by 1 there"],
        "sampler": ["all rows share one die", "the variance is 2.31 times too large: is logvar halved?"],
        "linear_autoencoder": ["the error is 1.74 times that of PCA: train longer", "has biases, which PCA has not"],
    }
    for i in range(size):
        student, ability = f"student{i:03d}", rng.gauss(0.4, 1)
        shares[student] = [
            min(1.0, max(0.0, round(2 * (ability + rng.gauss(0, 0.6) - hard + 0.8)) / 4)) for hard in (-1.2, 0.1, 0.6)
        ]
        verdicts = {
            name: [[share == 1, "right" if share == 1 else rng.choice(told[name])]]
            for name, share in zip(POINTS, shares[student], strict=True)
        }
        findings = [] if rng.random() < 0.85 else [f"code cell {rng.randrange(3, 40)} took longer than 60 s"]
        runs[student] = {"verdicts": verdicts, "findings": findings, "seconds": rng.lognormvariate(1.2, 0.4)}
        if i % 3:
            written[student] = float(rng.random() < 0.6)
    return make_class(folder, shares, written=written, runs=runs)
