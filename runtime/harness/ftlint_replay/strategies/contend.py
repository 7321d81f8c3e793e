"""Lets pieces of the finding run freely on threads, for what is one instruction, in which nobody can be stopped.

What counts is an exception, or an empty read, that the same calls one after the other do not give.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .. import attempts, slices
from ..arguments import CannotBuild
from ..schedule import Schedule
from ..target import NotDrivable
from ..types import Request, ThreadError, Trace, Window

SECONDS = 0.4
_CALLS = 3


def search(request: Request, window: Window, schedule: Schedule | None) -> Trace:
    """The first choice of values with which the calls work one after the other, and then all of them at once."""
    first = Schedule("slice", ("A~", "B~"), 0) if schedule is None else schedule

    def body(report: attempts.Report) -> None:
        trace = _run(window, first, schedule is not None)
        trace.gil = attempts.gil_enabled()
        report(attempts.pack(trace))

    found = attempts.unpack(attempts.run(request.attempt_seconds + 3.0, body), str(first))
    if found.outcome == "signal":
        found.detail += ", while threads ran freely"
    return found


def _run(window: Window, schedule: Schedule, only: bool) -> Trace:
    trace = Trace(str(schedule), "not_reached", "no values were found with which one call after the other works")
    try:
        scene = slices.Scene(window)
    except NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - an import may raise anything
        return Trace(str(schedule), "import_error", f"import of `{window.last.module}` failed with {type(error).__name__}")
    choices = slices.setups(window)
    for number in range(schedule.variant, schedule.variant + 1 if only else len(choices)):
        made = _made(scene, choices[number])
        if isinstance(made, str):
            trace.detail = made
            continue
        known = _serial(made)
        fresh = _made(scene, choices[number])
        if known is None or isinstance(fresh, str):
            continue
        trace = Trace(f"v1:slice.{number}:A~,B~", "finished", notes=[f"slice: {fresh.text}, over and over"], parked=True)
        if fresh.prepared:
            trace.notes.append(f"prepared: {fresh.prepared}")
        _together(window, fresh, known, trace)
        return trace
    return trace


def _made(scene: slices.Scene, setup: slices.Setup) -> Any:
    try:
        return scene.build(setup)
    except (CannotBuild, NotDrivable) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - classes of the user may do anything when they are touched
        return f"{type(error).__name__}: {error}"


def _serial(made: Any) -> set[str] | None:
    """The exceptions that calls one after the other give; nothing when the first call of A gives one."""
    known: set[str] = set()
    for index in range(2 * _CALLS):
        call = made.a if index % 2 == 0 else made.again(index)
        try:
            call()
        except Exception as error:  # noqa: BLE001
            if index == 0:
                return None
            known.add(type(error).__name__)
    return known


def _together(window: Window, made: Any, known: set[str], trace: Trace) -> None:
    """Two threads until something breaks or the time is over; for a sort also one that only looks."""
    over = threading.Event()
    lock = threading.Lock()
    count = [0]

    def work(lane: str, next_call: Callable[[int], Callable[[], object]]) -> None:
        index = 0
        while not over.is_set():
            index += 1
            try:
                next_call(index)()
            except Exception as error:  # noqa: BLE001
                if type(error).__name__ not in known:
                    with lock:
                        text = f"{type(error).__name__}: {str(error)[:200]}"
                        line = error.__traceback__.tb_lineno if error.__traceback__ is not None else 0
                        trace.errors.append(ThreadError(lane, f"replay-{lane}", type(error).__name__, text, line, ""))
                    over.set()
        with lock:
            count[0] += index

    lanes = [("A", lambda _: made.a), ("B", made.again)]
    threads = [threading.Thread(target=work, args=it, daemon=True) for it in lanes]
    if window.pattern == "sort_in_place" and type(made.value) is list:
        threads.append(threading.Thread(target=_look, args=(made.value, over, trace), daemon=True))
    for it in threads:
        it.start()
    over.wait(SECONDS)
    over.set()
    for it in threads:
        it.join(1.0)
    trace.detail = f"{count[0]} calls ran freely in {len(threads)} threads, and nothing broke"


def _look(value: list[Any], over: threading.Event, trace: Trace) -> None:
    while not over.is_set():
        if not value:
            trace.errors.append(ThreadError("C", "replay-C", "empty", "a reader found the list empty during the sort", 0, ""))
            over.set()


def violation(window: Window, trace: Trace) -> str | None:
    """What broke, in words."""
    if trace.outcome == "signal":
        return trace.detail
    alone = window.other == window.last and window.pattern in ("snapshot", "deep_copy")
    if not trace.errors or alone:
        return None
    error = trace.errors[0]
    return error.text if error.lane == "C" else f"{error.text} in a thread of its own, without any control"
