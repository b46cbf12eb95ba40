"""Handing in late: due dates, extensions, penalties, and that the gradebook, the pages and stock nbgrader agree."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from template_course import template_course
from traitlets.config import Config

from course_admin import classroom
from course_admin.authoring.new_lab import new_course, new_lab
from course_admin.course import CourseError
from course_admin.deadlines import Deadlines, deadlines, in_words
from course_admin.grading.command import KEPT, grade
from course_admin.report import gradebook_url, read_marks
from course_admin.settings import load_settings
from course_admin.submissions.hand_in_times import read_time
from course_admin.submissions.unknown_names import unknown_students, warning

REPO = Path(__file__).parents[2]
LAB = "00_template"
HOUR, DAY = 3600, 86400


def dates(**settings):
    return deadlines(Config({"Deadlines": settings}))


# --- when a lab is due -----------------------------------------------------------------------------------------------


def test_dates_are_read_in_the_time_zone_of_the_course_summer_and_winter():
    found = dates(timezone="Europe/Berlin", due={"a": "2026-07-01 23:59", "b": "2026-12-01 23:59"})
    assert found.due_date("a").isoformat() == "2026-07-01T21:59:00+00:00"
    assert found.due_date("b").isoformat() == "2026-12-01T22:59:00+00:00"
    assert found.due_date("c") is None


def test_a_date_may_bring_its_own_offset():
    found = dates(timezone="Europe/Berlin", due={"a": "2026-07-01T23:59-05:00", "b": "2026-07-01 12:00Z"})
    assert found.due_date("a").isoformat() == "2026-07-02T04:59:00+00:00"
    assert found.due_date("b").isoformat() == "2026-07-01T12:00:00+00:00"


def test_an_extension_is_a_date_or_a_number_of_days(tmp_path):
    (tmp_path / "extensions.csv").write_text("student,lab,due\nbob,a,2\n,,\ncy,a,2026-07-05 12:00\n")
    found = dates(
        course_root=str(tmp_path), due={"a": "2026-07-01 12:00"}, extensions={"a": {"ada": "2026-07-03 18:00"}}
    )
    assert found.extension("a", "ada") == timedelta(days=2, hours=6)
    assert found.extension("a", "bob") == timedelta(days=2)
    assert found.due_date("a", "cy").isoformat() == "2026-07-05T12:00:00+00:00"
    assert found.extension("a", "dan") is None


def test_days_more_end_at_the_same_time_of_the_day_when_the_clocks_change():
    found = dates(timezone="Europe/Berlin", due={"a": "2026-10-24 23:59"}, extensions={"a": {"ada": 2, "bob": "1,5"}})
    assert found.due_date("a", "ada").isoformat() == "2026-10-26T22:59:00+00:00"
    assert found.due_date("a", "bob").isoformat() == "2026-10-26T10:59:00+00:00"


def test_an_extension_for_nobody_is_said(tmp_path, capsys):
    from course_admin.cli import main

    root = new_course(tmp_path / "course", like=REPO)
    with (root / "nbgrader_config.py").open("a") as file:
        file.write('\nc.Deadlines.due = {"00_template": "2026-07-01 12:00"}\n')
    (root / "extensions.csv").write_text("student,lab,due\nAda,00_template,2\nbob,00_template,2\ncy,00_template,1\n")
    assert unknown_students(deadlines(load_settings(root))) == []  # nothing is there to compare with
    (root / "submitted" / "bob").mkdir(parents=True)
    (root / "roster.csv").write_text("id\nada\ncy\n")
    assert unknown_students(deadlines(load_settings(root))) == ["Ada"]
    assert "with a due date, but no lab in notebooks/ (misspelt?): 00_template" in warning(
        deadlines(load_settings(root))
    )
    new_lab(root, LAB)
    with pytest.raises(SystemExit):
        main(["--root", str(root), "grade", LAB, "--exercise", "sampler"])
    assert "not on the class list or in submitted/ (misspelt?): Ada\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"due": {"a": "soon"}}, "the due date of a is 'soon': write it as YYYY-MM-DD HH:MM"),
        ({"due": {"a": "2026-07-01"}}, "a day without a time"),
        ({"due": {"a": "2026-07-01 12:00"}, "timezone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"due": {"a": "2026-07-01 12:00"}, "extensions": {"a": {"ada": "2026-06-30 12:00"}}}, "ends before"),
        ({"due": {"a": "2026-07-01 12:00"}, "extensions": {"a": {"ada": "soon"}}}, "or as a number of days"),
        ({"due": {"a": "2026-07-01 12:00"}, "extensions": {"a": {"ada": 10**11}}}, "which no calendar has"),
        ({"due": "2026-07-01 12:00"}, "c.Deadlines in nbgrader_config.py: .* expected a dict"),
        ({"dew": {}}, r"c\.Deadlines\.dew in nbgrader_config.py is no setting: choose one of .*due, extensions"),
        ({"extensions": {"a": {"ada": 2}}}, "a, which has no due date"),
        ({"due": {"a": "2026-07-01 12:00"}, "extensions": {"a": "ada"}}, r'extensions\["a"\] must be'),
    ],
)
def test_what_cannot_be_meant_is_said(settings, words):
    with pytest.raises(CourseError, match=words):
        dates(**settings)


def test_two_different_extensions_for_one_student_are_a_mistake(tmp_path):
    (tmp_path / "extensions.csv").write_text("student,lab,due\nada,a,2\nada,a,3\n")
    with pytest.raises(CourseError, match="the extension of ada for a is given twice"):
        dates(course_root=str(tmp_path), due={"a": "2026-07-01 12:00"})


def test_a_line_without_a_date_is_named(tmp_path):
    (tmp_path / "extensions.csv").write_text("student,lab,due\nada,a,\n")
    with pytest.raises(CourseError, match=r"extensions\.csv, line 2"):
        dates(course_root=str(tmp_path), due={"a": "2026-07-01 12:00"})


@pytest.mark.parametrize("text", ["Student;Lab;Due\nJörg;a;2\n", "sep=;\nlab;due;student\na;2;Jörg\n"])
def test_extensions_saved_by_a_spreadsheet_count(tmp_path, text):
    (tmp_path / "extensions.csv").write_bytes(text.encode("cp1252"))
    found = dates(course_root=str(tmp_path), due={"a": "2026-07-01 12:00"})
    assert found.extension("a", "Jörg") == timedelta(days=2)


def test_extensions_under_other_heads_are_not_passed_over(tmp_path):
    (tmp_path / "extensions.csv").write_text("name,lab,until\nada,a,2\n")
    with pytest.raises(CourseError, match=r"must be student, lab, due \(it has: name, lab, until\)"):
        dates(course_root=str(tmp_path), due={"a": "2026-07-01 12:00"})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "1 min"),
        (59 * 60, "59 min"),
        (HOUR, "1 h"),
        (25 * HOUR + 600, "1 d 1 h"),
        (2 * DAY, "2 d"),
        (2 * DAY + 1860, "2 d 31 min"),
    ],
)
def test_how_long_that_is_in_words(seconds, words):
    assert in_words(seconds) == words


# --- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"per_day": 10}, r"c\.LateDays\.per_day is 10, but has to be a share from 0 to 1"),
        ({"cap": "half"}, "cap is 'half'"),
        ({"grace": -1}, "minutes, 0 or more"),
        ({"per_dey": 0.1}, r"c\.LateDays\.per_dey .* choose one of cap, grace, penalty_method, per_day"),
    ],
)
def test_a_rate_that_cannot_be_meant_is_said(settings, words):
    with pytest.raises(CourseError, match=words):
        deadlines(Config({"LateDays": settings}))


def test_the_rates_are_those_of_the_plugin():
    from course_admin.deadlines import RATES
    from course_admin.nbgrader_plugins.late import LateDays

    assert {*RATES, "penalty_method"} == set(LateDays.class_own_traits(config=True)) | {"penalty_method"}


def late_days(**settings):
    from course_admin.nbgrader_plugins.late import LateDays

    return LateDays(config=Config({"LateDays": settings}))


@pytest.mark.parametrize(
    ("seconds", "lost"),
    [
        (0, None),
        (10 * 60, None),  # within the grace
        (10 * 60 + 1, 0.8),  # from then on the first day counts
        (DAY, 0.8),
        (DAY + 1, 1.6),
        (4 * DAY, 3.2),
        (400 * DAY, 4.0),  # the cap
    ],
)
def test_days_begun_cost_a_share_of_the_points_after_the_grace_up_to_the_cap(seconds, lost):
    plugin = late_days(grace=10.0, per_day=0.1, cap=0.5)
    assert plugin.late_submission_penalty("ada", 8.0, seconds) == lost


def test_without_a_rate_nothing_is_charged():
    assert late_days().late_submission_penalty("ada", 8.0, 5 * DAY) is None


# --- with a gradebook ------------------------------------------------------------------------------------------------

CONFIGURED = """
c.Deadlines.timezone = "Europe/Berlin"
c.Deadlines.due = {"00_template": "2026-10-12 23:59"}
c.LateDays.grace = 15.0
c.LateDays.per_day = 0.1
c.LateDays.cap = 0.5
"""
DUE = datetime(2026, 10, 12, 21, 59)  # in UTC
HANDED_IN = {  # how late, and the share that is left
    "early": (-HOUR, 1.0),
    "grace": (10 * 60, 1.0),
    "late": (26 * HOUR, 0.8),
    "extended": (26 * HOUR, 1.0),
    "ancient": (30 * DAY, 0.5),
    "unknown": (None, 1.0),
}


@pytest.fixture
def gradebook(tmp_path):
    """A gradebook of nbgrader's in which every student earned 8 of 9 points; two more wait for a person."""
    from nbgrader.api import Gradebook

    root = new_course(tmp_path, like=REPO)
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(CONFIGURED)
    (root / "extensions.csv").write_text(f"student,lab,due\nextended,{LAB},2\n")
    with Gradebook(gradebook_url(root)) as gb:
        gb.add_assignment(LAB)
        gb.add_notebook(LAB, LAB)
        gb.add_grade_cell("check-f", LAB, LAB, max_score=9, cell_type="code")
        gb.add_grade_cell("written-f", LAB, LAB, max_score=2, cell_type="markdown")
        gb.add_solution_cell("written-f", LAB, LAB)
        for student, (seconds, _) in HANDED_IN.items():
            gb.add_student(student)
            when = {} if seconds is None else {"timestamp": DUE + timedelta(seconds=seconds)}
            gb.add_submission(LAB, student, **when)
            gb.find_grade("check-f", LAB, LAB, student).auto_score = 8.0
            gb.find_grade("written-f", LAB, LAB, student).needs_manual_grade = True
        gb.db.commit()
    return root


