"""Stops one thread between the test for "not yet there" and the store, and lets another initialise."""

from __future__ import annotations

from . import oracle
from ..types import Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """The other thread initialises once."""
    return ["A@act,B>act,A*", "A@read,B>act,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """Both threads made and stored an object; in a serial order only the first does."""
    twice = oracle.acted_twice(directed, controls)
    if twice is None or twice.act is None:
        found = oracle.overlap(directed)
        came = found is not None and (bool(found.between) or found.rechecked is False)
        return oracle.new_error(directed, controls) if came else None
    other = twice.between[-1]
    words = f"{window.place.text} was initialised twice, by thread {other.thread} and by thread {twice.act.thread}"
    if len(set(directed.result_ids)) == 2 and not all(it in ("None", "True", "False") for it in directed.results):
        words += "; the two callers hold different objects"
    return words
