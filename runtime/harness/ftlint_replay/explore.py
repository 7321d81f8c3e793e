"""Which attempts are made: directed ones until something breaks, and then the serial orders as a control."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import attempts, driver, program, syntax
from .schedule import Schedule, parse
from .strategies import STRATEGIES, contend, lock_order, oracle, reacquire
from .types import Request, Trace, Window

_FATAL = ("import_error", "not_drivable", "not_reached", "not_built", "harness", "signal", "exit", "timeout", "waits")
_BY_THEMSELVES: dict[str, Any] = {"contend": contend, "lock_order": lock_order, "reacquire": reacquire}
_WRITES = ("augment", "read_modify_write", "compare_then_store", "check_then_insert", "lazy_init", "test_and_set")
Log = Callable[[Trace, str], None]


@dataclass(frozen=True)
class Found:
    """A violation, its schedule, and the trace that shows it."""

    schedule: Schedule
    violation: str
    trace: Trace


def explore(request: Request, window: Window, log: Log) -> Found | None:
    """The user's program first, then a driver."""
    if request.strategy in _BY_THEMSELVES:
        return _alone(request, window, None, log)
    end = time.monotonic() + request.total_seconds
    reached = False
    for mode in ("program", "driver", "slice") if request.program else ("driver", "slice"):
        apart = met = over = False
        now = time.monotonic()
        # Pieces get their share of the time, also when many whole calls come to nothing.
        share = now + (end - now) / 2 if mode == "driver" else end
        for schedule, trace in _directed(request, window, mode, log, share):
            apart, met = apart or trace.apart, met or trace.outcome == "finished"
            over = over or _is_answer(window, mode, trace)
            found = examine(request, window, schedule, trace, log) if trace.outcome not in _FATAL else None
            if found is not None:
                return found
        if apart and not met or over and mode == "driver":
            # The program gives each thread its own object or key: a driver that shares one would make up a race. And
            # what whole calls have answered is not asked of pieces again.
            return None
        reached = reached or mode == "program" and over
        if mode == "driver" and reached:
            return None
    return None


def _alone(request: Request, window: Window, schedule: Schedule | None, log: Log) -> Found | None:
    """Strategies in which no thread is led against another."""
    strategy = _BY_THEMSELVES[request.strategy]
    trace = strategy.search(request, window, schedule)
    log(trace, "directed")
    violation = strategy.violation(window, trace)
    return Found(parse(trace.schedule), violation, trace) if violation is not None else None


def _is_answer(window: Window, mode: str, trace: Trace) -> bool:
    """Whether a piece has nothing to add to what whole calls, or the program, have shown.

    The program has come to the window; a call ends the process or does not end at all; a lock keeps the other thread
    away; both wrote and nothing broke. Where a container has to hold something, calls that came through say little.
    """
    if mode == "program":
        return trace.outcome in ("finished", "nobody_came")
    if trace.outcome in ("exit", "signal", "timeout"):
        return True
    found = oracle.overlap(trace)
    if found is None or trace.blocked is not None and trace.blocked.lock:
        return found is not None
    return bool(found.between) and window.pattern in _WRITES


def repeat(request: Request, window: Window, text: str, log: Log) -> Found | None:
    """One schedule again, with its controls."""
    schedule = parse(text)
    if request.strategy in _BY_THEMSELVES:
        return next((it for _ in range(4) if (it := _alone(request, window, schedule, log)) is not None), None)
    # What a program does outside the window is not controlled, so the same order may need a few starts.
    for _ in range(6 if schedule.mode == "program" else 1):
        trace = attempt(request, window, schedule, 1, request.attempt_seconds)
        log(trace, "directed")
        found = examine(request, window, schedule, trace, log)
        if found is not None:
            return found
    return None


def examine(request: Request, window: Window, schedule: Schedule, trace: Trace, log: Log) -> Found | None:
    """Whether the oracle sees something, and no serial order shows it as well."""
    strategy = STRATEGIES[request.strategy]
    if strategy.violation(window, trace, []) is None:
        return None
    controls = []
    orders = _controls(window, schedule, strategy.CONTROL)
    for control in orders * 2 if request.strategy == "interleave" else orders:
        controls.append(attempt(request, window, control, 1, request.attempt_seconds))
        log(controls[-1], "serial")
    if not any(it.outcome == "finished" for it in controls):
        return None
    violation = strategy.violation(window, trace, controls)
    return Found(schedule, violation, trace) if violation is not None else None


def attempt(request: Request, window: Window, schedule: Schedule, search: int, seconds: float) -> Trace:
    """One attempt in a process of its own."""

    def body(report: attempts.Report) -> None:
        gil = [attempts.gil_enabled()]

        def send(trace: Trace) -> None:
            trace.gil = attempts.gil_enabled()
            report(attempts.pack(trace))

        if schedule.mode == "program":
            program.run(window, request.program or "", window.last.root, schedule, seconds, send)
        else:
            send(driver.run(window, schedule, seconds, search, lambda: gil.append(attempts.gil_enabled())))

    # The import of the user's code comes on top of the attempt itself.
    return attempts.unpack(attempts.run(seconds + 3.0, body), str(schedule))


def _directed(request: Request, window: Window, mode: str, log: Log, end: float) -> Iterator[tuple[Schedule, Trace]]:
    """All directed attempts of one mode, until the time is over or the code shows that there is no use."""
    texts = STRATEGIES[request.strategy].schedules(window.pattern)
    if syntax.gap(window) is not None:
        texts.insert(0, texts[0].replace("A@act", "A@gap"))
    orders = [tuple(it.split(",")) for it in texts]
    tries = (0, 2, 11, 5) if mode == "program" else (0,) * 3
    variant = 0
    for arrival in tries:
        reached, locked = variant, 0
        for steps in orders:
            left = end - time.monotonic()
            if left <= 0:
                return
            schedule = Schedule(mode, steps, reached, arrival)
            search = 1 if reached > variant else 48
            trace = attempt(request, window, schedule, search, min(request.attempt_seconds, left))
            log(trace, "directed")
            if trace.outcome in _FATAL:
                yield schedule, trace
                if reached == variant:
                    return
                continue
            locked += trace.blocked is not None and trace.blocked.lock
            schedule = parse(trace.schedule)
            yield schedule, trace
            reached = max(reached, schedule.variant)
        variant = reached + 1
        if locked == len(orders) or mode != "program" and variant >= len(driver.setups(window, schedule)):
            return


def _controls(window: Window, schedule: Schedule, first: str) -> list[Schedule]:
    """Serial orders: A before B, and for a driver whose lanes differ also B before A."""
    if schedule.mode == "program":
        return [schedule.control("A*" if window.pattern == "check_then_insert" else first)]
    # A call that goes on after its act may fail because of what the other did then: only whole calls are serial.
    control = schedule.control("A*" if window.pattern.startswith("check_then") else first)
    setup = driver.setups(window, schedule)[schedule.variant]
    if setup.b_calls_other or setup.a_number != setup.b_number:
        return [control, replace(control).turned()]
    return [control]
