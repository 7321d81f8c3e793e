"""Runs a command of the user in this process, with all windows armed: `python -m app`, `python app.py`, `pytest ...`.

The result lines are `hello`, `found` for each violation, and `end` when the command ends.
Children that the command starts run without us.
"""

from __future__ import annotations

import _thread
import atexit
import importlib.metadata
import json
import os
import runpy
import sys
import sysconfig
import traceback
from typing import Any

from . import armed, monitor, protocol, tests_in_threads
from .proof import Proof
from .schedule import Schedule
from .types import Place, Site, Trace, Window

_PLUGIN = "ftlint_replay.tests_in_threads"


def main(request_path: str, results_path: str) -> int:
    """Answers one request. The exit status is that of the command, or 70 for trouble of ours."""
    results = protocol.Results(results_path)
    results.line("hello", free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
    try:
        with open(request_path, encoding="utf-8") as file:
            request: dict[str, Any] = json.load(file)
        run = _Run(request, results)
    except Exception:  # noqa: BLE001 - told to the Rust side, which makes an error of it
        results.line("trouble", text=traceback.format_exc()[-3000:])
        return 70
    return run.command()


class _Run:
    """One run of the command."""

    def __init__(self, request: dict[str, Any], results: protocol.Results) -> None:
        self._words: list[str] = request["words"]
        self._results = results
        self._pid = os.getpid()
        windows = [(it["strategy"], _window(it["window"]), it["schedule"]) for it in request["windows"]]
        self._hub = armed.Hub(windows, request["stop_seconds"], self._found) if windows else None
        tests_in_threads.configure(self._hub, request["tests"], request["threads"])

    def command(self) -> int:
        """Runs it to its end, as the interpreter itself would."""
        if self._hub is not None:
            watcher = monitor.monitor()
            watcher.start(self._hub)
            _thread.start_new_thread(self._hub.lead, ())
        # After the threads of the command, which are waited for before that.
        atexit.register(self._end)
        return self._execute()

    def _execute(self) -> int:
        """Exceptions and `SystemExit` are the command's own and go on to the interpreter."""
        words = self._words
        sys.path[:] = [it for it in sys.path if it]
        sys.argv[:] = words
        name = os.path.basename(words[0])
        if words[0] == "-m":
            sys.argv[:] = words[1:]
            sys.path.insert(0, os.getcwd())
            _add_plugin(words[1])
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        elif words[0] == "-c":
            sys.argv[:] = ["-c", *words[2:]]
            sys.path.insert(0, os.getcwd())
            exec(compile(words[1], "<string>", "exec", dont_inherit=True), {"__name__": "__main__"})
        elif os.path.exists(words[0]) and words[0].endswith(".py"):
            sys.path.insert(0, os.path.dirname(os.path.abspath(words[0])))
            runpy.run_path(words[0], run_name="__main__")
        else:
            call = _console_script(name)
            _add_plugin(name)
            sys.exit(call())
        return 0

    def _found(self, number: int, schedule: Schedule, proof: Proof, trace: Trace) -> None:
        test = self._hub.test if self._hub is not None else ""
        self._results.line(
            "found", window=number, schedule=str(schedule), violation=proof.words, by=proof.by, test=test,
            steps=protocol.witness(trace),
        )

    def _end(self) -> None:
        # A child of the command inherits this function when it is forked.
        if os.getpid() != self._pid:
            return
        hub = self._hub
        if hub is not None:
            hub.finish()
            if hub.trouble:
                self._results.line("trouble", text=hub.trouble)
        ask = getattr(sys, "_is_gil_enabled", None)
        self._results.line(
            "end", gil=True if ask is None else bool(ask()),
            windows=armed.summary(hub) if hub is not None else [],
        )


def _console_script(name: str) -> Any:
    for it in importlib.metadata.entry_points(group="console_scripts"):
        if it.name == name:
            return it.load()
    raise SystemExit(f"ftlint: no command `{name}` in the environment of {sys.executable}")


def _add_plugin(name: str) -> None:
    """Our plugin tells which test runs. It is loaded already; pytest only has to hear of it."""
    if name in ("pytest", "py.test"):
        # What pytest remembers of its last run stays what the user's own run said.
        remembers = os.path.join(os.path.expanduser("~"), "pytest-cache")
        sys.argv[1:1] = ["-p", _PLUGIN, "-o", f"cache_dir={remembers}"]


def _window(data: dict[str, Any]) -> Window:
    first, last, other = (Site(**data[it]) for it in ("first", "last", "other"))
    return Window(data["pattern"], Place(**data["place"]), first, last, other)
