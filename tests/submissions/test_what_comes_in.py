"""Whatever a hand-in holds costs that hand-in alone: damage, lies about sizes, names; and downloads of other LMSs."""

from __future__ import annotations

import io
import json
import os
import sys
import tracemalloc
import zipfile

import pytest
from downloads import LAB, REPO, inside, make_course, notebook, zipped

from course_admin.cli import main
from course_admin.course import CourseError
from course_admin.submissions.collect import collect
from course_admin.submissions.student_folder import FAILED, NEW, NOTHING, UNCHANGED, StudentFolder

HONEST = {f"vanderbergbjörn_4712_50_{LAB}.ipynb": notebook("bjorn")}


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course")


def states(found):
    return {hand_in.student: hand_in.state for hand_in in found.hand_ins}


def notes(found, student):
    return " | ".join(*(hand_in.notes for hand_in in found.hand_ins if hand_in.student == student))


def archive(files, method=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return made.getvalue()


def with_inner(path, data, name="all.zip"):
    """A download in which Ada has handed in an archive, and Björn a notebook."""
    path.write_bytes(archive({f"lovelaceada_4711_60_{name}": data, **HONEST}, zipfile.ZIP_STORED))
    return path


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_costs_its_owner_that_file(course, tmp_path, method, capsys):
    data = bytearray(archive({"x.ipynb": notebook("y" * 500)}, method))
    start = data.index(b"x.ipynb") + len("x.ipynb")
    for at in range(start, start + 40):
        data[at] ^= 0xFF
    path = with_inner(tmp_path / "s.zip", bytes(data))
    assert states(collect(course, path, dry_run=True)) == {"ada": NOTHING, "bjorn": NEW}
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "collect", str(path)])
    assert ended.value.code == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("1 hand-in was left out: ada (")
    assert "x.ipynb is damaged in the archive" in last
    assert inside(course, "bjorn") == {f"{LAB}.ipynb": notebook("bjorn")}


def test_a_compression_that_is_not_read_is_named(course, tmp_path):
    data = bytearray(archive({"x.ipynb": notebook()}))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + offset] = 9  # Deflate64, which Windows writes for large files
    found = collect(course, with_inner(tmp_path / "s.zip", bytes(data)))
    assert states(found) == {"ada": NOTHING, "bjorn": NEW}
    assert "compressed by method 9" in notes(found, "ada")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_every_compression_is_read(course, tmp_path, method):
    content = notebook("".join(chr(33 + i * i % 90) for i in range(20_000)))
    collect(course, with_inner(tmp_path / "s.zip", archive({"x.ipynb": content, "empty.csv": b""}, method)))
    assert inside(course, "ada") == {f"{LAB}.ipynb": content, "empty.csv": b""}


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        # The folder that nbgrader's own file would be in the place of.
        (
            {"timestamp.txt/x.ipynb": "a", "notes.md": "b"},
            {"timestamp.txt_/x.ipynb": "a", "notes.md": "b"},
        ),
        # A folder called like the notebook, beside a notebook that gets that name.
        ({f"{LAB}.ipynb/data.csv": "a", "x.ipynb": "b"}, {f"{LAB}.ipynb_/data.csv": "a", f"{LAB}.ipynb": "b"}),
        ({f"{LAB.upper()}.IPYNB/data.csv": "a", "x.ipynb": "b"}, None),
        ({"Timestamp.TXT/a.csv": "a", "timestamp.txt": "2001-01-01 10:00", "x.ipynb": "b"}, None),
        # A file and a folder of one name, and the name that the folder would get.
        (
            {"data": "a", "data/x.csv": "b", "data_/x.csv": "c", "x.ipynb": "d"},
            {"data": "a", "data__/x.csv": "b", "data_/x.csv": "c", f"{LAB}.ipynb": "d"},
        ),
        ({"a/b": "1", "a/b/c": "2", "a": "3", "x.ipynb": "4"}, None),
    ],
)
def test_folders_that_are_called_like_files(course, tmp_path, files, kept):
    (course / "roster.csv").write_text("id,canvas_id,submitted\nada,4711,2026-10-12 22:00\nbjorn,4712,\n")
    found = collect(course, with_inner(tmp_path / "s.zip", archive(files)))
    assert states(found) == {"ada": NEW, "bjorn": NEW}
    there = inside(course, "ada")
    assert there.pop("timestamp.txt") == b"2026-10-12 20:00:00.000000 UTC"
    expected = kept and {name: text.encode() for name, text in kept.items()}
    assert there == (expected or there)
    wanted = [text.encode() for name, text in files.items() if name != "timestamp.txt"]
    assert sorted(there.values()) == sorted(wanted), "something was lost"
    assert states(collect(course, with_inner(tmp_path / "s.zip", archive(files))))["ada"] == UNCHANGED


