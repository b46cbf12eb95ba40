"""Collecting what Canvas and Moodle give: their names of files, class lists, hostile archives, and being stopped."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from downloads import LAB, ROSTER, inside, make_course, notebook, zipped

from course_admin.cli import main
from course_admin.course import CourseError
from course_admin.deadlines import Deadlines
from course_admin.submissions import zip_reader
from course_admin.submissions.collect import collect
from course_admin.submissions.hand_in_times import read_time
from course_admin.submissions.lms_downloads import parse
from course_admin.submissions.owners import owners_of
from course_admin.submissions.roster import Roster, Student, read_roster
from course_admin.submissions.student_folder import KEPT, NEW, NOTHING, REPLACED, UNCHANGED, StudentFolder
from course_admin.submissions.zip_reader import File

# lib/gradebook_exporter.rb: heads, a line for manual posting, one with the points, then the students by name.
CANVAS_EXPORT = """\
Student,ID,SIS User ID,SIS Login ID,Section,PCA vs AE (901),Assignments Current Score
,,,,,Manual Posting,
    Points Possible,,,,,20,(read only)
"Lovelace, Ada",4711,m001,ada,Lab A,,
"van der Berg, Björn",4712,m002,bjorn,Lab A and Lab B,,
"Young, Cy",4713,m003,cy,Lab B,,
"Student, Test",4799,,f00ba4,Lab A,,
"""
# mod/assign/gradingtable.php when it is downloaded.
MOODLE_WORKSHEET = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 123","Ada Lovelace",ada@uni.example,"Submitted for grading",,20.00,Yes,\
"Monday, 12 October 2026, 10:05 PM",-,
"Participant 124","Björn van der Berg",bjorn@uni.example,"Submitted for grading - 1 day late",,20.00,Yes,\
"Wednesday, 14 October 2026, 1:59 AM",-,
"Participant 125","Cy Young",cy@uni.example,"No submission",,20.00,Yes,-,-,
"""


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course")


def by_student(found):
    return {hand_in.student: hand_in for hand_in in found.hand_ins}


def tree(root):
    """Everything below submitted/ with its content, to see whether anything has changed."""
    top = root / "submitted"
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


# --- what the names of files say -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("lovelaceada_4711_901234_lab.ipynb", ("canvas", "lovelaceada", "4711", 901234, False, "lab.ipynb", False)),
        (
            "lovelaceada_LATE_4711_901240_lab-1.ipynb",
            ("canvas", "lovelaceada", "4711", 901240, True, "lab-1.ipynb", False),
        ),
        ("submissions/müllerjörg_1_2_a_3_4_b.py", ("canvas", "müllerjörg", "1", 2, False, "a_3_4_b.py", False)),
        ("smith_jones_1_2_lab.ipynb", ("canvas", "smith_jones", "1", 2, False, "lab.ipynb", False)),
        ("anon_kq7Xw_901234_lab.ipynb", ("canvas", "", "anon_kq7Xw", 901234, False, "lab.ipynb", False)),
        ("LATE_anon_kq7Xw_901234_lab.ipynb", ("canvas", "", "anon_kq7Xw", 901234, True, "lab.ipynb", False)),
        ("anon_kq7Xw_LATE_901234_lab.ipynb", ("canvas", "", "anon_kq7Xw", 901234, True, "lab.ipynb", False)),
        ("lovelaceada_late_4711_90_lab.ipynb", ("canvas", "lovelaceada", "4711", 90, True, "lab.ipynb", False)),
        ("lovelaceada_4711_text.html", ("canvas", "lovelaceada", "4711", 0, False, None, True)),
        ("lovelaceada_LATE_4711_link.html", ("canvas", "lovelaceada", "4711", 0, True, None, True)),
        ("lovelaceada_4711_901234_text.html", ("canvas", "lovelaceada", "4711", 901234, False, "text.html", False)),
        (
            "Ada Lovelace_123_assignsubmission_file/lab.ipynb",
            ("moodle", "Ada Lovelace", "123", 0, False, "lab.ipynb", False),
        ),
        (
            "Ada Lovelace_123_assignsubmission_file_/src/helper.py",
            ("moodle", "Ada Lovelace", "123", 0, False, "src/helper.py", False),
        ),
        (
            "Ada Lovelace_123_assignsubmission_file_my_lab.ipynb",
            ("moodle", "Ada Lovelace", "123", 0, False, "my_lab.ipynb", False),
        ),
        (
            "Ada_Lovelace_123_assignsubmission_file_/lab.ipynb",
            ("moodle", "Ada_Lovelace", "123", 0, False, "lab.ipynb", False),
        ),
        (
            "CS-PCA-77/Participant_123_assignsubmission_file/lab.ipynb",
            ("moodle", "Participant", "123", 0, False, "lab.ipynb", False),
        ),
        (
            "Default group_assignsubmission_file/lab.ipynb",
            ("moodle", "Default group", "", 0, False, "lab.ipynb", False),
        ),
        (
            "Ada Lovelace_123_assignsubmission_onlinetext/onlinetext.html",
            ("moodle", "Ada Lovelace", "123", 0, False, "onlinetext.html", True),
        ),
    ],
)
def test_names_of_canvas_and_moodle(path, says):
    piece = parse(File(tuple(path.split("/")), datetime(2026, 1, 1), bytes))
    lms, name, number, attempt, late, called, typed = says
    assert (piece.lms, piece.name, piece.id, piece.attempt, piece.late, piece.typed) == (
        lms, name, number, attempt, late, typed
    )  # fmt: skip
    if called:
        assert "/".join(piece.path) == called


