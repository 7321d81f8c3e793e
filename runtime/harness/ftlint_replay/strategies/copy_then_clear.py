"""Stops one thread between the copy and the reset, and lets another add; or one that adds, and lets the other reset."""

from __future__ import annotations

from ..types import Step, Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """`A@other` has the container already that it will add to when the other thread replaces it."""
    return ["A@act,B*,A*", "A@read,B*,A*", "A@other,B*,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """What was added is in no copy and not in the container; in each serial order it is in one of them."""
    if any(_lost(it) for it in controls):
        return None
    lost = _lost(directed)
    if lost is None:
        return None
    thread, by = lost
    return f"what thread {thread} put into {window.place.text} is in no copy and no longer there: thread {by} took it away unseen"


def _lost(trace: Trace) -> tuple[int, int] | None:
    """Who added what nobody has, and who took it away."""
    reads = [(index, it) for index, it in enumerate(trace.steps) if it.kind == "read" and it.items is not None]
    for index, read in reads:
        reset = next((at for at, it in enumerate(trace.steps) if at > index and it.kind == "act" and it.thread == read.thread),
                     None)
        if reset is None or trace.steps[reset].items is None:
            continue
        for added in trace.steps[index + 1:reset]:
            if _adds(added, read) and _missing(added, read, trace.steps[reset]):
                return added.thread, read.thread
    return None


def _adds(step: Step, read: Step) -> bool:
    return step.kind == "other" and step.thread != read.thread and step.items is not None


def _missing(added: Step, read: Step, reset: Step) -> bool:
    new = set(added.items or ()) - set(read.items or ())
    return bool(new) and not new & set(reset.items or ()) and read.ref != added.ref
