"""Which library functions the text of an answer calls: where an exercise is to be written by hand."""

import ast
import re
from collections.abc import Iterable, Sequence

MAX_TEXT = 50_000
"""The number of characters of a cell that are read."""
MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)


def library_calls(text: str, names: Iterable[str], own: Sequence[str] = ()) -> set[str]:
    """Those of `names` that a cell uses: as an attribute (torch.softmax, u.softmax), imported, also under another name,
    as a text for getattr, or as a name that neither the cell gives to something else nor the student's `own` functions
    have.

    Statements that only print or assert, outside of functions, are not read: there an answer may be compared.
    """
    names, text = set(names), text[:MAX_TEXT]
    tree = next(filter(None, map(_parsed, (text, MAGIC.sub(r"\1pass", text)))), None)
    if tree is None:  # not Python, so it defines nothing; or syntax that only IPython can read
        return names & set(re.findall(r"[.,\s]\s*(\w+)", text)) - set(own)
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    found = set()
    for statement in tree.body:
        if not isinstance(statement, ast.Expr | ast.Assert):
            found |= {name for node in ast.walk(statement) for name in _used(node, bound | set(own))}
    return names & found


def _used(node: ast.AST, own: set[str]) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [part for alias in node.names for part in alias.name.split(".")]
    if isinstance(node, ast.Name):
        return [] if node.id in own else [node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        return [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return []


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
