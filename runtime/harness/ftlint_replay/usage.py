"""What the source does with a parameter, which tells what may be passed for it where no annotation does."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from types import FunctionType

from . import syntax

_Definition = ast.FunctionDef | ast.AsyncFunctionDef
_CALLED = "()"
_TEXT, _BYTES, _DICT, _LIST = (
    frozenset(it for it in dir(kind) if not it.startswith("_")) for kind in (str, bytes, dict, list))
# Methods that only one of the built-in types has, as far as code uses them on parameters.
_ONLY: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = (
    ("text", _TEXT, _TEXT - _BYTES - {"format"} | {"startswith", "endswith", "strip", "lstrip", "rstrip", "split", "lower",
                                                    "upper", "replace"}),
    ("bytes", _BYTES, frozenset({"decode", "hex"})),
    ("dict", _DICT, frozenset({"items", "keys", "values", "setdefault", "popitem"})),
    ("list", _LIST, frozenset({"append", "extend", "insert", "sort", "reverse"})),
)
_SHARED = _TEXT | _BYTES | _DICT | _LIST


def kind(function: FunctionType, name: str) -> str | None:
    """The kind of value that a parameter is used as: `text`, `bytes`, `dict`, `list`, `function`, `stand-in` for an object
    with other attributes; `None` when the source does not tell."""
    code = function.__code__
    used = _used(code.co_filename, code.co_qualname, code.co_firstlineno, name, 3)
    methods = used - {_CALLED}
    if not methods:
        return "function" if _CALLED in used else None
    for found, all_of_it, own in _ONLY:
        if methods <= all_of_it and methods & own:
            return found
    return None if methods <= _SHARED else "stand-in"


@functools.lru_cache(2000)
def _used(file: str, qualified: str, line: int, name: str, depth: int) -> frozenset[str]:
    """The attributes that are read of a parameter, and `()` when it is called; through the functions it is passed to."""
    tree = syntax.tree(file)
    owner = _class_of(tree, qualified)
    definition = next((it for it in ast.walk(tree) if isinstance(it, _Definition) and _begins(it) == line), None)
    if definition is None or not isinstance(tree, ast.Module):
        return frozenset()
    return frozenset(_in(tree, owner, definition, name, depth))


def _in(tree: ast.Module, owner: ast.ClassDef | None, definition: _Definition, name: str, depth: int) -> set[str]:
    found = _on(definition, lambda it: isinstance(it, ast.Name) and it.id == name)
    receiver = definition.args.args[0].arg if owner is not None and definition.args.args else ""
    for node in ast.walk(definition):
        if isinstance(node, ast.Assign) and owner is not None and _first(node.value, name):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == receiver:
                    found |= _on_attribute(owner, target.attr)
        elif isinstance(node, ast.Call) and depth > 0:
            callee = _callee(tree, owner, node, receiver)
            passed = _passed_as(callee, node, name) if callee is not None else None
            if callee is not None and passed is not None:
                found |= _in(tree, owner, callee, passed, depth - 1)
    return found


def _on(node: ast.AST, is_it: Callable[[ast.expr], bool]) -> set[str]:
    found = set()
    for it in ast.walk(node):
        if isinstance(it, ast.Attribute) and is_it(it.value):
            found.add(it.attr)
        elif isinstance(it, ast.Call) and is_it(it.func):
            found.add(_CALLED)
    return found


def _on_attribute(owner: ast.ClassDef, attribute: str) -> set[str]:
    """What the methods of a class do with one of its attributes."""
    return _on(owner, lambda it: isinstance(it, ast.Attribute) and it.attr == attribute
               and isinstance(it.value, ast.Name) and it.value.id == "self")


def _first(value: ast.expr, name: str) -> bool:
    """`name`, or `name or something`."""
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        value = value.values[0]
    return isinstance(value, ast.Name) and value.id == name


def _callee(tree: ast.Module, owner: ast.ClassDef | None, call: ast.Call, receiver: str) -> _Definition | None:
    """The function of the file that a call by name, or a method of the same class that a call on the receiver, runs."""
    if isinstance(call.func, ast.Name):
        body: list[ast.stmt] = tree.body
        wanted = call.func.id
    elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) \
            and owner is not None and call.func.value.id == receiver:
        body, wanted = owner.body, call.func.attr
    else:
        return None
    return next((it for it in body if isinstance(it, _Definition) and it.name == wanted), None)


def _passed_as(callee: _Definition, call: ast.Call, name: str) -> str | None:
    """The parameter of the callee that gets the value."""
    static = any(isinstance(it, ast.Name) and it.id == "staticmethod" for it in callee.decorator_list)
    skip = 1 if isinstance(call.func, ast.Attribute) and not static else 0
    for index, argument in enumerate(call.args):
        if isinstance(argument, ast.Name) and argument.id == name and index + skip < len(callee.args.args):
            return callee.args.args[index + skip].arg
    return next((it.arg for it in call.keywords if isinstance(it.value, ast.Name) and it.value.id == name), None)


def _class_of(tree: ast.AST, qualified: str) -> ast.ClassDef | None:
    owner = qualified.rpartition(".")[0]
    node: ast.AST | None = tree
    for part in owner.split(".") if owner else ():
        node = next((it for it in getattr(node, "body", ()) if isinstance(it, ast.ClassDef) and it.name == part), None)
    return node if isinstance(node, ast.ClassDef) else None


def _begins(definition: _Definition) -> int:
    """The line that the compiler calls the first one: that of the first decorator."""
    return min([definition.lineno, *(it.lineno for it in definition.decorator_list)])