@pytest.mark.parametrize("path", ["readme.txt", "grades.csv", "ada/lab.ipynb", "x_assignsubmission_file_", "_1_2_"])
def test_other_names_are_nobodys(path):
    assert parse(File(tuple(path.split("/")), datetime(2026, 1, 1), bytes)) is None


# --- the class list --------------------------------------------------------------------------------------------------


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return read_roster(path)


def test_the_list_of_the_course_itself(tmp_path):
    roster = read(tmp_path, ROSTER)
    assert [student.id for student in roster.students] == ["ada", "bjorn", "cy"]
    assert roster.find("canvas_id", "4712") == [roster.of("bjorn")]
    assert roster.of("bjorn").display_name == "Björn van der Berg"


def test_canvas_own_export_is_a_class_list_without_its_two_lines_and_its_test_student(tmp_path):
    roster = read(tmp_path, CANVAS_EXPORT)
    assert [(student.id, student.canvas_id, student.sis_id) for student in roster.students] == [
        ("ada", "4711", "m001"),
        ("bjorn", "4712", "m002"),
        ("cy", "4713", "m003"),
    ]
    assert roster.of("bjorn").last_name == "van der Berg"


def test_moodles_worksheet_is_one_too(tmp_path):
    roster = read(tmp_path, MOODLE_WORKSHEET)
    assert [(student.id, student.moodle_id) for student in roster.students] == [
        ("ada@uni.example", "123"),
        ("bjorn@uni.example", "124"),
        ("cy@uni.example", "125"),
    ]


def test_moodles_worksheet_in_german_is_one_too(tmp_path):
    path = tmp_path / "worksheet.csv"
    path.write_text(
        'ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,"Zuletzt geändert (Abgabe)"\n'
        'Teilnehmer/in123,"Ada Lovelace",ada@uni.example,Abgegeben,,"20,00","Montag, 12. Oktober 2026, 22:05"\n',
        encoding="utf-8",
    )
    (ada,) = read_roster(path).students
    assert (ada.id, ada.moodle_id, ada.name) == ("ada@uni.example", "123", "Ada Lovelace")
    assert ada.submitted == "Montag, 12. Oktober 2026, 22:05"


def test_canvas_lines_about_assignments_are_nobody_in_any_language(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(CANVAS_EXPORT.replace("Points Possible", "Mögliche Punkte"), encoding="utf-8")
    assert [student.id for student in read_roster(path).students] == ["ada", "bjorn", "cy"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_lists_saved_by_spreadsheets(tmp_path, encoding):
    roster = read(tmp_path, ROSTER.replace(",", ";").replace("first_name", "First name"), encoding)
    assert roster.of("bjorn").first_name == "Björn"


def test_the_line_that_tells_excel_what_parts_the_columns_is_no_head(tmp_path):
    roster = read(tmp_path, "sep=;\r\n" + ROSTER.replace(",", ";"), "utf-8-sig")
    assert [student.id for student in roster.students] == ["ada", "bjorn", "cy"]


@pytest.mark.parametrize(
    "written", ["van der Bergbjörn", "vanderbergbjorn", "BJÖRN VAN DER BERG", "bjo\u0308rnvanderberg"]
)
def test_a_name_is_found_however_it_is_written(tmp_path, written):
    assert [student.id for student in read(tmp_path, ROSTER).find("name", written)] == ["bjorn"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("colour,size\nred,3\n", "none of the heads id, login"),
        ("id,email\nada,a@x\nada,b@x\n", "line 3: there are two students called 'ada'"),
        ("id\n../ada\n", r"line 2: '\.\./ada' cannot be the name of a folder"),
        ("id\nAda\nada\n", "upper and lower case"),
        ("id,name\n,Ada Lovelace\n", "line 2: a student without any"),
        (f"id\nada\n{'x' * 300}\n", "line 3: 'x{40}…' cannot be the name of a folder, it is too long; add a column id"),
        (f"id\n{'小' * 100}\n", "line 2: '小{40}…' cannot be the name of a folder"),
        (f"login\n{'😀' * 60}\n", "line 2: .* cannot be the name of a folder"),
        ("PK\x03\x04\x00", "is not CSV"),
    ],
)
def test_what_is_no_class_list_is_said(tmp_path, text, words):
    with pytest.raises(CourseError, match=words):
        read(tmp_path, text)


def piece_of(path):
    return parse(File((path,), datetime(2026, 1, 1), bytes))


def test_two_people_of_one_name_need_the_number():
    roster = Roster([Student("a", "Kim", "Lee", canvas_id="1"), Student("b", "Kim", "Lee", canvas_id="2")])
    assert owners_of(piece_of("leekim_2_9_lab.ipynb"), roster) == ([roster.of("b")], "")
    assert owners_of(piece_of("leekim_3_9_lab.ipynb"), roster) == (
        [],
        ": could be a or b, which the number in a column canvas_id of the class list tells",
    )


def test_a_number_that_contradicts_the_name_is_nobodys():
    roster = Roster([Student("a", "Kim", "Lee", canvas_id="1"), Student("b", "Ada", "Byron", canvas_id="2")])
    owners, why = owners_of(piece_of("byronada_1_9_lab.ipynb"), roster)
    assert (owners, why) == ([], ": the number is a's, the name b's")


def test_a_groups_work_is_that_of_all_its_members():
    roster = Roster([Student("a", "Kim", "Lee", group="Blue Team", canvas_id="1"), Student("b", group="blue team")])
    assert [student.id for student in owners_of(piece_of("blueteam_1_9_lab.ipynb"), roster)[0]] == ["a", "b"]


# --- into submitted/ --------------------------------------------------------------------------------------------------


def test_a_zip_of_canvas(course, tmp_path):
    download = zipped(
        tmp_path / "submissions.zip",
        {
            f"lovelaceada_4711_901_{LAB}.ipynb": notebook("ada"),
            "lovelaceada_4711_902_helper-1.py": b"k = 1",
            "vanderbergbjörn_LATE_4712_903_Homework (2).ipynb": notebook("bjorn"),
            "nobodyknown_9999_904_lab.ipynb": notebook(),
            "notes.txt": b"from the teacher",
            "__MACOSX/._notes.txt": b"junk",
        },
    )
    found = collect(course, download)
    rows = by_student(found)
    assert {student: row.state for student, row in rows.items()} == {"ada": NEW, "bjorn": NEW}
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("ada"), "helper.py": b"k = 1"}
    assert inside(course, "bjorn") == {f"{LAB}.ipynb": notebook("bjorn")}
    assert (rows["ada"].late, rows["bjorn"].late) == ("", "by Canvas's mark")
    assert rows["bjorn"].notes == ["was called Homework (2).ipynb"]
    assert (found.missing, found.unknown) == (["cy"], ["nobodyknown (9999)"])
    assert found.left_out == ["notes.txt has no name that Canvas or Moodle gives"]
    assert any("does not say when" in note for note in found.notes)


