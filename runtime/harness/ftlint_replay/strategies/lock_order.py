"""Leads two threads into two locks from opposite sides, and sees whether each waits for what the other holds.

Thread A stops where it holds its first lock and is about to go on to the second; thread B runs until it waits; A goes
on. The proof is the graph of who waits for whom, read from the frames of both threads: no time-out decides.
"""

from __future__ import annotations

import linecache
import threading
import time
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from .. import attempts, exclusion, idle, monitor, points, shown, syntax, target, waits
from ..arguments import FLAVOURS, Maker
from ..schedule import Schedule
from ..types import Blocked, Request, Site, Step, Trace, Window

_PATIENCE = 0.1
_PAIRS = 8
_DEPTH = 3
_STEPS = ("A@act", "B*", "A*")
_Calls = tuple[Callable[[], object], Callable[[], object], str]


def search(request: Request, window: Window, schedule: Schedule | None) -> Trace:
    """The first pair of receivers with which both threads wait for each other."""
    first = Schedule("driver", _STEPS, 0) if schedule is None else schedule

    def body(report: attempts.Report) -> None:
        trace = _run(window, first, schedule is not None, time.monotonic() + request.attempt_seconds)
        trace.gil = attempts.gil_enabled()
        report(attempts.pack(trace))

    return attempts.unpack(attempts.run(request.attempt_seconds + 3.0, body), str(first))


def violation(_window: Window, trace: Trace) -> str | None:
    """The two waits, in words."""
    blocked = [it for it in trace.steps if it.kind == "blocked"]
    if len(blocked) != 2:
        return None
    return "; ".join(f"thread {it.thread} waits for ever at line {it.line} for {it.shown}" for it in blocked)


def _run(window: Window, schedule: Schedule, only: bool, end: float) -> Trace:
    trace = Trace(str(schedule), "not_reached", "no choice of arguments was tried")
    try:
        target.load(window)
        for site in (window.first, window.other):
            target.refuse(site)
            exclusion.callers(syntax.tree(site.file), site.function.rpartition(".")[2])
        sides = target.Callee(window.first), target.Callee(window.other)
    except target.NotDrivable as error:
        return Trace(str(schedule), "not_drivable", str(error))
    except BaseException as error:  # noqa: BLE001 - an import may raise anything
        text = f"import of `{window.last.module}` failed with {type(error).__name__}: {error}"
        return Trace(str(schedule), "import_error", text[:300])
    numbers = [schedule.variant] if only else range(len(FLAVOURS) * _PAIRS)
    for number in numbers:
        if time.monotonic() > end:
            break
        name = f"v1:driver.{number}:{','.join(_STEPS)}"
        try:
            calls = _calls(*sides, number)
        except Exception as error:  # noqa: BLE001 - a constructor may raise anything
            if trace.outcome != "finished":
                text = f"the receiver or its arguments could not be made: {type(error).__name__}: {error}"
                trace = Trace(name, "not_built", text[:300])
            continue
        if calls is None:
            continue
        found = _attempt(window.last, calls, name)
        if violation(window, found) is not None:
            return found
        if found.outcome == "finished" or trace.outcome != "finished":
            trace = found
    return trace


