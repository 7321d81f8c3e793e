"""Makes values for parameters from defaults, annotations and names; for what says nothing, a choice to be tried."""

from __future__ import annotations

import dis
import enum
import inspect
import pathlib
import sys
import threading
import types
import typing
from collections.abc import Callable
from typing import Any

from . import usage

FLAVOURS = ("hinted", "one", "text", "function", "stand-in", "none", "list", "dict", "collaborators", "objects")
# Constructors mostly take other objects, and methods values; or the other way round.
_INSIDE = {"collaborators": "stand-in", "objects": "hinted"}
_OUTSIDE = {"collaborators": "hinted", "objects": "stand-in"}
_SIMPLE: dict[object, Callable[[int], Any]] = {
    int: lambda n: n, float: float, bool: bool, str: lambda n: "x", bytes: lambda n: b"x",
    list: lambda n: [], dict: lambda n: {}, set: lambda n: set(), tuple: lambda n: (), frozenset: lambda n: frozenset(),
    object: lambda n: object(), type(None): lambda n: None, pathlib.Path: lambda n: pathlib.Path("x"),
}
_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("lock", "mutex", "guard"), "lock"),
    (("fn", "func", "function", "callback", "factory", "target", "handler", "builder", "loader", "make", "maker", "hook"),
     "function"),
    (("fullname", "modname", "module_name", "mod_name", "module"), "module"),
    (("limit", "maximum", "capacity", "maxsize", "max_size", "bound"), "bound"),
    (("items", "values", "args", "names", "keys", "jobs", "tasks", "rows", "things"), "list"),
    (("name", "key", "path", "text", "url", "host", "address", "user", "title", "word", "message", "prefix", "token",
      "line"), "text"),
    (("options", "config", "settings", "mapping", "kwargs", "params", "headers"), "dict"),
)
_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_PARTS = ("list", "List", "Sequence", "Iterable", "Collection", "MutableSequence")
_MAPS = ("dict", "Dict", "Mapping", "MutableMapping")


class StandIn:
    """An object that lets nearly everything be done with it. As a context manager it is a real lock.

    What is asked of it twice is the same object twice: two threads that are given one stand-in come to one key.
    All stand-ins are one lock: two of them may be the two sides of a lock for readers and writers.
    """

    large = True
    _ftlint_lock = threading.RLock()

    def __init__(self, name: str = "") -> None:
        self._ftlint_name = name.lower()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name[2:3] != "_":
            raise AttributeError(name)
        value = StandIn(name)
        self.__dict__.setdefault(name, value)
        return self.__dict__[name]

    def __call__(self, *_args: object, **_kwargs: object) -> StandIn:
        """A method with a name like `write_lock` or `unlock` does what it says."""
        name = self.__dict__.get("_ftlint_name", "")
        if "unlock" in name or "release" in name:
            self._ftlint_lock.release()
        elif "lock" in name or "acquire" in name or "mutex" in name:
            self._ftlint_lock.acquire()
        return StandIn()

    def acquire(self, *_args: object, **_kwargs: object) -> bool:
        return self._ftlint_lock.acquire()

    def release(self) -> None:
        self._ftlint_lock.release()

    def __enter__(self) -> StandIn:
        self._ftlint_lock.acquire()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ftlint_lock.release()

    def __deepcopy__(self, _known: object) -> StandIn:
        return StandIn()

    def __iter__(self) -> Any:
        frame = sys._getframe(1)
        code, at = frame.f_code.co_code, frame.f_lasti
        count = code[at + 1] if 0 <= at < len(code) and code[at] == _UNPACK else 0
        return iter([self[index] for index in range(count)])

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: object) -> Any:
        if type(key) not in (int, str):
            return StandIn()
        return self.__dict__.setdefault(f"[{key!r}]", StandIn())

    def __setitem__(self, _key: object, _value: object) -> None:
        return None

    def __lt__(self, _other: object) -> bool:
        return not self.large

    def __gt__(self, _other: object) -> bool:
        return self.large

    __le__, __ge__ = __lt__, __gt__

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return 1.0

    def __add__(self, _other: object) -> StandIn:
        return StandIn()

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __add__
    __mod__ = __pow__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rshift__ = __add__
    __neg__ = __pos__ = __invert__ = __abs__ = __call__

    def __repr__(self) -> str:
        return "<stand-in>"


class CannotBuild(Exception):
    """No value could be made; the text says why."""


