"""Find secrets in a release: content that it must not have.

Secrets are the statements and comments between BEGIN and END SOLUTION, the hidden tests, and the lines of mark
schemes. They are searched as parts of any text, and white space and the kind of quotes are ignored. So a solution in
one line of a hint, wrapped over three lines, or in the metadata of a picture is found as well. Lines that reveal
nothing (`return z`, `else:`, imports, `loss.backward()`, a call of one function on plain names) are no secrets.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from course_admin.authoring.lab_text import Cell
from course_admin.common import regions

ON_PURPOSE = "shown-on-purpose"
"""The tag of a cell that may repeat a solution."""

SHORTEST_CODE = 10
SHORTEST_EXPRESSION = 20  # of a right-hand side alone, and of one line of a multi-line statement
SHORTEST_PROSE = 25
FRAGMENT = re.compile(r"\w+\s*=\s*[\w.]+(\([\w.-]*\))?,?|.*\($")
"""Lines of a multi-line statement that reveal nothing by themselves: a keyword with a plain value, the opening line."""
SIMPLE = (ast.Import, ast.ImportFrom, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal)
HEADED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Secret:
    """A secret. kind: such as "solution", "hidden test" or "mark scheme"; cell: the cell's number from 1 (0: no cell);
    line: the text for readers; key: the text for the search; lab: the lab's name, if several labs are searched.
    """

    kind: str
    cell: int
    line: str
    key: str
    lab: str = ""


def secrets(cells: list[Cell]) -> list[Secret]:
    """Return the secrets of a lab's cells (with solutions), each key once."""
    found: dict[str, Secret] = {}
    for number, cell in enumerate(cells, 1):
        for kind, line in _secret_lines(cell):
            key = squash(line)
            found.setdefault(key, Secret(kind, number, " ".join(line.split()), key))
    return list(found.values())


def secrets_of_code(text: str, kind: str) -> list[Secret]:
    """Return the secrets of code that is secret as a whole, such as an exam: its lines and comments, each key once."""
    found: dict[str, Secret] = {}
    for line in _code_lines(text):
        key = squash(line)
        found.setdefault(key, Secret(kind, 0, " ".join(line.split()), key))
    return list(found.values())


def find(wanted: list[Secret], text: str) -> list[Secret]:
    """Return the secrets that a text contains."""
    squashed = squash(text)
    return [secret for secret in wanted if secret.key in squashed and _whole(secret.key, squashed)]


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value, including keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item)


def text_of_file(name: str, data: bytes) -> str:
    """Return the readable text of a file in a release: its name, its content, the text fields of a picture."""
    found = [name, data.decode("utf-8", "ignore")]
    if is_picture(data):
        from PIL import Image

        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()  # a PNG's text may be compressed and come after its pixels
                info = {**picture.info, **getattr(picture, "text", {})}
        except (OSError, ValueError, SyntaxError):
            info = {}
        for value in info.values():
            found.append(value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value))
    return "\n".join(found)


def is_picture(data: bytes) -> bool:
    """Return whether the data are a PNG, GIF or JPEG file."""
    return data[:8] == b"\x89PNG\r\n\x1a\n" or data[:3] in (b"GIF", b"\xff\xd8\xff")


def squash(text: str) -> str:
    """Return a text without insignificant white space, and with one kind of quotes."""
    text = re.sub(r"\s+", " ", text).strip().replace("'", '"')
    return re.sub(r"(?<!\w) | (?!\w)", "", text)


def _secret_lines(cell: Cell) -> Iterator[tuple[str, str]]:
    source, meta = cell["source"], cell["metadata"].get("nbgrader", {})
    code = cell["cell_type"] == "code"
    for text in regions.texts(source, regions.SOLUTION):
        if code:
            yield from (("solution", line) for line in _code_lines(text))
        else:
            yield from (("mark scheme", line) for line in _prose_lines(text))
    for text in regions.texts(source, regions.HIDDEN_TESTS):
        yield from (("hidden test", line) for line in _code_lines(text, trivial=_import))
    for text in regions.texts(source, regions.MARK_SCHEME):
        yield from (("mark scheme", line) for line in _prose_lines(text))
    if meta.get("grade") and meta.get("solution") and not code and "BEGIN SOLUTION" not in source:
        # nbgrader replaces the whole source of such a cell, so all of it is a model answer.
        yield from (("mark scheme", line) for line in _prose_lines(source))


