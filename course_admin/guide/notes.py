"""Read docs/guide/<lab>.md. It holds what no other file of a lab has: what to say at the board about an exercise, and
answers to the questions that the lab asks without answering them.

    ## 1.1
    What to say about exercise 1.1.

    ## Think: What do the two directions mean?
    An answer to the question that begins with these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_admin.guide.outline import Outline

THINK = "Think: "


@dataclass(frozen=True)
class Notes:
    """Notes on a lab. board: text by the number of the exercise; answers: text by the first words of the question."""

    board: dict[str, str]
    answers: dict[str, str]

    def answer(self, question: str) -> str:
        """Return the answer to a question; empty if there is none."""
        return next((text for words, text in self.answers.items() if question.startswith(words)), "")


def read_notes(path: Path) -> Notes:
    """Read the notes of a lab; empty notes if there is no such file."""
    parts = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:] if path.is_file() else []
    board, answers = {}, {}
    for part in parts:
        heading, _, text = part.partition("\n")
        if heading.startswith(THINK):
            answers[heading.removeprefix(THINK).strip()] = text.strip()
        else:
            board[heading.strip()] = text.strip()
    return Notes(board, answers)


def problems(notes: Notes, outline: Outline) -> Iterator[str]:
    """Yield a line for each note without an exercise or question, for example after one of these was changed."""
    numbers = {exercise.number for exercise in outline.exercises}
    yield from (f"there is no exercise {number}" for number in notes.board if number not in numbers)
    for words in notes.answers:
        if not any(question.startswith(words) for question in outline.questions):
            yield f"there is no question that begins with {words!r}"
