"""What several strategies ask of a trace."""

from __future__ import annotations

from dataclasses import dataclass

from .. import values
from ..types import Step, Trace


@dataclass(frozen=True)
class Overlap:
    """One thread's window, and what the others did at the same place inside it."""

    read: Step | None
    act: Step | None
    rechecked: bool | None
    between: list[Step]


def overlap(trace: Trace) -> Overlap | None:
    """The window of the thread that waited; `None` when nobody did."""
    waits = [index for index, it in enumerate(trace.steps) if it.kind == "wait"]
    if not waits:
        return None
    wait = waits[-1]
    thread = trace.steps[wait].thread
    slot = trace.steps[wait].slot
    mine = [(index, it) for index, it in enumerate(trace.steps) if it.thread == thread]
    read = max((index for index, it in mine if it.kind == "read" and index < wait), default=None)
    act = min((index for index, it in mine if it.kind in ("act", "raise") and index > wait), default=None)
    done = trace.steps[act] if act is not None and trace.steps[act].kind == "act" else None
    if done is not None:
        if read is not None and any(it.kind == "read" for index, it in mine if wait < index < (act or 0)):
            # It saw what had changed and began anew, as a compare-and-swap does: the act belongs to a later read.
            return None
        slot = done.slot
    # A driver hands both threads the same objects, mostly; what a program does is only known where the place is.
    strange = trace.two_objects or trace.schedule.startswith("v1:program")
    alike = values.surely_same if strange else values.same
    start = read if read is not None else wait
    span = trace.steps[start + 1: act]
    between = [it for it in span if it.thread != thread and it.kind in ("act", "other") and alike(it.slot, slot)]
    rechecks = [it.holds for _, it in mine if it.kind == "recheck"]
    return Overlap(trace.steps[read] if read is not None else None, done, rechecks[-1] if rechecks else None, between)


def is_serial(control: Trace) -> bool:
    """Whether nothing came between the first thread's access and its act: a program does not always let itself be led."""
    act = next((index for index, it in enumerate(control.steps) if it.kind == "act"), None)
    if act is None:
        return False
    thread = control.steps[act].thread
    read = max((index for index, it in enumerate(control.steps[:act]) if it.thread == thread and it.kind == "read"), default=act)
    return not any(it.kind in ("act", "other") for it in control.steps[read:act] if it.thread != thread)


def acts(trace: Trace) -> list[Step]:
    """All acts and accesses of the other kind, in order."""
    return [it for it in trace.steps if it.kind in ("act", "other")]


def acted_twice(directed: Trace, controls: list[Trace], flag: bool = False) -> Overlap | None:
    """The overlap, when both threads did the act at one place and only one of them does in each serial order.

    Unless the act sets a `flag`, storing what is stored already is no second act.
    """
    found = overlap(directed)
    if found is None or found.act is None or not any(it.kind == "act" for it in found.between):
        return None
    if not flag and _same_object(found.between[-1], found.act):
        return None
    if directed.schedule.startswith("v1:program") and found.act.slot is None:
        return None
    for control in controls:
        first = next((index for index, it in enumerate(control.steps) if it.kind == "act"), None)
        if first is None or not is_serial(control) or control.blocked is not None and not control.blocked.proceeded:
            return None
        done = control.steps[first]
        later = [it for it in control.steps[first + 1:] if it.thread != done.thread]
        again = [it for it in later if it.kind == "act" and values.same(it.slot, done.slot)]
        if not later or not all(not flag and _same_object(it, done) for it in again):
            return None
    return found


def _same_object(one: Step, two: Step) -> bool:
    """Whether both stored one object: `x = x or make()` stores also when there is nothing to make."""
    if one.shown is None or two.shown is None:
        return False
    return one.ref == two.ref or one.fixed and two.fixed and one.shown == two.shown


def new_error(directed: Trace, controls: list[Trace]) -> str | None:
    """An exception in the thread that waited, of a type that no serial order raises."""
    known = {it.type for control in controls for it in control.errors}
    thread = next((it.thread for it in directed.steps if it.kind == "wait"), 1)
    found = overlap(directed)
    if directed.schedule.startswith("v1:program") and found is not None and found.act is not None:
        # The act itself came off. What a program raises later on it may raise for any reason; no control tells.
        return None
    for error in directed.errors:
        if error.lane == "A" and error.type not in known:
            return f"{error.text} in thread {thread}"
    return None


def any_new_error(directed: Trace, controls: list[Trace]) -> str | None:
    """The same for both threads."""
    known = {it.type for control in controls for it in control.errors}
    error = next((it for it in directed.errors if it.type not in known), None)
    return None if error is None else f"{error.text} in lane {error.lane}"


def hangs(directed: Trace, controls: list[Trace]) -> str | None:
    """A thread that waits for ever, where no serial order does."""
    if directed.hung is None or directed.hung.lane != "A" or any(it.hung is not None for it in controls):
        return None
    return f"a thread waits for ever at line {directed.hung.line} (`{directed.hung.source}`)"
