"""Lets the unmodified code run on several threads behind a barrier, with no control at all, and counts.

A driver makes the calls, also for what a program has shown: a program cannot be started over and over in one
process. What cannot be seen from outside is not guessed.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from .. import attempts, target, values
from ..schedule import Schedule
from ..types import Place, Request, Window

THREADS = 4
BUDGET = 0.05
_LIMIT = 5.0


def run(request: Request, window: Window, schedule: Schedule) -> dict[str, Any]:
    """What a serial run gives, and what the threads gave."""
    if request.strategy in ("reacquire", "lock_order"):
        return _untried("threads that wait for ever leave nothing to count")
    if schedule.mode == "slice":
        return _untried("a piece is not the code as it is")

    def body(report: attempts.Report) -> None:
        try:
            report(_contend(request.strategy, window, schedule))
        except target.NotDrivable as error:
            report(_untried(str(error)))
        except BaseException as error:  # noqa: BLE001 - user code may raise anything
            report(_untried(f"{type(error).__name__}: {str(error)[:200]}"))

    told = attempts.run(_LIMIT, body)
    return told if "tried" in told else _untried(str(told.get("detail") or told.get("outcome")))


def _contend(strategy: str, window: Window, schedule: Schedule) -> dict[str, Any]:
    target.load(window)
    if attempts.gil_enabled():
        return _untried("an import switched the GIL back on")
    stage = _Stage(window, schedule)
    if strategy == "split_update":
        return _updates(stage)
    if window.pattern in ("check_then_use", "check_then_pop"):
        return _exceptions(stage)
    return _objects(stage)


class _Stage:
    """Makes fresh targets: a new receiver, or the shared place put back to what it was after the import."""

    def __init__(self, window: Window, schedule: Schedule) -> None:
        self.place: Place = window.place
        self._window = window
        self._first = values.MISSING if self.place.kind == "instance_attribute" else target.place_value(self.place, None)
        self._content = self._first.copy() if type(self._first) in (dict, list, set, deque) else None
        choices = target.setups(window)
        self._choices = choices if schedule.mode == "program" else choices[schedule.variant: schedule.variant + 1]
        self._setup = self._choices[0]
        self._choose()

    def fresh(self) -> target.Target:
        """A target as if nothing had been called yet."""
        if self._content is not None:
            self._first.clear()
            (self._first.update if isinstance(self._first, (dict, set)) else self._first.extend)(self._content)
        elif self.place.kind == "global" and self.place.name in vars(sys.modules[self.place.module]):
            vars(sys.modules[self.place.module])[self.place.name] = self._first
        elif self.place.kind == "class_attribute":
            setattr(getattr(sys.modules[self.place.module], self.place.owner), self.place.name, self._first)
        return target.build(self._window, self._setup)

    def value(self, made: target.Target) -> Any:
        """The value at the place."""
        return target.place_value(self.place, made.receiver)

    def _choose(self) -> None:
        """The first choice of arguments with which a serial call succeeds."""
        problem: BaseException = target.NotDrivable("no arguments were found")
        for setup in self._choices:
            self._setup = setup
            try:
                made = self.fresh()
                made.a()
                return
            except target.NotDrivable:
                raise
            except Exception as error:  # noqa: BLE001
                problem = error
        raise target.NotDrivable(f"a serial call raises {type(problem).__name__}: {str(problem)[:100]}")


def _updates(stage: _Stage) -> dict[str, Any]:
    """Counts updates: each serial call changes the number by the same amount, so the total is known."""
    made = stage.fresh()
    begun = time.monotonic()
    seen = [stage.value(made)]
    for _ in range(3):
        made.a()
        seen.append(stage.value(made))
    once = max((time.monotonic() - begun) / 3, 1e-7)
    if not all(type(it) is int for it in seen):
        return _untried(f"{stage.place.text} is not a number that can be read from outside")
    steps = {two - one for one, two in zip(seen, seen[1:])}
    if len(steps) != 1 or steps == {0}:
        return _untried(f"{stage.place.text} does not change by the same amount with each call")
    step = steps.pop()
    calls = max(1, min(5000, int(0.02 / once)))
    expected = observed = rounds = lost = 0
    end = time.monotonic() + BUDGET
    while time.monotonic() < end and rounds < 200:
        made = stage.fresh()
        before = stage.value(made)
        errors = _together(lambda: [made.a() for _ in range(calls)])[1]
        change = (stage.value(made) - before) // step
        if errors:
            return _untried(f"a thread ended with {errors[0]}")
        rounds, expected, observed = rounds + 1, expected + THREADS * calls, observed + change
        lost += change != THREADS * calls
    return _told(rounds, lost, f"{expected} updates", f"{observed} updates" if lost else f"not seen in {rounds} tries")


def _exceptions(stage: _Stage) -> dict[str, Any]:
    """Counts rounds in which a thread ended with an exception; one call after the other has shown none."""

    def round_() -> str | None:
        errors = _together(stage.fresh().a)[1]
        return errors[0] if errors else None

    return _rounds(round_, "no exception")


def _objects(stage: _Stage) -> dict[str, Any]:
    """Counts rounds whose threads hold different objects, or whose results no serial order gives."""
    made = stage.fresh()
    serial = [made.a() for _ in range(THREADS)]
    allowed = Counter(values.show(it) for it in serial)
    scalars = all(values.is_plain(it, 0) for it in serial)
    if scalars and set(allowed) == {"None"}:
        return _untried("the calls return nothing that would show it from outside")

    def round_() -> str | None:
        results, errors = _together(stage.fresh().a)
        if errors:
            return errors[0]
        if scalars:
            got = Counter(values.show(it) for it in results)
            return None if got == allowed else f"results {dict(got)} instead of {dict(allowed)}"
        different = len({id(it) for it in results})
        return f"{different} different objects" if different > 1 else None

    if not scalars and len({id(it) for it in serial}) > 1:
        return _untried("each serial call returns an object of its own")
    return _rounds(round_, "one object for all threads" if not scalars else f"results {dict(allowed)}")


def _rounds(round_: Callable[[], str | None], expected: str) -> dict[str, Any]:
    rounds = seen = 0
    first = ""
    end = time.monotonic() + BUDGET
    while time.monotonic() < end and rounds < 2000:
        shown = round_()
        rounds += 1
        if shown is not None:
            seen += 1
            first = first or shown
    return _told(rounds, seen, expected, f"{first} in {seen} of {rounds} tries" if seen else f"not seen in {rounds} tries")


def _together(call: Callable[[], object]) -> tuple[list[object], list[str]]:
    """All threads at once; gives up on one that waits for ever."""
    barrier = threading.Barrier(THREADS)
    results: list[object] = []
    errors: list[str] = []

    def work() -> None:
        barrier.wait()
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001
            errors.append(f"{type(error).__name__}: {str(error)[:100]}")

    threads = [threading.Thread(target=work, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 1.0
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            errors.append("a thread waits for ever")
            break
    return results, errors


def _told(rounds: int, seen: int, expected: str, observed: str) -> dict[str, Any]:
    return {"tried": True, "threads": THREADS, "rounds": rounds, "seen": seen, "expected": expected, "observed": observed}


def _untried(why: str) -> dict[str, Any]:
    return {"tried": False, "why": why}
