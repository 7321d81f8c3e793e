"""Shows values without running code of the user: a plain `repr`, and what is in a container."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

MISSING: Any = type("Missing", (), {"__repr__": lambda _self: "<not there>"})()
SCALARS = (int, float, complex, str, bytes, bool, type(None))
CONTAINERS = (dict, list, set, frozenset, tuple, deque)
_BRACKETS: dict[type, tuple[str, str]] = {
    dict: ("{", "}"), list: ("[", "]"), set: ("{", "}"), tuple: ("(", ")"),
    frozenset: ("frozenset({", "})"), deque: ("deque([", "])"),
}


def is_a(value: Any, *kinds: type) -> bool:
    """`isinstance`, which asks a lazy object of the user for its `__class__`, and runs code of the user with that."""
    return issubclass(type(value), kinds)


def show(value: Any, budget: int = 80, depth: int = 5) -> str:
    """A `repr` that calls no user code and has no addresses in it. Containers may hold themselves."""
    kind = type(value)
    if value is MISSING:
        return "<not there>"
    if kind in SCALARS:
        text = repr(value)
    elif kind in CONTAINERS:
        text = _show_container(value, budget, depth - 1) if depth > 0 else "..."
    elif is_a(value, type):
        text = f"<class {value.__qualname__}>"
    else:
        text = f"<{kind.__qualname__} object>"
    return text if len(text) <= budget else text[: budget - 3] + "..."


def is_plain(value: Any, depth: int = 3) -> bool:
    """Whether `show` tells all there is to the value."""
    kind = type(value)
    if value is MISSING or kind in SCALARS:
        return True
    if kind not in CONTAINERS or depth == 0 or len(value) > 20:
        return False
    parts = [*list(value), *list(value.values())] if kind is dict else list(value.copy() if kind is deque else value)
    return all(is_plain(it, depth - 1) for it in parts)


def items(value: Any, name: Callable[[Any], str]) -> list[str] | None:
    """What is in a container, each element under a name of its own; nothing for other values and for large ones."""
    if type(value) not in (dict, list, set, deque) or len(value) > 100:
        return None
    return [name(it) for it in list(value.copy() if type(value) is deque else value)]


def _show_container(value: Any, budget: int, depth: int) -> str:
    kind = type(value)
    if kind is dict:
        parts = [f"{show(k, budget, depth)}: {show(v, budget, depth)}" for k, v in list(value.items())[:20]]
    elif kind in (set, frozenset):
        parts = sorted(show(it, budget, depth) for it in list(value)[:20])
    else:
        parts = [show(it, budget, depth) for it in list(value.copy() if kind is deque else value)[:20]]
    if len(value) > 20:
        parts.append(f"... {len(value)} in all")
    opening, closing = _BRACKETS[kind]
    return opening + ", ".join(parts) + closing
