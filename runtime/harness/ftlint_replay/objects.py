"""Makes and fills the objects of a slice: instances without their constructor, containers with elements."""

from __future__ import annotations

import inspect
import queue
import types
import weakref
from collections import deque
from typing import Any

from . import infer, values
from .arguments import CannotBuild


def class_of(part: Any) -> type | None:
    """The class whose method a piece was cut from."""
    found = infer.inside(part.scope, part.site.function.partition(".<locals>")[0].rpartition(".")[0])
    return found if isinstance(found, type) else None


def bare(cls: type) -> Any:
    """An instance that no constructor has seen."""
    if issubclass(cls, type):
        return type.__new__(cls, "Made", (), {})
    if getattr(cls, "__abstractmethods__", None):
        cls = type(cls.__name__, (cls,), {"__module__": cls.__module__, "__qualname__": cls.__qualname__})
        cls.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
    for base in (object, *cls.__mro__):
        try:
            if base.__flags__ & 1 << 9 and base is not object:
                continue
            make: Any = base.__new__
            return make(cls)
        except TypeError:
            continue
    raise CannotBuild(f"no instance of {cls.__qualname__} without its constructor")


def assign(holder: Any, name: str, value: Any) -> None:
    """Puts a value at an attribute, past what the class does when attributes are set."""
    if value is values.MISSING:
        return
    if isinstance(holder, type):
        type.__setattr__(holder, name, value)
        return
    if static(type(holder), name) is not values.MISSING and isinstance(static(type(holder), name), property):
        raise CannotBuild(f"`{name}` is a property")
    object.__setattr__(holder, name, value)


def static(cls: type, name: str) -> Any:
    """What a class has under a name, without asking a descriptor."""
    return inspect.getattr_static(cls, name, values.MISSING)


def put(scope: dict[str, Any], name: str, value: Any) -> None:
    """Sets or removes a global."""
    if value is values.MISSING:
        scope.pop(name, None)
    else:
        scope[name] = value


_kept: list[Any] = []


def put_in(container: Any, elements: list[Any], content: Any) -> bool:
    """Adds elements; false for what is no known container."""
    if isinstance(container, (dict, weakref.WeakValueDictionary, weakref.WeakKeyDictionary)):
        _kept.append((elements, content))
        container.update(dict.fromkeys(elements, content))
    elif isinstance(container, (set, weakref.WeakSet)):
        container.update(elements)
    elif isinstance(container, (list, deque)):
        container.extend(elements)
    elif isinstance(container, (queue.Queue, queue.SimpleQueue)):
        for it in elements:
            container.put(it)
    else:
        return False
    return True


def fresh(value: Any) -> Any:
    """A container of its own with the same elements, so that attempts do not see each other."""
    return value.copy() if isinstance(value, (dict, list, set, deque)) else value


def names_of(code: types.CodeType) -> list[str]:
    """All names that a code object and those inside it may look up as globals."""
    found = list(code.co_names)
    for it in code.co_consts:
        if isinstance(it, types.CodeType):
            found += names_of(it)
    return found


def behind(path: list[str], value: Any) -> Any:
    """An object from which a value is reached by these attributes."""
    for attribute in reversed(path):
        outer = infer.Bag()
        setattr(outer, attribute, value)
        value = outer
    return value
