"""A gradebook on PostgreSQL: a real server, started here in a folder of its own and stopped again."""

from __future__ import annotations

import csv
import io
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from course_admin import classroom
from course_admin.authoring.build import build
from course_admin.authoring.new_lab import new_course, new_lab
from course_admin.course import CourseError
from course_admin.grading.command import GRADED, KEPT, grade
from course_admin.report import as_csv, gradebook_url, read_marks, report

pytestmark = [pytest.mark.pipeline, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

REPO = Path(__file__).parents[2]
LAB = "00_template"
INSTALL = "apt install postgresql"


def programs():
    """The folder of PostgreSQL's programs: Debian puts them outside PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    for place in [*places, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (place / "initdb").is_file():
            return place
    if os.environ.get("CI"):
        pytest.fail(f"no PostgreSQL: {INSTALL}")
    pytest.skip(f"NO POSTGRESQL ON THIS MACHINE, its gradebook is not tested: {INSTALL}")


@pytest.fixture(scope="module")
def server():
    """The address of an empty database on a running server, and a function that stops the server."""
    bin_folder = programs()
    # The server refuses to run as root; whoever it runs as must be able to reach its folder.
    other = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="course-postgres-"))
    password = secrets.token_urlsafe(16)
    (folder / "password").write_text(password)
    if other:
        for path in (folder, folder / "password"):
            shutil.chown(path, other["user"], other["group"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program, *arguments, check=True):
        command = [str(bin_folder / program), *arguments]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **other
        )
        assert not check or done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    data = str(folder / "data")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    stop = ("stop", "-D", data, "-m", "immediate", "-w")
    try:
        run(
            "initdb", "-D", data, "-U", "grader", "--pwfile=password", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"
        )
        run("pg_ctl", "start", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings)
        import psycopg

        with psycopg.connect(
            f"postgresql://grader:{password}@127.0.0.1:{port}/postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE course")
        yield f"postgresql+psycopg://grader:{password}@127.0.0.1:{port}/course", lambda: run("pg_ctl", *stop)
    finally:
        run("pg_ctl", *stop, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def course(server, tmp_path_factory):
    """The template lab and a class of two, with the gradebook on the server."""
    root = new_course(tmp_path_factory.mktemp("postgres"), like=REPO)
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f'c.CourseDirectory.db_url = "{server[0]}"\n')
        file.write(f'c.Deadlines.due = {{"{LAB}": "2026-10-12 12:00"}}\nc.LateDays.per_day = 0.5\n')
    new_lab(root, LAB)
    build(root, say=lambda line: None)
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"))
    path = classroom.hand_in(root, "ada", LAB, classroom.fill(release, answers))
    (path.parent / "timestamp.txt").write_text("2026-10-12 13:00:00 UTC")
    classroom.hand_in(root, "bob", LAB, release)
    return root


def rows(root):
    return {row["student"]: row for row in csv.DictReader(io.StringIO(as_csv(read_marks(root))))}


def test_grading_marking_and_reporting_on_postgresql(course, server, tmp_path):
    from nbgrader.api import Gradebook

    assert {outcome.state for outcome in grade(course, [LAB])} == {GRADED}
    assert not list(course.glob("*.db")), "there is a gradebook of SQLite beside the server's"
    assert gradebook_url(course) == server[0]
    # Nine points, half of them lost for the day begun; the written answer waits.
    assert (rows(course)["ada"]["total"], rows(course)["ada"]["to_mark"]) == ("4.5", "1")
    assert (rows(course)["bob"]["total"], rows(course)["bob"]["to_mark"]) == ("0", "0")

    with Gradebook(server[0]) as gradebook:
        written = next(g for g in gradebook.find_submission(LAB, "ada").notebooks[0].grades if g.needs_manual_grade)
        written.manual_score, written.needs_manual_grade = written.max_score, False
        gradebook.db.commit()
    assert {outcome.state for outcome in grade(course, [LAB])} == {KEPT}
    assert (rows(course)["ada"]["total"], rows(course)["ada"]["penalty"]) == ("5", "5")
    assert "Late submission penalty (Score: -5.0)" in (course / "feedback" / "ada" / LAB / f"{LAB}.html").read_text()

    report(course, format="html", out=tmp_path / "report.html")
    assert "Difficulty" in (tmp_path / "report.html").read_text()


def test_a_server_that_is_gone_is_said_without_its_password(course, server):
    server[1]()
    with pytest.raises(CourseError, match="the gradebook postgresql") as failed:
        read_marks(course)
    assert server[0].split(":")[2].split("@")[0] not in str(failed.value)
    assert "cannot be read" in str(failed.value)
