"""Analyse a cell's text: the names it defines and reads, whether it is still the stub, how similar two cells are."""

from __future__ import annotations

import ast
import difflib
import re
import symtable
import warnings
from collections.abc import Iterator
from functools import lru_cache

CLOSE = 0.6
"""Two texts with a higher difflib ratio count as versions of one cell."""

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

MAX_SOURCE = 50_000
"""Cells with more characters are kept, but not analysed."""


def parsed(source: str) -> ast.Module | None:
    """Parse a cell as Python. Return None if that fails. IPython's commands are replaced by `pass`."""
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
    """Return the names that a cell defines, imports or assigns at its top level.

    For a cell that does not parse, return the names after `def` and `class`, or no names if `strict`.
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
        if isinstance(node, DEFINITIONS):
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
    """Return the names that a cell reads, at any level."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    return frozenset(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


@lru_cache(maxsize=4096)
def names_imported(source: str) -> frozenset[str]:
    """Return the names that a cell imports at its top level."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    return names_bound(_text([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]))


@lru_cache(maxsize=4096)
def names_computed(source: str) -> frozenset[str]:
    """Return the names whose values a cell computes at its top level.

    It binds them there, but not by def, class or import, or it changes them there (`x[0] = 1`, `x.y = 1`,
    `x.append(1)`). Module names are included, because `plt.show()` has the same form: see names_imported.
    """
    tree = parsed(source)
    if tree is None:
        return frozenset()
    rest = [node for node in tree.body if not isinstance(node, (*DEFINITIONS, ast.Import, ast.ImportFrom))]
    changed = set()
    for statement in rest:
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                changed.add(_owner(node))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                changed.add(_owner(node.func))
    return names_bound(_text(rest)) | changed - {""}


def _text(statements: list[ast.stmt]) -> str:
    return ast.unparse(ast.Module(statements, []))


def _owner(node: ast.AST) -> str:
    """Return "x" for the node `x.y[0].z`, or "" if the innermost part is not a name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=4096)
def globals_read(source: str) -> frozenset[str]:
    """Return the names that a cell needs from other cells.

    Either a statement reads the name before the cell binds it, or a function reads it and the cell never binds it.
    """
    tree = parsed(source)
    if tree is None:
        return frozenset()
    return frozenset(_taken(tree.body, set())) | (_read_by_functions(tree) - names_bound(source))


@lru_cache(maxsize=4096)
def read_by_definitions(source: str) -> dict[str, frozenset[str]]:
    """Return the global names that each function and class at a cell's top level reads, by its name."""
    tree = parsed(source)
    found = [node for node in tree.body if isinstance(node, DEFINITIONS)] if tree else []
    return {node.name: frozenset(_names(node)) for node in found}


def _read_by_functions(tree: ast.Module) -> frozenset[str]:
    inner = symtable.symtable(ast.unparse(tree), "cell", "exec").get_children()
    return frozenset(name for table in inner for name in _read(table))


def _taken(statements: list[ast.stmt], bound: set[str]) -> Iterator[str]:
    """Yield the names that statements read before they bind them, in the order of the text.

    bound: names bound so far; this function adds to it.
    """
    for node in statements:
        blocks = [
            part
            for name in ("body", "handlers", "cases", "orelse", "finalbody")
            for part in getattr(node, name, [])
            if not isinstance(node, DEFINITIONS)
        ]
        if blocks:
            heads = [getattr(node, name, None) for name in ("iter", "test", "subject", "type", "guard")]
            heads += [item.context_expr for item in getattr(node, "items", [])]
            yield from (name for head in heads if head is not None for name in _names(head) - bound)
            targets = [getattr(node, "target", None), *(item.optional_vars for item in getattr(node, "items", []))]
            for target in filter(None, targets):
                bound.update(part.id for part in ast.walk(target) if isinstance(part, ast.Name))
            if isinstance(node, ast.ExceptHandler) and node.name:
                bound.add(node.name)
            yield from _taken(blocks, bound)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _names(node, inside=False) - bound  # decorators and default values
        else:
            also = {node.target.id} if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) else set()
            yield from (_names(node) | also) - bound
        if isinstance(node, ast.stmt):
            bound |= names_bound(ast.unparse(node))


def _names(node: ast.AST, *, inside: bool = True) -> set[str]:
    """Return the global names that a statement or expression reads. inside: also in functions that it defines."""
    return set(_read(symtable.symtable(ast.unparse(node), "cell", "exec"), inside=inside))


def _read(table: symtable.SymbolTable, *, inside: bool = True) -> Iterator[str]:
    at_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (at_top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children() if inside else ():
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
