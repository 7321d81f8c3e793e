"""Finds the instructions of an access: `co_positions()` gives ranges, `dis` gives names, the kind tells which."""

from __future__ import annotations

import ast
import dis
import os
from types import CodeType

from .types import Site

_FAMILIES: dict[str, tuple[str, ...]] = {
    "read": ("LOAD_", "BINARY_SUBSCR", "BINARY_OP"),
    "store": ("STORE_",),
    "delete": ("DELETE_",),
    "get_item": ("BINARY_SUBSCR", "BINARY_OP", "BINARY_SLICE"),
    "set_item": ("STORE_SUBSCR", "STORE_SLICE"),
    "del_item": ("DELETE_SUBSCR", "STORE_SLICE"),
    "contains": ("CONTAINS_OP",),
    "call": ("CALL",),
    "iterate": ("GET_ITER", "FOR_ITER"),
}
_NEVER = ("LOAD_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT", "LOAD_FAST_AND_CLEAR", "CALL_INTRINSIC")
_Range = tuple[int, int, int, int]


def belongs(site: Site, code: CodeType) -> bool:
    """Whether this is the code object that the site is in."""
    if code.co_qualname != site.function or not same_file(code.co_filename, site.file):
        return False
    return site.function == "<module>" or _covers(code, site)


def offsets(site: Site, code: CodeType) -> list[int]:
    """Offsets of the instructions that do the access; several when the compiler copied the code (`finally`)."""
    wanted = (site.line, site.column, site.end_line, site.end_column)
    rows = [(it.offset, it.opname, _range(it)) for it in dis.get_instructions(code, adaptive=False)]
    family = [row for row in rows if _in_family(row[1], site.kind)]
    for rows_of_kind in (family, [row for row in rows if _plausible(row[1], site.kind)]):
        exact = [row for row in rows_of_kind if row[2] == wanted]
        if exact:
            return _same_name(exact, site.kind)
        inside = [row for row in rows_of_kind if row[2] is not None and _contains(wanted, row[2])]
        if inside:
            widest = max(inside, key=lambda row: _size(row[2]))
            return [row[0] for row in inside if row[2] == widest[2] and row[1] == widest[1]]
        around = [row for row in rows_of_kind if row[2] is not None and _contains(row[2], wanted)]
        if around:
            narrowest = min(around, key=lambda row: _size(row[2]))
            return [row[0] for row in around if row[2] == narrowest[2] and row[1] == narrowest[1]]
    return []


def statement(tree: ast.AST, site: Site, code: CodeType) -> int:
    """Offset of the first instruction of the statement that the site is in: before everything that it reads."""
    start, end = (site.line, site.column), (site.end_line, site.end_column)
    best: _Range = (site.line, site.column, site.end_line, site.end_column)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Delete)):
            it = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            if it[:2] <= start and end <= it[2:]:
                best = it
    inside = [it.offset for it in dis.get_instructions(code) if (place := _range(it)) and _contains(best, place)]
    return min(inside, default=0)


def _same_name(rows: list[tuple[int, str, _Range | None]], kind: str) -> list[int]:
    """All copies of one instruction: the first of a read (it loads), the last of anything else (it acts)."""
    name = rows[0][1] if kind == "read" else rows[-1][1]
    return [row[0] for row in rows if row[1] == name]


def _in_family(name: str, kind: str) -> bool:
    return name.startswith(_FAMILIES.get(kind, ())) and not name.startswith(_NEVER)


def _plausible(name: str, kind: str) -> bool:
    """A test may be written as a call (`len(q)`, `q.empty()`), and a method may be spelled as an operator."""
    if kind in ("read", "contains", "get_item", "iterate"):
        return name.startswith(("CALL", "CONTAINS_OP", "COMPARE_OP", "IS_OP", "UNARY_", "TO_BOOL", "LOAD_ATTR", "LOAD_")) \
            and not name.startswith(_NEVER)
    return name.startswith(("STORE_", "DELETE_", "CALL")) and not name.startswith(_NEVER)


def _range(instruction: dis.Instruction) -> _Range | None:
    it = instruction.positions
    if it is None or it.lineno is None or it.end_lineno is None or it.col_offset is None or it.end_col_offset is None:
        return None
    return it.lineno, it.col_offset, it.end_lineno, it.end_col_offset


def _contains(outer: _Range, inner: _Range) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _size(it: _Range | None) -> tuple[int, int]:
    return (0, 0) if it is None else (it[2] - it[0], it[3] - it[1])


def _covers(code: CodeType, site: Site) -> bool:
    lines = [line for _, _, line in code.co_lines() if line]
    return bool(lines) and min(lines) <= site.end_line and site.line <= max(lines)


_paths: dict[str, str] = {}


def same_file(one: str, two: str) -> bool:
    """Whether two paths lead to one file."""
    return _real(one) == _real(two)


def _real(path: str) -> str:
    if path not in _paths:
        _paths[path] = os.path.realpath(path)
    return _paths[path]
