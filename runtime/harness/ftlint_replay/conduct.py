"""Leads two threads through a schedule: waits until one stops, lets the other pass, and lets the first go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from . import idle
from .director import Director
from .lane import Lane
from .types import Blocked

LOCK_PATIENCE = 0.06
HANG_PATIENCE = 0.25
_STOPS = ("parked", "held")


class Worker:
    """One thread of a driver: calls once, and keeps what came of it."""

    def __init__(self, name: str, director: Director, call: Callable[[], object]) -> None:
        self.name = name
        self.done = False
        self.result: object = None
        self.error: BaseException | None = None
        self._director = director
        self._call = call
        self.thread = threading.Thread(target=self._run, name=f"replay-{name}", daemon=True)

    def tasks(self) -> list[tuple[int, int]]:
        """The thread as the idle watch wants it."""
        return [(self.thread.ident or 0, self.thread.native_id or 0)]

    def _run(self) -> None:
        self._director.register(self.name)
        try:
            self.result = self._call()
        except BaseException as error:  # noqa: BLE001 - everything that a user's function raises is an observation
            self.error = error
        self.done = True


def pair(director: Director, a: Worker, b: Worker, seconds: float) -> None:
    """Both lanes are threads of a driver: `A` first, `B` once `A` stands."""
    end = time.monotonic() + seconds
    a.thread.start()
    if not _until_stopped(director, a, end):
        return
    b.thread.start()
    watch = idle.Watch(LOCK_PATIENCE)

    def passed() -> bool:
        return b.done or (director.b is not None and director.b.state == "held")

    idle.wait_until(passed, end - time.monotonic(), lambda: watch.all_wait(b.tasks()))
    if not passed():
        director.trace.blocked = idle.where(b.thread.ident or 0, "B")
        director.trace.outcome = "finished" if time.monotonic() < end else "timeout"
    # A loop has acted when it stands inside, with its first element.
    acted = director.a.acted if director.a is not None else 0
    director.release(director.a)
    if director.trace.blocked is not None:
        director.trace.blocked.proceeded = idle.wait_until(passed, min(1.0, end - time.monotonic()), lambda: a.done and b.done)
    _until_acted(director, director.a, lambda: a.done, a.tasks(), min(1.0, end - time.monotonic()), acted)
    director.release_all()
    _join(director, [a, b], end)


def _until_stopped(director: Director, a: Worker, end: float) -> bool:
    """Whether lane A came to its stop, or, in a control that lets it run, to its end."""
    watch = idle.Watch(HANG_PATIENCE)

    def stopped() -> bool:
        return director.a is not None and director.a.state in _STOPS

    idle.wait_until(lambda: stopped() or a.done, end - time.monotonic(), lambda: not stopped() and watch.all_wait(a.tasks()))
    if stopped() or a.done and director.schedule.park == "end":
        return True
    director.trace.outcome = "not_reached"
    if not a.done:
        director.trace.outcome = "timeout" if time.monotonic() >= end else "waits"
        if director.trace.outcome == "waits":
            director.trace.hung = idle.where(a.thread.ident or 0, "A")
    director.finish()
    return False


def _until_acted(
    director: Director, lane: Lane | None, done: Callable[[], bool], tasks: list[tuple[int, int]], seconds: float, acted: int
) -> None:
    """Waits until an act has happened beyond those of before, or failed, or does not come back."""
    watch = idle.Watch(LOCK_PATIENCE)
    errors = len(director.trace.errors)
    idle.wait_until(
        lambda: done() or lane is None or lane.acted > acted or len(director.trace.errors) > errors,
        seconds,
        lambda: watch.all_wait(tasks),
    )


def _join(director: Director, workers: list[Worker], end: float) -> None:
    """Waits for both to end. A thread that waits for ever is an observation; it is a daemon and is left behind."""
    watch = idle.Watch(HANG_PATIENCE)

    def running() -> list[Worker]:
        return [it for it in workers if not it.done]

    idle.wait_until(
        lambda: not running(), end - time.monotonic(), lambda: watch.all_wait(task for it in running() for task in it.tasks())
    )
    for it in running():
        if time.monotonic() >= end:
            director.trace.notes.append(f"lane {it.name} was still running after the time limit")
        elif director.trace.hung is None:
            director.trace.hung = idle.where(it.thread.ident or 0, it.name)
    director.finish()


def program(director: Director, over: Callable[[], bool], seconds: float) -> None:
    """The lanes are threads of the user's program, whichever come to the window. Runs in a thread of its own."""
    end = time.monotonic() + seconds
    mine = threading.get_native_id()
    blocked: Blocked | None = None
    n_locked = 0

    def stopped() -> bool:
        return director.a is not None and director.a.state in _STOPS

    for _ in range(5):
        idle.wait_until(lambda: stopped() or over(), end - time.monotonic())
        if not stopped():
            break
        if _passes(director, over, mine, end):
            _complete(director, over, mine, end)
            director.finish()
            return
        blocked = _who_waits(director) or blocked
        director.trace.parked = True
        n_locked += blocked is not None and blocked.lock
        if n_locked == 2:
            director.forget_a()
            break
        director.forget_a()
        if blocked is not None and not blocked.proceeded:
            watch = idle.Watch(0.3)
            blocked.proceeded = idle.wait_until(lambda: over() or not watch.all_wait(idle.other_tasks(mine)), 0.05)
    trace = director.trace
    trace.blocked = blocked
    arrived = any(it.arrivals for it in director.lanes.values())
    trace.outcome = "nobody_came" if arrived else "not_reached"
    if arrived and trace.apart:
        trace.detail = "the others use other objects or keys"
    if time.monotonic() >= end:
        trace.notes.append("the program was still running after the time limit")
    director.finish()


