"""Who waits for which lock, and who holds it: read from the frames of threads that stand still.

What a frame holds is told from the `with` statements that it is inside, what it waits for from the line at which it
stands. Locks that are taken by hand and held across lines are not seen: then nothing is proved.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from . import idle, syntax, values

_LOCKS = (type(threading.Lock()), type(threading.RLock()))


@dataclass(frozen=True)
class Asked:
    """A lock as one line of code names it."""

    lock: Any
    text: str
    file: str
    line: int


def frame_of(ident: int | None) -> FrameType | None:
    """The innermost frame of user code in which a thread stands."""
    frame = sys._current_frames().get(ident or 0)
    while frame is not None and idle.foreign(frame):
        frame = frame.f_back
    return frame


def wanted(frame: FrameType) -> list[Asked]:
    """What the line asks for at which the innermost frame stands."""
    line = frame.f_lineno or 0
    found = []
    for node in ast.walk(syntax.tree(frame.f_code.co_filename)):
        if isinstance(node, ast.With) and _near(node, line) and not _entered(node, line):
            items = [it.context_expr for it in node.items]
            at = _at(items, frame)
            found += items if at is None else items[at:at + 1]
        elif isinstance(node, ast.Call) and node.lineno == line and isinstance(node.func, ast.Attribute) \
                and node.func.attr == "acquire" and not node.args and not node.keywords:
            found.append(node.func.value)
    return _asked(found, frame, line)


def held(frame: FrameType | None) -> list[Asked]:
    """What a frame and those that called it hold, the innermost first."""
    found: list[Asked] = []
    for it in chain(frame):
        line = it.f_lineno or 0
        for node in ast.walk(syntax.tree(it.f_code.co_filename)):
            if isinstance(node, ast.With) and _near(node, line) and not _gives_back(node):
                items = [part.context_expr for part in node.items]
                # Of the locks of one statement, those before the one that it stands at are held already.
                count = len(items) if _entered(node, line) else _at(items, it) or 0
                found += _asked(items[:count], it, node.lineno)
    return found


def chain(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame and those that called it, without ours and those of the standard library."""
    while frame is not None:
        if not idle.foreign(frame):
            yield frame
        frame = frame.f_back


def common(asked: list[Asked], kept: list[Asked]) -> tuple[Asked, Asked] | None:
    """The first lock that one side asks for and the other keeps, as each of them names it."""
    return next(((a, b) for a in asked for b in kept if a.lock is b.lock), None)


def _asked(nodes: list[ast.expr], frame: FrameType, line: int) -> list[Asked]:
    found = []
    for node in nodes:
        try:
            lock = values.evaluate(node, frame)
        except Exception:  # noqa: BLE001 - what cannot be told proves nothing
            continue
        if isinstance(lock, threading.Condition):
            lock = lock._lock  # type: ignore[attr-defined]
        if isinstance(lock, _LOCKS):
            found.append(Asked(lock, ast.unparse(node), frame.f_code.co_filename, line))
    return found


def _at(items: list[ast.expr], frame: FrameType) -> int | None:
    """Which of the items of a `with` statement the frame stands at, told by the place of its instruction."""
    positions = list(frame.f_code.co_positions())
    place = positions[frame.f_lasti // 2] if 0 <= frame.f_lasti // 2 < len(positions) else (None,) * 4
    line, end_line, column, end_column = place
    if line is None or end_line is None or column is None or end_column is None:
        return None
    for index, it in enumerate(items):
        if (it.lineno, it.col_offset) <= (line, column) and (end_line, end_column) <= (it.end_lineno or 0, it.end_col_offset or 0):
            return index
    return None


def _gives_back(node: ast.With) -> bool:
    """Whether a lock is released by hand on the way: then the statement does not tell who holds it."""
    return any(isinstance(it, ast.Attribute) and it.attr == "release" for part in node.body for it in ast.walk(part))


def _near(node: ast.With, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)


def _entered(node: ast.With, line: int) -> bool:
    return node.body[0].lineno <= line
