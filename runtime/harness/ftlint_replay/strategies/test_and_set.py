"""Stops one thread between the test of a flag and setting it, and lets another through the same test."""

from __future__ import annotations

from . import oracle
from ..types import Trace, Window

CONTROL = "A>act"


def schedules(pattern: str) -> list[str]:
    """The other thread sets the flag."""
    return ["A@act,B>act,A*", "A@read,B>act,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """Both threads passed the test of the flag and went on; in a serial order only the first does."""
    twice = oracle.acted_twice(directed, controls, flag=True)
    if twice is None or twice.act is None:
        return None
    other = twice.between[-1]
    return (f"threads {other.thread} and {twice.act.thread} both passed the test of {window.place.text} and both went on: "
            "what the test allows once happens twice")