@pytest.mark.parametrize("form", ["_assignsubmission_file/", "_assignsubmission_file_/", "_assignsubmission_file_"])
def test_a_zip_of_moodle_with_times_from_its_worksheet(course, tmp_path, form):
    download = zipped(
        tmp_path / "CS-PCA-77.zip",
        {
            f"Ada Lovelace_123{form}{LAB}.ipynb": notebook("ada"),
            f"Björn van der Berg_124{form}{LAB}.ipynb": notebook("bjorn"),
            "Cy Young_125_assignsubmission_onlinetext/onlinetext.html": b"<p>I am ill</p>",
        },
    )
    worksheet = tmp_path / "Grades-CS-PCA.csv"
    worksheet.write_text(MOODLE_WORKSHEET, encoding="utf-8")
    found = collect(course, download, LAB, times=worksheet)
    rows = by_student(found)
    assert {student: row.state for student, row in rows.items()} == {"ada": NEW, "bjorn": NEW, "cy": NOTHING}
    # 22:05 in Berlin's summer is 20:05 in UTC; due 23:59, so 1:59 two days later is 1 d 2 h late.
    assert inside(course, "ada")["timestamp.txt"] == b"2026-10-12 20:05:00.000000 UTC"
    assert (rows["ada"].late, rows["bjorn"].late) == ("", "1 d 2 h")
    assert found.missing == ["cy"]
    assert "handed in no file" in rows["cy"].notes[0]
    from nbgrader.utils import parse_utc

    assert parse_utc(inside(course, "bjorn")["timestamp.txt"].decode()) == datetime(2026, 10, 13, 23, 59)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-12 22:05",
        "Monday, 12 October 2026, 10:05 PM",
        "Monday, October 12, 2026, 10:05 PM",
        "12 October 2026, 22:05",
        "Montag, 12. Oktober 2026, 22:05",
        "12.10.2026 22:05:00",
        "2026-10-12 20:05:00.000000 UTC",
    ],
)
def test_times_as_moodle_writes_them_here_and_there(text):
    assert read_time(text, Deadlines(timezone="Europe/Berlin"), "x").isoformat() == "2026-10-12T20:05:00+00:00"


def test_an_extension_counts(course, tmp_path):
    (course / "extensions.csv").write_text(f"student,lab,due\nbjorn,{LAB},2\n")
    (course / "roster.csv").write_text("id,canvas_id,submitted\nbjorn,4712,2026-10-14 01:59\n")
    download = zipped(tmp_path / "x.zip", {f"vanderbergbjörn_4712_903_{LAB}.ipynb": notebook()})
    assert by_student(collect(course, download))["bjorn"].late == ""
    (course / "extensions.csv").unlink()
    assert by_student(collect(course, download))["bjorn"].late == "1 d 2 h"


def test_anonymous_downloads_need_no_names(course, tmp_path):
    (course / "roster.csv").write_text("id,moodle_id\nada,Participant 123\ncy,125\n")
    download = zipped(tmp_path / "x.zip", {f"Participant_125_assignsubmission_file/{LAB}.ipynb": notebook()})
    found = collect(course, download)
    assert [row.student for row in found.hand_ins] == ["cy"]
    assert found.missing == ["ada"]


