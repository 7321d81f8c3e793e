"""Which cell a variable of a closure is in. A frame does not tell; the functions that could be running do.

Two closures of one function have one code object and one name for the variable, and two cells.
"""

from __future__ import annotations

import gc
import threading
from types import CellType, CodeType, FrameType, FunctionType

_LOOKUPS = 400
_known: dict[int, tuple[FrameType, dict[str, CellType | None]]] = {}
_lock = threading.Lock()
_left = _LOOKUPS


def find(frame: FrameType, name: str) -> CellType | None:
    """The cell, or `None` when several could be meant."""
    global _left
    ident = threading.get_ident()
    frame_of, found = _known.get(ident, (None, {}))
    if frame_of is not frame:
        found = {}
        _known[ident] = (frame, found)
    if name not in found:
        with _lock:
            _left -= 1
            spent = _left < 0
        found[name] = None if spent else _search(frame, name)
    return found[name]


def _search(frame: FrameType, name: str) -> CellType | None:
    code = frame.f_code
    if name in code.co_freevars:
        candidates = _functions(code)
    else:
        inner = [it for it in code.co_consts if type(it) is CodeType and name in it.co_freevars]
        candidates = [it for part in inner for it in _functions(part)]
    found = _cells(candidates, name)
    if len(found) > 1:
        found = _cells([it for it in candidates if _fits(it, frame)], name)
    return found[0] if len(found) == 1 else None


def _cells(functions: list[FunctionType], name: str) -> list[CellType]:
    return list({id(it): it for it in (_cell(function, name) for function in functions)}.values())


def _functions(code: CodeType) -> list[FunctionType]:
    return [it for it in gc.get_referrers(code) if type(it) is FunctionType and it.__code__ is code and it.__closure__]


def _cell(function: FunctionType, name: str) -> CellType:
    return (function.__closure__ or ())[function.__code__.co_freevars.index(name)]


def _fits(function: FunctionType, frame: FrameType) -> bool:
    """Whether the variables that both know hold the same objects."""
    known = frame.f_locals
    for name in function.__code__.co_freevars:
        try:
            held = _cell(function, name).cell_contents
        except ValueError:
            if name in known:
                return False
            continue
        if (name in frame.f_code.co_freevars or name in frame.f_code.co_cellvars) and known.get(name) is not held:
            return False
    return True
