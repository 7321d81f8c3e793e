"""What is spoken with the Rust side: one JSON request file, and result lines in a file of their own."""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig
from typing import Any

from . import roots
from .types import Place, Request, Site, Trace, Window

VERSION = 1


def read(path: str) -> Request:
    """The request."""
    with open(path, encoding="utf-8") as file:
        data: dict[str, Any] = json.load(file)
    if data.pop("version") != VERSION:
        raise ValueError("the request has another version")
    window = data.pop("window")
    return Request(window=None if window is None else _window(window), **data)


class Results:
    """The result file: each line is complete as soon as it is there."""

    def __init__(self, path: str) -> None:
        self._path = path

    def line(self, kind: str, **fields: object) -> None:
        """Writes one line."""
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"line": kind, **fields}) + "\n")
            file.flush()

    def hello(self) -> None:
        """Who is speaking."""
        self.line("hello", version=VERSION, python=platform.python_version(), pid=os.getpid(),
                  free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
                  monitoring="monitoring" if hasattr(sys, "monitoring") else "settrace")

    def attempt(self, trace: Trace, role: str) -> None:
        """What one attempt showed, without its steps."""
        blocked = trace.blocked or trace.hung
        self.line(
            "attempt", role=role, schedule=trace.schedule, outcome=trace.outcome, detail=trace.detail, gil=trace.gil,
            notes=trace.notes, errors=[it.text for it in trace.errors], harness=trace.harness,
            blocked=None if blocked is None else vars(blocked), hung=trace.hung is not None,
            stopped=trace.parked or any(it.kind == "wait" for it in trace.steps),
            acted=sum(1 for it in trace.steps if it.kind == "act"),
            steps=[[it.lane or str(it.thread), it.kind, it.line, it.shown] for it in trace.steps[:40]],
        )

    def found(self, schedule: str, violation: str, trace: Trace) -> None:
        """A violation with its witness."""
        self.line("found", schedule=schedule, violation=violation, notes=trace.notes, steps=witness(trace))


def witness(trace: Trace) -> list[dict[str, object]]:
    """The steps of the two threads, from the first access of the one that waited to its act."""
    waits = max((index for index, it in enumerate(trace.steps) if it.kind == "wait"), default=0)
    thread = trace.steps[waits].thread if trace.steps else 0
    mine = [index for index, it in enumerate(trace.steps) if it.thread == thread]
    begin = max((it for it in mine if it < waits and trace.steps[it].kind == "read"), default=waits)
    end = min((it for it in mine if it > waits and trace.steps[it].kind in ("act", "raise")), default=len(trace.steps))
    others = [it.thread for it in trace.steps[begin:end] if it.thread != thread and it.kind in ("act", "other")]
    lanes = {thread, *others[-1:]}
    told = [it for it in trace.steps[begin:end + 1] if it.thread in lanes]
    if trace.steps and trace.steps[-1].kind == "blocked":
        told = trace.steps
    if len(told) > 14:
        told = told[:6] + told[-8:]
    return [
        {"thread": it.thread, "name": it.name, "file": it.file, "line": it.line, "kind": it.kind, "value": it.shown,
         "holds": it.holds}
        for it in told
    ]


def _window(data: dict[str, Any]) -> Window:
    first, last, other = (Site(**data[it]) for it in ("first", "last", "other"))
    return roots.corrected(Window(data["pattern"], Place(**data["place"]), first, last, other))
