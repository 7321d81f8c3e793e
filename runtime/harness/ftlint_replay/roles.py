"""Objects for a slice: the place with a value of a type that is known, real locks, and stand-ins for all else."""

from __future__ import annotations

import ast
import builtins
import queue
import threading
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from . import infer, objects, piece, syntax, values, world
from .arguments import CannotBuild, StandIn
from .types import Site, Window

GOING_THROUGH = ("iteration", "guard_in_wrong_scope", "snapshot", "deep_copy", "copy_then_clear", "sort_in_place")
_ELEMENTS = ("check_then_use", "check_then_pop", "swap", "index_loop", "unguarded", "mixed_guards", *GOING_THROUGH)
_OF_ELEMENTS = ("get_item", "set_item", "del_item", "contains", "iterate")
_FIRST: dict[str, tuple[Any, ...]] = {
    "lazy_init": (None, values.MISSING, False, 0), "broken_double_check": (None, values.MISSING, False, 0),
    "check_then_setattr": (values.MISSING, None), "test_and_set": (False, None, 0, True, 1, values.MISSING),
    "compare_then_store": (0, None), "check_then_dereference": (StandIn,),
    "augment": (0,), "read_modify_write": (0, None), "check_then_register": (False, None, True, 0),
}
_LOCK_NAMES = ("lock", "mutex", "cond", "condition", "guard", "sem", "rlock")
_MANY = 2000


def name_of(window: Window) -> str:
    """The attribute or variable that has the place; an element of an element belongs to the outermost."""
    parts = [it for it in window.place.name.split(".") if it != "[]"]
    return parts[-1] if parts else ""


def wants_elements(window: Window) -> bool:
    """Whether a container has to hold something for the window to be reached."""
    return window.pattern in _ELEMENTS or window.first.kind == "get_item" \
        or window.last.kind in ("get_item", "del_item") or window.place.name.endswith(".[]")


def marks(window: Window) -> set[str]:
    """The names by which the source speaks of the place."""
    found = {name_of(window)}
    for site in (window.first, window.last, window.other):
        node = place_of(site)
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found - {"self", ""}


def place_of(site: Site) -> ast.expr | None:
    """The part of an access that names the reference or the container."""
    node = values.Expression(site, values.source(site)).node
    while isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.Subscript) and site.kind in _OF_ELEMENTS:
        return node.value
    if isinstance(node, ast.Compare):
        contains = isinstance(node.ops[0], (ast.In, ast.NotIn))
        return node.comparators[0] if contains else node.left
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Call):
            named = isinstance(node.func.value, ast.Name) and node.args and node.func.attr not in infer.METHODS
            return node.args[0] if named else node.func.value
        return node.args[0] if node.args else None
    return node


def literal_key(sites: tuple[Site, ...]) -> Any:
    """A key that the source names: what is not known has to be that key for two threads to meet."""
    for site in sites:
        node = values.Expression(site, values.source(site)).node
        for part in piece.key_parts(node) if node is not None else ():
            if isinstance(part, ast.Constant) and type(part.value) is str:
                return part.value
    return None