def totals(root):
    return {marks.student: marks.total for marks in read_marks(root)[LAB]}


def nbgraders_own(root):
    """Score less penalty as nbgrader's database has it."""
    from nbgrader.api import Gradebook

    with Gradebook(gradebook_url(root)) as gb:
        return {
            one.student.id: one.score - (one.late_submission_penalty or 0)
            for one in gb.find_assignment(LAB).submissions
        }


def test_the_report_takes_off_what_nbgrader_takes_off(gradebook):
    expected = {student: 8 * left for student, (_, left) in HANDED_IN.items()}
    assert totals(gradebook) == pytest.approx(expected)
    assert nbgraders_own(gradebook) == pytest.approx(expected)


def test_points_that_a_person_gives_later_are_charged_too(gradebook):
    from nbgrader.api import Gradebook

    totals(gradebook)
    with Gradebook(gradebook_url(gradebook)) as gb:
        grade = gb.find_grade("written-f", LAB, LAB, "late")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        gb.db.commit()
    assert totals(gradebook)["late"] == pytest.approx(8.0)  # ten points, a fifth less
    assert nbgraders_own(gradebook)["late"] == pytest.approx(8.0)


def test_a_new_extension_counts_at_once_and_goes_when_it_is_withdrawn(gradebook):
    assert totals(gradebook)["late"] == pytest.approx(6.4)
    extensions = gradebook / "extensions.csv"
    before = extensions.read_text()
    extensions.write_text(before + f"late,{LAB},2026-10-14 12:00\n")
    assert totals(gradebook)["late"] == pytest.approx(8.0)
    extensions.write_text(before)
    assert totals(gradebook)["late"] == pytest.approx(6.4)


