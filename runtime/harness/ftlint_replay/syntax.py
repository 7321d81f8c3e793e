"""What the source text says about a window: the test around the act, and the gap between two `with` blocks."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable

from .types import Site, Window


def enclosing_test(window: Window) -> tuple[ast.expr, bool] | None:
    """The test of the `if` or `while` around the act that the first access is part of, and its wanted outcome."""
    first, last = window.first, window.last
    if first.file != last.file or first.function != last.function:
        return None
    for node in ast.walk(tree(last.file)):
        if isinstance(node, (ast.If, ast.While)) and _spans(node.test, first) and not _spans(node.test, last):
            if any(_spans(it, last) for it in node.body):
                return node.test, True
            if any(_spans(it, last) for it in node.orelse):
                return node.test, False
            if leaves(node) and (node.end_lineno or 0) < last.line:
                return node.test, False
    return None


def leaves(node: ast.If | ast.While) -> bool:
    """Whether what follows is only reached when the test fails."""
    return isinstance(node, ast.If) and isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _spans(node: ast.AST, site: Site) -> bool:
    start = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    end = (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
    return start <= (site.line, site.column) and (site.end_line, site.end_column) <= end


@functools.lru_cache(8)
def width(site: Site) -> int:
    """Into how many parts the loop over the site takes each element."""
    for node in ast.walk(tree(site.file)):
        if isinstance(node, (ast.For, ast.comprehension)) and node.iter.lineno == site.line and _spans(node.iter, site):
            return len(node.target.elts) if isinstance(node.target, (ast.Tuple, ast.List)) else 1
    return 1


def gap(window: Window) -> Callable[[int], bool] | None:
    """Lines between two `with` statements of which one holds the first access and the other the last."""
    first, last = window.first, window.last
    if first.file != last.file or first.function != last.function:
        return None
    withs = [it for it in ast.walk(tree(last.file)) if isinstance(it, (ast.With, ast.AsyncWith))]
    before = [it for it in withs if _spans(it, first) and not _spans(it, last)]
    behind = [it for it in withs if _spans(it, last) and not _spans(it, first)]
    if behind:
        line = min(it.lineno for it in behind)
        return lambda now: now == line
    if before:
        start, end = min(it.lineno for it in before), max(it.end_lineno or 0 for it in before)
        return lambda now: not start <= now <= end
    return None


@functools.lru_cache(8)
def tree(file: str) -> ast.AST:
    """The syntax tree of a file, which nobody changes; an empty one when it cannot be had."""
    try:
        with open(file, "rb") as source:
            return ast.parse(source.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