class Stage:
    """What the two pieces share in one attempt."""

    def __init__(self, window: Window, state: int, prepared: bool, mine: Any, theirs: Any) -> None:
        self.window = window
        self.key: Any = literal_key((window.other, window.last, window.first)) or StandIn()
        self.prepared = ""
        self.fill: Callable[[types.FrameType, values.Expression], None] | None = None
        self.shared: dict[str, Any] = {}
        self._scopes: dict[int, dict[str, Any]] = {}
        self._cells: dict[str, types.CellType] = {}
        self.pieces = [mine] if theirs is None else [mine, theirs]
        self.receivers: dict[int, Any] = {}
        self.owner: Any = None
        self._elements: list[Any] = []
        self.value = self._value(state)
        if prepared:
            self._prepare()
        self._place()

    def scope(self, scope: dict[str, Any]) -> dict[str, Any]:
        """A copy of a module's names, one for both lanes."""
        found = self._scopes.get(id(scope))
        if found is None:
            found = self._scopes[id(scope)] = dict(scope)
            if self.window.place.kind == "global" and scope.get("__name__") == self.window.place.module:
                objects.put(found, self.window.place.name, self.value)
        return found

    def spare(self, index: int) -> Any:
        """A key for one of many calls: each takes away an element of its own, or adds a new one."""
        takes = self.window.other.kind == "del_item" or self.window.other.method in ("pop", "remove", "discard")
        return self._elements[index] if takes and index < len(self._elements) else StandIn()

    def cell(self, name: str) -> types.CellType:
        """The variable of an enclosing function, one for both lanes."""
        if name not in self._cells:
            mine = self.window.place.kind == "cell" and name == self.window.place.name
            value = self.value if mine else StandIn()
            self._cells[name] = types.CellType() if value is values.MISSING else types.CellType(value)
        return self._cells[name]

    def receiver(self, part: Any) -> Any:
        """An instance for the methods of one class, shared by the pieces whose classes belong together."""
        cls = objects.class_of(part)
        for other in self.receivers.values():
            if cls is None or isinstance(other, cls):
                return other
        made = self._bare(self._widest(cls) if cls is not None else None)
        self.receivers[id(part)] = made
        return made

    def _widest(self, cls: type) -> type:
        """The most derived class of those that the pieces and the place belong to."""
        classes = [it for it in (*map(objects.class_of, self.pieces), self._owner_class()) if it is not None]
        return next((it for it in classes if it is not cls and issubclass(it, cls)), cls)

    def _owner_class(self) -> type | None:
        place = self.window.place
        if place.kind not in ("instance_attribute", "class_attribute"):
            return None
        for part in self.pieces:
            found = infer.inside(part.scope, place.owner) if part.scope.get("__name__") == place.module else None
            if isinstance(found, type):
                return found
        found = infer.inside(vars(world.again(place.module)), place.owner) if place.module else None
        return found if isinstance(found, type) else None

    def _value(self, state: int) -> Any:
        """The value that the place has at first."""
        choices = list(self._choices())
        if state >= len(choices):
            raise CannotBuild(f"{self.window.place.text} has {len(choices)} values to begin with")
        return choices[state]

    def _choices(self) -> Iterator[Any]:
        kinds = {self.window.first.kind, self.window.last.kind, self.window.other.kind}
        elements = self.window.place.element or bool(kinds & set(_OF_ELEMENTS)) or "call" in kinds
        found = self._inferred()
        if elements and self.window.pattern not in ("lazy_init", "check_then_dereference", "check_then_register"):
            known = [it for it in found if it is not None and not isinstance(it, (bool, int, str))]
            yield from known or [self._by_use(kinds)]
            return
        seen: list[Any] = []
        fixed = _FIRST.get(self.window.pattern, (None, False, 0, StandIn))
        order = [*fixed, *found] if self.window.pattern == "check_then_dereference" else [*found, *fixed]
        for it in order:
            value = StandIn() if it is StandIn else it
            if not any(value is old or type(value) is type(old) and values.is_plain(value, 0) and value == old for old in seen):
                seen.append(value)
                yield value

    def _inferred(self) -> list[Any]:
        place = self.window.place
        name = name_of(self.window)
        if place.kind == "global":
            for part in self.pieces:
                if part.scope.get("__name__") == place.module and name in part.scope:
                    value = part.scope[name]
                    known = values.is_plain(value) or isinstance(value, (dict, list, set, deque, queue.Queue))
                    return [objects.fresh(value)] if known else []
            return []
        cls = self._owner_class()
        try:
            return infer.attribute(cls, values.mangled(name, f"{place.owner}.x")) if cls is not None and name else []
        except infer.Opaque:
            kinds = {self.window.first.kind, self.window.last.kind, self.window.other.kind}
            if place.element or kinds & set(_OF_ELEMENTS) or "call" in kinds:
                raise CannotBuild(f"the type of {place.text} is not known, and it is part of the race") from None
            return []

    def _by_use(self, kinds: set[str]) -> Any:
        methods = {it.method for it in (self.window.first, self.window.last, self.window.other)}
        for part in self.pieces:
            methods |= infer.methods_on(part.body, marks(self.window))
        try:
            return infer.container(methods, kinds)
        except infer.Opaque:
            raise CannotBuild(f"the type of {self.window.place.text} is not known, and it is part of the race") from None

    def _prepare(self) -> None:
        """Puts elements into a container; a key that only the code knows comes in when a thread is at the test."""
        many = self.window.pattern in ("snapshot", "deep_copy", "sort_in_place", "shared_iterator")
        count = _MANY if many else 3 if self.window.pattern in GOING_THROUGH else 1
        # A cache may be emptied only when it has so many elements.
        count = max([count, *(it + 1 for part in self.pieces for it in part.bounds)])
        name = self.window.place.text.partition("[")[0]
        self._elements = [self._element() for _ in range(count)]
        if objects.put_in(self.value, self._elements, self._content()):
            self.prepared = f"put {'an element' if count == 1 else 'elements'} into {name}"
            objects.put_in(self.value, [self.key] * (not isinstance(self.value, (list, deque, queue.Queue, queue.SimpleQueue))), self._content())
        elif self.window.pattern not in ("unguarded", "mixed_guards"):
            raise CannotBuild(f"{name} is not a container that can be filled")
        self.fill = self._fill

    def _content(self) -> Any:
        if self.window.place.name.endswith(".[]"):
            try:
                inner = self._by_use({self.window.first.kind, self.window.last.kind, self.window.other.kind})
            except CannotBuild:
                return StandIn()
            objects.put_in(inner, [StandIn(), self.key] if self.window.pattern in _ELEMENTS else [], StandIn())
            return inner
        numeric = self.window.pattern in ("augment", "read_modify_write", "compare_then_store")
        return 0 if numeric else StandIn()

    def _element(self) -> Any:
        """An element that a loop can take apart as its target wants it."""
        for site in (self.window.first, self.window.other):
            width = syntax.width(site)
            if width > 1 and not isinstance(self.value, dict):
                return tuple(StandIn() for _ in range(width))
        return 1 if isinstance(self.value, (bytearray, range)) else StandIn()

    def _fill(self, frame: types.FrameType, expression: values.Expression) -> None:
        found = values.key_of(expression.node, frame)
        if found is not None and isinstance(found[0], (dict, set)):
            objects.put_in(found[0], [found[1]], self._content())

    def _place(self) -> None:
        """Builds the object that has the place, and puts the value there."""
        place = self.window.place
        name = name_of(self.window)
        if place.kind == "class_attribute":
            owner = self._owner_class()
            if owner is None:
                raise CannotBuild(f"the class of {place.text} is not there")
            objects.assign(owner, values.mangled(name, f"{place.owner}.x"), self.value)
            return
        if place.kind != "instance_attribute":
            return
        self.owner = self._holder(self._owner_class())
        objects.assign(self.owner, values.mangled(name, f"{place.owner}.x"), self.value)
        self._link()

    def _holder(self, cls: type | None) -> Any:
        """The receiver, where the source says that the place is one of its own attributes; else an object behind it."""
        for part in self.pieces:
            if part.method and len(part.roots.get(part.receiver, ())) == 1:
                return self.receiver(part)
        for part in self.pieces:
            mine = objects.class_of(part)
            if mine is not None and cls is not None and (issubclass(mine, cls) or issubclass(cls, mine)):
                return self.receiver(part)
        return self._bare(cls)

    def _link(self) -> None:
        """Lets the receivers that reach the place through other objects come to it."""
        for part in self.pieces:
            path = part.roots.get(part.receiver, [])
            if len(path) == 1 and part.method and self.receiver(part) is not self.owner:
                # Two objects may hold one container; the finding says that these do.
                objects.assign(self.receiver(part), values.mangled(path[0], part.site.function), self.value)
            if len(path) > 1 and self.owner is not None and part.method:
                objects.assign(self.receiver(part), values.mangled(path[0], part.site.function), objects.behind(path[1:-1], self.owner))

    def _bare(self, cls: type | None) -> Any:
        made: Any = infer.Bag() if cls is None else objects.bare(cls)
        kind: type = type(made)
        place = values.mangled(name_of(self.window), f"{self.window.place.owner}.x")
        names = infer.assigned(kind) | {name for part in self.pieces for name in part.attributes}
        for name in sorted(names - {place}):
            try:
                if objects.static(kind, name) is values.MISSING or name in infer.assigned(kind):
                    objects.assign(made, name, self._attribute(kind, name))
            except (CannotBuild, Exception):  # noqa: BLE001 - an attribute that cannot be set is left as it is
                continue
        return made

    def _attribute(self, cls: type, name: str) -> Any:
        if name.lower().strip("_").endswith(_LOCK_NAMES):
            found = _first(infer.attribute, cls, name)
            return found if hasattr(type(found), "__enter__") else StandIn(name)
        found = _first(infer.attribute, cls, name)
        return StandIn(name) if found is None or found is values.MISSING else found


