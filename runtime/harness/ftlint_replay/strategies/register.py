"""Stops one thread between the test for "done" and its registration, and lets another finish meanwhile."""

from __future__ import annotations

from . import oracle
from ..types import Trace, Window

CONTROL = "A*"


def schedules(pattern: str) -> list[str]:
    """The other thread goes through what is registered, to its end."""
    return ["A@act,B*,A*", "A@read,B*,A*"]


def violation(window: Window, directed: Trace, controls: list[Trace]) -> str | None:
    """Registered after the other thread had gone through the list, on the word of a test that no longer held."""
    found = oracle.overlap(directed)
    if found is None or found.act is None or found.rechecked is not False or not _passed(directed):
        return None
    if any(_late(it) for it in controls):
        return None
    return (f"thread {found.act.thread} registered in {window.place.text} after the other thread had gone through it, "
            "although its test no longer held: nobody will come for it")


def _passed(trace: Trace) -> bool:
    wait = max(index for index, it in enumerate(trace.steps) if it.kind == "wait")
    thread = trace.steps[wait].thread
    after = trace.steps[wait:]
    act = next((index for index, it in enumerate(after) if it.kind == "act" and it.thread == thread), len(after))
    return any(it.kind == "other" and it.thread != thread for it in after[:act])


def _late(control: Trace) -> bool:
    """A serial order that registers after the other has passed: then the code allows it."""
    passed: set[int] = set()
    for it in control.steps:
        if it.kind == "other":
            passed.add(it.thread)
        elif it.kind == "act" and passed - {it.thread}:
            return True
    return False
