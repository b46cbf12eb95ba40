"""Remove given lines, docstrings and comments from an answer: the rest is the student's own code."""

from __future__ import annotations

import ast
import io
import tokenize

from course_admin.submissions.cell_analysis import parsed

LONGEST = 20_000
"""Number of characters of one answer that are compared. The longest honest answer has 3,000."""


def own_code(answer: str, given: str) -> str:
    """Return the lines of an answer that were not given, with their layout. given: the cell as released, with a stub.

    From an answer that is not valid Python, only the given lines and blank lines are removed.
    """
    answer = answer[:LONGEST]
    lines, theirs = answer.split("\n"), {_plain(line) for line in given.split("\n")}
    dropped = {number for number, line in enumerate(lines, 1) if _plain(line) in theirs}
    tree = parsed(answer)
    if tree is not None:
        dropped |= _heads_and_docstrings(tree)
        lines = _without_comments(answer, lines)
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in dropped and line.strip())


def _plain(line: str) -> str:
    return "".join(line.split())


def _heads_and_docstrings(tree: ast.Module) -> set[int]:
    """Return the lines of docstrings and of headers of top-level functions and classes: the exercise fixes these."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = node.body[0]
        if node in tree.body:
            found.update(range(node.lineno, first.lineno))
        if ast.get_docstring(node, clean=False) is not None:
            # A statement may follow the docstring on its last line: "a docstring"; return x
            shared = len(node.body) > 1 and node.body[1].lineno == first.end_lineno
            found.update(range(first.lineno, first.end_lineno + (0 if shared else 1)))
    return found


def _without_comments(answer: str, lines: list[str]) -> list[str]:
    lines = list(lines)
    try:
        for token in tokenize.generate_tokens(io.StringIO(answer).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip()
    except (tokenize.TokenError, SyntaxError):  # an IPython command; copydetect removes comments, too
        pass
    return lines
