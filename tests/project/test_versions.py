"""Versions: one number in pyproject.toml, which every release names and check and grader compare (docs/versions.md)."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib
import yaml
from template_course import LAB, template_course

import course_utils
from course_admin import classroom
from course_admin.cli import main
from course_admin.course import find_labs
from course_admin.settings import load_settings
from course_admin.submissions.read import read, read_release
from course_utils import versions

ROOT = Path(__file__).resolve().parents[2]
ABOUT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOLDER, CONTACT = ABOUT["authors"][0]["name"], ABOUT["authors"][0]["email"]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


# --- one settings file --------------------------------------------------------------------------------------------


def test_the_version_is_that_of_pyproject_everywhere():
    assert course_utils.__version__ == ABOUT["version"]
    assert yaml.safe_load(text_of("CITATION.cff"))["version"] == ABOUT["version"]
    headings = re.findall(r"^## (\S+)", text_of("CHANGELOG.md"), re.MULTILINE)
    assert next(head for head in headings if head != "Unreleased") == ABOUT["version"]


def test_the_command_shows_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"course {ABOUT['version']}\n")


@pytest.mark.parametrize("name", ["LICENSE", "LICENSE-TEXT"])
def test_the_licences_name_the_holder_of_pyproject(name):
    assert re.findall(r"^Copyright \(c\) \d{4}, (.*)$", text_of(name), re.MULTILINE) == [HOLDER]


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md", "CITATION.cff"])
def test_who_can_be_asked_is_the_contact_of_pyproject(name):
    assert set(re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]*\w", text_of(name))) == {CONTACT}


def test_citation_and_forms_name_the_holder_the_licence_and_the_address_of_pyproject():
    cited = yaml.safe_load(text_of("CITATION.cff"))
    assert [author["name"] for author in cited["authors"]] == [HOLDER]
    assert cited["license"] == ["BSD-3-Clause", "CC-BY-4.0"]
    assert ABOUT["license"] in cited["license"]
    assert cited["repository-code"] == ABOUT["urls"]["Repository"]
    links = yaml.safe_load(text_of(".github/ISSUE_TEMPLATE/config.yml"))["contact_links"]
    assert all(link["url"].startswith(ABOUT["urls"]["Repository"]) for link in links)


@pytest.mark.parametrize("path", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem)
def test_an_issue_form_has_what_a_form_needs(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.stem == "config":
        assert set(form) == {"blank_issues_enabled", "contact_links"}
        return
    assert form["name"] and form["description"]
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked) > 0
    assert all(part["attributes"]["label"] for part in asked)


# --- what is noticed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lab", find_labs(ROOT), ids=lambda lab: lab.name)
def test_every_release_names_the_version(lab):
    assert versions.named_in(code_of(json.loads(lab.release.read_text(encoding="utf-8")))) == ABOUT["version"]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [("1.2.0", "1.2.7", False), ("1.2.0", "1.3.0", True), ("1.2.0", "2.2.0", True), ("1.2", "1.2.1", False)],
)
def test_the_third_number_makes_no_difference(one, other, differ):
    assert versions.differ(one, other) is differ


def test_the_check_says_one_line_and_works_on(capsys):
    versions.notice("99.1.0")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "99.1.0" in said and course_utils.__version__ in said and "Install the bundle" in said
    for silent in (course_utils.__version__, "", None, 7, ["99"]):
        versions.notice(silent)
    assert capsys.readouterr().out == ""


def test_importing_the_checks_in_a_notebook_of_another_version_says_so():
    """IPython without a kernel: the cells of a release, as far as the import of the checks."""
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell('COURSE_VERSION = "99.0.0"')
shell.run_cell('import course_utils.checks\\nprint("works on")')
shell.run_cell('import course_utils.checks')
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "version 99.0.0" in lines[0] and lines[1:] == ["works on"]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return template_course(tmp_path_factory.mktemp("versions"))


@pytest.mark.parametrize(("version", "noticed"), [("99.0.0", True), (course_utils.__version__, False), (None, False)])
def test_the_grader_names_a_submission_of_another_version(course, version, noticed):
    notebook = classroom.read_notebook(course / "release" / LAB / f"{LAB}.ipynb")
    for cell in notebook["cells"]:
        line = f'{versions.NAME} = "{version}"' if version else ""
        cell["source"] = versions.LINE.sub(line, cell["source"])
    classroom.hand_in(course, "ada", LAB, notebook)
    release = read_release(course / "source" / LAB / f"{LAB}.ipynb", load_settings(course))
    submission = read(course, LAB, "ada", release)
    about = [note for note in submission.notes if "version" in note]
    assert len(about) == noticed
    assert submission.damage == "" and submission.notes == about
    if noticed:
        assert "99.0.0" in about[0] and course_utils.__version__ in about[0]
