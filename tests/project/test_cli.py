"""What the manuals and --help say of the command: every example, option, path and measured number."""

from __future__ import annotations

import json
import re
import shlex
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
    ]
    assert [number for number in said if number not in text] == []
