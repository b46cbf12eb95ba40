"""The report of a class: statistics, the page and its figures, and the files for Canvas and Moodle."""

from __future__ import annotations

import base64
import csv
import errno
import io
import os
import random
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from marked_class import LAB, REPO, invented_class, leave_runs, make_class

from course_admin.authoring.new_lab import new_course
from course_admin.cli import main
from course_admin.course import CourseError
from course_admin.report import read_marks
from course_admin.report.lms import for_lms
from course_admin.report.marks import Grade, Marks, RunNotes, without_password
from course_admin.report.page import as_page
from course_admin.report.statistics import blank, correlation, diagnoses, exercises
from course_admin.report.table import as_csv, as_text
from course_admin.submissions.roster import Roster, Student, find_roster
from course_utils.checks.toolkit.answers import STUB

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def marks(student, *points, out_of=2.0, pending=(), **more):
    """A student's marks in exercises e0, e1, ...; pending: the numbers of those that wait for a person."""
    grades = {
        f"e{i}": Grade(value, out_of, i not in pending, i in pending, i not in pending)
        for i, value in enumerate(points)
    }
    return Marks("lab", student, grades, **more)


# --- statistics ------------------------------------------------------------------------------------------------------


def test_the_correlation_is_numpys():
    rng = random.Random(0)
    first = [rng.random() for _ in range(40)]
    second = [value + rng.gauss(0, 0.3) for value in first]
    assert correlation(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert correlation(first, [1.0] * 40) is None
    assert correlation([1.0], [2.0]) is None
    assert correlation([0.1 + 0.2, 0.3, 0.3], [1.0, 2.0, 3.0]) is None


def test_difficulty_and_discrimination():
    points = np.array([[2, 2, 2, 0], [2, 1, 2, 2], [2, 0, 1, 0], [2, 2, 2, 1], [2, 0, 0, 2], [2, 1, 1, 1.5]])
    found = exercises([marks(f"s{i}", *row) for i, row in enumerate(points.tolist())])
    assert [one.difficulty for one in found] == pytest.approx(points.mean(axis=0) / 2)
    # Everybody has all points of the first, so nothing correlates with it.
    assert found[0].discrimination is None
    for i in (1, 2, 3):
        rest = np.delete(points, i, axis=1).sum(axis=1)
        assert found[i].discrimination == pytest.approx(np.corrcoef(points[:, i], rest)[0, 1])
    assert [(one.full, one.part, one.none) for one in found] == [(6, 0, 0), (2, 2, 2), (3, 2, 1), (2, 2, 2)]


def test_an_answer_that_waits_is_not_a_wrong_one():
    rows = [marks(f"s{i}", i % 3, (i + 1) % 3, 0.0, pending=[2] if i < 5 else []) for i in range(8)]
    first, _, written = exercises(rows)
    assert (written.marked, written.none, written.waiting, written.difficulty) == (3, 3, 5, 0.0)
    # The rest of the first exercise is the second alone, since the third is not marked for everybody.
    expected = np.corrcoef([i % 3 for i in range(8)], [(i + 1) % 3 for i in range(8)])[0, 1]
    assert first.discrimination == pytest.approx(expected)


def test_of_a_few_students_no_correlation_is_claimed():
    few = exercises([marks(f"s{i}", i, 2 - i / 2) for i in range(3)])
    assert [one.discrimination for one in few] == [None, None]


def test_diagnoses_are_counted_by_student_and_not_by_their_numbers():
    runs = {
        "ada": RunNotes(verdicts={"pca": [(False, "the error is 1.74 times too large"), (False, "wrong sign")]}),
        "bob": RunNotes(verdicts={"pca": [(False, "the error is 12 times too large")] * 2}),
        "cy": RunNotes(verdicts={"pca": [(True, "the error is 1 times too large")], "vae": [(False, f"·  {STUB}")]}),
    }
    assert [(item.exercise, item.students, item.message) for item in diagnoses(runs, leave_out=STUB)] == [
        ("pca", 2, "the error is 1.74 times too large"),
        ("pca", 1, "wrong sign"),
    ]
    assert blank(runs, STUB) == {"vae": 1}


# --- the page --------------------------------------------------------------------------------------------------------


TAGS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "a", "dl", "div", "dt", "dd"}
TAGS |= {"figure", "img", "table", "thead", "tbody", "tr", "th", "td", "span", "b", "br", "code"}


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.feed(text)
        self.close()
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def check_page(text):
    """What holds of every page: nothing live, nothing from elsewhere, a word for each picture."""
    page = Page(text)
    assert page.open == []
    assert set(page.tags) <= TAGS
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    images = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert all(value.startswith("data:image/svg+xml;base64,") for value in images)
    for value in images:
        picture = base64.b64decode(value.partition(",")[2]).decode()
        assert "<script" not in picture
        assert not re.search(r'href="(?!#)', picture), "a figure loads something"
    alts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert len(alts) == len(images)
    assert all(len(alt) > 20 for alt in alts)
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    assert "url(" not in text
    assert "@import" not in text
    return page, alts


