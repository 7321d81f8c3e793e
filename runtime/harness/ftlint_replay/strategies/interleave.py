"""Stops one thread beside its access, lets another run its whole call, and compares with all serial orders."""

from __future__ import annotations

from . import oracle
from .. import values
from ..types import Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """The thread that holds the lock stands first, for that is where nobody may come between."""
    return ["A@other,B*,A*", "A>other,B*,A*", "A@act,B*,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """An exception of a type, or an end of the place, that no serial order gives."""
    waits = next((it for it in directed.steps if it.kind == "wait"), None)
    if waits is None or not _met(directed, waits.thread):
        return None
    error = oracle.any_new_error(directed, controls)
    if error is not None:
        return error
    if not controls:
        return "to be compared" if directed.final is not None or directed.answers else None
    if any(it.blocked is not None or it.outcome != "finished" for it in controls):
        return None
    ends = [it.final for it in controls]
    if directed.final is not None and None not in ends and directed.final not in ends and _steady(controls):
        return f"{window.place.text} ends as {directed.final}; one after the other gives {_words(ends)}"
    for call, answer in directed.answers.items():
        others = [it.answers.get(call) for it in controls]
        if None not in others and answer not in others and _steady(controls):
            return f"a call returns {answer}; one after the other gives {_words(others)}"
    return None


def _steady(controls: list[Trace]) -> bool:
    """Whether each order gives the same when it is run again: clocks and chance are no races."""
    known: dict[str, tuple[str | None, dict[str, str]]] = {}
    return all(known.setdefault(it.schedule, (it.final, it.answers)) == (it.final, it.answers) for it in controls)


def _words(told: list[str | None]) -> str:
    return " or ".join(dict.fromkeys(str(it) for it in told))


def _met(trace: Trace, waiting: int) -> bool:
    """Whether another thread came to the place while one stood there."""
    wait = next(index for index, it in enumerate(trace.steps) if it.kind == "wait")
    slot = trace.steps[wait].slot
    mine = [index for index, it in enumerate(trace.steps) if index > wait and it.thread == waiting and it.kind != "resume"]
    end = min(mine, default=len(trace.steps))
    return any(it.thread != waiting and it.kind in ("act", "other") and values.same(it.slot, slot)
               for it in trace.steps[wait:end])