def test_a_due_date_set_in_the_formgrader_stays_where_the_configuration_has_none(gradebook):
    from nbgrader.api import Gradebook

    config = gradebook / "nbgrader_config.py"
    config.write_text(config.read_text().replace("c.Deadlines.due", "unused"))
    (gradebook / "extensions.csv").unlink()
    with Gradebook(gradebook_url(gradebook)) as gb:
        gb.find_assignment(LAB).duedate = DUE - timedelta(days=1)
        gb.db.commit()
    assert totals(gradebook)["early"] == pytest.approx(7.2)


def test_a_bad_date_is_said_before_anything_is_graded(gradebook):
    with (gradebook / "nbgrader_config.py").open("a") as file:
        file.write('c.Deadlines.due = {"00_template": "next week"}\n')
    with pytest.raises(CourseError, match="write it as YYYY-MM-DD HH:MM"):
        load_settings(gradebook)


# --- the file with the time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-13 10:00:00 UTC", datetime(2026, 10, 13, 10)),
        ("2026-10-13T12:00:00+02:00", datetime(2026, 10, 13, 10)),
        ("2026-10-13 12:00:00 Europe/Berlin\n", datetime(2026, 10, 13, 10)),
    ],
)
def test_a_timestamp_is_read_as_nbgrader_reads_it(tmp_path, text, moment):
    from course_admin.submissions.timestamp import read_timestamp

    (tmp_path / "timestamp.txt").write_text(text)
    assert read_timestamp(tmp_path) == (moment, "")


