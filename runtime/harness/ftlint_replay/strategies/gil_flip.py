"""Imports a module and watches whether the GIL comes back, then loads each extension that it loaded by itself.

Only the first extension that needs the GIL makes the interpreter say so: for all others the GIL is on already. So each is
loaded in a process of its own, by its file and without the packages around it, which would load the others as well.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import warnings
from collections.abc import Callable
from typing import Any

from ..types import Request

MOST = 200
"""More extensions than any program needs; what comes after them is not tried."""


def watch(request: Request) -> dict[str, Any]:
    """Before, after, what the interpreter said, and the extensions that were loaded, with their files."""
    if request.import_root and request.import_root not in sys.path:
        sys.path.insert(0, request.import_root)
    known = set(sys.modules)
    res = _watched(lambda: importlib.import_module(request.import_module))
    specs = [getattr(it, "__spec__", None) for name, it in list(sys.modules.items()) if name not in known]
    loaders = [it.loader for it in specs if it is not None]
    extensions = [it for it in loaders if isinstance(it, importlib.machinery.ExtensionFileLoader)]
    return {**res, "extensions": [[it.name, it.path] for it in extensions][:MOST]}


def load(name: str, file: str) -> dict[str, Any]:
    """The same for one extension. What its code does when it runs is not looked at: the interpreter decides before."""
    loader = importlib.machinery.ExtensionFileLoader(name, file)
    spec = importlib.machinery.ModuleSpec(name, loader, origin=file)
    return {"module": name, **_watched(lambda: importlib.util.module_from_spec(spec))}


def _watched(action: Callable[[], object]) -> dict[str, Any]:
    ask = getattr(sys, "_is_gil_enabled", lambda: True)
    before = bool(ask())
    error = ""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            action()
        except BaseException as failure:  # noqa: BLE001 - an import may raise anything
            error = f"{type(failure).__name__}: {str(failure)[:300]}"
    told = [str(it.message)[:300] for it in said if "GIL" in str(it.message)]
    return {"before": before, "after": bool(ask()), "warning": told[0] if told else "", "error": error}
