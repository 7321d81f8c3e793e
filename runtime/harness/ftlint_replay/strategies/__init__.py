"""One strategy, one file: which orders it forces, and how it sees that something broke."""

from __future__ import annotations

from . import check_then_act, copy_then_clear, init_once, interleave, iterate, register, split_update, test_and_set
from ..types import Strategy

STRATEGIES: dict[str, Strategy] = {
    "split_update": split_update,
    "check_then_act": check_then_act,
    "init_once": init_once,
    "test_and_set": test_and_set,
    "iterate": iterate,
    "copy_then_clear": copy_then_clear,
    "register": register,
    "interleave": interleave,
}
