"""A slice: pieces of the functions of a finding, on a receiver that no constructor built. Level `slice`, never more.

It shows what the statements do when two threads come to them, not that the program brings them there.
"""

from __future__ import annotations

import ast
import copy
import functools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import exclusion, infer, objects, piece, roles, syntax, values, world
from .arguments import StandIn
from .target import NotDrivable, Target
from .types import Site, Window

N_STATES = 8


@dataclass(frozen=True)
class Setup:
    """One choice: which value the place has at first, whether it holds an element, and whether B uses A's key."""

    state: int
    prepared: bool
    b_other_key: bool
    b_calls_other: bool
    large: bool
    a_number: int = 1
    b_number: int = 1


def setups(window: Window) -> list[Setup]:
    """All choices in a fixed order: a schedule names one of them by its number."""
    other = window.other.function != window.last.function or window.other.file != window.last.file
    numbers = [(1, 1)]
    if window.pattern == "compare_then_store":
        numbers = [(1, 2), (2, 1), (10001, 10002), (-10001, -10002)]
    ready = (True, False) if roles.wants_elements(window) else (False, True)
    keys = (True, False) if window.pattern in roles.GOING_THROUGH else (False, True)
    return [
        Setup(state, prepared, key, other, large, a, b)
        for large in (True, False) for state in range(N_STATES) for key in keys for prepared in ready for a, b in numbers
    ]


class Scene:
    """The module and the pieces; made once in a process, and asked for one target after the other."""

    def __init__(self, window: Window) -> None:
        if "<module>" in (window.first.function, window.last.function):
            raise NotDrivable("the code is at the top level of its module, which runs only once")
        self.window = window
        self.module, self.words = world.load(window.last.module, window.last.root)
        mine = [window.first, window.last]
        theirs = [window.other]
        if (window.other.file, window.other.function) == (window.last.file, window.last.function):
            mine, theirs = mine + theirs, []
        marks, name = roles.marks(window), roles.name_of(window)
        self.mine = _Piece(mine, marks, name, self._scope(window.last))
        self.theirs = _Piece(theirs, marks, name, self._scope(window.other)) if theirs else None

    def _scope(self, site: Site) -> dict[str, Any]:
        if site.module == self.window.last.module:
            return vars(self.module)
        return vars(world.again(site.module))

    def build(self, setup: Setup) -> Target:
        """Fresh objects for both lanes."""
        StandIn.large = setup.large
        stage = roles.Stage(self.window, setup.state, setup.prepared, self.mine, self.theirs)
        first = self.mine.call(stage, setup.a_number, stage.key)
        key = StandIn() if setup.b_other_key else stage.key
        other = self.theirs if self.theirs is not None else self.mine
        second = other.call(stage, setup.b_number, key)
        text = f"a piece of {self.window.last.function}()"
        if self.theirs is not None:
            text += f" and one of {self.window.other.function}()"

        def again(index: int) -> Callable[[], object]:
            return other.call(stage, setup.b_number, stage.spare(index))

        return Target(first, second, stage.owner, text, stage.prepared, fill=stage.fill, value=stage.value, again=again)


