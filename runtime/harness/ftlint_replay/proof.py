"""What a stop in a running command proves by itself. A command cannot be run in every serial order, so the proof
has to be in what was seen: the place's own version, or a test that had held and no longer did when its act came.
"""

from __future__ import annotations

from dataclasses import dataclass

from .strategies import STRATEGIES, oracle
from .strategies.oracle import Overlap
from .types import Trace, Window


@dataclass(frozen=True)
class Proof:
    """A violation in words, and what kind of proof it is."""

    words: str
    by: str


def prove(strategy: str, window: Window, trace: Trace, ordinary: set[str]) -> Proof | None:
    """`ordinary` are exceptions that leave the window also when nobody stands there."""
    words = STRATEGIES[strategy].violation(window, trace, [])
    found = oracle.overlap(trace)
    if words is None or found is None or not found.between:
        return None
    if any(it.lane == "A" and it.type not in ordinary for it in trace.errors):
        # The thread that stood had passed its test, and another one acted at that very place before it went on.
        return Proof(words, "exception") if found.rechecked is False and found.act is None else None
    if found.act is None:
        return None
    if strategy == "split_update":
        return Proof(words, "version") if _from_old_version(window, trace, found) else None
    acted = any(it.kind == "act" for it in found.between)
    return Proof(words, "recheck") if acted and found.rechecked is False else None


def _from_old_version(window: Window, trace: Trace, found: Overlap) -> bool:
    """Whether what the standing thread stored comes from a version that another thread had replaced by then."""
    if window.pattern == "compare_then_store":
        return found.rechecked is False
    if window.pattern == "augment":
        return True
    # The other thread made its value from the same version: one after the other, the later one reads a newer one.
    read, stored = found.read, found.between[-1]
    if read is None:
        return False
    index = trace.steps.index(stored)
    theirs = [it for it in trace.steps[:index] if it.thread == stored.thread and it.kind == "read"]
    return bool(theirs) and (theirs[-1].ref == read.ref or theirs[-1].plain and theirs[-1].shown == read.shown)