def page_of(root, **more):
    return check_page(as_page(root, read_marks(root), **more))


@pytest.fixture(scope="module")
def invented(tmp_path_factory):
    return invented_class(tmp_path_factory.mktemp("invented"), size=20)


def test_the_page_of_a_class(invented):
    page, alts = page_of(invented)
    kinds = ("Histogram of the marks", "Bars of how many", "Exercises by difficulty and", "Histogram of how long")
    assert [alt.startswith(kind) for alt, kind in zip(alts, kinds, strict=True)] == [True] * 4
    totals = [row.total for row in read_marks(invented)[LAB] if row.complete]
    assert 5 < len(totals) < 20
    assert f"mean {sum(totals) / len(totals):.3g}" in alts[0]
    for words in (
        "Most frequent diagnoses",
        "all rows share one die",
        "Findings",
        "took longer than 60 s",
        "student007",
    ):
        assert words in page.text, words


def test_the_same_class_gives_the_same_page(invented):
    """In programs that put sets in another order."""
    code = f"""
from pathlib import Path
from course_admin.report.marks import read_marks
from course_admin.report.page import as_page
print(as_page(Path({str(invented)!r}), read_marks(Path({str(invented)!r}))))
"""
    pages = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert pages[0] == pages[1] and b"Findings" in pages[0]


@pytest.fixture
def bare(tmp_path):
    """A course without a gradebook: enough for a page on marks that are at hand."""
    return new_course(tmp_path / "bare", like=REPO)


def test_whatever_students_write_is_text(bare):
    evil = '<script>alert("1")</script>'
    name = "<img src=x onerror=alert(2)>"
    run = {"verdicts": {"sampler": [[False, f"raised {evil}"]]}, "findings": [f"{evil} & 'quotes'"], "seconds": 1.0}
    leave_runs(bare, {name: run})
    roster = Roster([Student(name, last_name=evil), Student("gone", name=evil)])
    page, _ = check_page(as_page(bare, {LAB: [marks(name, 0.0, 0.0)]}, roster=roster))
    assert f"raised {evil}" in page.text
    assert f"{evil} & 'quotes'" in page.text
    assert name in page.text
    assert f"Missing: {evil}" in page.text


@pytest.mark.parametrize(
    "rows",
    [
        [marks("ada", 2.0, 2.0)],
        [marks("ada", 0.0, 0.0, pending=[1])],
        [marks("ada", 0.0, pending=[0])],
        [marks(f"s{i}", 1.0, 1.0) for i in range(12)],
        [marks("ada", 0.0, out_of=0.0)],
    ],
    ids=["one student", "zero and waiting", "waiting alone", "all the same", "no points at all"],
)
def test_small_and_uniform_classes(bare, rows):
    page, alts = check_page(as_page(bare, {LAB: rows}))
    assert len(alts) == 1 + any(row.complete for row in rows)  # no discrimination, no times
    assert f"students with marks {len(rows)}" in page.text


