"""Opens the way to a window: attributes of the receiver get values that its class itself assigns, until the tests before the
window let a thread come there. `disconnect()` does nothing before `connect()` has set what it tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from . import infer, syntax, values
from .arguments import StandIn
from .types import Site

_Definition = ast.FunctionDef | ast.AsyncFunctionDef


def opened(site: Site, receiver: Any) -> list[str]:
    """What was assigned, in words; the receiver is changed."""
    definition = _definition(site)
    if definition is None or not definition.args.args or receiver is None or isinstance(receiver, type):
        return []
    said = []
    for test, wanted in _tests(definition.body, site):
        for name, accepts in _needs(test, wanted, definition.args.args[0].arg):
            told = _assign(receiver, values.mangled(name, site.function), accepts)
            said += [f"self.{name} = {told}"] if told else []
    return said


def _definition(site: Site) -> _Definition | None:
    name = site.function.rpartition(".")[2]
    for node in ast.walk(syntax.tree(site.file)):
        if isinstance(node, _Definition) and node.name == name and node.lineno <= site.line <= (node.end_lineno or 0):
            return node
    return None


def _tests(body: list[ast.stmt], site: Site) -> Iterator[tuple[ast.expr, bool]]:
    """The tests that decide whether a thread comes to a place, in order, each with the outcome that leads there."""
    for stmt in body:
        if not _holds(stmt, site):
            if isinstance(stmt, ast.If) and (stmt.end_lineno or 0) < site.line and syntax.leaves(stmt):
                yield stmt.test, False
            continue
        if isinstance(stmt, (ast.If, ast.While)) and not _holds(stmt.test, site):
            inside = any(_holds(it, site) for it in stmt.body)
            yield stmt.test, inside
            yield from _tests(stmt.body if inside else stmt.orelse, site)
            return
        for block in ("body", "handlers", "orelse", "finalbody"):
            inner = [it for it in getattr(stmt, block, []) if isinstance(it, ast.stmt)]
            if any(_holds(it, site) for it in inner):
                yield from _tests(inner, site)
        return


def _holds(node: ast.AST, site: Site) -> bool:
    start = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    end = (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
    return start <= (site.line, site.column) and (site.end_line, site.end_column) <= end


def _needs(test: ast.expr, wanted: bool, receiver: str) -> Iterator[tuple[str, Any]]:
    """Attributes of the receiver that the outcome hangs on, each with a function that says whether a value will do."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _needs(test.operand, not wanted, receiver)
    elif isinstance(test, ast.BoolOp):
        # All have to be true, or all false; of the others one is enough.
        every = isinstance(test.op, ast.And) == wanted
        for part in test.values if every else test.values[:1]:
            yield from _needs(part, wanted, receiver)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        name, than = _own(test.left, receiver), test.comparators[0].value
        equal = isinstance(test.ops[0], (ast.Is, ast.Eq))
        if name is not None and (equal or isinstance(test.ops[0], (ast.IsNot, ast.NotEq))):
            yield name, lambda it: (it is than or type(it) is type(than) and it == than) == (equal == wanted)
    elif (name := _own(test, receiver)) is not None:
        yield name, lambda it: bool(it) == wanted


def _own(node: ast.expr, receiver: str) -> str | None:
    owned = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == receiver
    return node.attr if owned and isinstance(node, ast.Attribute) else None


def _assign(receiver: Any, name: str, accepts: Any) -> str | None:
    """Puts a value that will do into the attribute, unless one is there."""
    try:
        if accepts(vars(receiver)[name]):
            return None
        found = next((it for it in _known(type(receiver), name) if accepts(it)), values.MISSING)
        if found is values.MISSING:
            return None
        setattr(receiver, name, found)
    except Exception:  # noqa: BLE001 - truth values, slots and properties are the user's code
        return None
    return values.show(found, 20)


def _known(cls: type, name: str) -> list[Any]:
    """Values that the class assigns, and an object for those that only a run would tell."""
    try:
        found = infer.attribute(cls, name)
    except infer.Opaque:
        found = []
    return [*found, StandIn()] if infer.is_given(cls, name) else found
