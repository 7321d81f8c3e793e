"""The driver: imports the module of the finding, builds a receiver and arguments, and calls the function."""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import queue
import sys
import types
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import values, ways
from .arguments import FLAVOURS, CannotBuild, Maker, StandIn
from .types import Place, Site, Window

_PREPARED = ("check_then_use", "check_then_pop", "iteration", "guard_in_wrong_scope", "copy_then_clear", "index_loop")
_LONGEST = 1000
_OF_NO_INSTANCE = ("global", "class_attribute")


class NotDrivable(Exception):
    """The function cannot be called from outside; the text says why."""


@dataclass(frozen=True)
class Setup:
    """One choice of arguments; `b_calls_other` lets lane B call the function of the other access."""

    flavour: str
    prepared: bool
    a_number: int
    b_number: int
    b_calls_other: bool
    filled: bool = False
    own: bool = False
    """Each lane brings objects of its own: what is stored may be a parameter."""
    opened: bool = False
    """Attributes of the receiver get values with which the tests before the window lead there."""


@dataclass
class Target:
    """Two calls, ready to be made, and how they read in words."""

    a: Callable[[], object]
    b: Callable[[], object]
    receiver: Any
    text: str
    prepared: str = ""
    two_objects: bool = False
    value: Any = None
    again: Callable[[int], Callable[[], object]] | None = None
    fill: Callable[[types.FrameType, values.Expression], None] | None = None
    private: tuple[str, ...] = ()
    """Functions that are called here, and that nobody but their own module or class calls otherwise."""


def setups(window: Window) -> list[Setup]:
    """All choices in a fixed order: a schedule names one of them by its number."""
    numbers = [(1, 1)]
    if window.pattern == "compare_then_store":
        numbers = [(1, 2), (2, 1), (10001, 10002), (-10001, -10002)]
    prepared = (False, True) if window.pattern in _PREPARED else (False,)
    others: tuple[bool, ...] = (False,)
    if window.other.function != window.last.function:
        # Two calls that only go through the container do nothing to each other.
        others = (True,) if window.pattern == "iteration" else (True, False)
    owns = (False, True) if window.pattern == "lazy_init" else (False,)
    flavours = [(it, False, False) for it in FLAVOURS] + [("hinted", True, False)]
    flavours += [(it, False, True) for it in ("hinted", "stand-in", "objects")]
    return [
        Setup(flavour, ready, a, b, other, filled, own, opened)
        for flavour, filled, opened in flavours
        for ready in prepared for other in others for a, b in numbers for own in owns
    ]


def load(window: Window) -> types.ModuleType:
    """Imports the module of the window as its users do."""
    site = window.last
    refuse(site)
    if site.root not in sys.path:
        sys.path.insert(0, site.root)
    return importlib.import_module(site.module)


def refuse(site: Site) -> None:
    """Raises `NotDrivable` for code that nobody can call by name."""
    if site.function == "<module>":
        raise NotDrivable("the code is at the top level of its module, which runs only once")
    if "<locals>" in site.function or "<" in site.function:
        raise NotDrivable(f"`{site.function}` is inside another function and cannot be called from outside")


def build(window: Window, setup: Setup) -> Target:
    """Fresh receiver, fresh arguments; the same for both lanes unless the setup says otherwise.

    A place that belongs to no instance is reached through two of them, so that the lock of one does not hide the race.
    """
    numbers = setup.a_number, setup.b_number + setup.own
    make_a, make_b = (Maker(setup.flavour, it, setup.filled) for it in numbers)
    site = window.first if window.first.function != "<module>" else window.last
    refuse(site)
    a = Callee(site)
    receiver = a.receiver(make_a)
    given = a.arguments(make_a)
    alone = window.place.kind in _OF_NO_INSTANCE
    call_a = a.call(receiver, given)
    if setup.b_calls_other:
        refuse(window.other)
        b = Callee(window.other)
        theirs = alone or b.owner is not None and not isinstance(receiver, b.owner)
        their = b.receiver(make_b) if theirs else receiver
        call_b = b.call(their, b.arguments(make_b))
    else:
        b = a
        their = a.receiver(make_b) if alone else receiver
        shared = setup.a_number == setup.b_number and not setup.own
        call_b = a.call(their, given if shared else a.arguments(make_b))
    prepared = [_prepare(window.place, receiver, given[0])] if setup.prepared else []
    if setup.opened:
        end = window.last if window.last.function == site.function else site
        found = ways.opened(end, receiver) + (ways.opened(window.other, their) if setup.b_calls_other else [])
        if not found:
            raise CannotBuild("no attribute keeps the call from the window")
        prepared += found
    words = a.words(receiver, given) + (f" and {b.site.function}()" if setup.b_calls_other else "")
    apart = alone and None not in (receiver, their) and their is not receiver
    private = tuple(dict.fromkeys(f"{it.name}()" for it in (a, b) if it.is_private()))
    return Target(call_a, call_b, receiver, words + " of two objects" * apart, ", ".join(prepared), apart, private=private)


