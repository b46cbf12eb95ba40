"""Where classes run: the container files, and the workflow that publishes, as far as they can be tried here."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer
import yaml
from packaging.requirements import Requirement

from course_admin import bootstrap
from course_admin.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
JOB = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))["jobs"]["publish"]
STEPS = {step.get("name", step.get("uses")): step for step in JOB["steps"]}
CUDA = ("nvidia-", "cuda-", "triton")


def lock_lines():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


# --- containers -----------------------------------------------------------------------------------------


def test_the_image_has_a_python_that_the_course_accepts():
    (version,) = re.findall(r"^FROM python:(\d+\.\d+)-", DOCKERFILE, re.MULTILINE)
    assert tuple(map(int, version.split("."))) >= bootstrap.MINIMUM_PYTHON


def test_the_image_for_cpu_leaves_out_cuda_and_nothing_else():
    kept, torch = re.search(r"grep -vE '([^']+)'", DOCKERFILE)[1], re.search(r"grep -E '([^']+)'", DOCKERFILE)[1]
    names = {Requirement(line).name for line in lock_lines()}
    left = {Requirement(line).name for line in lock_lines() if not re.search(kept, line)}
    taken = {Requirement(line).name for line in lock_lines() if re.search(torch, line)}
    assert taken == {"torch", "torchvision"}
    assert names - left == taken | {name for name in names if name.startswith(CUDA)}


def test_what_the_image_copies_is_there():
    for words in re.findall(r"^COPY --chown=\S+ (.*) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / word).exists() for word in words.split())


def test_nothing_of_a_class_gets_into_the_image():
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for line in (line.strip("/") for line in ignored if line and not line.startswith("#")):
        assert line in patterns or f"**/{line}" in patterns, line
    for private in ("gradebook.db", "roster.csv", ".course-secret", "submitted", "evidence", "submissions.zip"):
        assert any(fnmatch.fnmatch(private, pattern) for pattern in patterns), private


def test_the_devcontainer_builds_a_part_of_the_image_that_exists():
    made = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert (ROOT / ".devcontainer" / made["build"]["dockerfile"]).samefile(ROOT / "Dockerfile")
    assert re.search(rf"^FROM .* AS {made['build']['target']}$", DOCKERFILE, re.MULTILINE)
    assert re.search(rf"^RUN useradd .*\b{made['remoteUser']}$", DOCKERFILE, re.MULTILINE)
    assert made["postCreateCommand"] == "make setup"


# --- the workflow ---------------------------------------------------------------------------------------


def run_step(name, folder, **environment):
    """A step as the runner starts it: bash, ending at the first error."""
    safe = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_"))}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]]
    return subprocess.run(command, cwd=folder, env={**safe, **environment}, capture_output=True, text=True)


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def test_the_workflow_starts_with_a_tag_and_may_write_nothing_here():
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, step in STEPS.items() if "secrets." in str(step)] == ["Publish"]


def test_the_workflows_commands_are_commands_of_the_course():
    calls = re.findall(r"\.venv/bin/course (.*)", STEPS["Make the bundle"]["run"])
    assert len(calls) == 2
    for call in calls:
        name, *rest = shlex.split(call)
        typer.main.get_command(app).commands[name].make_context(name, rest)


@pytest.mark.parametrize(
    ("bundle", "passes"), [("ORG/labs", True), ("", False), ("ORG/course", False), ("org/Course", False)]
)
def test_the_courses_own_repository_is_refused(tmp_path, bundle, passes):
    step = "Refuse the course's own repository"
    done = run_step(step, tmp_path, BUNDLE_REPOSITORY=bundle, GITHUB_REPOSITORY="ORG/course")
    assert (done.returncode == 0) == passes
    assert ("::error::" in done.stdout) != passes


@pytest.mark.parametrize(("tag", "passes"), [("v0.3.1", True), ("v0.3.2", False), ("0.3.1", False)])
def test_a_tag_that_is_not_the_version_is_refused(tmp_path, tag, passes):
    command = tmp_path / ".venv" / "bin" / "course"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\necho course 0.3.1\n")
    command.chmod(0o755)
    done = run_step("Refuse a tag that is not the version", tmp_path, GITHUB_REF_NAME=tag)
    assert (done.returncode == 0) == passes


@pytest.mark.parametrize("labs", ["", "01_a 02_b"], ids=["all", "two"])
@pytest.mark.parametrize("step", ["Make the bundle", "Make the site"])
def test_only_the_named_labs_are_published(tmp_path, step, labs):
    command = tmp_path / ".venv" / "bin" / "course"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "$@"\n')
    command.chmod(0o755)
    done = run_step(step, tmp_path, LABS=labs)
    assert done.returncode == 0, done.stderr
    assert [word for word in done.stdout.splitlines()[-1].split() if word[0] == "0"] == labs.split()


@pytest.mark.parametrize("site", [True, False], ids=["with a site", "without"])
def test_publishing_replaces_what_students_see_and_keeps_their_history(tmp_path, site):
    """With a local repository in the place of the hosted one."""
    home, remote = tmp_path / "home", tmp_path / "labs.git"
    home.mkdir()
    git("init", "--quiet", "--bare", "-b", "main", str(remote))
    for tag, lab in (("v0.1.0", "01_a"), ("v0.2.0", "01_a"), ("v0.2.0", "02_b"), ("v0.2.1", "02_b")):
        folder = tmp_path / f"{tag} {lab}"
        (folder / "out" / "bundle" / lab).mkdir(parents=True)
        (folder / "out" / "bundle" / lab / "lab.ipynb").write_text("{}")
        if site:
            (folder / "out" / "site").mkdir()
            (folder / "out" / "site" / "index.html").write_text(tag)
        done = run_step("Publish", folder, HOME=str(home), BUNDLE_URL=str(remote), GITHUB_REF_NAME=tag)
        assert done.returncode == 0, done.stderr
    look = ("-C", str(remote))
    assert git(*look, "ls-tree", "-r", "--name-only", "main").split() == ["02_b/lab.ipynb"]
    assert git(*look, "tag").split() == ["v0.1.0", "v0.2.0", "v0.2.1"]
    assert git(*look, "log", "--format=%s", "main").splitlines() == ["Version v0.2.0", "Version v0.1.0"]
    branches = git(*look, "branch", "--format=%(refname:short)").split()
    assert branches == (["gh-pages", "main"] if site else ["main"])
    if site:
        assert git(*look, "show", "gh-pages:index.html") == "v0.2.1"
        assert git(*look, "ls-tree", "-r", "--name-only", "gh-pages").split() == [".nojekyll", "index.html"]


def test_the_manual_names_every_state_and_the_pins_of_the_lock():
    text = (ROOT / "docs" / "where.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE)[1:]
    assert len(rows) >= 9
    assert all(re.search(r"\btried\b", state) for _, state in rows)
    pins = {str(Requirement(line)) for line in lock_lines() if re.match(r"torch(vision)?==", line)}
    assert all(pin in text for pin in pins)
