"""Stops one thread inside a loop over a container, and lets another change the container."""

from __future__ import annotations

from . import oracle
from ..types import Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """The loop has its first element, or is about to take it; the other thread does all that it does, or only its change,
    which it may take back later."""
    return ["A@read,B*,A*", "A@act,B*,A*", "A@read,B>act,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """An exception in the thread that goes through the container, of a type that no serial order raises."""
    if window.other == window.last and not directed.schedule.startswith("v1:program"):
        # The other call only goes through the container as well: whatever changed it meanwhile was not the code.
        return None
    found = oracle.overlap(directed)
    if found is None or not found.between:
        return None
    return oracle.new_error(directed, controls)