def test_a_total_with_an_unmarked_answer_is_in_no_mean(bare):
    """Not as 0, whether it waits for a person or was never marked."""
    rows = [marks("ada", 2.0, 2.0), marks("ben", 2.0, 0.0, pending=[1]), marks("cy", 1.0, 1.0)]
    nobody = marks("dan", 1.0, 0.0)
    rows.append(nobody._replace(grades={**nobody.grades, "e1": Grade(0.0, 2.0, True, False, known=False)}))
    text = as_text({LAB: rows})
    mean = next(line.split() for line in text.splitlines() if line.split()[:1] == ["mean"])
    assert mean == ["mean", "1.5", "1.5", "3"]
    assert "of the 2 of 4 students with all answers marked" in text
    page, alts = check_page(as_page(bare, {LAB: rows}))
    for words in ("all answers marked 2", "mean of 4 3", "median 3", "lowest, highest 2, 4"):
        assert words in page.text, words
    assert alts[0].startswith("Histogram of the marks of 2 students: from 2 to 4")


def test_where_no_total_is_complete_none_is_invented(bare):
    rows = [marks("ben", 2.0, 0.0, pending=[1])]
    assert next(line.split() for line in as_text({LAB: rows}).splitlines() if "mean" in line) == ["mean", "2", "?", "?"]
    page, alts = check_page(as_page(bare, {LAB: rows}))
    assert "mean of 4 –" in page.text and not [alt for alt in alts if "Histogram of the marks" in alt]


def test_a_lab_without_any_marks(bare):
    page, alts = check_page(as_page(bare, {LAB: [], "01_other": [marks("ada", 1.0)]}))
    assert len(alts) == 2
    assert f"No marks yet: course grade {LAB} makes them." in page.text


def test_lateness_and_who_is_missing(tmp_path):
    config = f'c.Deadlines.due = {{"{LAB}": "2026-10-12 12:00"}}\nc.LateDays.per_day = 0.1\n'
    root = make_class(tmp_path, {"ada": [1, 1, 1], "bob": [1, 1, 1]}, config=config)
    from datetime import datetime

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root}/gradebook.db") as gb:
        gb.find_submission(LAB, "bob").timestamp = datetime(2026, 10, 13, 11)
        gb.db.commit()
    (root / "roster.csv").write_text("id,first_name,last_name\nada,Ada,Lovelace\ncy,Cy,Young\n")
    page, _ = page_of(root, roster=find_roster(root))
    assert "handed in late 1" in page.text
    assert "bob 4 3 2 ? 23 h 0.9 8.1 1" in page.text
    assert "Missing: Cy Young" in page.text
    assert "Ada Lovelace (ada)" in page.text


def test_the_command_writes_the_page(invented, tmp_path, capsys):
    out = tmp_path / "page.html"
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(invented), "report", "--format", "html", "--out", str(out)])
    assert ended.value.code == 0
    assert str(out) in capsys.readouterr().out.replace("\n", "")
    check_page(out.read_text(encoding="utf-8"))


def test_on_a_full_disk_the_older_file_stays(invented, tmp_path, monkeypatch, capsys):
    out = tmp_path / "report.csv"
    out.write_text("older")

    def refused(path, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(invented), "report", "--format", "csv", "--out", str(out)])
    assert ended.value.code == 1
    assert "No space left on device" in capsys.readouterr().err
    assert out.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["report.csv"]


# --- Canvas and Moodle -----------------------------------------------------------------------------------------------

# As lib/gradebook_exporter.rb writes it: student, numbers, section, a column of the instructor's own, the assignments
# as "title (number)", the groups' and the course's sums; below the heads who posts by hand, and the points.
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Template lab (7001),00 Template (7002),Labs Current Score,Final Score
,,,,,,,Manual Posting,,
    Points Possible,,,,,,5.00,10.00,(read only),(read only)
