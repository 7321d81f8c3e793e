"""The shapes that the other files share. No behaviour beyond small questions about the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Protocol


@dataclass(frozen=True)
class Site:
    """One access in the source: where it is, and what it does."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    root: str
    module: str
    function: str
    function_line: int
    kind: str
    method: str = ""


@dataclass(frozen=True)
class Place:
    """The shared place, as far as names say where it is."""

    text: str
    kind: str
    module: str = ""
    owner: str = ""
    name: str = ""
    element: bool = False


@dataclass(frozen=True)
class Window:
    """Two accesses of one thread, and the access of another thread that may come between."""

    pattern: str
    place: Place
    first: Site
    last: Site
    other: Site


@dataclass(frozen=True)
class Request:
    """What the Rust side asks for."""

    action: str
    strategy: str
    window: Window | None
    program: str | None
    schedule: str | None
    contention: bool
    attempt_seconds: float
    total_seconds: float
    import_module: str = ""
    import_root: str = ""


@dataclass
class Step:
    """One thing that a thread did at the window, in the order in which it happened."""

    thread: int
    lane: str
    name: str
    kind: str
    file: str
    line: int
    slot: tuple[Any, ...] | None = None
    value: Any = None
    shown: str | None = None
    plain: bool = False
    holds: bool | None = None
    ref: int = 0
    fixed: bool = False
    items: list[str] | None = None


@dataclass
class ThreadError:
    """An exception that left a function of the window, or a thread."""

    lane: str
    thread: str
    type: str
    text: str
    line: int
    file: str
    uncaught: bool = False


@dataclass
class Blocked:
    """Where the other thread waited while one was parked, and whether it went on afterwards."""

    lane: str
    file: str
    line: int
    source: str
    lock: bool
    proceeded: bool = False


@dataclass
class Trace:
    """All that one attempt showed."""

    schedule: str
    outcome: str = "finished"
    detail: str = ""
    steps: list[Step] = field(default_factory=list)
    errors: list[ThreadError] = field(default_factory=list)
    blocked: Blocked | None = None
    hung: Blocked | None = None
    results: list[str] = field(default_factory=list)
    result_ids: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gil: bool | None = None
    harness: str = ""
    parked: bool = False
    apart: bool = False
    two_objects: bool = False
    final: str | None = None
    answers: dict[str, str] = field(default_factory=dict)


class Listener(Protocol):
    """What a monitor tells."""

    def wants(self, code: CodeType) -> bool:
        """Whether the instructions of this code object are to be reported."""

    def instruction(self, frame: FrameType, code: CodeType, offset: int) -> bool:
        """Before an instruction runs. False when nothing more is wanted."""

    def leave(self, frame: FrameType, code: CodeType, error: BaseException | None) -> None:
        """The frame returns, or an exception leaves it."""


class Monitor(Protocol):
    """One way to hear of single instructions."""

    def start(self, listener: Listener) -> None:
        """Begins to report, for this and all later threads."""

    def stop(self) -> None:
        """Ends all reports; running frames go on undisturbed."""


class Strategy(Protocol):
    """One file of `strategies`. `CONTROL` is how far A runs in a serial control before B begins."""

    CONTROL: str

    def schedules(self, pattern: str) -> list[str]:
        """The orders that show the fault, best first."""

    def violation(self, window: Window, directed: Trace, controls: list[Trace]) -> str | None:
        """What broke, in words. Without controls: whether it is worth to run them."""
