"""Stops one thread beside its access, lets another run its whole call, and compares with all serial orders."""

from __future__ import annotations

from . import oracle
from .. import values
from ..types import Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """The thread that holds the lock stands first, for that is where nobody may come between."""
    return ["A@other,B*,A*", "A@act,B*,A*", "A@read,B*,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """An exception of a type, or an end of the place, that no serial order gives."""
    waits = next((it for it in directed.steps if it.kind == "wait"), None)
    if waits is None or not _met(directed, waits.thread):
        return None
    error = oracle.any_new_error(directed, controls)
    if error is not None:
        return error
    if directed.final is None:
        return None
    ends = [it.final for it in controls]
    if not controls:
        return "to be compared"
    if None in ends or directed.final in ends or any(it.blocked is not None for it in controls):
        return None
    told = " or ".join(dict.fromkeys(str(it) for it in ends))
    return f"{window.place.text} ends as {directed.final}; one after the other gives {told}"


def _met(trace: Trace, waiting: int) -> bool:
    """Whether another thread came to the place while one stood there."""
    wait = next(index for index, it in enumerate(trace.steps) if it.kind == "wait")
    slot = trace.steps[wait].slot
    mine = [index for index, it in enumerate(trace.steps) if index > wait and it.thread == waiting and it.kind != "resume"]
    end = min(mine, default=len(trace.steps))
    return any(it.thread != waiting and it.kind in ("act", "other") and values.same(it.slot, slot)
               for it in trace.steps[wait:end])
