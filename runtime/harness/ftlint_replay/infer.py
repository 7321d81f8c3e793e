"""What an attribute or a global holds at first, read off the assignments in the source; runs only what is known."""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import sys
import types
from collections import OrderedDict, defaultdict, deque
from typing import Any

from . import syntax, values

_LIBRARY = ("collections", "threading", "queue", "weakref", "itertools", "_thread", "_queue", "_weakref", "_collections",
            "array")
_LONG = 10**9
_NAMED: dict[str, Any] = {"dict": dict, "OrderedDict": OrderedDict, "defaultdict": lambda *_: defaultdict(object),
                          "deque": deque, "list": list, "set": set}
_DICT = ("items", "keys", "values", "setdefault", "update", "popitem", "get", "has_key")
_BY_METHOD: dict[str, type] = {
    **dict.fromkeys(_DICT, dict), **dict.fromkeys(("popleft", "appendleft", "rotate", "extendleft"), deque),
    **dict.fromkeys(("append", "extend", "insert", "sort", "reverse", "index"), list),
    **dict.fromkeys(("add", "discard", "union", "difference", "issubset"), set),
}


METHODS = frozenset(_BY_METHOD) | {"pop", "remove", "clear", "copy", "put", "empty", "qsize", "count"}
_HARMLESS = ("copy", "heapq", "_heapq", "bisect", "_bisect", "operator", "_operator", "functools", "contextlib", "random",
             "collections.abc", "json", "pickle", "_pickle")


class Bag:
    """An object of which nothing is known but the attributes that it was given."""


class Opaque(Exception):
    """The value is made by something that is not known."""


def attribute(cls: type, name: str) -> list[Any]:
    """What the methods of a class and its bases assign to an attribute, those of the constructors first; made anew.

    A value that nobody can tell is left out; `Opaque` when an assignment makes an object of an unknown kind.
    """
    found: list[Any] = []
    opaque = False
    for base in cls.__mro__:
        for expression in _table(base).get(name, ()):
            try:
                found.append(make(expression, vars(sys.modules[base.__module__])))
            except Opaque:
                opaque = True
            except Exception:  # noqa: BLE001 - what stands in the source may not work here
                continue
    if opaque and not found:
        raise Opaque
    return found


def is_given(cls: type, name: str) -> bool:
    """Whether a method assigns something to an attribute that only a run would tell."""
    for base in cls.__mro__:
        for expression in _table(base).get(name, ()):
            try:
                make(expression, vars(sys.modules[base.__module__]))
            except Exception:  # noqa: BLE001 - what cannot be made is not known
                return True
    return False


def make(expression: ast.expr, scope: dict[str, Any]) -> Any:
    """The value of a literal, or of a call of something known; `ValueError` for what only a run would tell."""
    try:
        return ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    if isinstance(expression, (ast.List, ast.Set, ast.Dict)):
        return {ast.List: list, ast.Set: set, ast.Dict: dict}[type(expression)]()
    if isinstance(expression, (ast.ListComp, ast.SetComp, ast.DictComp)):
        return {ast.ListComp: list, ast.SetComp: set, ast.DictComp: dict}[type(expression)]()
    if isinstance(expression, ast.Name) and expression.id in scope:
        value = scope[expression.id]
        if values.is_plain(value, 2) or type(value) is object:
            return value
    if isinstance(expression, ast.GeneratorExp):
        return _generator()
    if isinstance(expression, ast.BoolOp):
        return make(expression.values[-1], scope)
    if isinstance(expression, ast.IfExp):
        return make(expression.body, scope)
    if not isinstance(expression, ast.Call):
        raise ValueError
    function = resolve(expression.func, scope)
    if isinstance(function, type) and issubclass(function, (dict, list, set, deque)):
        return function()
    if getattr(getattr(function, "__code__", None), "co_flags", 0) & 0x20:
        return _generator()
    if function in (iter, map, filter, zip, enumerate, reversed):
        return iter(range(_LONG))
    if getattr(function, "__module__", "") == "itertools" and expression.args and function is not itertools.count:
        return function(range(_LONG))
    if not is_library(function):
        short = expression.func.attr if isinstance(expression.func, ast.Attribute) else getattr(expression.func, "id", "")
        if short in _NAMED and not isinstance(function, (type, types.FunctionType)):
            return _NAMED[short]()
        raise Opaque
    if function is object:
        return object()
    arguments = [make(it, scope) if not isinstance(it, ast.Lambda) else object for it in expression.args
                 if not isinstance(it, ast.Starred)]
    if function in (dict, list, set, tuple, deque, OrderedDict) or any(not _made(it) for it in expression.args):
        arguments = []
    try:
        return function(*arguments)
    except TypeError:
        return function()


