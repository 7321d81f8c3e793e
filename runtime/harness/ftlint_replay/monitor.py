"""Hears of single instructions: `sys.monitoring` from 3.12 on, `sys.settrace` before that.

Code objects are armed when they start for the first time, so closures, reloaded modules and `__main__` need no
special care. With `sys.settrace` only threads of the `threading` module are seen.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import Any

from .types import Listener, Monitor


class EventMonitor:
    """`sys.monitoring`: events only for the code objects of the window, no cost elsewhere."""

    def __init__(self) -> None:
        self._api: Any = getattr(sys, "monitoring")
        self._tool = next(it for it in (3, 4, 2, 1, 0, 5) if self._api.get_tool(it) in (None, "ftlint"))
        self._running = False

    def start(self, listener: Listener) -> None:
        api, tool, events = self._api, self._tool, self._api.events
        local = events.INSTRUCTION | events.PY_RETURN
        if api.get_tool(tool) is None:
            api.use_tool_id(tool, "ftlint")
        self._running = True

        def started(code: CodeType, _offset: int) -> Any:
            if self._running and listener.wants(code):
                api.set_local_events(tool, code, local)
            return api.DISABLE

        def instruction(code: CodeType, offset: int) -> Any:
            if not listener.instruction(sys._getframe(1), code, offset):
                return api.DISABLE
            return None

        def returned(code: CodeType, _offset: int, _value: object) -> None:
            listener.leave(sys._getframe(1), code, None)

        def unwound(code: CodeType, _offset: int, error: BaseException) -> None:
            if listener.wants(code):
                listener.leave(sys._getframe(1), code, error)

        api.register_callback(tool, events.PY_START, started)
        api.register_callback(tool, events.INSTRUCTION, instruction)
        api.register_callback(tool, events.PY_RETURN, returned)
        api.register_callback(tool, events.PY_UNWIND, unwound)
        api.set_events(tool, events.PY_START | events.PY_UNWIND)
        api.restart_events()

    def stop(self) -> None:
        if self._running:
            self._running = False
            if self._api.get_tool(self._tool) != "ftlint":
                raise RuntimeError("the code under replay took the tool of sys.monitoring away: nothing was observed")
            self._api.set_events(self._tool, 0)


class TraceMonitor:
    """`sys.settrace` with `f_trace_opcodes`: slower, and a debugger in the user's code would switch it off."""

    def __init__(self) -> None:
        self._running = False

    def start(self, listener: Listener) -> None:
        errors: dict[FrameType, BaseException] = {}

        def inside(frame: FrameType, event: str, arg: Any) -> Any:
            if not self._running:
                return None
            if event == "opcode":
                errors.pop(frame, None)
                listener.instruction(frame, frame.f_code, frame.f_lasti)
                if frame.f_code.co_freevars or frame.f_code.co_cellvars:
                    # Before 3.13 the interpreter writes `f_locals` back into the cells after this call; it must not
                    # bring back what they held before this thread waited.
                    _ = frame.f_locals
            elif event == "exception":
                errors[frame] = arg[1]
            elif event == "return":
                error = errors.pop(frame, None) if arg is None else None
                listener.leave(frame, frame.f_code, error)
            return inside

        def called(frame: FrameType, event: str, _arg: Any) -> Any:
            if not self._running or event != "call" or not listener.wants(frame.f_code):
                return None
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            return inside

        self._running = True
        threading.settrace(called)
        sys.settrace(called)

    def stop(self) -> None:
        self._running = False
        threading.settrace(None)
        sys.settrace(None)


def monitor() -> Monitor:
    """The best one that this interpreter has."""
    return EventMonitor() if hasattr(sys, "monitoring") else TraceMonitor()