"Lovelace, Ada",4711,m001,ada,Lab A,,4.00,,80.00,80.00
"van der Berg, Björn",4712,m002,bjorn,"Lab A and Lab B",ill in May,,9.00,,
"Young, Cy",4713,m003,cy,Lab B,,1.00,3.00,20.00,20.00
"Student, Test",4799,,f00ba4,Lab A,,,,,
"""
# As mod/assign/gradingtable.php writes it for download.
WORKSHEET = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 123","Ada Lovelace",ada@uni.example,"Submitted for grading",,10.00,Yes,\
"Monday, 12 October 2026, 10:05 PM",-,"see the page, please"
"Participant 124","Björn van der Berg",bjorn@uni.example,"Submitted for grading",,10.00,Yes,-,-,
"Participant 125","Cy Young",cy@uni.example,"No submission",,10.00,Yes,-,-,
"""
# As grade/export/txt writes it: the profile fields, the items, when it was made.
GRADES = """\
"First name","Last name","ID number",Institution,Department,"Email address","Assignment: 00 Template (Real)",\
"Assignment: Essay (Real)","Course total (Real)","Last downloaded from this course"
Ada,Lovelace,m001,,,ada@uni.example,-,7.00,7.00,1760000000
Björn,"van der Berg",m002,,,bjorn@uni.example,-,8.00,8.00,1760000000
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Ada has 7.55 of 10 points, Björn's written answer waits, Cy was not graded, Dan is on no list."""
    shares = {"ada": [1, 0.85, 0.5], "bjorn": [1, 1, 1], "dan": [0, 0, 0]}
    return make_class(tmp_path_factory.mktemp("graded"), shares, written={"ada": 1.0, "dan": 0.0})


def written(root, tmp_path, text, lms, **more):
    """The rows of the file for an LMS by their first cell, and the lines said."""
    like = tmp_path / "export.csv"
    like.write_bytes(text.encode() if isinstance(text, str) else text)
    out, said = for_lms(lms, read_marks(root)[LAB], like, **more)
    rows = list(csv.reader(io.StringIO(out), delimiter=";" if ";" in out.split("\n")[0] else ","))
    assert len({len(row) for row in rows}) == 1
    return rows, said


def test_a_file_for_canvas(graded, tmp_path):
    rows, said = written(graded, tmp_path, CANVAS, "canvas")
    # What GradebookImporter asks for: Student, ID, ..., Section, then assignments alone; its two lines under the heads.
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "00 Template (7002)"]
    assert rows[1] == ["", "", "", "", "", "Manual Posting"]
    assert rows[2] == ["    Points Possible", "", "", "", "", "10.00"]
    assert rows[3:] == [
        ["Lovelace, Ada", "4711", "m001", "ada", "Lab A", "7.55"],
        ["van der Berg, Björn", "4712", "m002", "bjorn", "Lab A and Lab B", "9.00"],
        ["Young, Cy", "4713", "m003", "cy", "Lab B", "3.00"],
        ["Student, Test", "4799", "", "f00ba4", "Lab A", ""],
    ]
    assert said[0] == "left as they were, since answers wait for a person: bjorn"
    assert said[1] == "left as they were, since nothing of theirs was graded: cy"
    assert said[2].startswith("graded, but not in export.csv")
    assert said[2].endswith(": dan")


def test_moodles_worksheet_keeps_every_column(graded, tmp_path):
    before = list(csv.reader(io.StringIO(WORKSHEET)))
    rows, _ = written(graded, tmp_path, WORKSHEET, "moodle")
    expected = [list(row) for row in before]
    expected[1][4] = "7.55"
    assert rows == expected


