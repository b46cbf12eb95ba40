"""Read the code of a cell without running it: its calls, the names that it binds and the names that it reads."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a cell. Raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(_as_python(source), "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def tree(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, or None if the cell is not valid Python."""
    try:
        return parse(source)
    except SyntaxError:
        return None


def syntax_error(source: str) -> tuple[str, int] | None:
    """Return the message and the line (from 1) of a cell's syntax error, or None if the cell is valid Python."""
    try:
        parse(source)
    except SyntaxError as error:
        return error.msg, error.lineno or 1
    return None


def called(call: ast.Call) -> str:
    """Return the dotted name of the called function: "checks.to_range" for checks.to_range(f)."""
    names, node = [], call.func
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(names))


def names_bound(source: str, *, imports: bool = True) -> set[str]:
    """Return the names that a cell binds at its top level: functions, classes, variables and, if wanted, imports."""
    table = _table(source)
    symbols = table.get_symbols() if table else []
    return {symbol.get_name() for symbol in symbols if _binds(symbol) and (imports or not symbol.is_imported())}


def names_read(source: str) -> set[str]:
    """Return the names that a cell reads, also inside functions, and does not bind itself at its top level.

    The set is empty if the names cannot be determined, for example in a cell that is not valid Python.
    """
    table = _table(source)
    if table is None:
        return set()
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    inner = (symbol for child in _below(table) for symbol in child.get_symbols())
    found |= {symbol.get_name() for symbol in inner if symbol.is_global() and symbol.is_referenced()}
    return found - names_bound(source)


def signatures(source: str) -> dict[str, list[str] | None]:
    """Return the parameters of each function at the top level of a cell, by the function's name. A class has None."""
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
    except SyntaxError:  # not valid Python; some Python versions also refuse `await` at the top level
        return None


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def _as_python(source: str) -> str:
    # A notebook accepts magics, shell commands and top-level await as Python.
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)