def _passes(director: Director, over: Callable[[], bool], mine: int, end: float) -> bool:
    """Whether another thread passes while A stands. A program whose other threads all wait, or are gone, gives up."""
    a = director.a
    if a is None:
        return False
    watch = idle.Watch(LOCK_PATIENCE)
    to_end = director.schedule.b_to_end and not director.schedule.serial

    def others() -> list[tuple[int, int]]:
        # Who waits for a turn looks every now and then whether it has come, and moves nothing by that.
        queued = {it.native for it in list(director.lanes.values()) if it.queued}
        return [it for it in idle.other_tasks(mine) if it[1] != a.native and it[1] not in queued]

    def ready() -> bool:
        b = director.b
        if b is None:
            return False
        if director.schedule.serial:
            return b.state == "held" or b.finished or b.passed > 0
        return b.passed > 0 and not to_end

    stuck = idle.wait_until(ready, min(2.0, end - time.monotonic()), lambda: over() or watch.all_wait(others()))
    if not stuck and director.schedule.serial and a.state == "held":
        # The others may wait for a lock that A holds since before its act: a serial order goes on with A then.
        director.release(a)
        return idle.wait_until(ready, min(1.0, end - time.monotonic()), over)
    return stuck or (director.b is not None and director.b.passed > 0)


def _complete(director: Director, over: Callable[[], bool], mine: int, end: float) -> None:
    """A goes on: its act happens, fails, or waits for ever."""
    a = director.a
    if director.schedule.serial or a is None:
        return
    acted = a.acted

    def failed() -> bool:
        return any(it.lane == "A" for it in director.trace.errors)

    def happened() -> bool:
        return a.acted > acted or failed() or (a.left > 0 and a.inside is None) or over()

    director.release(a)
    for patience in (LOCK_PATIENCE, HANG_PATIENCE):
        watch = idle.Watch(patience)
        if idle.wait_until(happened, min(2.0, end - time.monotonic()), lambda: watch.all_wait([(a.ident, a.native)])):
            break
        # A may wait for a lock of a thread that is held after its act.
        director.release_all()
    else:
        if a.pending is not None:
            director.trace.hung = idle.where(a.ident, "A")
    if failed():
        idle.wait_until(over, 0.02)


def _who_waits(director: Director) -> Blocked | None:
    """A thread that waits for a lock while A stands."""
    main = threading.main_thread().ident
    found = None
    for ident in list(getattr(threading, "_active", {})):
        if director.a is not None and ident != director.a.ident:
            place = idle.where(ident, "B")
            if place is not None and (place.lock or (found is None and ident != main)):
                found = place
                if place.lock:
                    break
    return found
