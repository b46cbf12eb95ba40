"""Give each test the labs, or the entries of their corpora, that it names as arguments."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from candidates import read_corpus
from tested_labs import labs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise tests with `lab` (root, name), or with `mistake` or `alternative` (root, name, entry of a corpus)."""
    if "lab" in metafunc.fixturenames:
        metafunc.parametrize("lab", labs(), ids=[name for _, name in labs()])
    for kind in ("mistake", "alternative"):
        if kind in metafunc.fixturenames:
            found = [
                (root, name, entry)
                for root, name in labs()
                for entry in read_corpus(root, name)
                if (kind == "mistake") == (entry.keeps is not None)
            ]
            metafunc.parametrize(kind, found, ids=[f"{name}-{entry.exercise}-{entry.name}" for _, name, entry in found])