def test_moodles_gradebook_export_keeps_who_and_the_labs_column(graded, tmp_path):
    roster = Roster([Student("ada", sis_id="m001"), Student("bjorn", sis_id="m002")])
    rows, _ = written(graded, tmp_path, GRADES, "moodle", roster=roster)
    who = ["First name", "Last name", "ID number", "Institution", "Department", "Email address"]
    assert rows[0] == [*who, "Assignment: 00 Template (Real)"]
    assert [row[-1] for row in rows[1:]] == ["7.55", "-"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";").replace("10.00", "10,00").replace("5.00", "5,00"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("Student,ID", "LastName,FirstName,ID").replace('"Lovelace, Ada"', "Lovelace,Ada")
        .replace('"van der Berg, Björn"', "van der Berg,Björn").replace('"Young, Cy"', "Young,Cy")
        .replace('"Student, Test"', "Student,Test").replace("    Points Possible,", "    Points Possible,,")
        .replace(",,,,,,,Manual", ",,,,,,,,Manual"),
    ],
    ids=["semicolons and decimal commas", "byte-order mark", "Windows line ends", "first and last name apart"],
)  # fmt: skip
def test_other_ways_in_which_canvas_writes_its_export(graded, tmp_path, change):
    rows, _ = written(graded, tmp_path, change(CANVAS), "canvas")
    (ada,) = [row for row in rows if "4711" in row]
    assert ada[-1] in ("7.55", "7,55")
    assert (ada[-1] == "7,55") == ("10,00" in rows[2])
    assert [len(row) for row in rows] == [len(rows[0])] * 7


EVERYBODY = {"ada": [1, 0.85, 0.5], "bjorn": [1, 1, 1], "cy": [0.5, 0, 0], "dan": [0, 0, 0]}


@pytest.fixture(scope="module")
def all_graded(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("all"), EVERYBODY, written=dict.fromkeys(EVERYBODY, 1.0))


def test_what_a_person_decided_on_canvas_stays(all_graded, tmp_path):
    text = """\
Student,ID,SIS User ID,SIS Login ID,Section,00_template (9002)
    Points Possible,,,,,10.00
"Lovelace, Ada",1,S1,ada,A,EX
"Two, Björn",2,S2,bjorn,A,N/A
"Three, Cy",3,S3,cy,A,complete
"Four, Dan",4,S4,dan,A,8.50
"Five, Eve",5,S5,nosuch,A,EX
"""
    rows, said = written(all_graded, tmp_path, text, "canvas")
    assert [row[-1] for row in rows[2:]] == ["EX", "N/A", "complete", "1.00", "EX"]
    assert said[0] == ("left as they were, since a person decided something else: ada (EX), bjorn (N/A), cy (complete)")
    assert "had another mark until now: dan (8.50)" in said


@pytest.mark.parametrize("no", ["No", "no"])
def test_a_mark_that_moodle_does_not_let_change_stays(all_graded, tmp_path, no):
    before = WORKSHEET.replace("10.00,Yes,-,-,\n", f"10.00,{no},-,-,\n", 1)
    rows, said = written(
        all_graded, tmp_path, before, "moodle", roster=Roster([Student("bjorn", "Björn", "van der Berg")])
    )
    assert [row[4] for row in rows[1:3]] == ["7.55", ""]
    assert "since a person decided something else: bjorn (locked)" in said[0]
    rows, said = written(all_graded, tmp_path, GERMAN_WORKSHEET.replace(",Ja,", ",Nein,"), "moodle")
    assert rows[1][4] == ""
    assert "ada (locked)" in said[0]


def test_a_letter_in_moodles_gradebook_stays(all_graded, tmp_path):
    text = GRADES.replace("(Real)", "(Letter)").replace("ada@uni.example,-", "ada@uni.example,B+")
    rows, said = written(
        all_graded,
        tmp_path,
        text,
        "moodle",
        column="Assignment: 00 Template (Letter)",
        roster=Roster([Student("ada", sis_id="m001")]),
    )
    assert rows[1][-1] == "B+"
    assert "ada (B+)" in " ".join(said)


SCALED = """\
Identifier,"Full name","Email address",Status,Grade,Scale,"Grade can be changed","Last modified (grade)"
"Participant 123","Ada Lovelace",ada@example.org,x,,"Bad, Good",Yes,-
"""


