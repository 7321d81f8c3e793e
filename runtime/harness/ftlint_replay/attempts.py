"""One process for each attempt. Where the system can fork, the process starts with this harness already loaded.

The parent never imports user code. A child that dies, hangs or leaves early is told apart from one that reports.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from . import values
from .types import Blocked, Step, ThreadError, Trace

_count = 0
Report = Callable[[dict[str, Any]], None]


def run(seconds: float, body: Callable[[Report], None]) -> dict[str, Any]:
    """Runs the body in a child of its own until it reports, and gives the report, or how the child ended."""
    global _count
    _count += 1
    folder = os.path.join(os.getcwd(), f"attempt-{os.getpid()}-{_count}")
    os.mkdir(folder)
    answer = folder + ".json"
    reading, writing = os.pipe()
    _flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.chdir(folder)
        _child(body, answer)
    os.close(writing)
    status = _wait(child, reading, seconds)
    os.close(reading)
    return _answer(answer, status, seconds)


def pack(trace: Trace) -> dict[str, Any]:
    """A trace as plain data; values become their identity and what can be shown of them."""
    # Threads of the user may still be running; what they add now does not count.
    steps = trace.steps.copy()
    kept = [step.value for step in steps]
    for step in steps:
        step.ref, step.fixed, step.value = id(step.value), values.is_plain(step.value, 0), None
    packed = asdict(replace(trace, steps=steps, errors=trace.errors.copy()))
    del kept
    return packed


def unpack(data: dict[str, Any], schedule: str) -> Trace:
    """The trace again; a child that did not report gives an empty one with the reason."""
    if "schedule" not in data:
        return Trace(schedule, str(data["outcome"]), str(data.get("detail", "")), harness=str(data.get("harness", "")))
    steps = [Step(**{**it, "slot": None if it["slot"] is None else tuple(it["slot"])}) for it in data["steps"]]
    errors = [ThreadError(**it) for it in data["errors"]]
    blocked, hung = (Blocked(**data[it]) if data[it] else None for it in ("blocked", "hung"))
    names = ("schedule", "outcome", "detail", "results", "result_ids", "notes", "gil", "harness", "parked", "apart", "two_objects", "final", "answers")
    rest = {key: data[key] for key in names}
    trace = Trace(steps=steps, errors=errors, blocked=blocked, hung=hung, **rest)
    _renumber(trace)
    return trace


def _renumber(trace: Trace) -> None:
    """Threads as the reader wants them: 1 is the one that waited, the others in the order in which they come."""
    waits = [it.thread for it in trace.steps if it.kind == "wait"]
    numbers: dict[int, int] = {waits[-1]: 1} if waits else {}
    last = max((index for index, it in enumerate(trace.steps) if it.kind == "wait"), default=0)
    acted = [it.thread for it in trace.steps[last:] if it.kind in ("act", "other")]
    for thread in [*acted, *(it.thread for it in trace.steps)]:
        numbers.setdefault(thread, len(numbers) + 1)
    for step in trace.steps:
        step.thread = numbers[step.thread]


def _child(body: Callable[[Report], None], answer: str) -> None:
    def report(data: dict[str, Any]) -> None:
        with open(answer + ".part", "w", encoding="utf-8") as file:
            json.dump(data, file)
        os.rename(answer + ".part", answer)
        _flush()
        os._exit(0)

    try:
        body(report)
        report({"outcome": "harness", "harness": "an attempt ended without a report"})
    except BaseException:  # noqa: BLE001 - user exceptions are caught where user code is called; this one is ours
        report({"outcome": "harness", "harness": traceback.format_exc()[-3000:]})


def _wait(child: int, reading: int, seconds: float) -> int | None:
    """The exit status, or `None` when the child had to be killed. The pipe closes when the child ends."""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        select.select([reading], [], [], max(0.0, min(left, 0.05)))
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if left <= 0:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.0005)


def _answer(path: str, status: int | None, seconds: float) -> dict[str, Any]:
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found
    if status is None:
        return {"outcome": "timeout", "detail": f"no end within {seconds:.1f} s"}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return {"outcome": "signal", "detail": f"the process was ended by {_signal(number)}"}
    return {"outcome": "exit", "detail": f"the code ended the process itself, with exit code {os.WEXITSTATUS(status)}"}


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def gil_enabled() -> bool:
    """Whether the GIL is on now."""
    ask = getattr(sys, "_is_gil_enabled", None)
    return True if ask is None else bool(ask())


def _flush() -> None:
    """What the user's code printed so far."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