def _made(it: ast.expr) -> bool:
    return isinstance(it, (ast.Constant, ast.Lambda, ast.Name, ast.Call))


def resolve(node: ast.expr, scope: dict[str, Any]) -> Any:
    """What a dotted name stands for now; `MISSING` when only a run would tell."""
    if isinstance(node, ast.Name):
        return scope.get(node.id, getattr(builtins, node.id, values.MISSING))
    if isinstance(node, ast.Attribute):
        base = resolve(node.value, scope)
        if isinstance(base, (types.ModuleType, type)):
            return vars(base).get(node.attr, values.MISSING) if type(base) is types.ModuleType else getattr(
                base, node.attr, values.MISSING)
    return values.MISSING


def is_library(function: Any) -> bool:
    """Whether a function or class is one of those that can be called without doing anything else."""
    if function is values.MISSING or not callable(function):
        return False
    if function in (dict, list, set, tuple, frozenset, bytearray, object, int, float, str, bytes, bool):
        return True
    module = getattr(function, "__module__", None)
    return isinstance(module, str) and (module in _LIBRARY or module.partition(".")[0] in _LIBRARY)


def _generator() -> Any:
    """Stands for a generator of the user's: what its steps do is not part of the race, that they are steps is."""
    return (it for it in range(_LONG))


def container(methods: set[str], kinds: set[str]) -> Any:
    """An empty container that has these methods and takes these accesses; `Opaque` when none is known."""
    for kind in (dict, deque, set, list):
        if any(_BY_METHOD.get(it) is kind for it in methods):
            return kind()
    if kinds & {"get_item", "set_item", "del_item", "contains"}:
        return {}
    if methods & {"remove", "pop"}:
        return []
    if "iterate" in kinds:
        return {}
    raise Opaque


def methods_on(body: list[ast.stmt], marks: set[str]) -> set[str]:
    """The methods that are called on something with one of these names."""
    found = set()
    for node in (it for part in body for it in ast.walk(part)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base = node.func.value
            if getattr(base, "attr", getattr(base, "id", "")) in marks:
                found.add(node.func.attr)
    return found


def inside(scope: dict[str, Any], qualified: str) -> Any:
    """What a dotted name stands for in a module, without asking any descriptor."""
    found: Any = values.MISSING
    for part in qualified.split("."):
        found = scope.get(part, values.MISSING)
        if not isinstance(found, type):
            return found
        scope = dict(vars(found))
    return found


def is_known(node: ast.expr, scope: dict[str, Any]) -> bool:
    """Whether a piece may call this: a function or class of the standard library that changes nothing outside."""
    found = resolve(node, scope)
    if found is values.MISSING:
        return False
    module = getattr(found, "__module__", None) or ""
    return is_library(found) or module in _HARMLESS


@functools.cache
def assigned(cls: type) -> frozenset[str]:
    """The attributes that the methods of a class and its bases assign."""
    return frozenset(name for base in cls.__mro__ for name in _table(base))


@functools.cache
def _table(cls: type) -> dict[str, list[ast.expr]]:
    """Right-hand sides by attribute, those of `__init__` and its like first."""
    definition = _definition(cls)
    early: dict[str, list[ast.expr]] = {}
    late: dict[str, list[ast.expr]] = {}
    for method in definition.body if definition is not None else ():
        first = isinstance(method, ast.FunctionDef) and method.name in ("__init__", "__new__", "__post_init__", "__setstate__")
        for node in ast.walk(method):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Attribute):
                        name = values.mangled(target.attr, f"{cls.__qualname__}.x")
                        (early if first else late).setdefault(name, []).append(node.value)
                    elif isinstance(target, ast.Name) and node is method:
                        early.setdefault(target.id, []).append(node.value)
    return {name: early.get(name, []) + late.get(name, []) for name in {**early, **late}}


def _definition(cls: type) -> ast.ClassDef | None:
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if file is None or not file.endswith(".py") or cls.__module__.partition(".")[0] in sys.stdlib_module_names:
        return None
    return _class(syntax.tree(file), cls.__qualname__)


def _class(tree: ast.AST, qualified: str) -> ast.ClassDef | None:
    node: ast.AST = tree
    for part in qualified.split("."):
        step = next((it for it in ast.walk(node) if isinstance(it, ast.ClassDef) and it.name == part), None)
        if step is None:
            return None
        node = step
    return node if isinstance(node, ast.ClassDef) else None