def test_a_file_beside_an_archive_with_a_folder_of_its_name(course, tmp_path):
    files = {
        "Ada Lovelace_1_assignsubmission_file/all.zip": archive({"data/x.csv": b"1", "x.ipynb": b"2", "n": b"3"}),
        "Ada Lovelace_1_assignsubmission_file/data": b"4",
        "Ada Lovelace_1_assignsubmission_file/n": b"5",
    }
    found = collect(course, zipped(tmp_path / "s.zip", files))
    assert inside(course, "ada") == {f"{LAB}.ipynb": b"2", "data": b"4", "data_/x.csv": b"1", "n": b"5"}
    assert "n is there twice; it was left out" in notes(found, "ada")


def test_paths_longer_than_a_system_takes(course, tmp_path):
    found = collect(course, with_inner(tmp_path / "s.zip", archive({"/".join(["d" * 190] * 15): b"x"})))
    assert states(found) == {"ada": NOTHING, "bjorn": NEW}
    assert "has a name that is too long" in notes(found, "ada")


def test_an_error_that_nobody_thought_of_costs_one_hand_in(course, tmp_path, monkeypatch):
    put = StudentFolder.put

    def failing(self, *arguments):
        if "ada" in self.folder.parts:
            (self.record.parent / ".stage-x").mkdir(parents=True)
            raise OSError(36, "File name too long")
        return put(self, *arguments)

    monkeypatch.setattr(StudentFolder, "put", failing)
    found = collect(course, zipped(tmp_path / "s.zip", {f"lovelaceada_4711_9_{LAB}.ipynb": notebook(), **HONEST}))
    assert states(found) == {"ada": FAILED, "bjorn": NEW}
    assert notes(found, "ada") == "could not be put into submitted/: File name too long"
    assert found.missing == ["ada", "cy"]
    assert not list((course / "submitted").rglob(".stage-*"))


def test_what_is_wrong_with_everything_still_stops(course, tmp_path, monkeypatch):
    def full(self, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StudentFolder, "put", full)
    with pytest.raises(OSError, match="No space left"):
        collect(course, zipped(tmp_path / "s.zip", HONEST))


def test_times_and_depths_of_an_unpacked_download(course, tmp_path):
    folder = tmp_path / "unpacked"
    deep = folder / "Ada Lovelace_1_assignsubmission_file" / "/".join("d" * 25)
    deep.mkdir(parents=True)
    (deep / "x.csv").write_bytes(b"1")
    path = folder / "Ada Lovelace_1_assignsubmission_file" / "x.ipynb"
    path.write_bytes(notebook())
    os.utime(path, (2**37, 2**37))
    found = collect(course, folder)
    assert states(found) == {"ada": NEW}
    assert "lies too deep; it was left out" in notes(found, "ada")


def test_ten_notes_are_enough(course, tmp_path):
    files = {f"../{number}": b"x" for number in range(300)} | {"x.ipynb": notebook()}
    (ada, _) = collect(course, with_inner(tmp_path / "s.zip", archive(files))).hand_ins
    assert (len(ada.notes), ada.notes[-1]) == (11, "292 more notes")


# --- sizes -----------------------------------------------------------------------------------------------------------


