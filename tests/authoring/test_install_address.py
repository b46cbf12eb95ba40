"""The address from which notebooks install course_utils never shows the solutions."""

import http.server
import io
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest
from mini_course import NAME, make_course, put

from course_admin.authoring import build, install_address, student_bundle
from course_admin.authoring.install_address import refuse_address_of_course
from course_admin.course import CourseError


def git(folder, *arguments):
    who = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "protocol.file.allow=always",
    )
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder, *files):
    for name in files:
        put(folder / name, "x")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return folder


def archive(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return data.getvalue()


BUNDLE = (
    "README.md",
    "docs/source/conf.py",
    "notebooks/notes.ipynb",
    "course_utils/__init__.py",
    "01_mini/01_mini.ipynb",
)


@pytest.mark.parametrize(
    "address",
    [
        "git+https://github.com/Ada/course",
        "git+https://github.com/ada/course.git@students",
        "git+ssh://git@github.com/ada/course.git#subdirectory=out/bundle",
        "https://github.com/ada/course/archive/refs/heads/main.zip",
        "https://codeload.github.com/ada/course/zip/refs/heads/main",
        "autoencoders @ git+https://token@github.com/ada/course",
    ],
)
def test_the_repository_of_the_course_is_refused_without_a_network(tmp_path, address):
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "git@github.com:ada/course.git")
    with pytest.raises(
        CourseError, match=r"install_cell.py: INSTALL_FROM = .* it is the repository of this course: "
    ) as no:
        refuse_address_of_course(tmp_path, address)
    assert "\n" not in str(no.value)


@pytest.mark.parametrize("bad", ["source/01/01.ipynb", "deep/down/autograder_tests/exams/01.py"])
@pytest.mark.parametrize("kind", ["a repository", "another branch", "a folder", "a zip", "a zip of a server"])
def test_an_address_with_an_instructors_folder_is_refused(tmp_path, bad, kind):
    refused = pytest.raises(CourseError, match=f"it holds {bad.split('/')[-3]}/: publish a bundle")
    with address_of(kind, tmp_path / "place", bad) as address, refused:
        refuse_address_of_course(tmp_path, address)


@pytest.mark.parametrize("kind", ["a repository", "a folder", "a zip", "a zip of a server"])
def test_a_bundle_may_be_there(tmp_path, kind):
    said = []
    with address_of(kind, tmp_path / "place") as address:
        refuse_address_of_course(tmp_path, address, say=said.append)
    assert said == []


class address_of:  # noqa: N801 - reads as a function
    def __init__(self, kind, place, *more):
        self.kind, self.place, self.more, self.server = kind, place, more, None

    def __enter__(self):
        place = self.place
        place.mkdir()
        if self.kind == "a folder":
            for name in (*BUNDLE, *self.more):
                put(place / name, "x")
            return str(place)
        if self.kind == "a repository":
            return f"git+file://{repository(place, *BUNDLE, *self.more)}@main"
        if self.kind == "another branch":
            repository(place, *BUNDLE)
            git(place, "checkout", "-qb", "course")
            repository(place, *self.more)
            git(place, "checkout", "-q", "main")
            return f"git+file://{place}"
        data = archive(*(f"main/{name}" for name in (*BUNDLE, *self.more)))
        if self.kind == "a zip":
            put(place / "a.zip", data)
            return str(place / "a.zip")

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/a.zip"

    def __exit__(self, *error):
        if self.server:
            self.server.shutdown()


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1:9/a.zip", "git+file:///nowhere", "/nowhere/a.zip", "git+https://127.0.0.1:9/x"]
)
def test_what_cannot_be_reached_is_named_and_stops_nothing(tmp_path, address):
    said = []
    refuse_address_of_course(tmp_path, address, say=said.append)
    assert len(said) == 1 and address in said[0] and "published bundle only" in said[0]


def test_build_and_publish_refuse(tmp_path, monkeypatch):
    make_course(tmp_path / "course")
    cell = tmp_path / "install_cell.py"
    text = build.INSTALL_CELL.read_text(encoding="utf-8")
    assert install_address.install_from() == ""
    cell.write_text(text.replace('INSTALL_FROM = ""', f'INSTALL_FROM = "{tmp_path / "course"}"'), encoding="utf-8")
    build.build(tmp_path / "course", say=lambda line: None)
    monkeypatch.setattr(install_address, "INSTALL_CELL", cell)
    released = Path(tmp_path / "course" / "release" / NAME / f"{NAME}.ipynb").read_bytes()
    with pytest.raises(CourseError, match="shows students the solutions"):
        build.build(tmp_path / "course", say=lambda line: None)
    with pytest.raises(CourseError, match="shows students the solutions"):
        student_bundle.publish(tmp_path / "course", tmp_path / "bundle", say=lambda line: None)
    assert Path(tmp_path / "course" / "release" / NAME / f"{NAME}.ipynb").read_bytes() == released
    assert not (tmp_path / "bundle").exists()
