"""Regions between BEGIN and END markers: how they are found, left out and replaced."""

import pytest

from course_admin.common import regions
from course_admin.common.regions import HIDDEN_TESTS, MARK_SCHEME, SOLUTION

CELL = """def f(x):
    ### BEGIN SOLUTION
    y = x + 1
    return y
    ### END SOLUTION
print(f(1))"""


def test_the_text_of_a_region_is_what_is_between_its_markers():
    assert regions.texts(CELL, SOLUTION) == ["    y = x + 1\n    return y"]
    assert regions.texts(CELL, HIDDEN_TESTS) == []
    assert regions.texts("# ### BEGIN MARK SCHEME\n# 1 point\n# ### END MARK SCHEME", MARK_SCHEME) == ["# 1 point"]


def test_a_source_without_a_region_keeps_the_lines_around_it():
    assert regions.without(CELL, SOLUTION) == "def f(x):\nprint(f(1))"
    assert regions.without(CELL, HIDDEN_TESTS) == CELL


def test_markers_alone_can_be_taken_out():
    assert regions.without_markers(CELL, SOLUTION) == "def f(x):\n    y = x + 1\n    return y\nprint(f(1))"


def test_a_region_can_be_replaced_by_one_line_with_its_indentation():
    assert regions.replaced(CELL, SOLUTION, "raise NotImplementedError") == (
        "def f(x):\n    raise NotImplementedError\nprint(f(1))"
    )


def test_what_follows_a_begin_without_an_end_stays_hidden():
    cell = "a\n### BEGIN HIDDEN TESTS\nsecret()"
    assert regions.without(cell, HIDDEN_TESTS) == "a"
    assert regions.texts(cell, HIDDEN_TESTS) == ["secret()"]


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (CELL, None),
        ("### BEGIN SOLUTION", "BEGIN SOLUTION without an END SOLUTION"),
        ("### END SOLUTION", "END SOLUTION without a BEGIN SOLUTION before it"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION", "BEGIN SOLUTION twice before an END SOLUTION"),
    ],
)
def test_each_begin_has_its_end(source, wrong):
    assert regions.wrong_markers(source, SOLUTION) == wrong


def test_a_region_that_is_written_can_be_read():
    assert regions.texts(regions.region("grade()", HIDDEN_TESTS), HIDDEN_TESTS) == ["grade()"]
