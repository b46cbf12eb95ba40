"""The teacher's guide: what is read from a lab, the plan, the mistakes with their messages, the notes."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from template_course import LAB, template_course

from course_admin.course import CourseError, Lab, find_labs
from course_admin.feedback.mark_scheme import read_schemes
from course_admin.guide import mistakes as judging
from course_admin.guide.command import guide
from course_admin.guide.mistakes import load_candidates, mistakes_of
from course_admin.guide.notes import Notes, problems, read_notes
from course_admin.guide.outline import outline_of
from course_admin.guide.page import NO_ANSWER, guide_page, solved
from course_admin.guide.plan import SESSION, plan, surplus
from course_admin.report.rubric import rubrics

ROOT = Path(__file__).resolve().parents[2]
# The six labs: a new lab from the template has no notes yet, and the command makes its guide all the same.
LABS = {lab.name: lab for lab in find_labs(ROOT) if lab.name < "07"}
each_lab = pytest.mark.parametrize("lab", LABS.values(), ids=LABS)


def quiet(line):
    pass


def graded(name, kind=new_code_cell, source="checks.f(f)"):
    about = {"grade": True, "grade_id": name, "points": 2, "solution": kind is new_markdown_cell}
    return kind(source, metadata={"nbgrader": about})


def took(cell, seconds):
    times = {"iopub.status.busy": "2026-01-01T00:00:00Z", "iopub.status.idle": f"2026-01-01T00:00:{seconds:02}Z"}
    cell.metadata["execution"] = times
    return cell


def small_lab(takes="Sections 1 to 2 take about 60 minutes"):
    return new_notebook(
        cells=[
            new_markdown_cell(f"# Lab 99 · Small\n\n**You will** learn.\n\n{takes}; and more."),
            new_markdown_cell("## 1 · First\n\ntext\n\n### Exercise 1.1 (2 points, about 10 minutes)\n\nWrite f."),
            took(graded("check-f"), 7),
            new_markdown_cell("**Think.** Why\nso?\n\n## 2 · Second\n\n" + "word " * 40),
            new_markdown_cell("### Exercise 2.1, in words (2 points, about 6 minutes)\n\nExplain it."),
            graded("written-a", new_markdown_cell, "### BEGIN MARK SCHEME\nOne point.\n### END MARK SCHEME"),
            new_markdown_cell(
                "## What to remember\n\n- one thing\n\nThe graded part ends here.\n\n## 3 · Going further"
            ),
        ]
    )


def test_the_outline_of_a_lab():
    outline = outline_of(small_lab())
    assert (outline.title, outline.promise) == ("Lab 99 · Small", "**You will** learn.")
    assert outline.remember == "- one thing"
    found = [(exercise.number, exercise.name, exercise.written, exercise.minutes) for exercise in outline.exercises]
    assert found == [("1.1", "f", False, 10.0), ("2.1", "written-a", True, 6.0)]
    assert outline.exercises[0].question == "Write f."
    assert [(section.number, section.seconds, section.questions) for section in outline.sections[1:]] == [
        (1, 7.0, ["Why so?"]),
        (2, 0.0, []),
        (3, 0.0, []),
    ]
    assert [section.number for section in outline.sections_of(outline.sittings[0])] == [-1, 1, 2]
    assert outline.exercises[0].anchor == "exercise-1-1-2-points-about-10-minutes"


def test_the_plan_fills_the_stated_minutes_and_leaves_the_rest_of_the_session_for_its_end():
    steps = plan(outline_of(small_lab()))
    assert [step.begin for step in steps] == [0.0, *(step.end for step in steps[:-1])]
    assert steps[-1].begin == pytest.approx(60) and steps[-1].end == SESSION
    assert sum(step.writing for step in steps) == 16
    assert surplus(steps) == 0
    longer = plan(outline_of(small_lab("Sections 1 to 2 take about 130 minutes")))
    assert surplus(longer) == pytest.approx(15)


def test_a_lab_of_two_sittings_has_two_plans():
    outline = outline_of(small_lab("Section 1 takes about 40 minutes (10 for writing), section 2 takes about 30"))
    first, second = (plan(outline, sitting) for sitting in outline.sittings)
    assert [step.what for step in first] == [
        "Before the first section",
        "1 · First",
        "Look back; the other sections are for the next session",
    ]
    assert second[0].what == "2 · Second" and second[-1].begin == pytest.approx(30)
    assert second[-1].what.endswith("*Going further*") and outline.minutes == 70
    text = guide_page(outline, [], [], {}, Notes({}, {}), budget="quick", links="")
    assert "## Session 2 of 2" in text and "- 3 · Going further" in text
    assert "leave the answer in words, 2.1 (6 minutes), for home" in text


def test_what_gives_an_answer_away_is_for_after_the_hand_in():
    def board(code, words):
        made = guide_page(
            outline_of(small_lab()), [], [], {}, Notes({"1.1": code, "2.1": words}, {}), budget="quick", links=""
        )
        return [line for line in made.splitlines() if line.startswith(("**At the board", "**After hand-in"))]

    assert board("Draw f.", "It is so.") == ["**At the board.** Draw f.", "**After hand-in.** It is so."]
    assert board("After: f is g.", "Ask why.\n\nAfter: It is so.") == [
        "**After hand-in.** f is g.",
        "**At the board.** Ask why.",
        "**After hand-in.** It is so.",
    ]


def test_a_lab_that_does_not_state_its_minutes_is_read_at_a_usual_speed():
    steps = plan(outline_of(small_lab("Nothing")))
    assert 16 < steps[-1].begin < 20


@each_lab
def test_the_guide_finds_every_graded_cell_of_a_lab(lab):
    notebook = nbformat.read(lab.source, as_version=4)
    names = [
        cell.metadata.nbgrader.grade_id for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")
    ]
    outline = outline_of(notebook)
    assert [exercise.name for exercise in outline.exercises] == [name.removeprefix("check-") for name in names]
    assert outline.promise and outline.remember and outline.minutes
    assert all(exercise.question for exercise in outline.exercises)
    assert all(surplus(plan(outline, sitting)) <= 5 for sitting in outline.sittings)
    planned = [section for sitting in outline.sittings for section in outline.sections_of(sitting)]
    assert [exercise for section in planned for exercise in section.exercises] == outline.exercises
    assert {exercise.name for exercise in outline.exercises if exercise.written} <= read_schemes(ROOT, lab.name).keys()


@each_lab
def test_every_exercise_has_a_note_for_the_board_and_every_question_an_answer(lab):
    outline = outline_of(nbformat.read(lab.source, as_version=4))
    notes = read_notes(ROOT / "docs" / "guide" / f"{lab.name}.md")
    assert list(problems(notes, outline)) == []
    assert [exercise.number for exercise in outline.exercises if exercise.number not in notes.board] == []
    assert [question for question in outline.questions if not notes.answer(question)] == []


def test_notes_that_belong_to_nothing_are_found(tmp_path):
    (tmp_path / "lab.md").write_text(
        "# Notes\n\n## 1.1\nSay this.\n\n## 9.9\nx\n\n## Think: Why\nSo.\n\n## Think: When\ny\n"
    )
    notes, outline = read_notes(tmp_path / "lab.md"), outline_of(small_lab())
    assert notes.board["1.1"] == "Say this." and notes.answer("Why so?") == "So."
    assert list(problems(notes, outline)) == [
        "there is no exercise 9.9",
        "there is no question that begins with 'When'",
    ]
    assert read_notes(tmp_path / "none.md") == Notes({}, {})


def test_a_solved_notebook_has_neither_markers_nor_hidden_tests():
    code = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    check = "checks.f(f)\n### BEGIN HIDDEN TESTS\nsecret()\n### END HIDDEN TESTS"
    written = "### BEGIN SOLUTION\nBecause.\n### BEGIN MARK SCHEME\nOne point.\n### END MARK SCHEME\n### END SOLUTION"
    made = solved(new_notebook(cells=[new_code_cell(code), new_code_cell(check), new_markdown_cell(written)]))
    assert [cell.source for cell in made.cells[:2]] == ["def f():\n    return 1", "checks.f(f)"]
    hint = solved(new_notebook(cells=[new_markdown_cell("<details><summary>Hint</summary>x</details>")]))
    assert hint.cells[0].source.startswith("<details open>")
    assert "Because." in made.cells[2].source and "**Mark scheme**\n\nOne point." in made.cells[2].source
    assert "###" not in made.cells[2].source


def test_a_solved_notebook_shows_each_line_of_a_check_once():
    cell = graded("check-f")
    cell.outputs = [
        new_output("stream", text="✓  the sum\n✓  the sum\nf: 2 of 2 points\n"),
        new_output("execute_result", data={"text/plain": "2.0"}),
    ]
    (made,) = solved(new_notebook(cells=[cell])).cells
    assert [output.text for output in made.outputs] == ["✓  the sum\nf: 2 of 2 points\n"]


def test_each_mistake_of_the_corpora_gets_the_message_of_the_exam_and_is_judged_once(tmp_path, monkeypatch):
    root = template_course(tmp_path)
    lab = Lab(root, LAB)
    (lab.corpora / "linear_autoencoder.py").unlink()  # trains: takes seconds
    found = {(mistake.exercise, mistake.name): mistake for mistake in mistakes_of(lab, quiet)}
    corpus = load_candidates(root).read_corpus(root, LAB)
    entries = [entry for entry in corpus if entry.keeps is not None and entry.path.stem != "unlikely"]
    assert len(found) == len(entries) > 5
    for entry in entries:
        mistake = found[entry.exercise, entry.name]
        assert mistake.share == pytest.approx(entry.keeps, abs=6e-3)
        assert entry.hint in mistake.message and "✓" not in mistake.message
    monkeypatch.setattr(judging, "_judged", lambda *given: pytest.fail("judged again"))
    assert len(mistakes_of(lab, quiet)) == len(entries)

    outline = outline_of(nbformat.read(lab.source, as_version=4))
    text = guide_page(
        outline,
        rubrics(root, LAB),
        list(found.values()),
        read_schemes(root, LAB),
        Notes({}, {}),
        budget="quick",
        links="",
    )
    assert all(mistake.message.splitlines()[0] in text for mistake in found.values() if mistake.message)
    assert "**Mark scheme**" in text and "| worth | what must be right |" in text
    assert text.count(NO_ANSWER) == len(outline.questions)


@pytest.mark.pipeline
def test_the_guide_of_a_course_and_notes_that_it_refuses(tmp_path):
    root = template_course(tmp_path / "course")
    (Lab(root, LAB).corpora / "linear_autoencoder.py").unlink()
    made = guide(root, tmp_path / "guide", budget="quick", pdf=False, say=quiet)
    page = (made / "guide" / f"{LAB}.html").read_text()
    assert "Students must not get these pages" in page and not (made / "pdf").exists()
    assert "BEGIN SOLUTION" not in (made / "solved" / f"{LAB}.html").read_text()
    (root / "docs" / "guide").mkdir(parents=True)
    (root / "docs" / "guide" / f"{LAB}.md").write_text("## 9.9\nx\n")
    with pytest.raises(CourseError, match="there is no exercise"):
        guide(root, tmp_path / "guide", budget="quick", pdf=False, say=quiet)
