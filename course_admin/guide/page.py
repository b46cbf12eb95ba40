"""Write the teacher's guide of a lab as Markdown, and make the solved notebook without the markers of the build."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from nbformat.notebooknode import NotebookNode

from course_admin.common import regions
from course_admin.guide.mistakes import Mistake
from course_admin.guide.notes import Notes
from course_admin.guide.outline import ExerciseText, Outline, Sitting
from course_admin.guide.plan import SESSION, plan, surplus
from course_admin.report.rubric import ExerciseRubric

NO_ANSWER = "*The guide has no answer yet: write one into docs/guide.*"
HOW_TO_READ = (
    "*At the board* is for all mistakes of an exercise: say what fits those that you see. Below it are the mistakes "
    "that students make often, each with the share of the points that is left and the message of the check. The wrong "
    "code is folded; a printed page has only what is open. *After hand-in* gives an answer away: say it when "
    "nobody can hand in any more."
)
AFTER = "After: "
"""Start of the first paragraph of a note that gives the answer away; all paragraphs below it count as such, too."""
FURTHER = "Going further: "


def guide_page(
    outline: Outline,
    rubrics: Sequence[ExerciseRubric],
    mistakes: Sequence[Mistake],
    schemes: dict[str, str],
    notes: Notes,
    *,
    budget: str,
    links: str,
    solved_page: str = "",
) -> str:
    """Return the guide of one lab. schemes: model answer and mark scheme by grade_id; links: the line below the title;
    solved_page: the address of the solved notebook, empty if there is none.
    """
    lines = [f"# {outline.title}: teacher's guide", "", links, ""]
    lines += ["## What students do, and what they should remember", "", outline.promise, "", outline.remember, ""]
    lines += [*_sessions(outline, budget), ""]
    lines += ["## Exercises: rubric, mistakes, what to say", "", HOW_TO_READ, ""]
    by_name = {rubric.name: rubric for rubric in rubrics}
    for exercise in outline.exercises:
        if not exercise.written:
            made = [mistake for mistake in mistakes if mistake.exercise == exercise.name]
            board = notes.board.get(exercise.number, "")
            lines += [*_exercise(exercise, by_name.get(exercise.name), made, board, solved_page), ""]
    lines += [*_written(outline, schemes, notes), *_questions(outline, notes)]
    return "\n".join(lines)


def solved(notebook: NotebookNode) -> NotebookNode:
    """Return an instructor's notebook without the markers of regions and without hidden tests; hints are open.

    The output of a hidden test repeats the lines of its check, and its value is the points. Here each line is shown
    once, and the points are not shown.
    """
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        cell.source = regions.without(cell.source, regions.HIDDEN_TESTS)
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("<details>", "<details open>")
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            cell.outputs = [_once(output) for output in cell.outputs if output.output_type != "execute_result"]
        if cell.cell_type == "markdown" and "BEGIN MARK SCHEME" in cell.source:
            cell.source = cell.source.replace("### BEGIN MARK SCHEME", "\n**Mark scheme**\n")
            cell.source = "**Model answer**\n\n" + cell.source.replace("### END MARK SCHEME", "")
        cell.source = regions.without_markers(cell.source, regions.SOLUTION).strip("\n")
    return made


def _once(output: NotebookNode) -> NotebookNode:
    if output.output_type == "stream":
        output.text = "\n".join(dict.fromkeys(output.text.split("\n")))
    return output


def _sessions(outline: Outline, budget: str) -> Iterator[str]:
    many = len(outline.sittings)
    for number, sitting in enumerate(outline.sittings, start=1):
        yield "## The session" if many == 1 else f"## Session {number} of {many}"
        yield ""
        yield from _session(outline, sitting, budget)
    further = [section for section in outline.sections if section.number > outline.last]
    if further:
        yield "For those who are done early, or for home:"
        yield ""
        yield from (f"- {section.title.replace(FURTHER, '')}" for section in further)
        yield ""


def _session(outline: Outline, sitting: Sitting, budget: str) -> Iterator[str]:
    steps = plan(outline, sitting)
    stated = "The lab does not say how long its sections take: the minutes for reading are computed from its words."
    if sitting.minutes is not None:
        stated = (
            f"The lab states {sitting.minutes:g} minutes, and minutes for each exercise. What is left is for reading, "
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
    over = f"This is {surplus(steps):.0f} minutes more than {SESSION}, and there" if surplus(steps) else "There"
    words = [exercise for section in outline.sections_of(sitting) for exercise in section.exercises if exercise.written]
    advice = "let students run the first cells and read the first pages before the session"
    if words:
        home = " and ".join(f"{exercise.number} ({exercise.minutes:g} minutes)" for exercise in words)
        advice += f", and leave the answer in words, {home}, for home"
    yield (
        f"{over} is no break, and no time of its own for the board: 150 minutes are better. To save time, {advice}. "
        "Each section runs without the answers of the sections before it (where one cell needs them, the lab says so): "
        "a class that is late can go on with the next section."
    )
    yield ""


def _exercise(
    exercise: ExerciseText, rubric: ExerciseRubric | None, mistakes: Sequence[Mistake], board: str, solved_page: str
) -> Iterator[str]:
    yield f"### {exercise.number} `{exercise.name}` ({exercise.points:g} points, {exercise.minutes:g} minutes)"
    yield ""
    if solved_page:
        yield f'<p><a href="{solved_page}#{exercise.anchor}">The exercise with the course\'s own answer</a></p>'
        yield ""
    if rubric is not None:
        yield "| worth | what must be right |"
        yield "|---|---|"
        for row in (*rubric.aspects, *rubric.deductions):
            yield f"| {row.worth} | {_cell(row.right)} |"
        yield ""
    yield from _said(board)
    for mistake in mistakes:
        name = mistake.name.replace("-", " ").capitalize()
        yield f"**{name}** keeps {100 * mistake.share:.0f} % of the points. The student reads:"
        yield ""
        yield from _fenced(mistake.message or "(no line)", "text")
        yield '<details class="wrong-code"><summary>The wrong code</summary>'
        yield ""
        yield from _fenced(_wrong_code(mistake), "python")
        yield "</details>"
        yield ""


def _wrong_code(mistake: Mistake) -> str:
    """Return the whole answer, or only the place that differs from the course's own answer if there is just one."""
    if not mistake.patch:
        return mistake.code
    right, _, wrong = mistake.patch.partition(" => ")
    return f"{wrong.strip(chr(10)) or '# nothing'}\n# in the place of\n{right.strip(chr(10))}"


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
        yield from _said(notes.board.get(exercise.number, ""), written=True)


def _said(note: str, *, written: bool = False) -> Iterator[str]:
    """Yield the parts of a note: what to say at the board, and what to say after hand-in.

    written: the note is about an answer in words. If it has no paragraph that begins with AFTER, all of it is for
    after hand-in.
    """
    before, mark, after = f"\n\n{note}".partition(f"\n\n{AFTER}")
    if written and not mark:
        before, after = "", before
    if before.strip():
        yield from (f"**At the board.** {before.strip()}", "")
    if after.strip():
        yield from (f"**After hand-in.** {after.strip()}", "")


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
