"""What the manuals and --help say of the command: every example, option, path and measured number."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import typer
from click.testing import CliRunner

from course_admin.cli import app

REPO = Path(__file__).parents[2]
COMMANDS = typer.main.get_command(app).commands
MANUALS = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))]


def parsed(line):
    """A command line as the command takes it apart, without running it. Raises click.UsageError."""
    words = shlex.split(line, comments=True)[1:]
    assert words, line
    if words == ["--version"]:  # no command: tests/project/test_versions.py runs it
        return None
    assert words[0] in COMMANDS, line
    command = COMMANDS[words[0]]
    return command.make_context(words[0], words[1:], parent=click.Context(typer.main.get_command(app)))


def lines_of(text):
    """The calls of `course` in blocks of code and in back ticks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    found = [line for block in blocks for line in block.splitlines() if line.startswith("course ")]
    inline = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found += [code for code in re.findall(r"`(course [^`]+)`", inline) if " -" in code or code.count(" ") > 1]
    return [re.sub(r"\s>.*", "", line) for line in found]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_it_takes(name):
    said = CliRunner().invoke(typer.main.get_command(app), [name, "--help"])
    assert said.exit_code == 0
    example = re.search(r"Example: \[bold\](course .*?)\[/\]", COMMANDS[name].epilog)[1]
    assert example.split()[1] == name
    assert parsed(example)


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.stem)
def test_every_command_in_a_manual_is_one_that_the_command_takes(manual):
    for line in lines_of(manual.read_text(encoding="utf-8")):
        try:
            parsed(line)
        except click.UsageError as error:
            pytest.fail(f"{line}: {error.message}")


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.stem)
def test_every_link_in_a_manual_leads_somewhere(manual):
    text = manual.read_text(encoding="utf-8")
    for target, place in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", text):
        if target.startswith("http"):
            continue
        there = manual.parent / target if target else manual
        assert there.exists(), f"{manual.name}: {target}"
        if place:
            heads = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert place in [re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads]


def test_the_manuals_numbers_of_grading_are_those_that_were_measured():
    results = json.loads((REPO / "benchmarks" / "results" / "grading.json").read_text(encoding="utf-8"))
    cell, klass, growth, book = (results[name] for name in ("first cell", "class", "growth", "gradebook"))
    text = (REPO / "docs" / "scaling.md").read_text(encoding="utf-8")
    each = [klass[f"{who}, s each"] for who in ("stock nbgrader", "course grade --jobs 1", "course grade --jobs 2")]
    said = [
        f"{cell['warm, s']:.2f} s, {cell['cold, s']:.1f} s",
        f"{klass['submissions']} submissions of lab 01",
        f"{', '.join(f'{one:.1f}' for one in each)}; {klass['marks']} marks",
        f"{klass['throughput, two workers: course / stock']:.2f} times as fast as stock",
        f"own cells and questions ({klass['own, s each']:.1f} s)",
        f"{klass['stock beyond own, s each']:.1f}, {klass['course beyond own, one worker, s each']:.2f}",
        f"{klass['peak memory of one more worker, MB']} MB",
        f"{growth['submissions']:,} submissions through one sandbox",
        ", ".join(f"{growth[f'{what} more']}" for what in ("processes", "temporary files", "open files")),
        f"{book['submissions']:,} pretended submissions",
        f"{book['minutes in all']:.1f} min; {book['last / first']:.2f} times",
        f"{book['ms each']:.0f} ms a submission",
        *numbers_of_the_answers_alone(results["answers only"]),
    ]
    assert [number for number in said if number not in text] == []


def numbers_of_the_answers_alone(found):
    """What docs/scaling.md says about --answers-only; of a class of 24, and by lab."""
    ways = ("in full", "answers only")
    first, further = ([found[f"{way}, s of cores {kind}"] for way in ways] for kind in ("each", "for each further one"))
    assert found["submissions"] == 24 and found["marks"] == "the same"
    yield f"| {first[0]:.1f} | {first[1]:.1f} | {first[0] / first[1]:.1f} | at least 3 |"
    yield f"| {further[0]:.1f} | {further[1]:.1f} | | at most 2 |"
    labs = [name.removesuffix(", marks that differ") for name in found if name.endswith(", marks that differ")]
    totals = dict.fromkeys(ways, 0.0)
    for lab in labs:
        assert found[f"{lab}, marks that differ"] == 0
        each = [found[f"{lab}, {way}, s of cores each"] for way in ways]
        yield f"| {lab[:2]} | {found[f'{lab}, submissions made of its corpus']} | {each[0]:.1f} | {each[1]:.1f} |"
        totals = {way: total + more for (way, total), more in zip(totals.items(), each, strict=True)}
    hours = [10_000 * total / 3600 for total in totals.values()]
    yield f"take {hours[0]:.0f} hours of cores in full and {hours[1]:.0f} hours with the answers alone"
    yield f"{hours[0] * 60 / 100:.0f} and {hours[1] * 60 / 100:.0f} minutes on 100 cores"
    own = found["of this the command's own process, one submission after the other, s each"]
    yield f"needs {own:.2f} s for"
    yield f"{own * 60_000 / 60:.0f} minutes for 60,000"


PERSONAL = (
    *("marks.csv", "canvas.csv", "moodle.csv", "worksheet.csv", "export.csv", "grades.csv", "outcomes.json"),
    *("submissions.zip", "downloaded/01_pca_vs_ae/x/a.ipynb", "roster.csv", "extensions.csv", "gradebook.db"),
    *("2026-10-12T1200_Grades-AE.csv", "Noten Übung 1.xlsx", "submitted/ada/01_pca_vs_ae/01_pca_vs_ae.ipynb"),
)


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=REPO, capture_output=True, text=True)
    if done.returncode > 1:
        pytest.skip("a downloaded archive of the course has no git")
    return done.stdout


def files_in_commands():
    """Every table, page, archive and JSON file in the course's folder that a command in a manual reads or writes."""
    texts = [manual.read_text(encoding="utf-8") for manual in MANUALS]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("course ")]
    return {name for line in lines for name in re.findall(r"(?<![\w./-])[\w.-]+\.(?:csv|json|html|zip)\b", line)}


@pytest.mark.parametrize("name", sorted({*PERSONAL, *files_in_commands()}))
def test_personal_data_cannot_be_committed_by_accident(name):
    assert git("-c", "core.excludesFile=", "check-ignore", "--no-index", name), f"git add would take {name}"


def test_git_ignores_no_file_of_the_course():
    assert len(files_in_commands()) > 5
    assert git("ls-files", "--cached", "--ignored", "--exclude-standard") == ""


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.stem)
def test_a_manual_says_how_to_activate_the_environment_before_the_first_command_of_it(manual):
    blocks = re.findall(r"^```\n(.*?)^```", manual.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    words = [line.split()[:2] for block in blocks for line in block.splitlines() if line.strip()]
    tools = [number for number, line in enumerate(words) if line[0] in ("course", "nbgrader", "jupyter", "pytest")]
    assert not tools or [".", ".venv/bin/activate"] in words[: tools[0]] or "python3" in [line[0] for line in words]


def test_the_command_is_where_the_manuals_say():
    """In the folder that activating the environment puts first on the path, with the others that the manuals name."""
    for name in ("course", "nbgrader", "jupyter", "pytest"):
        assert shutil.which(name, path=str(Path(sys.executable).parent)), f"{name} is not beside {sys.executable}"