def test_without_a_class_list_students_are_called_as_the_lms_calls_them(course, tmp_path):
    (course / "roster.csv").unlink()
    names = ["lovelaceada_1_9", "leekim_2_9", "leekim_3_9", "anon_kq7Xw_9"]
    found = collect(course, zipped(tmp_path / "x.zip", {f"{name}_{LAB}.ipynb": notebook(name) for name in names}))
    assert [row.student for row in found.hand_ins] == ["anon_kq7Xw", "leekim", "leekim_3", "lovelaceada"]
    assert found.missing == []
    assert "no class list" in found.notes[0]


def test_a_folder_with_two_downloads_the_newest_attempt_counts(course, tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name, text in {
        f"lovelaceada_4711_901_{LAB}.ipynb": "first",
        f"lovelaceada_LATE_4711_955_{LAB}-1.ipynb": "second",
        "lovelaceada_4711_902_helper.py": "old",
        "lovelaceada_LATE_4711_956_helper-1.py": "new",
        "lovelaceada_LATE_4711_957_plot-2.csv": "1,2",
    }.items():
        (folder / name).write_bytes(notebook(text) if name.endswith("ipynb") else text.encode())
    (row,) = collect(course, folder).hand_ins
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("second"), "helper.py": b"new", "plot-2.csv": b"1,2"}
    assert row.doubled
    assert row.late == "by Canvas's mark"
    assert row.notes == [
        f"lovelaceada_4711_901_{LAB}.ipynb is older and was left out",
        "lovelaceada_4711_902_helper.py is older and was left out",
    ]


def test_two_accounts_of_one_student_the_newer_counts_and_both_are_named(course, tmp_path):
    (course / "roster.csv").write_text("id,first_name,last_name\nada,Ada,Lovelace\n")
    download = zipped(
        tmp_path / "x.zip",
        {f"lovelaceada_1_9_{LAB}.ipynb": notebook("old"), f"lovelaceada_2_11_{LAB}.ipynb": notebook("new")},
    )
    (row,) = collect(course, download).hand_ins
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("new")}
    assert (row.doubled, row.notes) == (True, ["also handed in as lovelaceada_1, which is older and was left out"])


def test_without_a_class_list_two_of_one_name_keep_their_folders(course, tmp_path):
    (course / "roster.csv").unlink()
    collect(course, zipped(tmp_path / "one.zip", {"leekim_2_8_x.ipynb": notebook("two")}), LAB)
    files = {"leekim_1_9_x.ipynb": notebook("one"), "leekim_2_8_x.ipynb": notebook("two")}
    found = collect(course, zipped(tmp_path / "both.zip", files), LAB)
    assert {hand_in.student: hand_in.state for hand_in in found.hand_ins} == {"leekim": UNCHANGED, "leekim_1": NEW}
    assert inside(course, "leekim")[f"{LAB}.ipynb"] == notebook("two")


def test_without_a_class_list_the_list_of_times_knows_them(course, tmp_path):
    (course / "roster.csv").unlink()
    times = tmp_path / "worksheet.csv"
    times.write_text(MOODLE_WORKSHEET, encoding="utf-8")
    files = {"Ada Lovelace_123_assignsubmission_file/x.ipynb": notebook()}
    (ada,) = collect(course, zipped(tmp_path / "s.zip", files), LAB, times=times).hand_ins
    assert (ada.student, ada.handed_in) == ("adalovelace", "2026-10-12T20:05:00+00:00")


def test_a_number_in_the_name_of_a_participant_finds_the_student():
    roster = Roster([Student("ada", "Ada", "Lovelace", moodle_id="123")])
    piece = parse(File(("Participant 123_assignsubmission_file_", "x.ipynb"), datetime(2026, 1, 1), bytes))
    assert owners_of(piece, roster) == ([roster.of("ada")], "")


def test_a_group_with_a_number_in_its_name_and_one_that_the_list_does_not_have(course, tmp_path):
    (course / "roster.csv").write_text(
        "id,first_name,last_name,canvas_id,group\nada,Ada,Lovelace,4711,Team_7\nbjorn,Björn,Berg,4712,Team_7\n"
        "cy,Cy,Young,4713,\n",
        encoding="utf-8",
    )
    files = {"team_7_4711_90_x.ipynb": notebook(), "blueteam_4713_91_x.ipynb": notebook()}
    found = {hand_in.student: hand_in for hand_in in collect(course, zipped(tmp_path / "s.zip", files), LAB).hand_ins}
    assert {name: hand_in.state for name, hand_in in found.items()} == {"ada": NEW, "bjorn": NEW, "cy": NEW}
    assert found["ada"].notes == ["was called x.ipynb"]
    assert "found by the number alone, handed in as blueteam" in found["cy"].notes[1]


def test_a_second_name_is_no_other_name(course, tmp_path):
    (ada,) = collect(
        course, zipped(tmp_path / "s.zip", {f"lovelaceadaaugusta_4711_9_{LAB}.ipynb": notebook()}), LAB
    ).hand_ins
    assert (ada.student, ada.notes) == ("ada", [])