def place_value(place: Place, receiver: Any) -> Any:
    """The object at the place, seen from outside; `MISSING` when that is not possible."""
    try:
        if place.kind == "instance_attribute":
            value = receiver
        elif place.kind == "class_attribute":
            value = _resolve(sys.modules[place.module], place.owner)
        elif place.kind == "global":
            value = sys.modules[place.module]
        else:
            return values.MISSING
        for part in place.name.split("."):
            value = values.attribute(value, values.mangled(part, f"{place.owner}.x"))
        return value
    except (values.Unknown, KeyError, AttributeError, NotDrivable):
        return values.MISSING


class Callee:
    """A function by its qualified name, and how it is called."""

    def __init__(self, site: Site) -> None:
        module = importlib.import_module(site.module)
        owner, _, name = site.function.rpartition(".")
        self.name = values.mangled(name, site.function)
        self.site = site
        self.owner: type | None = None
        if owner:
            found = _resolve(module, owner)
            if not isinstance(found, type):
                raise NotDrivable(f"`{owner}` is not a class at run time")
            self.owner = found
            self.raw: Any = vars(found).get(self.name)
        else:
            self.raw = vars(module).get(self.name)
        if self.raw is None:
            raise NotDrivable(f"`{site.function}` is not there after the import")
        plain = getattr(self.raw, "__func__", self.raw)
        flags = getattr(getattr(plain, "__code__", None), "co_flags", 0)
        if flags & 0x80 or flags & 0x200:
            raise NotDrivable(f"`{site.function}` is a coroutine function")

    def receiver(self, maker: Maker) -> Any:
        """An instance for methods, the class for class methods, nothing for functions."""
        if self.owner is None or self.name in ("__new__", "__init__") or isinstance(self.raw, (staticmethod, classmethod)):
            return self.owner
        return maker.instance(self.owner)

    def arguments(self, maker: Maker) -> tuple[list[Any], dict[str, Any]]:
        """What the function is called with, beside its receiver."""
        if self._is_property():
            return [], {}
        skip = 0 if self.owner is None or isinstance(self.raw, staticmethod) else 1
        return maker.arguments(self.raw, skip)

    def call(self, receiver: Any, given: tuple[list[Any], dict[str, Any]]) -> Callable[[], object]:
        """The call, ready to be made from a thread."""
        positional, keyword = given
        if self._is_property():
            return functools.partial(getattr, receiver, self.name)
        if self.owner is None:
            function = self.raw
        elif self.name in ("__new__", "__init__"):
            function = self.owner
        elif isinstance(self.raw, (staticmethod, classmethod)):
            function = getattr(self.owner, self.name)
        elif self.name.startswith("__"):
            function = functools.partial(self.raw, receiver)
        else:
            function = getattr(receiver, self.name)
        if not callable(function):
            raise NotDrivable(f"`{self.site.function}` is not callable")
        call = functools.partial(function, *positional, **keyword)
        return functools.partial(_exhausted, call)

    def words(self, receiver: Any, given: tuple[list[Any], dict[str, Any]]) -> str:
        """The call for the reader."""
        shown = [values.show(it, 20) for it in given[0]] + [f"{name}={values.show(it, 20)}" for name, it in given[1].items()]
        return f"{self.site.function}({', '.join(shown)})"

    def is_private(self) -> bool:
        """Whether the function is called by others of its module or class, as far as its name tells."""
        name = self.site.function.rpartition(".")[2]
        return name.startswith("_") and not name.endswith("__")

    def _is_property(self) -> bool:
        return isinstance(self.raw, property) or type(self.raw).__name__ in ("cached_property", "lazy_property")


def _exhausted(call: Callable[[], Any]) -> object:
    """The call; a generator is gone through, and entered and left where it is a context manager."""
    made = call()
    if isinstance(made, contextlib._GeneratorContextManager):
        with made as inner:
            return inner
    if isinstance(made, types.GeneratorType):
        for _ in itertools.islice(made, _LONGEST):
            pass
    return made


def _resolve(module: types.ModuleType, qualified: str) -> Any:
    found: Any = module
    for part in qualified.split("."):
        if part == "<locals>":
            raise NotDrivable(f"`{qualified}` is inside a function")
        found = vars(found)[part]
    return found


def _prepare(place: Place, receiver: Any, arguments: list[Any]) -> str:
    """Puts one element into the container of the finding, so that its test can succeed."""
    container = place_value(place, receiver)
    keys = [it for it in arguments if isinstance(it, (str, int, bytes, tuple))]
    name = place.text.partition("[")[0]
    if isinstance(container, dict):
        container.update({key: StandIn() for key in keys or ["x"]})
        return f"put {(keys or ['x'])[0]!r} into {name}"
    if isinstance(container, set):
        # Nobody asks for it by name, so it may be anything that the code does something with.
        container.update(keys or [StandIn()])
        return f"put {keys[0]!r} into {name}" if keys else f"put an element into {name}"
    if isinstance(container, (list, deque)):
        container.append(arguments[0] if arguments else StandIn())
        return f"put one element into {name}"
    if isinstance(container, (queue.Queue, queue.SimpleQueue)):
        container.put(StandIn())
        return f"put one element into {name}"
    raise CannotBuild(f"{name} is not a container that can be filled")
