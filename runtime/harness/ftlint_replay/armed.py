"""Many windows armed at once in one run of a command: which thread stops, for how long, and what a stop showed.

At most one thread stands at a time, only while others run, and never for long: the program goes on as it would.
"""

from __future__ import annotations

import _thread
import dis
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from . import attempts, idle, points, values
from .director import LAST, Director
from .lane import Lane
from .proof import Proof, prove
from .schedule import Schedule, parse
from .strategies import STRATEGIES
from .types import Trace, Window

_PATIENCE = 0.02
_ACT_PATIENCE = 0.05
_FRUITLESS_STOPS = 24
_HITS = 4000
_TESTS = 12

Report = Callable[[int, Schedule, Proof, Trace], None]


class ArmedWindow(Director):
    """One window of a command. What it stops, the hub has to allow first."""

    def __init__(self, number: int, strategy: str, window: Window, schedule: str | None, hub: Hub) -> None:
        self.number = number
        self.strategy = strategy
        texts = STRATEGIES[strategy].schedules(window.pattern)
        self._orders = [Schedule("program", tuple(it.split(","))) for it in texts]
        if schedule is not None:
            self._orders = [parse(schedule)]
        super().__init__(window, self._orders[0], _alone)
        self.hub = hub
        self.stops = 0
        self.passed = 0
        self.hits = 0
        self.tests: dict[str, None] = {}
        self.acting: dict[str, None] = {}
        self.ordinary: set[str] = set()
        self._functions = {it.function for it in (window.first, window.last, window.other)}

    def functions(self) -> set[str]:
        """Names of the functions that the window is in."""
        return self._functions

    def offsets(self, code: CodeType) -> list[int]:
        """The instructions of a code object that matter: the accesses, each with the instruction behind it."""
        if not self.wants(code):
            return []
        return [offset for known, offset in self._points if known == id(code)]

    def came(self, test: str, code: CodeType, offset: int) -> None:
        """A test is at the window. One that gets as far as the act is worth more than one that only looks."""
        self.hits += 1
        known = self.acting if self._points.get((id(code), offset), 0) & LAST else self.tests
        if test and test not in known and len(known) < _TESTS:
            known[test] = None

    def turn_over(self) -> None:
        """As if nothing had been; the next stop is at the next place that the strategy names."""
        for error in self.trace.errors:
            if error.lane != "A":
                self.ordinary.add(error.type)
        self.forget_a()
        self.schedule = self._orders[self.stops % len(self._orders)]
        self.trace = Trace(str(self.schedule))

    def _lets_a_begin(self, lane: Lane) -> None:
        """Nobody waits for somebody else to come: a command has its own pace."""

    def _too_late(self, lane: Lane, frame: FrameType, slot: values.Slot | None) -> None:
        """A third thread goes on as well."""

    def _parks_here(self, lane: Lane, place: str, slot: values.Slot | None) -> bool:
        if self.schedule.park != place or self.over or not self.hub.claim(self):
            return False
        try:
            stops = super()._parks_here(lane, place, slot)
        except BaseException:
            self.hub.unclaim()
            raise
        if stops:
            self.stops += 1
            self.hub.stood.set()
        else:
            self.hub.unclaim()
        return stops