def _calls(a: target.Callee, b: target.Callee, number: int) -> _Calls | None:
    """Both calls on receivers that know each other, for one number of a fixed order; nothing when there is no such pair."""
    maker = Maker(FLAVOURS[number // _PAIRS], 1)
    for index, (mine, theirs) in enumerate(_pairs(a, b, maker)):
        if index == number % _PAIRS:
            given, their = a.arguments(maker), b.arguments(maker)
            if a.owner is not None and a.owner is b.owner and mine is not theirs:
                _exchange(given[0], a.owner, theirs)
                _exchange(their[0], a.owner, mine)
            words = f"{a.words(mine, given)} and {b.words(theirs, their)}"
            return a.call(mine, given), b.call(theirs, their), words
    return None


def _pairs(a: target.Callee, b: target.Callee, maker: Maker) -> Iterator[tuple[Any, Any]]:
    """Receivers of both calls: one object, one that is reached from the other, two of one class, two strangers."""
    mine = a.receiver(maker)
    if b.owner is not None:
        for it in _reached(mine, b.owner):
            yield mine, it
    theirs = b.receiver(maker)
    if a.owner is not None:
        for it in _reached(theirs, a.owner):
            yield it, theirs
    yield mine, theirs


def _reached(start: Any, wanted: type) -> Iterator[Any]:
    """Objects of a class that an object holds, nearest first, without running its code."""
    seen = {id(start)}
    level = [start]
    for _ in range(_DEPTH):
        following: list[Any] = []
        for it in level:
            if shown.is_a(it, wanted):
                yield it
            parts = list(getattr(it, "__dict__", {}).values()) if not isinstance(it, type) else []
            parts += list(it.values()) if type(it) is dict else list(it) if type(it) in (list, tuple, set) else []
            for part in parts:
                if id(part) not in seen:
                    seen.add(id(part))
                    following.append(part)
        level = following[:200]


def _exchange(arguments: list[Any], owner: type, peer: Any) -> None:
    """The other receiver takes the place of the argument that is one of its kind, or else of the first."""
    at = next((index for index, it in enumerate(arguments) if isinstance(it, owner)), 0)
    if arguments:
        arguments[at] = peer


class _Lane:
    """One thread that calls once."""

    def __init__(self, name: str, call: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self._call = call
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def over(self) -> bool:
        """Whether the call has come to its end."""
        return self.thread.ident is not None and not self.thread.is_alive()

    def tasks(self) -> list[tuple[int, int]]:
        """The thread as the idle watch wants it."""
        return [(self.thread.ident or 0, self.thread.native_id or 0)]

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - what a user's function raises is an observation
            self.error = error


class _Stop:
    """The listener of the monitor: one thread waits at the site until it may go on; other threads of the code do not."""

    def __init__(self, site: Site, lane: _Lane) -> None:
        self._lane = lane
        self.reached = threading.Event()
        self.go = threading.Event()
        self._site = site
        self._offsets: dict[CodeType, frozenset[int]] = {}

    def wants(self, code: CodeType) -> bool:
        """Whether the site is in this code object."""
        if not points.belongs(self._site, code):
            return False
        self._offsets[code] = _inside(self._site, code)
        return True

    def instruction(self, _frame: FrameType, code: CodeType, offset: int) -> bool:
        """Stops the thread before the first instruction of the site."""
        if threading.current_thread() is self._lane.thread and not self.reached.is_set() and offset in self._offsets.get(code, ()):
            self.reached.set()
            self.go.wait()
        return not self.reached.is_set()

    def leave(self, frame: FrameType, code: CodeType, error: BaseException | None) -> None:
        """Nothing depends on how a call ends."""


def _inside(site: Site, code: CodeType) -> frozenset[int]:
    """The instructions of the expression that the thread stops before."""
    found = []
    for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        if line is None or end_line is None or column is None or end_column is None:
            continue
        if (site.line, site.column) <= (line, column) and (end_line, end_column) <= (site.end_line, site.end_column):
            found.append(index * 2)
    return frozenset(found)


def _attempt(stop: Site, calls: _Calls, name: str) -> Trace:
    a, b = _Lane("replay-A", calls[0]), _Lane("replay-B", calls[1])
    trace = Trace(name, notes=[f"driver: {calls[2]}"])
    at, watcher = _Stop(stop, a), monitor.monitor()
    watcher.start(at)
    a.thread.start()
    watch = idle.Watch(_PATIENCE)
    idle.wait_until(lambda: at.reached.is_set() or a.over(), 1.0, lambda: watch.all_wait(a.tasks()))
    watcher.stop()
    if not at.reached.is_set():
        at.go.set()
        trace.outcome = "not_reached"
        if a.error is not None:
            trace.detail = f"the call {calls[2]} raised {type(a.error).__name__}: {str(a.error)[:200]} before it came to the lock"
        return trace
    trace.parked = True
    trace.detail = "one thread stood between the two locks, another one ran meanwhile, and both came to their end"
    b.thread.start()
    _settle([b])
    at.go.set()
    _settle([a, b])
    if not a.over() and not b.over():
        _prove(trace, a, b)
    return trace


def _settle(lanes: list[_Lane]) -> None:
    watch = idle.Watch(_PATIENCE)
    idle.wait_until(
        lambda: all(it.over() for it in lanes), 1.0, lambda: watch.all_wait(task for it in lanes for task in it.tasks())
    )


def _prove(trace: Trace, a: _Lane, b: _Lane) -> None:
    """Each asks for a lock that the other holds."""
    trace.detail = "both threads wait, and not for each other's locks"
    frames = [waits.frame_of(it.thread.ident) for it in (a, b)]
    if frames[0] is None or frames[1] is None:
        return
    asked = [waits.wanted(it) for it in frames if it is not None]
    held = [waits.held(it) for it in frames]
    mine, theirs = waits.common(asked[0], held[1]), waits.common(asked[1], held[0])
    if mine is None or theirs is None or mine[0].lock is theirs[0].lock:
        return
    for number, other, it, kept in ((1, 2, mine[0], theirs[1]), (2, 1, theirs[0], mine[1])):
        lane = "AB"[number - 1]
        trace.steps.append(Step(number, lane, f"replay-{lane}", "takes", kept.file, kept.line, shown=kept.text))
        trace.steps.append(Step(number, lane, f"replay-{lane}", "blocked", it.file, it.line,
                                shown=f"{it.text}, which thread {other} holds"))
    trace.steps.sort(key=lambda it: it.kind == "blocked")
    line = mine[0]
    trace.hung = Blocked("A", line.file, line.line, linecache.getline(line.file, line.line).strip(), True)