def lying(method, content, says):
    """An archive whose one member unpacks to `content` and claims another size."""
    data = archive({"x.csv": content}, method)
    size = len(content).to_bytes(4, "little")
    assert data.count(size) >= 2
    return data.replace(size, says.to_bytes(4, "little"))


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("says", [10, 900_000])
def test_a_member_that_lies_about_its_size_takes_no_more_than_it_says(course, tmp_path, method, says):
    data = lying(method, bytes(120_000_000), says)
    path = with_inner(tmp_path / "s.zip", data)
    assert len(data) < 200_000
    tracemalloc.start()
    found = collect(course, path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert states(found) == {"ada": NOTHING, "bjorn": NEW}
    assert "is larger than it says" in notes(found, "ada")
    assert most < 30_000_000


def test_a_member_with_less_than_it_says_is_damaged(course, tmp_path):
    found = collect(course, with_inner(tmp_path / "s.zip", lying(zipfile.ZIP_BZIP2, b"x" * 77_777, 99_999)))
    assert "size or checksum is wrong" in notes(found, "ada")


def test_a_member_of_the_download_itself_that_lies(course, tmp_path):
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(f"lovelaceada_4711_9_{LAB}.ipynb", bytes(98_765_432), zipfile.ZIP_BZIP2)
        made.writestr(*next(iter(HONEST.items())))
    path.write_bytes(path.read_bytes().replace((98_765_432).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert states(collect(course, path)) == {"ada": NOTHING, "bjorn": NEW}


def test_the_dictionary_of_lzma_has_a_limit(course, tmp_path):
    data = bytearray(archive({"x.csv": b"x" * 1000}, zipfile.ZIP_LZMA))
    at = data.index(b"x.csv") + len("x.csv") + 4  # after the version and the length of the properties
    data[at + 1 : at + 5] = (0xF0000000).to_bytes(4, "little")
    found = collect(course, with_inner(tmp_path / "s.zip", bytes(data)))
    assert states(found) == {"ada": NOTHING, "bjorn": NEW}


def test_an_archive_of_nothing_but_entries_is_not_opened(course, tmp_path):
    entry = archive({"x": b""})
    entry = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")]
    found = collect(course, with_inner(tmp_path / "s.zip", entry * 30_000))
    assert "has more than 20000 files" in notes(found, "ada")


def test_json_that_would_become_gigabytes_is_not_read(course, tmp_path):
    brackets = b'{"nbformat": 4, "cells": [' + b"[]," * 3_000_000 + b"0]}"
    path = with_inner(tmp_path / "s.zip", brackets, "lab.json")
    tracemalloc.start()
    found = collect(course, path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert states(found) == {"ada": NEW, "bjorn": NEW}
    assert most < 60_000_000


# --- names that are no UTF-8 -----------------------------------------------------------------------------------------

bytes_in_names = pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")


@bytes_in_names
def test_names_in_an_unpacked_download_that_are_no_utf8(course, tmp_path, capsys):
    folder = os.fsencode(tmp_path / "unpacked")
    for name, content in {
        b"J\xf6rg van der Berg_7_assignsubmission_file/x.ipynb": notebook("j"),
        b"Ada Lovelace_8_assignsubmission_file/L\xf6sung.txt": b"3",
        b"Ada Lovelace_8_assignsubmission_file/\xfcbung/\x81.csv": b"4",
        f"Ada Lovelace_8_assignsubmission_file/{LAB}.ipynb".encode(): notebook("a"),
        b"\xe4nderungen.txt": b"5",
    }.items():
        path = os.path.join(folder, name)  # noqa: PTH118
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(content)
    (course / "roster.csv").write_text("id,name\nada,Ada Lovelace\njoerg,Jörg van der Berg\n", encoding="utf-8")
    found = collect(course, tmp_path / "unpacked")
    assert states(found) == {"ada": NEW, "joerg": NEW}
    assert inside(course, "ada") == {f"{LAB}.ipynb": notebook("a"), "Lösung.txt": b"3", "übung/\ufffd.csv": b"4"}
    assert found.left_out == ["änderungen.txt has no name that Canvas or Moodle gives"]
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "collect", str(tmp_path / "unpacked")])
    assert ended.value.code == 0
    assert "Lösung" not in capsys.readouterr().err


@bytes_in_names
def test_a_download_whose_own_name_is_no_utf8(course, tmp_path, capsys):
    path = zipped(tmp_path / "s.zip", HONEST)
    path = path.rename(tmp_path / os.fsdecode(b"\xfcbung.zip"))
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "collect", str(path), "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["hand_ins"][0]["state"] == NEW


def test_a_name_in_the_encoding_of_dos_is_read(course, tmp_path):
    path = with_inner(tmp_path / "s.zip", archive({"L__sung.txt": b"3", "x.ipynb": b"1"}).replace(b"L__s", b"L\x94s_"))
    collect(course, path)
    assert "Lös_ung.txt" in inside(course, "ada")


# --- other LMSs ------------------------------------------------------------------------------------------------------

ILIAS = r"[^/]*_(?P<student>[^_/]+)_\d+/(?P<attempt>\d{14})_(?P<file>.+)"
BLACKBOARD = r".*_(?P<student>\w+)_attempt_(?P<attempt>[-\d]+)_(?P<file>.+)"
SAKAI = r"[^/]+/[^/]+\((?P<student>[^)/]+)\)/Submission attachment\(s\)/(?P<file>.+)"


@pytest.mark.parametrize(
    "names",
    [
        ["ada/2026_01_pca_vs_ae.ipynb", "erwin/2026_01_pca_vs_ae.ipynb"],
        ["Abgaben/Lovelace_Ada_ada_11/20261012210533_01_pca_vs_ae.ipynb"],
        ["ada_2026_01_pca_vs_ae.ipynb", "ada_01_2026_pca.ipynb"],
        ["4711_901234_lab.ipynb", "LATE_anon_4711.ipynb"],
        ["Lab 01_ada_attempt_2026-10-12-21-05-33_01_pca_vs_ae.ipynb"],
    ],
)
def test_a_pattern_that_does_not_fit_whole_is_no_match_and_the_way_out_is_named(course, tmp_path, names):
    (course / "roster.csv").unlink()
    path = zipped(tmp_path / "s.zip", {name: notebook() for name in names})
    with pytest.raises(CourseError, match=rf"--pattern REGEX.* submitted/STUDENT/{LAB}/{LAB}\.ipynb"):
        collect(course, path)
    assert not (course / "submitted").exists()


def test_two_students_do_not_become_one_because_their_file_has_one_name(course, tmp_path):
    (course / "roster.csv").unlink()
    files = {"ada/hw_2026_10_lab.ipynb": notebook("a"), "erwin/hw_2026_12_lab.ipynb": notebook("e"), **HONEST}
    found = collect(course, zipped(tmp_path / "s.zip", files))
    assert states(found) == {"hw": NOTHING, "vanderbergbjorn": NEW}
    assert "in several folders (ada, erwin), which may be several students" in notes(found, "hw")


@pytest.mark.parametrize(
    ("pattern", "files", "newest"),
    [
        (
            BLACKBOARD,
            {
                "Lab 01_ada_attempt_2026-10-12-21-05-33_01_pca_vs_ae.ipynb": b"old",
                "Lab 01_ada_attempt_2026-10-13-08-00-00_01_pca_vs_ae.ipynb": b"new",
                "Lab 01_ada_attempt_2026-10-13-08-00-00_helper.py": b"k",
                "Lab 01_cy_attempt_2026-10-12-21-05-33_x.ipynb": b"c",
            },
            {f"{LAB}.ipynb": b"new", "helper.py": b"k"},
        ),
        (
            ILIAS,
            {
                "Abgaben/Lovelace_Ada_ada_11/20261012210533_01_pca_vs_ae.ipynb": b"new",
                "Abgaben/Lovelace_Ada_ada_11/20261011210533_01_pca.ipynb": b"old",
                "Abgaben/Young_Cy_cy_12/20261012210644_01_pca_vs_ae.ipynb": b"c",
            },
            {f"{LAB}.ipynb": b"new"},
        ),
        (
            SAKAI,
            {
                "Lab 1/Lovelace, Ada(ada)/Submission attachment(s)/01_pca_vs_ae.ipynb": b"new",
                "Lab 1/Lovelace, Ada(ada)/Submission attachment(s)/src/helper.py": b"k",
                "Lab 1/Young, Cy(cy)/Submission attachment(s)/y.ipynb": b"c",
                "Lab 1/grades.csv": b"",
            },
            {f"{LAB}.ipynb": b"new", "src/helper.py": b"k"},
        ),
        (
            r"(?P<student>[^/]+)/.*",
            {"ada/2026_01_pca_vs_ae.ipynb": b"new", "cy/y.ipynb": b"c"},
            {f"{LAB}.ipynb": b"new"},
        ),
    ],
    ids=["blackboard", "ilias", "sakai", "folders"],
)
@pytest.mark.parametrize("listed", [True, False])
def test_any_other_lms_by_a_pattern(course, tmp_path, pattern, files, newest, listed):
    if not listed:
        (course / "roster.csv").unlink()
    path = zipped(tmp_path / "s.zip", files)
    found = collect(course, path, pattern=pattern)
    assert states(found) == {"ada": NEW, "cy": NEW}
    assert inside(course, "ada") == newest
    assert inside(course, "cy") == {f"{LAB}.ipynb": b"c"}
    assert found.left_out == [f"{name} does not fit --pattern" for name in files if name.endswith("grades.csv")]
    again = collect(course, path, pattern=pattern)
    assert states(again) == {"ada": UNCHANGED, "cy": UNCHANGED}
    assert not any("by the number alone" in note for hand_in in found.hand_ins for note in hand_in.notes)


def test_a_pattern_takes_any_name_of_a_student(course, tmp_path):
    files = {
        "ada@uni.example/a.ipynb": b"1",
        "Björn van der Berg/b.ipynb": b"2",
        "4713/c.ipynb": b"3",
        "dee/d.ipynb": b"",
    }
    found = collect(course, zipped(tmp_path / "s.zip", files), pattern="(?P<student>[^/]+)/.*")
    assert states(found) == {"ada": NEW, "bjorn": NEW, "cy": NEW}
    assert found.unknown == ["dee"]


def test_a_pattern_gives_no_path_that_leads_elsewhere(course, tmp_path):
    (course / "roster.csv").unlink()
    files = {"ada/a.ipynb": b"1", "../ada/b.ipynb": b"2", ".. /c.ipynb": b"3"}
    found = collect(course, zipped(tmp_path / "s.zip", files), pattern="(?P<student>[^/]+)/.*")
    assert states(found)["ada"] == NEW
    assert {path.name for path in tmp_path.iterdir()} == {"course", "s.zip"}
    assert all(path.resolve().is_relative_to(course / "submitted") for path in (course / "submitted").rglob("*"))


@pytest.mark.parametrize(
    ("pattern", "code", "words"),
    [
        ("(", 2, "--pattern is no regular expression"),
        ("(?P<name>.*)", 2, "needs the group (?P<student>...)"),
        ("(?P<student>.*)(?P<time>x)", 2, "may have attempt and file"),
        ("(?P<student>x)", 1, "--pattern fits none of the files"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_said_in_one_line(course, tmp_path, capsys, pattern, code, words):
    path = zipped(tmp_path / "s.zip", HONEST)
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "collect", str(path), "--pattern", pattern])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (code, 1)
    assert words in said


def test_the_manual_shows_the_patterns_that_are_tested():
    manual = (REPO / "docs" / "graders.md").read_text(encoding="utf-8")
    for pattern in (BLACKBOARD, ILIAS, SAKAI, "(?P<student>[^/]+)/.*"):
        assert f"'{pattern}'" in manual
