"""One attempt with a driver: tries choices of arguments until lane A comes to its stop, then leads both lanes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from . import conduct, target, values
from .director import Director
from .monitor import monitor
from .schedule import Schedule
from .types import ThreadError, Trace, Window


def run(window: Window, schedule: Schedule, seconds: float, search: int, imported: Callable[[], None]) -> Trace:
    """`search` is how many choices may be tried, from the one that the schedule names."""
    try:
        target.load(window)
    except target.NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - an import may raise anything
        return Trace(str(schedule), "import_error", f"import of `{window.last.module}` failed with {_words(error)}")
    imported()
    choices = target.setups(window)
    end = time.monotonic() + seconds
    trace = Trace(str(schedule), "not_reached", "no choice of arguments was tried")
    for number in range(schedule.variant, min(len(choices), schedule.variant + search)):
        found = _attempt(window, replace(schedule, variant=number), choices[number], end)
        if found.outcome not in ("not_reached", "not_built"):
            return found
        if trace.outcome == "not_reached" and not trace.errors:
            trace = found
        if time.monotonic() > end:
            break
    return trace


def _attempt(window: Window, schedule: Schedule, setup: target.Setup, end: float) -> Trace:
    try:
        made = target.build(window, setup)
    except target.NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - a constructor may raise anything
        return Trace(str(schedule), "not_built", f"the receiver or its arguments could not be made: {_words(error)}")
    calls = (made.a, made.b)
    director = Director(window, schedule.forward(), lambda: False)
    director.preassigned = True
    if schedule.backward:
        calls = (made.b, made.a)
    a, b = conduct.Worker("A", director, calls[0]), conduct.Worker("B", director, calls[1])
    watcher = monitor()
    watcher.start(director)
    conduct.pair(director, a, b, max(0.1, end - time.monotonic()))
    watcher.stop()
    trace = director.trace
    trace.schedule = str(schedule)
    trace.two_objects = made.two_objects
    trace.notes.append(f"driver: {made.text}")
    if made.prepared:
        trace.notes.append(f"prepared: {made.prepared}")
    for worker in (a, b):
        if worker.error is not None:
            _keep(trace, worker.name, worker.error)
        if worker.done and worker.error is None:
            trace.results.append(values.show(worker.result))
            trace.result_ids.append(id(worker.result))
    if trace.outcome == "not_reached" and a.error is not None:
        trace.detail = f"the call {made.text} raised {_words(a.error)} before it came to the window"
    return trace


def _keep(trace: Trace, lane: str, error: BaseException) -> None:
    for known in trace.errors:
        if known.lane == lane and known.type == type(error).__name__:
            known.uncaught = True
            return
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    line = last.tb_lineno if last is not None else 0
    file = last.tb_frame.f_code.co_filename if last is not None else ""
    trace.errors.append(ThreadError(lane, f"replay-{lane}", type(error).__name__, _words(error), line, file, True))


def _words(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