@pytest.mark.parametrize("name", ["lab.json", "lab.txt"])
def test_a_notebook_saved_under_another_ending_is_known_by_its_content(course, tmp_path, name):
    files = {f"lovelaceada_4711_9_{name}": notebook(), "lovelaceada_4711_10_data.json": b'{"cells": 3}'}
    (ada,) = collect(course, zipped(tmp_path / "s.zip", files), LAB).hand_ins
    assert set(inside(course, "ada")) == {f"{LAB}.ipynb", "data.json"}
    assert ada.notes[0] == f"{name} is a notebook"


def test_an_archive_handed_in_twice_and_an_empty_one(course, tmp_path):
    inner, empty = io.BytesIO(), io.BytesIO()
    zipped(inner, {"x.ipynb": notebook("new")})
    zipped(empty, {})
    files = {
        "lovelaceada_4711_8_hw.zip": empty.getvalue(),
        "lovelaceada_4711_9_hw-1.zip": inner.getvalue(),
        "youngcy_4713_7_hw.zip": empty.getvalue(),
    }
    found = {hand_in.student: hand_in for hand_in in collect(course, zipped(tmp_path / "s.zip", files), LAB).hand_ins}
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("new")}
    assert (found["cy"].state, found["cy"].notes) == (NOTHING, ["hw.zip is an empty archive"])


@pytest.mark.parametrize(
    ("text", "words"),
    [("id,when\nada,2026-10-12 22:00\n", "has no times in it"), ("id,submitted\nada,soon\n", "is 'soon': write it as")],
)
def test_a_list_without_times_is_said(course, tmp_path, text, words):
    times = tmp_path / "times.csv"
    times.write_text(text)
    with pytest.raises(CourseError, match=words):
        collect(course, zipped(tmp_path / "s.zip", {"lovelaceada_4711_9_x.ipynb": notebook()}), LAB, times=times)
    assert not (course / "submitted").exists()


def test_who_is_in_the_list_of_times_alone_is_named(course, tmp_path):
    times = tmp_path / "times.csv"
    times.write_text("id,submitted\nada,2026-10-12 22:00\nadda,2026-10-12 22:00\n")
    files = {"lovelaceada_4711_9_x.ipynb": notebook()}
    found = collect(course, zipped(tmp_path / "s.zip", files), LAB, times=times)
    assert "in the list of times, but not on the class list: adda" in found.notes


def test_several_notebooks_keep_their_names_for_the_grader_to_choose(course, tmp_path):
    download = zipped(
        tmp_path / "x.zip", {"lovelaceada_4711_9_a.ipynb": notebook("a"), "lovelaceada_4711_10_b.ipynb": notebook("b")}
    )
    collect(course, download)
    assert set(inside(course, "ada")) == {"a.ipynb", "b.ipynb"}


@pytest.mark.parametrize("name", ["lab.ipynb.txt", f"{LAB}.ipynb.json"])
def test_a_notebook_to_which_a_browser_gave_another_ending_is_one(course, tmp_path, name):
    found = collect(course, zipped(tmp_path / "x.zip", {f"lovelaceada_4711_9_{name}": notebook("ada")}))
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("ada")}
    assert by_student(found)["ada"].notes == [f"was called {name}"]


def test_a_hand_in_without_a_notebook_is_said(course, tmp_path):
    files = {"lovelaceada_4711_9_lab.pdf": b"%PDF", "lovelaceada_4711_10_lab.7z": b"7z"}
    (row,) = collect(course, zipped(tmp_path / "x.zip", files)).hand_ins
    assert row.notes == ["no notebook among the files: lab.7z, lab.pdf"]


def test_whose_time_is_not_in_the_list_is_named(course, tmp_path):
    files = {f"lovelaceada_4711_9_{LAB}.ipynb": notebook(), f"youngcy_4713_10_{LAB}.ipynb": notebook()}
    times = tmp_path / "times.csv"
    times.write_text("id,submitted\nada,2026-10-12 10:00\n")
    found = collect(course, zipped(tmp_path / "x.zip", files), times=times)
    assert found.notes[0].startswith("the download does not say when these were (cy) handed in")


def test_a_zip_that_a_student_handed_in_is_unpacked(course, tmp_path):
    inner = io.BytesIO()
    zipped(inner, {"work/lab.ipynb": notebook(), "work/src/helper.py": b"k = 1", "../evil.py": b"no"})
    download = zipped(tmp_path / "x.zip", {"lovelaceada_4711_9_all.zip": inner.getvalue()})
    (row,) = collect(course, download).hand_ins
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook(), "src/helper.py": b"k = 1"}
    assert "../evil.py has a path that leads elsewhere; it was left out" in row.notes


def test_a_student_does_not_set_the_time_of_the_hand_in(course, tmp_path):
    download = zipped(
        tmp_path / "x.zip",
        {
            f"lovelaceada_4711_9_{LAB}.ipynb": notebook(),
            "lovelaceada_4711_10_timestamp.txt": b"2001-01-01 00:00:00 UTC",
        },
    )
    (row,) = collect(course, download).hand_ins
    assert set(inside(course, "ada")) == {f"{LAB}.ipynb"}
    assert "timestamp.txt was left out" in row.notes[0]


# --- again -----------------------------------------------------------------------------------------------------------