@pytest.mark.parametrize(
    "content",
    [
        *(b"yesterday", b"", b"\xff\xfe", b"9" * 400),
        # What nbgrader would complete with today's date, or with midnight.
        *(b"1", b"Mon", b"10:30", b"October", b"10:30 UTC", b"12 10:30", b"2026-10", b"2026-10-12", b"Mon 10:30 UTC"),
    ],
)
def test_a_spoiled_timestamp_is_a_finding_and_no_crash(tmp_path, content):
    from course_admin.submissions.timestamp import read_timestamp

    (tmp_path / "timestamp.txt").write_bytes(content)
    moment, problem = read_timestamp(tmp_path)
    assert moment is None
    assert "holds no date and time" in problem
    assert problem.count("\n") == 0
    assert "write it as 2026-10-12 21:05:00 UTC" in problem


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-13 10:00:00 XYZ",
        "2026-10-13 10:00:00 +0200",
        "Tue, 13 Oct 2026 10:00:00 XYZ",
        "2026-10-13 10:00 Mars/Base",
    ],
)
def test_a_time_zone_that_is_not_known_is_not_passed_over(tmp_path, text):
    from course_admin.submissions.timestamp import read_timestamp

    (tmp_path / "timestamp.txt").write_text(text)
    moment, problem = read_timestamp(tmp_path)
    assert moment is None
    assert f"holds a time zone that is not known ({text})" in problem