@pytest.mark.parametrize(
    "text",
    [
        SCALED,
        SCALED.replace("x,,", "x,Good,"),
        SCALED.replace("Identifier", "ID").replace("Grade,Scale", "Bewertung,Skala"),
    ],
)
def test_a_worksheet_that_is_graded_by_a_scale_gets_no_points(all_graded, tmp_path, text):
    with pytest.raises(CourseError, match=r"graded by a scale, not by points: change that in Moodle"):
        written(all_graded, tmp_path, text, "moodle")


# The German worksheet and gradebook's export.
GERMAN_WORKSHEET = """\
ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,"Bewertung kann geändert werden",\
"Zuletzt geändert (Abgabe)","Zuletzt geändert (Bewertung)","Feedback als Kommentar"
Teilnehmer/in123,"Ada Lovelace",ada@uni.example,Abgegeben,,"10,00",Ja,"Montag, 12. Oktober 2026, 22:05",-,
"""
GERMAN_GRADES = """\
Vorname,Nachname,ID-Nummer,Institution,Abteilung,E-Mail-Adresse,"Aufgabe: 00 Template (Punkte)",\
"Kurs gesamt (Punkte)","Zuletzt aus diesem Kurs geladen"
Ada,Lovelace,m001,,,ada@uni.example,-,"7,00",1760000000
"""


def test_moodle_in_german(graded, tmp_path):
    rows, said = written(graded, tmp_path, GERMAN_WORKSHEET, "moodle")
    assert rows[0] == next(csv.reader(io.StringIO(GERMAN_WORKSHEET)))
    assert (rows[1][0], rows[1][4], rows[1][5]) == ("Teilnehmer/in123", "7,55", "10,00")
    assert not any("out of" in line for line in said)
    rows, said = written(graded, tmp_path, GERMAN_GRADES, "moodle")
    assert rows[0][-1] == "Aufgabe: 00 Template (Punkte)"
    # No maximum is told, and the decimal comma stands in the other columns alone.
    assert rows[1][-1] == "7,55"
    assert said[0] == "export.csv does not say out of how many points: these are out of 10"


def test_canvas_in_another_language_and_a_maximum_in_thousands(graded, tmp_path):
    text = CANVAS.replace("Points Possible", "Mögliche Punkte").replace("10.00", '"1,000.00"')
    rows, said = written(graded, tmp_path, text, "canvas", scale=True)
    assert (rows[2][-1], rows[3][-1]) == ("1,000.00", "755.00")
    assert said[0] == "scaled from 10 to 1000 points"


def test_the_csv_holds_no_formula(tmp_path):
    root = make_class(tmp_path / "course", {"=1+1": [1, 1, 1], "ada": [1, 1, 1]})
    rows = list(csv.DictReader(io.StringIO(as_csv(read_marks(root)))))
    assert [row["student"] for row in rows] == ["'=1+1", "ada"]


def test_late_without_a_penalty_is_no_minus_nought():
    grades = {"a": Grade(1.0, 1.0, automatic=True, pending=False, known=True)}
    rows = [Marks(LAB, "ada", grades, 0.0, 660.0), Marks(LAB, "bob", grades, 0.1, 660.0)]
    text = as_text({LAB: rows})
    assert "11 min: -0.1" in text
    assert "-0 " not in text


def test_a_penalty_is_taken_off(graded, tmp_path):
    found = read_marks(graded)[LAB]
    rows = [row._replace(penalty=1.5) for row in found]
    like = tmp_path / "export.csv"
    like.write_text(CANVAS)
    out, _ = for_lms("canvas", rows, like)
    assert '"Lovelace, Ada",4711,m001,ada,Lab A,6.05' in out


def test_another_maximum_is_an_error_unless_scaled(graded, tmp_path):
    text = WORKSHEET.replace("10.00", "100.00")
    with pytest.raises(
        CourseError, match=r"out of 10, its column in .* out of 100: change that in the LMS, or add --scale"
    ):
        written(graded, tmp_path, text, "moodle")
    rows, said = written(graded, tmp_path, text, "moodle", scale=True)
    assert rows[1][4] == "75.50"
    assert "scaled from 10 to 100 points" in said