class _Piece:
    """What is left of one function, compiled, and what it needs to know."""

    def __init__(self, sites: list[Site], marks: set[str], name: str, scope: dict[str, Any]) -> None:
        self.site = sites[0]
        self.scope = scope
        tree = syntax.tree(self.site.file)
        whole = piece.find(tree, self.site)
        function = copy.deepcopy(whole)
        cutter = piece.Cutter(function, sites, marks, lambda it: infer.is_known(it, scope))
        self.body = cutter.cut()
        exclusion.refuse(exclusion.Function(tree, whole, scope, objects.class_of(self)), self.body, cutter)
        self.names = [it.arg for it in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs,
                                        function.args.vararg, function.args.kwarg) if it is not None]
        self.method = "." in self.site.function and ".<locals>" not in self.site.function[-len(function.name) - 10:]
        self.free = sorted({name for it in self.body if isinstance(it, ast.Nonlocal) for name in it.names})
        self.code = self._compiled(function)
        self.receiver = self.names[0] if self.method and self.names else "self"
        self.attributes = self._attributes()
        self.uses = _uses(self.body)
        self.bounds = _bounds(self.body)
        self.roots = _roots(sites, self.body, name)
        self.keys = cutter.keys
        self.of_class = any(getattr(it, "id", "") == "classmethod" for it in function.decorator_list) \
            or function.name in ("__new__", "__init_subclass__", "__class_getitem__")

    def _attributes(self) -> set[str]:
        """What the piece asks its receiver for."""
        return {
            values.mangled(it.attr, self.site.function) for part in self.body for it in ast.walk(part)
            if isinstance(it, ast.Attribute) and isinstance(it.value, ast.Name) and it.value.id == self.receiver
        }

    def _compiled(self, function: Any) -> types.CodeType:
        arguments = ast.arguments([], [ast.arg(it) for it in self.names], None, [], [], None, [])
        definition: ast.stmt = ast.FunctionDef(function.name, arguments, self.body or [ast.Pass()], [], type_params=[])
        if self.free:
            outer = ast.arguments([], [ast.arg(it) for it in self.free], None, [], [], None, [])
            definition = ast.FunctionDef("outer", outer, [definition], [], type_params=[])
        parts = [it for it in self.site.function.split(".")[:-1] if it != "<locals>"]
        if parts:
            definition = ast.ClassDef(parts[-1], [], [], [definition], [], type_params=[])
        tree = ast.Module([definition], [])
        ast.copy_location(definition, function)
        ast.fix_missing_locations(tree)
        code = compile(tree, self.site.file, "exec", dont_inherit=True)
        for _ in range(bool(parts) + bool(self.free) + 1):
            code = next(it for it in code.co_consts if isinstance(it, types.CodeType))
        return code.replace(co_qualname=self.site.function)

    def call(self, stage: roles.Stage, number: int, key: Any) -> Callable[[], object]:
        """The call, ready to be made from a thread; `key` is what all that is unknown and hashable becomes."""
        scope = stage.scope(self.scope)
        given = roles.Given(stage, self, number, key)
        for name in given.globals(self.code):
            value = given.value(name)
            if value is not values.MISSING:
                scope[name] = value
        cells = tuple(stage.cell(it) for it in self.code.co_freevars)
        function = types.FunctionType(self.code, scope, self.code.co_name, None, cells or None)
        return functools.partial(function, *[given.value(it) for it in self.names])


def _roots(sites: list[Site], body: list[ast.stmt], own: str) -> dict[str, list[str]]:
    """The names from which the place is reached, with the attributes on the way; other names for it are followed."""
    aliases = {
        target.id: it.value for part in body for it in ast.walk(part) if isinstance(it, ast.Assign)
        for target in it.targets if isinstance(target, ast.Name) and isinstance(it.value, (ast.Attribute, ast.Name))
    }
    found: dict[str, list[str]] = {}
    for site in sites:
        node = roles.place_of(site)
        path: list[str] = []
        for _ in range(20):
            if isinstance(node, ast.Attribute):
                path.insert(0, node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript):
                path, node = [], node.value
            elif isinstance(node, ast.Name) and node.id in aliases and node.id != own:
                node = aliases[node.id]
            else:
                break
        if isinstance(node, ast.Name):
            found.setdefault(node.id, path)
    return found


def _uses(body: list[ast.stmt]) -> dict[str, str]:
    """What the names of a piece are used as; a name of which nothing is known may be a key."""
    found: dict[str, str] = {}
    for node in (it for part in body for it in ast.walk(part)):
        if isinstance(node, ast.BinOp):
            _note(found, "number", node.left, node.right)
        elif isinstance(node, ast.AugAssign):
            _note(found, "number", node.value)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
            _note(found, "number", node.left, *node.comparators)
        elif isinstance(node, ast.Attribute):
            _note(found, "object", node.value)
        elif isinstance(node, ast.Call):
            _note(found, "object", node.func)
        elif isinstance(node, ast.withitem):
            _note(found, "object", node.context_expr)
        elif isinstance(node, (ast.For, ast.comprehension)):
            _note(found, "list", node.iter)
        elif isinstance(node, ast.Name):
            found.setdefault(node.id, "key")
    return found


def _note(found: dict[str, str], role: str, *nodes: ast.expr) -> None:
    for it in nodes:
        if isinstance(it, ast.Name) and found.get(it.id, "key") == "key":
            found[it.id] = role


def _bounds(body: list[ast.stmt]) -> list[int]:
    """The numbers with which lengths are compared."""
    return [
        it.value for part in body for node in ast.walk(part)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
        and any(isinstance(each, ast.Call) and getattr(each.func, "id", "") == "len" for each in (node.left, *node.comparators))
        for it in (node.left, *node.comparators) if isinstance(it, ast.Constant) and type(it.value) is int and it.value < 20_000
    ]