def test_stock_nbgrader_does_not_grade_what_it_would_misread(tmp_path):
    from types import SimpleNamespace

    from course_admin.nbgrader_plugins.read import DamagedError, refuse_links

    folder = tmp_path / "submitted" / "ada" / "lab"
    folder.mkdir(parents=True)
    made = []
    where = SimpleNamespace(submitted_directory="", format_path=lambda *_: str(folder))
    for text, copied in (("10:30", 0), ("2026-10-13 10:00:00 UTC", 1)):
        (folder / "timestamp.txt").write_text(text)
        with contextlib.suppress(DamagedError):
            refuse_links(SimpleNamespace(coursedir=where), lambda *names: made.append(names), "lab", "ada")
        assert len(made) == copied


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "0001-01-01 00:00"),
        ("UTC", "0001-01-01 00:00"),
        ("UTC", "0001-01-01T00:00+05:00"),
        ("America/New_York", "9999-12-31 23:59"),
        ("UTC", "0999-12-31 23:59"),
    ],
)
def test_years_that_nobody_means_are_said(tmp_path, zone, text):
    with pytest.raises(CourseError, match=r"the due date of a is '.*': write it as YYYY-MM-DD HH:MM, with a year from"):
        dates(timezone=zone, due={"a": text}).check()
    (tmp_path / "extensions.csv").write_text(f"student,lab,due\nada,a,{text}\n")
    with pytest.raises(CourseError, match=r"the extension of ada for a is .*with a year from"):
        dates(timezone=zone, due={"a": "2026-10-12 23:59"}, course_root=str(tmp_path)).check()
    with pytest.raises(CourseError, match="with a year from"):
        read_time(text, dates(timezone=zone), "the time")


# --- whole runs ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = template_course(tmp_path_factory.mktemp("late") / "course")
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(CONFIGURED)
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    answers = classroom.reference_answers(
        classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"), written=False
    )
    for student, when in {"intime": "2026-10-12 23:00:00", "toolate": "2026-10-14 01:00:00"}.items():
        path = classroom.hand_in(root, student, LAB, classroom.fill(release, answers))
        (path.parent / "timestamp.txt").write_text(f"{when} Europe/Berlin\n")
    return root


def page(root, student):
    return (root / "feedback" / student / LAB / f"{LAB}.html").read_text(encoding="utf-8")


@pytest.mark.pipeline
def test_grading_charges_shows_it_on_the_page_and_follows_a_new_extension_without_running_anything(course):
    grade(course, [LAB])
    assert totals(course) == nbgraders_own(course) == pytest.approx({"intime": 9.0, "toolate": 7.2})
    assert "handed in 1 d 1 h late: 20% of the points earned are lost, 1.8 points" in page(course, "toolate")
    assert "Late submission penalty (Score: -1.8)" in page(course, "toolate")
    assert (
        "late" not in page(course, "intime").lower().replace("template", "").replace("calculate", "").split("<body")[1]
    )

    (course / "extensions.csv").write_text(f"student,lab,due\ntoolate,{LAB},3\n")
    outcomes = grade(course, [LAB])
    (course / "extensions.csv").unlink()
    assert {outcome.state for outcome in outcomes} == {KEPT}
    assert "handed in" not in page(course, "toolate")


@pytest.mark.pipeline
def test_stock_nbgrader_charges_the_same(course, tmp_path):
    root = new_course(tmp_path / "stock", like=REPO)
    shutil.copy(course / "nbgrader_config.py", root)
    for part in ("source", "autograder_tests", "submitted"):
        shutil.copytree(course / part, root / part)
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, LAB],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert nbgraders_own(root) == pytest.approx({"intime": 9.0, "toolate": 7.2})
    assert "Late submission penalty (Score: -1.8)" in page(root, "toolate")


def test_deadlines_without_configuration_are_none():
    assert Deadlines().due_date(LAB) is None
