"""The table of the vocabulary in docs/contributors.md is the toolkit's own docstrings."""

from pathlib import Path

import pytest

from course_admin.authoring import vocabulary

GUIDE = Path(__file__).parents[2] / "docs" / "contributors.md"


def test_the_guide_is_up_to_date():
    text = GUIDE.read_text(encoding="utf-8")
    assert vocabulary.written(text) == text, "run: python -m course_admin.authoring.vocabulary"


def test_every_method_has_a_docstring_and_a_row():
    rows = [line for line in vocabulary.table().splitlines() if line.startswith("| `")]
    assert len(rows) > 25 and all(len(row.split("|")[2].strip()) > 20 for row in rows)


def test_a_guide_without_a_place_for_the_table_is_refused():
    with pytest.raises(ValueError, match="no place for the table"):
        vocabulary.written("# A guide")
