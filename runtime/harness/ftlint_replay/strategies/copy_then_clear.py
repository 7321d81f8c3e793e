"""Stops one thread between the copy and the reset, and lets another add; or one that adds, and lets the other reset."""

from __future__ import annotations

from ..types import Step, Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """`A@other` has the container already that it will add to when the other thread replaces it."""
    return ["A@act,B*,A*", "A@read,B*,A*", "A@other,B*,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """What was added is in no copy and not in the container; in each serial order it is in one of them."""
    copies = window.first.kind != "read"
    if any(_unseen(it, copies) or _too_late(it) for it in controls):
        return None
    place = window.place.text
    unseen = _unseen(directed, copies)
    if unseen is not None:
        added, read = unseen
        return f"what thread {added.thread} put into {place} is in no copy: thread {read.thread} reset it unseen"
    late = _too_late(directed)
    if late is not None:
        added, reset = late
        return f"thread {added.thread} adds to what thread {reset.thread} had already taken away from {place}"
    return None


def _unseen(trace: Trace, copies: bool) -> tuple[Step, Step] | None:
    """What was added between the read and the reset of one thread, and is in neither."""
    for index, read in enumerate(trace.steps):
        if read.kind != "read":
            continue
        reset = next((at for at, it in enumerate(trace.steps)
                      if at > index and it.kind == "act" and it.thread == read.thread), None)
        for added in trace.steps[index + 1:reset] if reset is not None else ():
            if added.kind == "other" and added.thread != read.thread and _lost(added, read, trace.steps[reset or 0], copies):
                return added, read
    return None


def _lost(added: Step, read: Step, reset: Step, copies: bool) -> bool:
    if added.items is not None and read.items is not None and reset.items is not None:
        # Who holds the container itself, and no copy of it, still sees what is added.
        new = set(added.items) - set(read.items) - set(reset.items)
        return bool(new) and (copies or read.ref != added.ref)
    shown = {added.shown, read.shown, reset.shown}
    return None not in shown and added.plain and read.plain and reset.plain and added.shown not in (read.shown, reset.shown)


def _too_late(trace: Trace) -> tuple[Step, Step] | None:
    """A thread that adds to a container which is no longer at the place, because another has replaced it."""
    for index, added in enumerate(trace.steps):
        holds = added.slot is not None and added.slot[0] in ("object", "item") and added.items is not None
        if added.kind != "other" or not holds or added.slot is None or added.slot[1] == added.ref:
            continue
        for reset in trace.steps[:index]:
            if reset.kind == "act" and reset.thread != added.thread and reset.ref == added.ref:
                return added, reset
    return None
