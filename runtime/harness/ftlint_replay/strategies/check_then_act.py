"""Stops one thread between a test and the act it allows, and lets another act: a second insertion, an exception."""

from __future__ import annotations

from . import oracle
from ..types import Trace, Window

CONTROL = "A>act"


def schedules(pattern: str) -> list[str]:
    """For an insertion the other thread acts once; for a use or removal it takes all there is."""
    if pattern == "check_then_insert":
        return ["A@act,B>act,A*", "A@read,B>act,A*"]
    return ["A@act,B*,A*", "A@read,B*,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """An exception or an endless wait that no serial order gives; two insertions where a serial order has one."""
    found = oracle.overlap(directed)
    if found is None or not found.between and found.rechecked is not False:
        return None
    broken = oracle.new_error(directed, controls) or oracle.hangs(directed, controls)
    if broken is not None or window.pattern != "check_then_insert":
        return broken
    twice = oracle.acted_twice(directed, controls)
    if twice is None or twice.act is None:
        return None
    other = twice.between[-1]
    return (f"both threads stored {window.place.text} after each had found it missing: "
            f"what thread {other.thread} stored was replaced by thread {twice.act.thread}")