@pytest.mark.parametrize(
    ("lms", "text", "more", "words"),
    [
        ("canvas", WORKSHEET, {}, "is not Canvas's export"),
        ("moodle", CANVAS.replace("Student,ID", "Name,No"), {}, "neither Moodle's grading worksheet"),
        ("canvas", CANVAS.replace("10.00", "0.00"), {}, r"out of 0: change that in the LMS$"),
        ("moodle", "Identifiant,Note\nParticipant12,\n", {}, "in English or German: choose one of these in Moodle"),
        ("canvas", CANVAS.replace("00 Template", "Lab zero"), {}, r"no column for 00_template: name it with --column"),
        ("canvas", CANVAS.replace("Template lab", "template"), {}, "more than one column for 00_template"),
        ("canvas", CANVAS, {"column": "Lab 9"}, "no column 'Lab 9'"),
        ("moodle", WORKSHEET.replace("Grade,", "Scale,", 1), {}, "no column Grade"),
        (
            "moodle",
            WORKSHEET.replace("Cy Young", "Ada Lovelace").replace("cy@", "ada@").replace("ada@", "x@", 1),
            {},
            "two",
        ),
    ],
)
def test_what_is_no_export_is_said(graded, tmp_path, lms, text, more, words):
    with pytest.raises(CourseError, match=words):
        written(graded, tmp_path, text, lms, roster=Roster([Student("ada", "Ada", "Lovelace")]), **more)


def test_a_column_is_named(graded, tmp_path):
    text = CANVAS.replace("5.00", "10.00")
    rows, _ = written(graded, tmp_path, text, "canvas", column="Template lab (7001)")
    assert [row[-1] for row in rows[3:5]] == ["7.55", ""]


def test_the_commands_for_an_lms(graded, tmp_path, capsys):
    like, out = tmp_path / "export.csv", tmp_path / "canvas.csv"
    like.write_text(CANVAS, encoding="utf-8")
    base = ["--root", str(graded), "report", LAB, "--format", "canvas"]
    with pytest.raises(SystemExit) as ended:
        main([*base, "--like", str(like), "--out", str(out)])
    assert ended.value.code == 0
    assert "7.55" in out.read_text(encoding="utf-8")
    assert "since answers wait for a person: bjorn" in capsys.readouterr().out
    for arguments, words in (
        (base, "takes one lab and a file"),
        ([*base, "--like", str(like), "--out", str(like)], "would overwrite the file of the LMS"),
        ([*base[:3], "--scale"], "--column and --scale go with"),
        ([*base[:3], "--roster", str(like)], "--roster goes with"),
        ([*base[:3], "--like", str(like)], "--like, --column and"),
        ([*base[:3], "--format", "pdf"], "choose one of table"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert words in capsys.readouterr().err


# --- where the gradebook is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path, other: other.execute("BEGIN EXCLUSIVE"), "is locked. another program holds it: close that"),
        (lambda path, other: path.write_bytes(b"no database" * 500), "is not a database. .* from a backup"),
    ],
)
def test_a_gradebook_that_cannot_be_read_is_said_with_the_remedy(tmp_path, damage, words):
    root = make_class(tmp_path / "course", {"ada": [1, 1, 1]})
    with closing(sqlite3.connect(root / "gradebook.db", isolation_level=None)) as other:
        damage(root / "gradebook.db", other)
        with pytest.raises(CourseError, match=words):
            read_marks(root)


def test_an_address_is_shown_without_its_password():
    assert without_password("sqlite:////tmp/x/gradebook.db") == "/tmp/x/gradebook.db"
    shown = without_password("postgresql+psycopg://grader:secret@db.example:5432/course")
    assert "secret" not in shown
    assert "db.example" in shown
