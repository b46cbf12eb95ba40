"""The code of a cell, read and never run: what it calls, which names it binds and which it reads."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator


def parse(source: str) -> ast.Module:
    """The syntax tree of a cell. Raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(_as_python(source), "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def tree(source: str) -> ast.Module | None:
    """The syntax tree of a cell, None where it is not valid Python."""
    try:
        return parse(source)
    except SyntaxError:
        return None


def syntax_error(source: str) -> tuple[str, int] | None:
    """What is not valid Python in a cell and in which of its lines (from 1)."""
    try:
        parse(source)
    except SyntaxError as error:
        return error.msg, error.lineno or 1
    return None


def called(call: ast.Call) -> str:
    """What a call calls: "checks.to_range" in checks.to_range(f)."""
    names, node = [], call.func
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(names))


def names_bound(source: str, *, imports: bool = True) -> set[str]:
    """The names that a cell binds at its top level: functions, classes, variables and, if wanted, imports."""
    table = _table(source)
    symbols = table.get_symbols() if table else []
    return {symbol.get_name() for symbol in symbols if _binds(symbol) and (imports or not symbol.is_imported())}


def names_read(source: str) -> set[str]:
    """The names that a cell reads, in functions too, and does not bind itself. Empty where that cannot be told."""
    table = _table(source)
    if table is None:
        return set()
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    inner = (symbol for child in _below(table) for symbol in child.get_symbols())
    found |= {symbol.get_name() for symbol in inner if symbol.is_global() and symbol.is_referenced()}
    return found - names_bound(source)


def signatures(source: str) -> dict[str, list[str] | None]:
    """The parameters of each function at the top level of a cell by its name; None for a class."""
    module, found = tree(source), {}
    for node in module.body if module else ():
        if isinstance(node, ast.ClassDef):
            found[node.name] = None
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            stars = [f"{star}{part.arg}" for star, part in (("*", arguments.vararg), ("**", arguments.kwarg)) if part]
            found[node.name] = [part.arg for part in named] + stars
    return found


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _table(source: str) -> symtable.SymbolTable | None:
    try:
        return symtable.symtable(_as_python(source), "cell", "exec")
    except SyntaxError:  # no Python, or `await` at the top level
        return None


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def _as_python(source: str) -> str:
    # Magics, shell commands and top-level await are Python to a notebook.
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)