def canvas_zip(path, attempt, text, day=13):
    return zipped(path, {f"lovelaceada_4711_{attempt}_{LAB}.ipynb": notebook(text)}, when=(2026, 10, day, 8, 0, 0))


def test_the_same_again_changes_nothing(course, tmp_path):
    download = canvas_zip(tmp_path / "x.zip", 9, "a")
    collect(course, download)
    before = tree(course)
    stamps = {path: path.stat().st_mtime_ns for path in (course / "submitted").rglob("*")}
    assert [row.state for row in collect(course, download).hand_ins] == [UNCHANGED]
    assert tree(course) == before
    assert {path: path.stat().st_mtime_ns for path in (course / "submitted").rglob("*")} == stamps


def test_a_newer_attempt_replaces_and_what_was_there_is_kept(course, tmp_path):
    collect(course, canvas_zip(tmp_path / "x.zip", 9, "old"))
    (row,) = collect(course, canvas_zip(tmp_path / "y.zip", 12, "new")).hand_ins
    assert (row.state, inside(course, "ada")) == (REPLACED, {f"{LAB}.ipynb": notebook("new")})
    kept = course / "submitted" / ".collected" / LAB / "earlier" / "ada" / "1" / f"{LAB}.ipynb"
    assert kept.read_bytes() == notebook("old")


def test_an_older_attempt_does_not_but_for_force(course, tmp_path):
    collect(course, canvas_zip(tmp_path / "y.zip", 12, "new"))
    older = canvas_zip(tmp_path / "x.zip", 9, "old")
    (row,) = collect(course, older).hand_ins
    assert (row.state, inside(course, "ada")) == (KEPT, {f"{LAB}.ipynb": notebook("new")})
    assert "handed in later" in row.notes[-1]
    (row,) = collect(course, older, force=True).hand_ins
    assert (row.state, inside(course, "ada")) == (REPLACED, {f"{LAB}.ipynb": notebook("old")})


def test_of_moodle_the_later_download_counts(course, tmp_path):
    name = f"Ada Lovelace_123_assignsubmission_file/{LAB}.ipynb"
    monday = zipped(tmp_path / "a.zip", {name: notebook("monday")}, when=(2026, 10, 12, 8, 0, 0))
    tuesday = zipped(tmp_path / "b.zip", {name: notebook("tuesday")}, when=(2026, 10, 13, 8, 0, 0))
    collect(course, tuesday)
    assert [row.state for row in collect(course, monday).hand_ins] == [KEPT]
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("tuesday")}


def test_what_a_person_put_there_or_changed_stays(course, tmp_path):
    by_hand = course / "submitted" / "ada" / LAB / f"{LAB}.ipynb"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(notebook("by e-mail"))
    (row,) = collect(course, canvas_zip(tmp_path / "x.zip", 9, "a")).hand_ins
    assert (row.state, by_hand.read_bytes()) == (KEPT, notebook("by e-mail"))
    assert "not collected" in row.notes[-1]


def test_a_time_that_becomes_known_later_is_noted(course, tmp_path):
    download = canvas_zip(tmp_path / "x.zip", 9, "a")
    collect(course, download)
    times = tmp_path / "times.csv"
    times.write_text("login,canvas_id,submitted\nal,4711,2026-10-13 02:00\n")
    (row,) = collect(course, download, times=times).hand_ins
    assert (row.state, row.late) == (UNCHANGED, "2 h 1 min")
    assert inside(course, "ada")["timestamp.txt"] == b"2026-10-13 00:00:00.000000 UTC"


def test_a_time_that_is_known_already_counts_without_the_list(course, tmp_path):
    download = zipped(tmp_path / "s.zip", {f"lovelaceada_LATE_4711_9_{LAB}.ipynb": notebook()})
    times = tmp_path / "times.csv"
    times.write_text("id,submitted\nada,2026-10-13 01:59\n")
    (first,) = collect(course, download, LAB, times=times).hand_ins
    before = tree(course)
    found = collect(course, download, LAB)
    (again,) = found.hand_ins
    assert (again.late, again.handed_in) == (first.late, first.handed_in) == ("2 h", "2026-10-12T23:59:00+00:00")
    assert not any("does not say when" in note for note in found.notes)
    assert tree(course) == before


def test_a_dry_run_says_the_same_and_writes_nothing(course, tmp_path):
    download = canvas_zip(tmp_path / "x.zip", 9, "a")
    (row,) = collect(course, download, dry_run=True).hand_ins
    assert row.state == NEW
    assert not (course / "submitted").exists()


