"""Lets the unmodified code run on several threads behind a barrier, with no control at all, and counts."""

from __future__ import annotations

from typing import Any

from ..schedule import Schedule
from ..types import Request, Window


def run(request: Request, window: Window, schedule: Schedule) -> dict[str, Any]:
    """What a serial run gives, and what the threads gave."""
    return {"tried": False, "why": "not yet"}
