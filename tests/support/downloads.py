"""Helpers for the tests of `course collect`: a course with a class list, downloads of an LMS, and collected files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

REPO = Path(__file__).parents[2]
LAB = "01_pca_vs_ae"
CONFIG = """
c.Deadlines.timezone = "Europe/Berlin"
c.Deadlines.due = {"01_pca_vs_ae": "2026-10-12 23:59"}
"""

# The course's class list with the three students Ada, Björn and Cy.
ROSTER = """\
id,first_name,last_name,email,canvas_id
ada,Ada,Lovelace,ada@uni.example,4711
bjorn,Björn,van der Berg,bjorn@uni.example,4712
cy,Cy,Young,cy@uni.example,4713
"""


def notebook(text="x = 1"):
    return json.dumps({"cells": [{"cell_type": "code", "source": text}], "nbformat": 4}).encode()


def make_course(root):
    """Make a course with one lab, its due date and a class list, and return its root. Nothing is built."""
    (root / "notebooks" / LAB).mkdir(parents=True)
    (root / "nbgrader_config.py").write_text((REPO / "nbgrader_config.py").read_text() + CONFIG)
    (root / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return root


def zipped(path, files, when=(2026, 10, 13, 8, 0, 0)):
    """Write a zip and return its path. files: name -> content; when: the modification time of all files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, when)
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return path


def inside(root, student):
    folder = root / "submitted" / student / LAB
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
