"""The teacher's guide of a lab as markdown, and the solved notebook without the build's markers."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from nbformat.notebooknode import NotebookNode

from course_admin.common import regions
from course_admin.guide.mistakes import Mistake
from course_admin.guide.notes import Notes
from course_admin.guide.outline import ExerciseText, Outline
from course_admin.guide.plan import SESSION, plan, surplus
from course_admin.report.rubric import ExerciseRubric

NO_ANSWER = "*The guide has no answer yet: write one into docs/guide.*"


def guide_page(
    outline: Outline,
    rubrics: Sequence[ExerciseRubric],
    mistakes: Sequence[Mistake],
    schemes: dict[str, str],
    notes: Notes,
    *,
    budget: str,
    links: str,
) -> str:
    """The guide of one lab. schemes: model answer and mark scheme by grade_id; links: the line above it all."""
    lines = [f"# {outline.title}: teacher's guide", "", links, ""]
    lines += ["## What students will be able to do", "", outline.promise, "", outline.remember, ""]
    lines += [*_session(outline, budget), ""]
    lines += ["## Exercises: rubric, mistakes, what to say", ""]
    by_name = {rubric.name: rubric for rubric in rubrics}
    for exercise in outline.exercises:
        if not exercise.written:
            made = [mistake for mistake in mistakes if mistake.exercise == exercise.name]
            lines += [*_exercise(exercise, by_name.get(exercise.name), made, notes.board.get(exercise.number, "")), ""]
    lines += [*_written(outline, schemes, notes), *_questions(outline, notes)]
    return "\n".join(lines)


def solved(notebook: NotebookNode) -> NotebookNode:
    """An instructor's notebook without the markers of regions, and without hidden tests."""
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        cell.source = regions.without(cell.source, regions.HIDDEN_TESTS)
        if cell.cell_type == "markdown" and "BEGIN MARK SCHEME" in cell.source:
            cell.source = cell.source.replace("### BEGIN MARK SCHEME", "\n**Mark scheme**\n")
            cell.source = "**Model answer**\n\n" + cell.source.replace("### END MARK SCHEME", "")
        cell.source = regions.without_markers(cell.source, regions.SOLUTION).strip("\n")
    return made


def _session(outline: Outline, budget: str) -> Iterator[str]:
    steps = plan(outline)
    yield "## A session of two hours"
    yield ""
    stated = "The lab does not say how long its sections take: the minutes for reading are computed from its words."
    if outline.minutes is not None:
        stated = (
            f"The lab states {outline.minutes:g} minutes, and minutes for each exercise. What is left is for reading, "
            "figures and predictions, shared out by the length of the text."
        )
    yield f"{stated} The seconds of computing were measured (budget {budget}, one run on a shared machine)."
    yield ""
    yield "| minutes | section | exercises | write | read, predict, discuss | computing |"
    yield "|---|---|---|---|---|---|"
    for step in steps:
        seconds = f"{step.seconds:.0f} s" if step.seconds >= 0.5 else ""
        cells = [f"{step.begin:.0f} to {step.end:.0f}", step.what, ", ".join(step.exercises)]
        cells += [f"{minutes:.0f}" if minutes else "" for minutes in (step.writing, step.reading)]
        yield f"| {' | '.join([*cells, seconds])} |"
    yield ""
    if over := surplus(steps):
        first = next(section for section in outline.graded if section.number >= 0)
        yield (
            f"This is {over:.0f} minutes more than {SESSION}: let students read section {first.number} before the "
            "session, or leave the answer in words for home."
        )
    further = [section.title for section in outline.sections if section.number > outline.last]
    if further:
        yield ""
        yield f"For those who are done early, or for home: {'; '.join(further)}."


def _exercise(
    exercise: ExerciseText, rubric: ExerciseRubric | None, mistakes: Sequence[Mistake], board: str
) -> Iterator[str]:
    yield f"### {exercise.number} `{exercise.name}` ({exercise.points:g} points, {exercise.minutes:g} minutes)"
    yield ""
    if rubric is not None:
        yield "| worth | what is right |"
        yield "|---|---|"
        for row in (*rubric.aspects, *rubric.deductions):
            yield f"| {row.worth} | {_cell(row.right)} |"
        yield ""
    if board:
        yield f"**At the board.** {board}"
        yield ""
    for mistake in mistakes:
        yield f"**{mistake.name.replace('-', ' ')}**, keeps {100 * mistake.share:.0f} %. The student reads:"
        yield ""
        yield from _fenced(mistake.message or "(no line)", "text")
        yield "<details><summary>The answer</summary>"
        yield ""
        yield from _fenced(mistake.patch.replace(" => ", "\n=>\n") if mistake.patch else mistake.code, "python")
        yield "</details>"
        yield ""


def _written(outline: Outline, schemes: dict[str, str], notes: Notes) -> Iterator[str]:
    written = [exercise for exercise in outline.exercises if exercise.written]
    if written:
        yield "## Answers in words"
        yield ""
    for exercise in written:
        yield f"### {exercise.number} ({exercise.points:g} points, {exercise.minutes:g} minutes)"
        yield ""
        yield from (exercise.question, "")
        yield schemes.get(exercise.name, "*No mark scheme.*").replace(" (students never see it)", "")
        yield ""
        if board := notes.board.get(exercise.number):
            yield from (f"**At the board.** {board}", "")


def _questions(outline: Outline, notes: Notes) -> Iterator[str]:
    if outline.questions:
        yield "## Questions to think about"
        yield ""
        yield "The lab asks these and does not grade them."
        yield ""
    for section in outline.sections:
        for question in section.questions:
            yield from (f"**Section {section.number}.** {question}", "", notes.answer(question) or NO_ANSWER, "")


def _fenced(text: str, language: str) -> Iterator[str]:
    fence = "~~~~"
    yield f"{fence}{language}"
    yield text.strip("\n")
    yield fence
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
