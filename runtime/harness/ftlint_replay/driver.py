"""One attempt with a driver: tries choices of arguments until lane A comes to its stop, then leads both lanes."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import conduct, exclusion, slices, syntax, target, values
from .director import Director
from .monitor import monitor
from .schedule import Schedule
from .types import ThreadError, Trace, Window

Build = Callable[[Any], target.Target]


def run(window: Window, schedule: Schedule, seconds: float, search: int, imported: Callable[[], None]) -> Trace:
    """`search` is how many choices may be tried, from the one that the schedule names."""
    build: Build
    try:
        if schedule.mode == "slice":
            build = slices.Scene(window).build
        else:
            for site in (window.last, window.other):
                exclusion.callers(syntax.tree(site.file), site.function.rpartition(".")[2])
            target.load(window)
            build = functools.partial(target.build, window)
    except target.NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - an import may raise anything
        return Trace(str(schedule), "import_error", f"import of `{window.last.module}` failed with {_words(error)}")
    imported()
    choices = setups(window, schedule)
    end = time.monotonic() + seconds
    trace = Trace(str(schedule), "not_reached", "no choice of arguments was tried")
    for number in range(schedule.variant, min(len(choices), schedule.variant + search)):
        found = _attempt(window, replace(schedule, variant=number), build, choices[number], end)
        if found.outcome not in ("not_reached", "not_built"):
            return found
        if trace.outcome == "not_built" or found.outcome == "not_reached" and not trace.detail or number == schedule.variant:
            trace = found
        if time.monotonic() > end:
            break
    return trace


def setups(window: Window, schedule: Schedule) -> list[Any]:
    """The choices of the mode, in a fixed order."""
    return list(slices.setups(window) if schedule.mode == "slice" else target.setups(window))


def _attempt(window: Window, schedule: Schedule, build: Build, setup: Any, end: float) -> Trace:
    try:
        made = build(setup)
    except target.NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - a constructor may raise anything
        return Trace(str(schedule), "not_built", f"the receiver or its arguments could not be made: {_words(error)}")
    calls = (made.a, made.b)
    director = Director(window, schedule.forward(), lambda: False)
    director.preassigned = True
    director.fill = made.fill
    if schedule.backward != schedule.swapped:
        calls = (made.b, made.a)
    a, b = conduct.Worker("A", director, calls[0]), conduct.Worker("B", director, calls[1])
    watcher = monitor()
    watcher.start(director)
    conduct.pair(director, a, b, max(0.1, end - time.monotonic()))
    watcher.stop()
    trace = director.trace
    trace.schedule = str(schedule)
    trace.two_objects = made.two_objects
    trace.final = _final(window, made)
    trace.notes.append(f"{schedule.mode}: {made.text}")
    if made.prepared:
        trace.notes.append(f"prepared: {made.prepared}")
    if made.private:
        trace.notes.append(f"what calls {' and '.join(made.private)} was left out, and may keep threads apart")
    for worker in (a, b):
        if worker.error is not None:
            _keep(trace, worker.name, worker.error)
        if worker.done and worker.error is None:
            trace.results.append(values.show(worker.result))
            if values.is_plain(worker.result):
                trace.answers["a" if worker is (b if calls[0] is made.b else a) else "b"] = values.show(worker.result)
            trace.result_ids.append(id(worker.result))
    if trace.outcome == "not_reached" and a.error is not None:
        trace.detail = f"the call {made.text} raised {_words(a.error)} before it came to the window"
    return trace


def _final(window: Window, made: target.Target) -> str | None:
    """What the place holds in the end, if that can be told completely."""
    value = target.place_value(window.place, made.receiver)
    if value is values.MISSING:
        return None
    if values.is_plain(value):
        return values.show(value)
    return f"{len(value)} elements" if type(value) in (dict, list, set) else None


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
