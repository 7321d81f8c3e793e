"""Calls the function in one thread, and sees whether it waits for a lock that it holds itself.

The proof is the graph of who waits for whom: the frame that waits and a frame around it name one lock, and that lock
cannot be taken twice.
"""

from __future__ import annotations

import linecache
import threading
import time

from .. import attempts, idle, target, waits
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
        _prove(trace, thread.ident)
    return trace


def _prove(trace: Trace, ident: int | None) -> None:
    """Looks for the lock that the innermost frame waits for among those that it and the frames around it hold."""
    frame = waits.frame_of(ident)
    if frame is None:
        return
    found = waits.common(waits.wanted(frame), waits.held(frame))
    if found is None:
        return
    last, first = found
    for it, kind, text in ((first, "takes", first.text), (last, "blocked", f"{last.text}, which it holds itself")):
        trace.steps.append(Step(1, "A", "replay-A", kind, it.file, it.line, shown=text))
    trace.hung = Blocked("A", last.file, last.line, linecache.getline(last.file, last.line).strip(), True)