def _prose_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        line = line.strip().lstrip("#*-> ")
        if len(squash(line)) >= SHORTEST_PROSE and "MARK SCHEME" not in line:
            yield line


def _code_lines(text: str, trivial: Callable[[ast.AST], bool] | None = None) -> Iterator[str]:
    text = textwrap.dedent(text)
    yield from _comments(text)
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a region may begin with `else:`, or contain an IPython command
        yield from (line.strip() for line in text.split("\n") if len(squash(line)) >= SHORTEST_EXPRESSION)
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            yield from _statement_lines(node, text, trivial or _trivial)


def _statement_lines(node: ast.AST, text: str, trivial: Callable[[ast.AST], bool]) -> Iterator[str]:
    body = getattr(node, "body", None)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        yield from _prose_lines(node.value.value)
        return
    if trivial(node):
        return
    lines = text.split("\n")
    if body:
        # The header from the keyword to the colon, without the body.
        segment = "\n".join(lines[node.lineno - 1 : max(body[0].lineno - 1, node.lineno)])
    else:
        segment = ast.get_source_segment(text, node) or ""
    segment = "\n".join(line for line in segment.split("\n") if not line.strip().startswith("#"))
    if len(squash(segment)) >= SHORTEST_CODE:
        yield segment
    for line in segment.split("\n") if "\n" in segment.strip() else ():
        if len(squash(line)) >= SHORTEST_EXPRESSION and not FRAGMENT.fullmatch(line.strip()):
            yield line.strip()
    value = getattr(node, "value", None)
    if value is not None and not isinstance(node, ast.Expr) and not _says_nothing(value):
        expression = ast.get_source_segment(text, value) or ""
        if len(squash(expression)) >= SHORTEST_EXPRESSION:
            yield expression


def _comments(text: str) -> Iterator[str]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield from _prose_lines(token.string)
    except (tokenize.TokenError, IndentationError):
        yield from (part for line in text.split("\n") if "#" in line for part in _prose_lines(line.split("#", 1)[1]))


def _import(node: ast.AST) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _trivial(node: ast.AST) -> bool:
    if isinstance(node, (*SIMPLE, *HEADED, ast.Try, ast.ExceptHandler)):
        return True
    if isinstance(node, (ast.Return, ast.Assign, ast.AnnAssign, ast.Expr)):
        return node.value is None or _plain(node.value) or _says_nothing(node.value)
    if isinstance(node, ast.AugAssign):
        return _plain(node.value)
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _plain(node.iter) or _says_nothing(node.iter)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return all(_plain(item.context_expr) or _says_nothing(item.context_expr) for item in node.items)
    if isinstance(node, (ast.If, ast.While)):
        return _plain(node.test)
    return False


def _plain(node: ast.AST) -> bool:
    # Plain: names, attributes, constants; tuples, lists and unary operations of these; an empty dict.
    if isinstance(node, (ast.Name, ast.Constant)):
        return True
    if isinstance(node, (ast.Attribute, ast.Starred)):
        return _plain(node.value)
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(map(_plain, node.elts))
    if isinstance(node, ast.Dict):
        return not node.keys
    if isinstance(node, ast.UnaryOp):
        return _plain(node.operand)
    return False


def _says_nothing(node: ast.AST) -> bool:
    # Examples: model(images), range(epochs), loss.backward(), torch.no_grad(), super().__init__(), nn.Linear(width, 10)
    if not isinstance(node, ast.Call):
        return False
    if not node.args and not node.keywords:
        return _plain(node.func) or (isinstance(node.func, ast.Attribute) and _says_nothing(node.func.value))
    named = isinstance(node.func, ast.Name) or ast.unparse(node.func).startswith("nn.")
    return named and all(map(_plain, [*node.args, *(word.value for word in node.keywords)]))


def _whole(key: str, text: str) -> bool:
    # A key must not begin or end inside of a word: total_loss=a+b does not contain loss=a+b.
    left = r"(?<!\w)" if re.match(r"\w", key) else ""
    right = r"(?!\w)" if re.search(r"\w$", key) else ""
    return re.search(left + re.escape(key) + right, text) is not None
