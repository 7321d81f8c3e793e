"""Imports a module and watches whether the GIL comes back."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

from ..types import Request


def watch(request: Request) -> dict[str, Any]:
    """Before, after, and what the interpreter said."""
    ask = getattr(sys, "_is_gil_enabled", lambda: True)
    before = bool(ask())
    if request.import_root and request.import_root not in sys.path:
        sys.path.insert(0, request.import_root)
    error = ""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            importlib.import_module(request.import_module)
        except BaseException as failure:  # noqa: BLE001 - an import may raise anything
            error = f"{type(failure).__name__}: {str(failure)[:300]}"
    told = [str(it.message)[:300] for it in said if "GIL" in str(it.message)]
    return {"before": before, "after": bool(ask()), "warning": told[0] if told else "", "error": error}