class Hub:
    """The listener of the monitor, and the thread that lets go whoever stands."""

    def __init__(self, windows: list[tuple[str, Window, str | None]], stop_seconds: float, report: Report) -> None:
        self.windows = [ArmedWindow(number, *it, self) for number, it in enumerate(windows)]
        self.test = ""
        self.over = False
        self.stood = threading.Event()
        self.trouble = ""
        self._by_function: dict[str, list[ArmedWindow]] = {}
        for window in self.windows:
            for name in window.functions():
                self._by_function.setdefault(name, []).append(window)
        self._points: dict[tuple[int, int], tuple[ArmedWindow, ...]] = {}
        self._kept: dict[int, CodeType] = {}
        self._seconds = stop_seconds
        self._token = _thread.allocate_lock()
        self._standing: ArmedWindow | None = None
        self._report = report

    def wants(self, code: CodeType) -> bool:
        """Whether a window is in this code object."""
        if id(code) in self._kept or code.co_qualname not in self._by_function:
            return id(code) in self._kept
        found = False
        for window in self._by_function.get(code.co_qualname, ()):
            for offset in window.offsets(code):
                found = True
                for place in (offset, _behind(code, offset)):
                    known = self._points.get((id(code), place), ())
                    self._points[id(code), place] = known if window in known else (*known, window)
        if found:
            # A code object that is gone could leave its identity to another one.
            self._kept[id(code)] = code
        return found

    def instruction(self, frame: FrameType, code: CodeType, offset: int) -> bool:
        """An instruction is about to run. False when nobody wants to hear of it again."""
        windows = self._points.get((id(code), offset))
        if windows is None or self.over:
            return False
        alone = _alone()
        wanted = False
        for window in windows:
            if window.over:
                continue
            wanted = True
            window.came(self.test, code, offset)
            if not alone or window.a is not None:
                window.passed += 1
                window.instruction(frame, code, offset)
                if window.passed > _HITS and window.a is None:
                    window.finish()
        return wanted

    def leave(self, frame: FrameType, code: CodeType, error: BaseException | None) -> None:
        """A frame ends."""
        if self.over or id(code) not in self._kept:
            return
        for window in self._by_function.get(code.co_qualname, ()):
            window.leave(frame, code, error)

    def claim(self, window: ArmedWindow) -> bool:
        """Whether a thread of this window may stand now. It keeps the right until its stop is over."""
        if self.over or self._seconds <= 0 or not self._token.acquire(False):
            return False
        self._standing = window
        return True

    def unclaim(self) -> None:
        """Nobody stands."""
        self._standing = None
        self._token.release()

    def lead(self) -> None:
        """Runs in a thread of its own until the command ends."""
        while not self.over:
            self.stood.wait(0.2)
            window = self._standing
            if not self.stood.is_set() or window is None:
                continue
            self.stood.clear()
            started = time.monotonic()
            try:
                self._let_pass(window)
            except Exception as error:  # noqa: BLE001 - told at the end, as trouble of ours
                self.trouble = f"{type(error).__name__}: {error}"
                window.finish()
            self._seconds -= time.monotonic() - started
            self.unclaim()

    def finish(self) -> None:
        """The command is over."""
        self.over = True
        for window in self.windows:
            window.finish()

    def _let_pass(self, window: ArmedWindow) -> None:
        idle.wait_until(lambda: window.over or window.a is not None and window.a.state == "parked", _ACT_PATIENCE)
        came = idle.wait_until(lambda: window.over or window.b is not None and window.b.passed > 0, _PATIENCE)
        if came and window.schedule.b_to_end:
            idle.wait_until(lambda: window.over, _PATIENCE / 4)
        a = window.a
        if a is None or window.over:
            return
        acted, errors = a.acted, len(window.trace.errors)

        def happened() -> bool:
            return a.acted > acted or len(window.trace.errors) > errors or a.inside is None or window.over

        window.release(a)
        if not idle.wait_until(happened, _ACT_PATIENCE / 2):
            # It may wait for a lock of the thread that is held after its act.
            window.release_all()
            idle.wait_until(happened, _ACT_PATIENCE / 2)
        trace = window.trace
        trace.outcome = "finished" if came else "nobody_came"
        if window.trace.harness:
            self.trouble = window.trace.harness
        seen = attempts.unpack(attempts.pack(trace), str(window.schedule))
        proof = prove(window.strategy, window.window, seen, window.ordinary) if came else None
        if proof is not None:
            self._report(window.number, window.schedule, proof, seen)
            window.finish()
        elif window.stops >= _FRUITLESS_STOPS:
            window.finish()
        else:
            window.turn_over()


def _behind(code: CodeType, offset: int) -> int:
    """Where the frame goes on after an access: behind the inline caches of its instruction."""
    return _followers(code).get(offset, offset)


_known: dict[int, dict[int, int]] = {}


def _followers(code: CodeType) -> dict[int, int]:
    if id(code) not in _known:
        offsets = [it.offset for it in dis.get_instructions(code, adaptive=False)]
        _known[id(code)] = dict(zip(offsets, offsets[1:]))
    return _known[id(code)]


def _alone() -> bool:
    """Whether the main thread is the only one of the `threading` module; ours is none of them."""
    return len(getattr(threading, "_active", ())) <= 1


def _elsewhere(window: Window) -> str:
    """The file of the window's module, when it was not imported from the source that was analysed."""
    file = getattr(sys.modules.get(window.last.module), "__file__", None)
    return file if isinstance(file, str) and not points.same_file(file, window.last.file) else ""


def summary(hub: Hub) -> list[dict[str, Any]]:
    """What each window saw."""
    return [
        {"window": it.number, "hits": it.hits, "passed": it.passed, "stops": it.stops, "tests": list(it.acting or it.tests),
         "elsewhere": _elsewhere(it.window)}
        for it in hub.windows
    ]
