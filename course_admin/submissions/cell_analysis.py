"""What a cell's text says: the names it defines and reads, whether it is still the stub, how alike two are."""

from __future__ import annotations

import ast
import difflib
import re
import symtable
import warnings
from collections.abc import Iterator
from functools import lru_cache

CLOSE = 0.6
"""How alike two texts have to be to count as versions of one cell, as difflib counts."""

MAX_SOURCE = 50_000
"""Cells with more characters are kept but not looked into."""


def parsed(source: str) -> ast.Module | None:
    """A cell as Python, None where it is none. IPython's commands count as `pass`."""
    return _parsed(source) if len(source) <= MAX_SOURCE else None


@lru_cache(maxsize=1024)
def _parsed(source: str) -> ast.Module | None:
    lines = source.split("\n")
    if lines[0].startswith("%%"):
        if not re.match(r"%%(time|timeit|capture|prun)\b", lines[0]):
            return None
        lines[0] = ""
    lines = [re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=4096)
def names_bound(source: str, *, strict: bool = False) -> frozenset[str]:
    """The names that a cell defines, imports or assigns at its top level.

    Of a cell that does not parse those that follow def or class; none when `strict`.
    """
    tree = parsed(source)
    if tree is None:
        found = (
            ()
            if strict
            else re.findall(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", source[:MAX_SOURCE], re.MULTILINE)
        )
        return frozenset(found)
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                names.add(node.id)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            waiting += ast.iter_child_nodes(node)
    return frozenset(names)


@lru_cache(maxsize=4096)
def names_used(source: str) -> frozenset[str]:
    """The names that a cell reads, anywhere in it."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    return frozenset(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


@lru_cache(maxsize=4096)
def names_computed(source: str) -> frozenset[str]:
    """The names that a cell binds at its top level other than by def, class and import."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    given = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    rest = ast.Module([node for node in tree.body if not isinstance(node, given)], [])
    return names_bound(ast.unparse(rest))


@lru_cache(maxsize=4096)
def globals_read(source: str) -> frozenset[str]:
    """The names that a cell takes from other cells: it reads them, also in a function, and does not bind them."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    return frozenset(_read(symtable.symtable(ast.unparse(tree), "cell", "exec"))) - names_bound(source)


def _read(table: symtable.SymbolTable) -> Iterator[str]:
    at_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (at_top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _read(inner)


def is_stub(source: str, stub: str) -> bool:
    if not source.strip() or normal(source) == normal(stub):
        return True
    mine, given = parsed(source), parsed(stub)
    return bool(mine and given and mine.body) and _dumped(source) == _dumped(stub)


@lru_cache(maxsize=4096)
def _dumped(source: str) -> str:
    try:
        return ast.dump(parsed(source))
    except RecursionError:
        return source


def normal(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def likeness(one: str, other: str) -> float:
    match = difflib.SequenceMatcher(None, one[:3000], other[:3000], autojunk=False)
    return match.ratio() if match.real_quick_ratio() > CLOSE and match.quick_ratio() > CLOSE else 0.0
