"""Stops one thread between the load and the store of an update, lets another update, and looks for the lost one."""

from __future__ import annotations

from . import oracle
from .. import values
from ..types import Step, Trace, Window

CONTROL = "A>act"


def schedules(pattern: str) -> list[str]:
    """The other thread updates once; for comparisons it may have to go on until its value matters."""
    if pattern == "compare_then_store":
        return ["A@act,B*,A*", "A@act,B>act,A*", "A@read,B*,A*"]
    return ["A@act,B>act,A*", "A@read,B>act,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """A stored what it computed from the old value, so the update between is lost, and no serial order gives that."""
    found = oracle.overlap(directed)
    if found is None or found.read is None or found.act is None or not found.between:
        return None
    read, stored, act = found.read, found.between[-1], found.act
    if _equal(stored, read) or _equal(stored, act) and not (stored.plain and act.plain):
        return None
    words = (f"the update of thread {stored.thread} to {window.place.text} is lost: thread {act.thread} read {read.shown}, "
             f"thread {stored.thread} stored {stored.shown}, then thread {act.thread} stored {act.shown}")
    finals = [final for final in (_final(read, control) for control in controls) if final is not None]
    if finals:
        if not act.plain or act.shown in finals:
            return None
        return f"{words} (one after the other gives {' or '.join(dict.fromkeys(finals))})"
    if not controls or window.pattern == "augment":
        return words
    if found.rechecked is False:
        return f"{words}, although the test no longer held"
    return None


def _equal(one: Step, two: Step) -> bool:
    return one.ref == two.ref or one.plain and two.plain and one.shown == two.shown


def _final(read: Step, control: Trace) -> str | None:
    """The value after both updates of a serial order that began with the same value."""
    first = next((it for it in control.steps if it.kind == "read"), None)
    done = [it for it in oracle.acts(control) if first is not None and values.same(it.slot, first.slot)]
    if first is None or not done or not oracle.is_serial(control) or not first.plain or first.shown != read.shown:
        return None
    begun = next((it for it in control.steps if it.kind == "read" and it.thread != done[0].thread
                  and values.same(it.slot, first.slot)), None)
    if len({it.thread for it in done}) < 2 and begun is None:
        return None
    return done[-1].shown if done[-1].plain else None
