"""Runs the user's program as `__main__`, as `python file.py` would, with a director beside it."""

from __future__ import annotations

import _thread
import builtins
import importlib
import os
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from . import conduct
from .director import Director
from .monitor import monitor
from .schedule import Schedule
from .types import ThreadError, Trace, Window


def run(window: Window, path: str, root: str, schedule: Schedule, seconds: float, report: Callable[[Trace], None]) -> None:
    """Does not come back before the program ends; reports when the schedule is through."""
    director = Director(window, schedule, lambda: _user_threads() <= 1)
    over = threading.Event()
    told = _thread.allocate_lock()

    def lead() -> None:
        conduct.program(director, over.is_set, seconds)
        if told.acquire(False):
            report(director.trace)

    _keep_uncaught(director.trace)
    watcher = monitor()
    watcher.start(director)
    _thread.start_new_thread(lead, ())
    _main(path, root, director.trace)
    over.set()
    director_done = threading.Event()
    # The leader has the same time, and may use all of it; the report ends this process.
    director_done.wait(seconds + 2.0)


def execute(path: str, root: str) -> dict[str, Any]:
    """The program, and then what the interpreter does at its end: it waits for the threads."""
    module = types.ModuleType("__main__")
    module.__file__ = path
    package = _package(path, root)
    module.__dict__.update(__builtins__=builtins, __package__=package, __spec__=None, __cached__=None)
    sys.argv = [path]
    if root not in sys.path:
        sys.path.insert(0, root)
    if not package:
        sys.path.insert(0, os.path.dirname(path))
    sys.modules["__main__"] = module
    if package:
        importlib.import_module(package)
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module.__dict__


def wait_for_threads() -> None:
    """What the interpreter does before it ends, so that pools are shut down and threads joined."""
    shutdown = getattr(threading, "_shutdown", None)
    if shutdown is not None:
        shutdown()


def _main(path: str, root: str, trace: Trace) -> None:
    try:
        execute(path, root)
    except SystemExit:
        pass
    except BaseException as error:  # noqa: BLE001 - whatever the program raises is an observation
        text = f"{type(error).__name__}: {error}"
        trace.notes.append(f"the program ended with {text[:200]}")
        trace.errors.append(ThreadError("", "MainThread", type(error).__name__, text[:200], _line(error), path, True))
    try:
        wait_for_threads()
    except BaseException as error:  # noqa: BLE001
        trace.notes.append(f"the end of the program failed with {type(error).__name__}")


def _keep_uncaught(trace: Trace) -> None:
    previous = threading.excepthook

    def hook(args: Any, /) -> None:
        text = f"{args.exc_type.__name__}: {args.exc_value}"
        name = args.thread.name if args.thread is not None else "?"
        line = args.exc_traceback.tb_lineno if args.exc_traceback is not None else 0
        trace.errors.append(ThreadError("", name, args.exc_type.__name__, text[:200], line, "", True))
        previous(args)

    threading.excepthook = hook


def _line(error: BaseException) -> int:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_lineno if trace is not None else 0


def _package(path: str, root: str) -> str:
    """The package of a program inside one, so that its relative imports work."""
    folder = os.path.dirname(path)
    if not os.path.exists(os.path.join(folder, "__init__.py")):
        return ""
    relative = os.path.relpath(folder, root)
    return "" if relative.startswith("..") or relative == "." else relative.replace(os.sep, ".")


def _user_threads() -> int:
    """Threads of the `threading` module that run; the harness's own is none of them."""
    return len(getattr(threading, "_active", {}))