class Maker:
    """Makes values of one flavour; `number` is the integer it uses."""

    def __init__(self, flavour: str, number: int, filled: bool = False) -> None:
        self.flavour = flavour
        self.number = number
        self.filled = filled

    def arguments(self, function: Any, skip: int, depth: int = 3) -> tuple[list[Any], dict[str, Any]]:
        """For all parameters without default; the first `skip` positional ones are bound already."""
        function = _plain(function)
        code = getattr(function, "__code__", None)
        if code is None:
            return [], {}
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        last = code.co_argcount - len(defaults)
        if self.filled:
            # What may be left out decides often whether anything happens: as many as are `None` are given as well.
            last += next((index for index, it in enumerate(defaults) if it is not None), len(defaults))
        required = names[skip:last]
        hints = _annotations(function)
        positional = [self.value(hints.get(it), it, function, depth) for it in required]
        only = code.co_varnames[code.co_argcount: code.co_argcount + code.co_kwonlyargcount]
        keyword = {it: self.value(hints.get(it), it, function, depth) for it in only if it not in (function.__kwdefaults__ or {})}
        return positional, keyword

    def instance(self, cls: type, depth: int = 3) -> Any:
        """An object of a class of the user."""
        if depth == 0:
            return StandIn()
        if issubclass(cls, enum.Enum):
            return next(iter(cls))
        if issubclass(cls, type):
            # The instances of a metaclass are classes: one of its own module, or an empty one.
            users = vars(sys.modules[cls.__module__]).values()
            return next((it for it in users if type(it) is cls), None) or cls("Made", (), {})
        if getattr(cls, "__abstractmethods__", None):
            concrete = next((it for it in cls.__subclasses__() if not getattr(it, "__abstractmethods__", None)), None)
            if concrete is None:
                raise CannotBuild(f"{cls.__qualname__} is abstract")
            return self.instance(concrete, depth)
        initialiser: Any = _initialiser(cls)
        before = self.filled, self.flavour
        self.filled, self.flavour = False, _INSIDE.get(self.flavour, self.flavour)
        try:
            positional, keyword = self.arguments(initialiser, 1, depth - 1)
        finally:
            self.filled, self.flavour = before
        return cls(*positional, **keyword)

    def value(self, hint: Any, name: str, function: Any, depth: int) -> Any:
        """For one parameter."""
        if isinstance(hint, str):
            hint = _evaluated(hint, function)
        if hint is None or hint is typing.Any or isinstance(hint, typing.TypeVar):
            return self._guess(name, function)
        if hint in _SIMPLE if isinstance(hint, type) else False:
            return _SIMPLE[hint](self.number)
        return self._from_hint(hint, name, function, depth)

    def _from_hint(self, hint: Any, name: str, function: Any, depth: int) -> Any:
        origin, parts = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Literal:
            return parts[0]
        if origin in (typing.Union, getattr(types, "UnionType", None)):
            if type(None) in parts and self.flavour in ("hinted", "none"):
                return None
            return self.value(next(it for it in parts if it is not type(None)), name, function, depth)
        base = origin or hint
        short = getattr(base, "__name__", "")
        if short == "Callable":
            return lambda *args, **kwargs: object()
        if base in _SIMPLE:
            return _SIMPLE[base](self.number)
        if short in _PARTS:
            return []
        if short in _MAPS:
            return {}
        if isinstance(base, type):
            if getattr(base, "_is_protocol", False) or not depth:
                return StandIn()
            try:
                return self.instance(base, depth)
            except Exception:  # noqa: BLE001 - a constructor may raise anything; whoever uses the value may want less of it
                return StandIn()
        return self._guess(name, function)

    def _guess(self, name: str, function: Any) -> Any:
        """For a parameter without a hint that says something: by what the source does with it, else by its name."""
        flavour = _OUTSIDE.get(self.flavour, self.flavour)
        lowered = name.lower().strip("_0123456789")
        for words, kind in _HINTS:
            if any(lowered == it or lowered.endswith("_" + it) for it in words):
                if kind == "lock":
                    return threading.RLock()
                flavour = kind if flavour == "hinted" else flavour
                break
        if _OUTSIDE.get(self.flavour, self.flavour) == "hinted" and isinstance(function, types.FunctionType):
            flavour = usage.kind(function, name) or flavour
        return _of_flavour(flavour, self.number)


def _initialiser(cls: type) -> Any:
    """The constructor that names its parameters: one that takes `*args` and no more passes them on to a base."""
    for base in cls.__mro__:
        own = _plain(vars(base).get("__init__"))
        if isinstance(own, types.FunctionType):
            if own.__code__.co_argcount > 1 or not own.__code__.co_flags & inspect.CO_VARARGS:
                return own
        elif "__new__" in vars(base) and isinstance(_plain(vars(base)["__new__"]), types.FunctionType):
            return cls.__new__
    return object.__init__


def _of_flavour(flavour: str, number: int) -> Any:
    if flavour == "function":
        return lambda *args, **kwargs: object()
    # A bound of one would let the second of two calls be refused, and nothing could go wrong.
    values: dict[str, Any] = {"hinted": number, "one": number, "bound": 8, "text": "x", "bytes": b"x", "none": None,
                              "module": "colorsys"}
    if flavour in values:
        return values[flavour]
    return {"list": [], "dict": {}}.get(flavour, StandIn())


def _plain(function: Any) -> Any:
    """The function below decorators that say so, and below `staticmethod` and `classmethod`."""
    while True:
        inner = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)
        if inner is None:
            return function
        function = inner


def _annotations(function: Any) -> dict[str, Any]:
    try:
        found = function.__annotations__
    except Exception:  # noqa: BLE001 - lazy annotations run user expressions
        return {}
    return dict(found) if isinstance(found, dict) else {}


def _evaluated(text: str, function: Any) -> Any:
    scope = getattr(sys.modules.get(getattr(function, "__module__", "") or ""), "__dict__", {})
    try:
        return eval(text, dict(scope))  # noqa: S307 - the user's own annotation, as typing.get_type_hints does
    except Exception:  # noqa: BLE001
        return None