def test_stopped_at_any_step_nothing_is_lost_and_the_next_run_finishes(course, tmp_path, monkeypatch):
    """Every call that changes the disk is once the last one before the power goes."""
    old, new = canvas_zip(tmp_path / "x.zip", 9, "old"), canvas_zip(tmp_path / "y.zip", 12, "new")

    class PowerCut(BaseException):
        pass

    left = [0]

    def counted(method):
        def call(*args, **kwargs):
            if left[0] == 0:
                raise PowerCut
            left[0] -= 1
            return method(*args, **kwargs)

        return call

    steps = 0
    while True:
        import shutil

        shutil.rmtree(course / "submitted", ignore_errors=True)
        collect(course, old)
        with monkeypatch.context() as patched:
            left[0] = steps
            for name in ("rename", "replace", "mkdir", "write_bytes", "write_text", "chmod"):
                patched.setattr(Path, name, counted(getattr(Path, name)))
            try:
                collect(course, new)
                finished = True
            except PowerCut:
                finished = False
        texts = {content for name, content in tree(course).items() if name.endswith(".ipynb")}
        assert notebook("old") in texts, f"lost after {steps} steps"
        assert inside(course, "ada") in ({}, {f"{LAB}.ipynb": notebook("old")}, {f"{LAB}.ipynb": notebook("new")})
        (row,) = collect(course, new).hand_ins
        assert row.state in (NEW, REPLACED, UNCHANGED), steps
        assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("new")}
        assert not list((course / "submitted").rglob(".stage-*"))
        if finished:
            break
        steps += 1
    assert steps > 5


# --- hostile archives ------------------------------------------------------------------------------------------------


def member(name, content=b"x", mode=0o644):
    info = zipfile.ZipInfo(name, (2026, 10, 13, 8, 0, 0))
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info, content


def hostile(path, *members):
    with zipfile.ZipFile(path, "w") as made:
        for info, content in members:
            made.writestr(info, content)
        made.writestr(*member(f"lovelaceada_4711_9_{LAB}.ipynb", notebook()))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../lovelaceada_4711_9_evil.py",
        "/tmp/lovelaceada_4711_9_evil.py",
        "a/../../lovelaceada_4711_9_evil.py",
        "..\\..\\lovelaceada_4711_9_evil.py",
        "Ada Lovelace_123_assignsubmission_file/../../../evil.py",
        "Ada Lovelace_123_assignsubmission_file//etc/evil.py",
    ],
)
def test_no_path_leads_out_of_the_students_folder(course, tmp_path, name):
    before = {path for path in tmp_path.rglob("*") if "submitted" not in path.parts}
    found = collect(course, hostile(tmp_path / "x.zip", member(name)))
    assert set(tree(course)) == {f"ada/{LAB}/{LAB}.ipynb", f".collected/{LAB}/ada.json"}
    assert {path for path in tmp_path.rglob("*") if "submitted" not in path.parts} - before <= {
        tmp_path / "x.zip",
        course / ".course-lock",
    }
    assert any("leads elsewhere" in line for line in found.left_out)


def test_links_and_devices_are_left_out(course, tmp_path):
    link = member("lovelaceada_4711_9_secret.py", b"/etc/passwd", stat.S_IFLNK | 0o777)
    device = member("lovelaceada_4711_9_null.py", b"", stat.S_IFCHR | 0o666)
    (row,) = collect(course, hostile(tmp_path / "x.zip", link, device)).hand_ins
    assert set(inside(course, "ada")) == {f"{LAB}.ipynb"}
    assert row.notes == ["null.py is no plain file; it was left out", "secret.py is a link; it was left out"]


