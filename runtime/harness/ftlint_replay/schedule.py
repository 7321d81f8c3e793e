"""The text of a schedule: `v1:driver.0:A@act,B>act,A*`. `schedule.rs` has the same grammar.

Steps: `A@act` stops lane A just before its act, `A@read` just after its first access,
`A@other` before the access of the other thread (lane A runs its function then), `A>other` just after it,
`A~` lets a lane call over and over,
`A@gap` between two `with` blocks of the window, `B>act` holds lane B just
after its act, `B*` lets a lane run on. `A#3@act` means the third time that a thread comes there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_STEP = r"[AB](?:@act|@gap|@read|@other|>other|>act|\*|~)"
_TEXT = re.compile(rf"^v1:(program|driver|slice)(?:\.(\d+))?(?:#(\d+))?:({_STEP}(?:,{_STEP})*)$")


@dataclass(frozen=True)
class Schedule:
    """Who stops where, and who passes. `variant` counts argument choices of a driver, `arrival` comings to the stop."""

    mode: str
    steps: tuple[str, ...]
    variant: int = 0
    arrival: int = 0

    def __str__(self) -> str:
        variant = f".{self.variant}" if self.mode != "program" else ""
        arrival = f"#{self.arrival}" if self.arrival else ""
        return f"v1:{self.mode}{variant}{arrival}:{','.join(self.steps)}"

    @property
    def park(self) -> str:
        """Where lane A stops: `act`, `gap`, `read`, or, in a serial control,
        `after` (it runs through its act first) and `end` (through all of its call)."""
        first = self.steps[0]
        return {"A>act": "after", "A*": "end", "A>other": "past"}.get(first, first[2:])

    @property
    def b_to_end(self) -> bool:
        """Whether lane B runs to its end, and not only through its act."""
        return "B>act" not in self.steps

    @property
    def serial(self) -> bool:
        """Whether this is a control: nothing comes between."""
        return self.park in ("after", "end")

    @property
    def backward(self) -> bool:
        """Whether lane B comes first: the other serial order of a driver."""
        return self.steps[0].startswith("B")

    @property
    def swapped(self) -> bool:
        """Whether the lane that stops is the one that runs the other access."""
        return any("other" in it for it in self.steps)

    def forward(self) -> Schedule:
        """The same with the names of the lanes exchanged, when B comes first."""
        if not self.backward:
            return self
        return replace(self, steps=tuple({"A": "B", "B": "A"}[it[0]] + it[1:] for it in self.steps))

    def control(self, first: str) -> Schedule:
        """The serial order that belongs to this schedule: A runs as far as `first` says before B begins."""
        rest = tuple(it for it in self.steps[1:] if not (first == "A*" and it == "A*"))
        return replace(self, steps=(first, *rest), arrival=0)

    def turned(self) -> Schedule:
        """The same order with the lanes exchanged."""
        return replace(self, steps=tuple({"A": "B", "B": "A"}[it[0]] + it[1:] for it in self.steps))


def parse(text: str) -> Schedule:
    """From text; `ValueError` when it is none."""
    match = _TEXT.match(text)
    if match is None:
        raise ValueError(f"not a schedule: {text!r}")
    mode, variant, arrival, steps = match.groups()
    return Schedule(mode, tuple(steps.split(",")), int(variant or 0), int(arrival or 0))