class Given:
    """What one lane's piece is called with."""

    def __init__(self, stage: Stage, part: Any, number: int, key: Any) -> None:
        self._stage, self._part, self._number, self._key = stage, part, number, key
        self._uses = part.uses
        self._own: dict[str, Any] = {}

    def globals(self, code: types.CodeType) -> list[str]:
        """Names that the module does not have."""
        scope = self._part.scope
        return [it for it in objects.names_of(code) if it not in scope and not hasattr(builtins, it)] + \
            [it for it in ("self",) if it in self._uses and it not in self._part.names]

    def value(self, name: str) -> Any:
        """For a parameter or a free name."""
        if name in (piece.NEW, piece.CALL):
            return _new
        if name == piece.ERROR:
            return SliceError
        if name == piece.KEY:
            return self._key
        if name == piece.OTHER:
            return lambda: threading.current_thread().name == "replay-B"
        if name == f"{piece.KEY}call":
            return lambda: self._key
        if name == "self" or self._part.method and name == self._part.receiver:
            return self._receiver()
        if name in self._part.roots:
            return self._root(name)
        role = self._uses.get(name, "key")
        if role == "key":
            # What finds an element is one for both threads; what is only stored is not.
            return self._key if name in self._part.keys else self._own.setdefault(name, StandIn())
        if role == "number":
            return self._operand()
        if name not in self._stage.shared:
            self._stage.shared[name] = [] if role == "list" else StandIn()
        return self._stage.shared[name]

    def _operand(self) -> Any:
        """Something that can be added to what the place holds."""
        sample: dict[type, Any] = {str: "x", bytes: b"x", list: [StandIn()], tuple: (StandIn(),), set: {StandIn()}}
        return sample.get(type(self._stage.value), self._number)

    def _receiver(self) -> Any:
        made = self._stage.receiver(self._part)
        return type(made) if self._part.of_class else made

    def _root(self, name: str) -> Any:
        """The object that the place is reached from: `conn` in `conn.sock`, or the container itself."""
        stage, path = self._stage, self._part.roots[name]
        if not path:
            return stage.value
        if stage.owner is None:
            return StandIn()
        return objects.behind(path[:-1], stage.owner)


class SliceError(Exception):
    """Stands for the exceptions of the user's own classes."""


def _new(*_arguments: object, **_named: object) -> StandIn:
    return StandIn()


def _first(ask: Callable[[type, str], list[Any]], cls: type, name: str) -> Any:
    try:
        found = ask(cls, name)
    except infer.Opaque:
        return values.MISSING
    return next((it for it in found if it is not None), None if found else values.MISSING)
