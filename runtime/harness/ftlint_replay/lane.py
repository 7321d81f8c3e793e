"""What the director knows of each thread that came to the window."""

from __future__ import annotations

from dataclasses import dataclass
from types import FrameType
from typing import Any

from . import values
from .types import Step


@dataclass
class Pending:
    """An access that has begun; it is over at the next instruction of its frame."""

    frame: FrameType
    role: int
    slot: values.Slot | None
    value: Any
    turn: bool = False


@dataclass
class Lane:
    """One thread of the program, as far as the window is concerned.

    `state` is `running`, `parked` (stopped in the window) or `held` (after its act). `name` is `A`, `B` or nothing.
    `inside` is the frame in which it is between the two accesses, `entered` the one that a serial control queued;
    while it is `queued` it only waits for its turn.
    """

    ident: int
    native: int
    number: int
    thread: str
    name: str = ""
    state: str = "running"
    pending: Pending | None = None
    read: values.Slot | None = None
    inside: FrameType | None = None
    acted: int = 0
    passed: int = 0
    left: int = 0
    slot: values.Slot | None = None
    arrivals: int = 0
    stopped: bool = False
    has_read: bool = False
    finished: bool = False
    released: bool = False
    met: bool = False
    delays: int = 0
    entered: FrameType | None = None
    queued: bool = False


def was_filled(steps: list[Step], lane: Lane, now: Any) -> bool:
    """Whether a place that the thread found empty has a value by now: its own test looks at what it read then."""
    empty = (values.MISSING, None)
    read = next((it for it in reversed(steps) if it.thread == lane.number and it.kind == "read"), None)
    return read is not None and any(read.value is it for it in empty) and not any(now is it for it in empty)
