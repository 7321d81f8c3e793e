"""What may keep other threads away from a place without being in the piece: then nothing is cut, and nothing shown.

A piece keeps the locks that stand around its accesses. What it leaves out must not be what makes the code correct.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from . import infer, objects, piece
from .target import NotDrivable

_HARMLESS = ("property", "staticmethod", "classmethod", "setter", "getter", "deleter", "abstractmethod", "contextmanager",
             "override", "overload", "wraps", "final", "asynccontextmanager", "coroutine", "deprecated", "abstractproperty")
_EXCLUSIVE = ("lock", "sync", "serial", "mutex", "exclusive", "atomic", "guard", "once", "critical", "safe")
_WHICH_THREAD = {"get_ident", "current_thread", "currentThread", "main_thread", "getcurrent", "current_task", "get_native_id"}
_UNIQUE = re.compile(r"uuid|unique|random|secret|thread|(^|_)ident$|(^|_)(new|next|gen|generate)(_|$)")
_TAKES = {"get", "get_nowait", "pop", "popleft", "popitem", "recv", "accept", "read", "readline", "poll"}
_ENTERS = {"acquire", "__enter__", "enter_context"}
_LEAVES = {"release", "__exit__"}
_ACQUIRES = re.compile(r"^_*(try_?)?(acquire|lock)|_(acquire|lock)$|^__enter__$|^_*enter(_|$)")


@dataclass(frozen=True)
class Function:
    """A function as it stands in the source, and where its names are looked up."""

    tree: ast.AST
    node: ast.FunctionDef | ast.AsyncFunctionDef
    scope: dict[str, Any]
    cls: type | None

    def called(self, call: ast.Call) -> set[str] | None:
        """The names that the called function uses; `None` when it is not known."""
        function = call.func
        first = self.node.args.args[0].arg if self.node.args.args else ""
        if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == first and self.cls is not None:
            found = objects.static(self.cls, function.attr)
        else:
            found = infer.resolve(function, self.scope)
        found = getattr(found, "__func__", found)
        code = getattr(getattr(found, "__wrapped__", found), "__code__", None)
        return set(objects.names_of(code)) if code is not None else None


def refuse(function: Function, body: list[ast.stmt], cutter: piece.Cutter) -> None:
    """Raises `NotDrivable` when the piece may be without what protects the whole."""
    _decorators(function)
    _threads(function)
    _locks(function, body)
    callers(function.tree, function.node.name)
    _handed_on(function, cutter)
    _validation(function, cutter)
    _keys(function, body, cutter)


def _decorators(function: Function) -> None:
    classes = [it for it in ast.walk(function.tree) if isinstance(it, ast.ClassDef)
               and it.lineno <= function.node.lineno <= (it.end_lineno or 0)]
    for decorator in (it for node in (function.node, *classes) for it in node.decorator_list):
        words = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator).lower()
        if words.rpartition(".")[2] not in _HARMLESS and any(it in words for it in _EXCLUSIVE):
            raise NotDrivable(f"the decorator `{words}` may keep other threads out, and a piece would be without it")


def _threads(function: Function) -> None:
    """A piece takes tests that are not about the place to be as the window needs them."""
    for node in _own(function.node.body):
        test = getattr(node, "test", None)
        if not isinstance(test, ast.expr):
            continue
        for it in ast.walk(test):
            if isinstance(it, ast.Compare) and isinstance(it.left, ast.Call) and _name(it.left) == "wait":
                raise NotDrivable(f"the test `{ast.unparse(test)}` chooses a thread, and a piece would be without it")
            named = getattr(it, "attr", getattr(it, "id", "")) in _WHICH_THREAD
            if named or isinstance(it, ast.Call) and _WHICH_THREAD & (function.called(it) or set()):
                raise NotDrivable(f"the test `{ast.unparse(test)}` asks which thread runs, and a piece would be without it")


def _locks(function: Function, body: list[ast.stmt]) -> None:
    """Each call that may take a lock for longer than itself has to be in the piece; `with` is kept by the piece."""
    fine = {_position(it) for it in _own(body) if isinstance(it, ast.Call)}
    fine |= {_position(item.context_expr) for it in _own(function.node.body) if isinstance(it, (ast.With, ast.AsyncWith))
             for item in it.items}
    for call in _calls(function):
        names = function.called(call) or set()
        takes = _ACQUIRES.search(_name(call)) or names & _ENTERS and not names & _LEAVES
        if takes and _position(call) not in fine:
            raise NotDrivable(f"`{ast.unparse(call)}` may take a lock, and a piece would be without it")
    kept = {_position(it) for it in _own(body)}
    for node in _own(function.node.body):
        # The method itself as a value, or its name: who calls it is not seen.
        if getattr(node, "attr", getattr(node, "value", "")) in ("acquire", "__enter__") and _position(node) not in kept:
            raise NotDrivable(f"`{ast.unparse(node)}` may take a lock, and a piece would be without it")


def callers(tree: ast.AST, wanted: str) -> None:
    """Raises `NotDrivable` for a function that is handed to another one, which may call it under a lock."""
    definitions = [it for it in ast.walk(tree) if isinstance(it, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for call in (it for it in ast.walk(tree) if isinstance(it, ast.Call)):
        given = (*call.args, *(it.value for it in call.keywords))
        if all(getattr(it, "attr", getattr(it, "id", "")) != wanted for it in given):
            continue
        name = _name(call)
        if any(it in name.lower().replace("async", "") for it in _EXCLUSIVE) \
                or any(it.name == name and _calls_under_lock(it) for it in definitions):
            raise NotDrivable(f"`{name}()` may call `{wanted}` under a lock, and a call of ours would be without it")


def _calls_under_lock(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether one of its parameters is called inside a `with`."""
    arguments = definition.args
    names = {it.arg for it in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return any(
        isinstance(call, ast.Call) and getattr(call.func, "id", "") in names for it in ast.walk(definition)
        if isinstance(it, (ast.With, ast.AsyncWith)) for part in it.body for call in ast.walk(part)
    )


def _handed_on(function: Function, cutter: piece.Cutter) -> None:
    """A turn that threads give to each other: by a condition, or by what they take from a queue and put back."""
    for node in _own(function.node.body):
        if not isinstance(node, (ast.With, ast.AsyncWith)) or any(map(cutter.has, node.body)):
            continue
        managers = {ast.unparse(it.context_expr) for it in node.items}
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and _name(call) in ("wait", "wait_for") and _receiver(call) in managers:
                raise NotDrivable(f"`{ast.unparse(call)}` may wait for its turn, and a piece would be without it")
    others = [it for it in _calls(function) if cutter.keeps(it) == "nothing"]
    taken = {_receiver(it) for it in others if _name(it) in ("get", "get_nowait")}
    given = {_receiver(it) for it in others if _name(it) in ("put", "put_nowait")}
    if taken & given:
        raise NotDrivable(f"who holds what comes from `{min(taken & given)}` may be alone, and a piece would be without it")


def _validation(function: Function, cutter: piece.Cutter) -> None:
    """A test behind a lock that was taken after the first access: of a version, as optimistic updates do it."""
    first, last = cutter.sites[0], cutter.sites[min(1, len(cutter.sites) - 1)]
    for around in _own(function.node.body):
        if not isinstance(around, (ast.With, ast.AsyncWith)) or not first.line < around.lineno <= last.line <= (around.end_lineno or 0):
            continue
        for node in ast.walk(around):
            if isinstance(node, (ast.If, ast.While)) and node.lineno <= last.line and not cutter.matters(node.test):
                raise NotDrivable(f"the test `{ast.unparse(node.test)}` may see what changed, and a piece would be without it")


def _keys(function: Function, body: list[ast.stmt], cutter: piece.Cutter) -> None:
    """A piece gives both threads one key; the code may give each thread its own."""
    kept = {_position(it) for it in _own(body)}
    parts = [part for it in _own(function.node.body) if _position(it) in kept for part in piece.key_parts(it)]
    names: set[str] = set()
    for _ in range(3):
        names |= {it.id for part in parts for it in ast.walk(part) if isinstance(it, ast.Name)}
        parts += [it for target, it in _bindings(function) if it not in parts
                  and any(getattr(part, "id", None) in names for part in ast.walk(target))]
    for call in (it for part in parts for it in ast.walk(part) if isinstance(it, ast.Call)):
        # `iter(take, end)` calls what it is given.
        if _name(call) == "iter" and len(call.args) > 1 or cutter.keeps(call) != "all" and _own_value(function, call):
            raise NotDrivable(f"`{ast.unparse(call)}` may give each thread a key of its own")


def _bindings(function: Function) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned in a function, and what loops go through."""
    for it in _own(function.node.body):
        if isinstance(it, ast.Assign):
            yield from ((target, it.value) for target in it.targets if not isinstance(target, (ast.Attribute, ast.Subscript)))
        elif isinstance(it, (ast.For, ast.AsyncFor)):
            yield it.target, it.iter


def _own_value(function: Function, call: ast.Call) -> bool:
    """Whether a call may give another value to each thread, for all that its arguments say."""
    name, names = _name(call), function.called(call)
    used = (names or set()) | {name}
    if used & _WHICH_THREAD or _UNIQUE.search(name) or any(_UNIQUE.search(it) for it in names or ()):
        return True
    if any(isinstance(part, ast.Name) for it in (*call.args, *call.keywords) for part in ast.walk(it)):
        return False
    return name in _TAKES or names is None and ast.unparse(call.func).count(".") < 2 and not _is_local(function, call)


def _is_local(function: Function, call: ast.Call) -> bool:
    """Whether a method of a parameter or a local variable is called: `name.lower()`."""
    arguments = function.node.args
    first = next((it.arg for it in arguments.args), "")
    base = call.func.value if isinstance(call.func, ast.Attribute) else None
    known = {it.arg for it in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    known |= {it.id for it in _own(function.node.body) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    return not isinstance(base, ast.Name) and base is not None or getattr(base, "id", first) in known - {first, "self", "cls"}


def _calls(function: Function) -> Iterator[ast.Call]:
    return (it for it in _own(function.node.body) if isinstance(it, ast.Call))


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes, without those of functions and classes inside."""
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield node
            yield from _own(ast.iter_child_nodes(node))


def _position(node: ast.AST) -> tuple[Any, ...]:
    return tuple(getattr(node, it, None) for it in ("lineno", "col_offset", "end_lineno", "end_col_offset"))


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _receiver(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
