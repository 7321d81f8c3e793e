"""Calls the function in one thread, and sees whether it waits for a lock that it holds itself.

The proof is the graph of who waits for whom: the frame that waits and a frame around it name one lock, and that lock
cannot be taken twice.
"""

from __future__ import annotations

import ast
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from .. import attempts, idle, syntax, target, values
from ..arguments import CannotBuild
from ..schedule import Schedule
from ..types import Blocked, Request, Step, Trace, Window

_PATIENCE = 0.15


def search(request: Request, window: Window, schedule: Schedule | None) -> Trace:
    """The first choice of arguments with which the call waits for itself."""
    first = Schedule("driver", ("A*",), 0) if schedule is None else schedule

    def body(report: attempts.Report) -> None:
        trace = _run(window, first, schedule is not None, time.monotonic() + request.attempt_seconds)
        trace.gil = attempts.gil_enabled()
        report(attempts.pack(trace))

    return attempts.unpack(attempts.run(request.attempt_seconds + 3.0, body), str(first))


def violation(window: Window, trace: Trace) -> str | None:
    """The wait, in words."""
    if trace.hung is None or not trace.steps:
        return None
    return (f"thread 1 waits for ever at line {trace.hung.line} (`{trace.hung.source}`) for {window.place.text}, "
            "which it holds itself")


def _run(window: Window, schedule: Schedule, only: bool, end: float) -> Trace:
    trace = Trace(str(schedule), "not_reached", "no choice of arguments was tried")
    try:
        target.load(window)
    except target.NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - an import may raise anything
        text = f"import of `{window.last.module}` failed with {type(error).__name__}: {error}"
        return Trace(str(schedule), "import_error", text[:300])
    choices = target.setups(window)
    for number in range(schedule.variant, schedule.variant + 1 if only else len(choices)):
        if time.monotonic() > end:
            break
        found = _call(window, f"v1:driver.{number}:A*", choices[number])
        if found.hung is not None:
            return found
        if found.outcome == "finished" or trace.outcome != "finished":
            trace = found
    return trace


def _call(window: Window, name: str, setup: target.Setup) -> Trace:
    try:
        made = target.build(window, setup)
    except target.NotDrivable as error:
        return Trace(name, "not_drivable", str(error))
    except (CannotBuild, Exception) as error:  # noqa: BLE001 - a constructor may raise anything
        return Trace(name, "not_built", f"the receiver or its arguments could not be made: {type(error).__name__}: {error}"[:300])
    raised: list[BaseException] = []

    def call() -> None:
        try:
            made.a()
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=call, name="replay-A", daemon=True)
    thread.start()
    watch = idle.Watch(_PATIENCE)
    idle.wait_until(lambda: not thread.is_alive(), 1.0, lambda: watch.all_wait([(thread.ident or 0, thread.native_id or 0)]))
    trace = Trace(name, "finished", "the call waits for no lock that it holds itself", notes=[f"driver: {made.text}"], parked=True)
    if raised:
        trace.outcome, trace.parked = "not_reached", False
        trace.detail = f"the call {made.text} raised {type(raised[0]).__name__}: {str(raised[0])[:200]}"
    elif thread.is_alive():
        frames = sys._current_frames()
        mine = frames.pop(thread.ident or 0, None)
        _prove(trace, mine, list(frames.values()))
    return trace


def _prove(trace: Trace, frame: FrameType | None, others: list[FrameType]) -> None:
    """Looks for the lock that the innermost frame waits for in the regions that it and the frames around it are in.

    A lock that another thread of the module may hold proves nothing: that one may give it back.
    """
    while frame is not None and idle.foreign(frame):
        frame = frame.f_back
    if frame is None:
        return
    inner, line = frame, frame.f_lineno or 0
    wanted = {id(_plain(lock)) for lock in _locks(inner, entered=False)}
    if any(_holds(it, wanted) for other in others for it in _chain(other)):
        return
    for outer in _chain(inner):
        held = _holds(outer, wanted)
        if held and isinstance(_plain(held[0]), type(threading.Lock())):
            name, file = "replay-A", outer.f_code.co_filename
            trace.steps.append(Step(1, "A", name, "takes", file, _region(outer), None, values.MISSING))
            trace.steps.append(Step(1, "A", name, "blocked", inner.f_code.co_filename, line, None, values.MISSING))
            trace.hung = Blocked("A", inner.f_code.co_filename, line, _text(inner.f_code.co_filename, line), True)
            return


def _chain(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame and those that called it, without ours."""
    while frame is not None:
        if not idle.foreign(frame):
            yield frame
        frame = frame.f_back


def _holds(frame: FrameType, wanted: set[int]) -> list[Any]:
    return [it for it in _locks(frame, entered=True) if id(_plain(it)) in wanted]


def _locks(frame: FrameType, entered: bool) -> list[Any]:
    """What the `with` statements hold that the frame is inside, or what the line that it stands at asks for."""
    line = frame.f_lineno or 0
    found: list[Any] = []
    for node in ast.walk(syntax.tree(frame.f_code.co_filename)):
        if isinstance(node, ast.With) and _around(node, line) == entered and _near(node, line):
            found += [_value(it.context_expr, frame) for it in node.items]
        elif not entered and isinstance(node, ast.Call) and node.lineno == line and isinstance(node.func, ast.Attribute) \
                and node.func.attr == "acquire" and not node.args and not node.keywords:
            found.append(_value(node.func.value, frame))
    return [it for it in found if it is not values.MISSING]


def _near(node: ast.With, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)


def _around(node: ast.With, line: int) -> bool:
    return node.body[0].lineno <= line


def _region(frame: FrameType) -> int:
    line = frame.f_lineno or 0
    tree = syntax.tree(frame.f_code.co_filename)
    return max((it.lineno for it in ast.walk(tree) if isinstance(it, ast.With) and _near(it, line) and _around(it, line)),
               default=line)


def _value(node: ast.expr, frame: FrameType) -> Any:
    try:
        return values.evaluate(node, frame)
    except Exception:  # noqa: BLE001 - what cannot be told proves nothing
        return values.MISSING


def _plain(lock: Any) -> Any:
    """A condition is its lock."""
    return lock._lock if isinstance(lock, threading.Condition) else lock  # type: ignore[attr-defined]


def _text(file: str, line: int) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as source:
            return source.read().splitlines()[line - 1].strip()
    except (OSError, IndexError):
        return ""