def test_links_in_a_folder_and_in_submitted_are_not_followed(course, tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (tmp_path / "secret.py").write_text("secret")
    (folder / "lovelaceada_4711_9_a.py").symlink_to(tmp_path / "secret.py")
    (folder / f"lovelaceada_4711_10_{LAB}.ipynb").write_bytes(notebook())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (course / "submitted").mkdir()
    (course / "submitted" / "ada").symlink_to(elsewhere)
    (row,) = collect(course, folder).hand_ins
    assert row.state == KEPT
    assert list(elsewhere.iterdir()) == []
    (course / "submitted" / "ada").unlink()
    (row,) = collect(course, folder).hand_ins
    assert (row.state, set(inside(course, "ada"))) == (NEW, {f"{LAB}.ipynb"})


def test_a_bomb_costs_its_owner_the_file_and_nobody_else_anything(course, tmp_path):
    bomb = member("youngcy_4713_11_bomb.csv", b"\0" * 30 * 2**20)
    found = collect(course, hostile(tmp_path / "x.zip", bomb))
    rows = by_student(found)
    assert (rows["ada"].state, rows["cy"].state) == (NEW, NOTHING)
    assert "a bomb" in rows["cy"].notes[0]


def test_a_member_that_lies_about_its_size_is_left_out(course, tmp_path, monkeypatch):
    monkeypatch.setattr(zip_reader, "MAX_BYTES", 1000)
    path = hostile(tmp_path / "x.zip", member("youngcy_4713_11_big.csv", os.urandom(5000)))
    data = path.read_bytes()
    # The size stands in the member's own head and in the directory at the end; both say 10 now.
    path.write_bytes(data.replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    rows = by_student(collect(course, path))
    assert (rows["ada"].state, rows["cy"].state) == (NEW, NOTHING)
    assert "youngcy" in str(rows["cy"].notes) or "big.csv" in rows["cy"].notes[0]


@pytest.mark.parametrize(
    ("limit", "words"), [("MAX_FILES", "has 3 files, more than 2"), ("MAX_TOTAL", "would unpack to")]
)
def test_too_much_in_all_is_refused_before_anything_is_written(course, tmp_path, monkeypatch, limit, words):
    path = hostile(tmp_path / "x.zip", member("youngcy_4713_11_a.csv"), member("youngcy_4713_12_b.csv"))
    if limit == "MAX_FILES":
        monkeypatch.setattr(zip_reader, limit, 2)
    else:
        monkeypatch.setattr(zip_reader._of_archive, "__defaults__", (20,))
    with pytest.raises(CourseError, match=words):
        collect(course, path)
    assert not (course / "submitted").exists()


def test_a_damaged_archive_is_refused(course, tmp_path):
    path = canvas_zip(tmp_path / "x.zip", 9, "a")
    for damaged in (path.read_bytes()[:-30], b"", b"<html>please log in</html>"):
        path.write_bytes(damaged)
        with pytest.raises(CourseError, match=r"no zip archive, or a damaged one.*download it again"):
            collect(course, path)


def test_one_damaged_file_in_an_archive_costs_its_owner_that_file(course, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("youngcy_4713_11_lab.ipynb", b"A" * 500)
        made.writestr(f"lovelaceada_4711_9_{LAB}.ipynb", notebook())
    path.write_bytes(path.read_bytes().replace(b"A" * 500, b"B" * 500))
    rows = by_student(collect(course, path))
    assert (rows["ada"].state, rows["cy"].state) == (NEW, NOTHING)
    assert "is damaged in the archive" in rows["cy"].notes[0]


def test_an_encrypted_archive_is_refused_in_words(course, tmp_path):
    path = canvas_zip(tmp_path / "x.zip", 9, "a")
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(CourseError, match="encrypted"):
        collect(course, path)


def test_names_in_utf8_without_the_mark_for_it_are_read(course, tmp_path):
    path = zipped(tmp_path / "x.zip", {f"vanderbergbj__rn_4712_9_{LAB}.ipynb": notebook()})
    path.write_bytes(path.read_bytes().replace(b"bj__rn", "björn".encode()))
    assert [row.student for row in collect(course, path).hand_ins] == ["bjorn"]


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_shows_a_table_and_json(course, tmp_path, capsys):
    download = zipped(
        tmp_path / "x.zip",
        {f"lovelaceada_4711_9_{LAB}.ipynb": notebook(), "[red]evil_77_8_lab.ipynb": notebook()},
    )
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "collect", str(download), "--lab", LAB, "--dry-run"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "missing: bjorn; cy" in said
    assert "not on the class list: [red]evil (77)" in said
    assert "nothing was written" in said
    with pytest.raises(SystemExit):
        main(["--root", str(course), "collect", str(download), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["missing"], told["hand_ins"][0]["state"]) == (["bjorn", "cy"], NEW)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.zip"], "nowhere.zip is not there"),
        (["notebooks"], "is no download of Canvas or Moodle"),
        (["notebooks", "--lab", "09_gone"], "no lab '09_gone'"),
        (["notebooks", "--roster", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(course, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(course)
    with pytest.raises(SystemExit) as ended:
        main(["collect", *arguments])
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        (("Jürgen", "Groß"), "Juergen Gross"),
        (("Juergen", "Gross"), "Jürgen Groß"),
        (("Ju\u0308rgen", "Groß"), "grossjuergen"),
        (("Özge", "Yıldız"), "Ozge Yildiz"),
        (("Øystein", "Ærø"), "aerooystein"),
        (("Łukasz", "Żak"), "Lukasz Zak"),
        (("小龙", "李"), "李小龙"),
    ],
)
def test_a_name_is_found_by_a_keyboard_without_its_letters(listed, written):
    student = Student("a", *listed)
    assert Roster([student, Student("b", "Ada", "Lovelace")]).find("name", written) == [student]


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EROFS, "make the disk writable"), (errno.ENOSPC, "make room, then run the same")]
)
def test_what_the_system_refuses_is_said_with_the_remedy(course, tmp_path, capsys, monkeypatch, number, words):
    def refused(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    download = zipped(tmp_path / "s.zip", {"lovelaceada_4711_9_x.ipynb": notebook()})
    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "collect", str(download)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"course: {os.strerror(number)}: ")
    assert words in said
    assert said.count("\n") == 1


def test_names_that_would_turn_the_terminal_around_are_shown_without_that(course, tmp_path, capsys):
    files = {"lovelaceada_4711_9_[bold]x\u202eby.ipynb": notebook(), "zo\u202ee_1_2_x.ipynb": notebook()}
    with pytest.raises(SystemExit):
        main(["--root", str(course), "collect", str(zipped(tmp_path / "s.zip", files))])
    said = capsys.readouterr().out
    assert "\u202e" not in said
    assert "[bold]x" in said
    assert "not on the class list: zo\ufffde" in said


def test_several_labs_one_has_to_be_named(course):
    (course / "notebooks" / "02_other").mkdir()
    with pytest.raises(CourseError, match="--lab 01_pca_vs_ae"):
        collect(course, course)


def test_the_place_of_a_hand_in_is_what_grade_looks_for(course, tmp_path):
    from course_admin.course import Lab
    from course_admin.grading.command import _submissions

    collect(course, canvas_zip(tmp_path / "x.zip", 9, "old"))
    collect(course, canvas_zip(tmp_path / "y.zip", 12, "new"))
    assert _submissions(Lab(course, LAB), None) == ["ada"]
    assert StudentFolder(course / "submitted" / "ada" / LAB, Path("x"), Path("y"))._files().keys() == {f"{LAB}.ipynb"}
