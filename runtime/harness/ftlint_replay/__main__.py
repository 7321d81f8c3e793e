"""The harness: `python -P -c ... request.json results.jsonl`. Trouble of ours ends with a traceback and code 70."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from . import attempts, explore, protocol
from .strategies import gil_flip, hammer
from .types import Request, Trace, Window


def main(request_path: str, results_path: str) -> int:
    """Answers one request."""
    results = protocol.Results(results_path)
    try:
        request = protocol.read(request_path)
        results.hello()
        if request.window is None:
            _import(request, results)
        else:
            _window(request, request.window, results)
        results.line("done")
    except Exception:  # noqa: BLE001 - told to the Rust side, which makes an error of it
        results.line("trouble", text=traceback.format_exc()[-4000:])
        return 70
    return 0


def _import(request: Request, results: protocol.Results) -> None:
    seconds = request.attempt_seconds
    end = time.monotonic() + request.total_seconds
    told = attempts.run(seconds, lambda report: report(gil_flip.watch(request)))
    extensions = told.pop("extensions", [])
    results.line("gil", **told)
    if told.get("before") or not told.get("after"):
        return
    for name, file in extensions:
        if time.monotonic() > end:
            break
        loaded = partial(gil_flip.load, name, file)
        results.line("gil", **attempts.run(seconds, partial(_report, loaded)))


def _report(work: Callable[[], dict[str, Any]], report: attempts.Report) -> None:
    report(work())


def _window(request: Request, window: Window, results: protocol.Results) -> None:
    free = True

    def log(trace: Trace, role: str) -> None:
        nonlocal free
        free = free and trace.gil is False
        results.attempt(trace, role)
        if trace.harness:
            raise RuntimeError(trace.harness)

    if request.schedule is None:
        found = explore.explore(request, window, log)
    else:
        found = explore.repeat(request, window, request.schedule, log)
    if found is not None:
        results.found(str(found.schedule), found.violation, found.trace)
        if request.contention and free:
            results.line("contention", **hammer.run(request, window, found.schedule))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
