"""Tells whether threads wait: on Linux from the kernel's accounts, elsewhere from the position in their code.

Frames of other threads are only looked at when the thread is known to wait, because looking at a running one is not
safe on the free-threaded build.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from types import FrameType

from .types import Blocked

_TASKS = "/proc/self/task"
_STDLIB = tuple(filter(None, (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))))
_HARNESS = os.path.dirname(os.path.abspath(__file__))
_LOCK_WORDS = ("acquire(", "with ")


class Watch:
    """Watches threads until none of them has moved for a while."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._last: object = None
        self._since = time.monotonic()

    def all_wait(self, natives: Iterable[tuple[int, int]]) -> bool:
        """Whether these threads (identity, kernel identity) all stand still, for at least the patience by now."""
        now = time.monotonic()
        state, running = _linux(natives) if os.path.isdir(_TASKS) else _portable(natives)
        if running or state != self._last:
            self._last, self._since = state, now
            return False
        return now - self._since >= self._patience


def other_tasks(mine: int) -> list[tuple[int, int]]:
    """All threads of the process except this one, as far as the system tells."""
    if os.path.isdir(_TASKS):
        return [(0, int(it)) for it in os.listdir(_TASKS) if int(it) != mine]
    return [(ident, 0) for ident in sys._current_frames()]


def where(ident: int, lane: str) -> Blocked | None:
    """Where a thread that stands still waits."""
    frame = sys._current_frames().get(ident)
    called = None
    while frame is not None and foreign(frame):
        called, frame = frame, frame.f_back
    if frame is None or frame.f_code.co_filename == "<string>":
        return None
    name, line = frame.f_code.co_filename, frame.f_lineno or 0
    text = linecache.getline(name, line).strip()
    # The locks of C show no frame of their own; those written in Python are in `threading`.
    of_threading = called is not None and os.path.basename(called.f_code.co_filename) == "threading.py"
    entered = called is None or (of_threading and called.f_code.co_name in ("acquire", "__enter__", "acquire_lock"))
    return Blocked(lane, name, line, text, entered and any(word in text for word in _LOCK_WORDS))


def wait_until(ready: Callable[[], bool], seconds: float, give_up: Callable[[], bool] = lambda: False) -> bool:
    """Polls, first fast and then slower, until something is so, or another thing is so, or the time is over."""
    end = time.monotonic() + seconds
    pause = 0.0002
    while not ready():
        if give_up() or time.monotonic() > end:
            return ready()
        time.sleep(pause)
        pause = min(pause * 1.5, 0.004)
    return True


def _linux(natives: Iterable[tuple[int, int]]) -> tuple[object, bool]:
    state: list[object] = []
    running = False
    for _, native in natives:
        try:
            with open(f"{_TASKS}/{native}/stat", encoding="ascii", errors="replace") as file:
                letter = file.read().rpartition(")")[2].split()[0]
            with open(f"{_TASKS}/{native}/schedstat", encoding="ascii") as file:
                used = file.read().split()[0]
        except (OSError, IndexError):
            continue
        running = running or letter == "R"
        state.append((native, used))
    return state, running


def _portable(natives: Iterable[tuple[int, int]]) -> tuple[object, bool]:
    frames = sys._current_frames()
    return [(ident, id(frames.get(ident)), getattr(frames.get(ident), "f_lasti", 0)) for ident, _ in natives], False


def foreign(frame: FrameType) -> bool:
    """Whether a frame is ours, or of the standard library."""
    name = frame.f_code.co_filename
    if name.startswith(_HARNESS) or name.startswith("<frozen"):
        return True
    return name.startswith(_STDLIB) and "site-packages" not in name
