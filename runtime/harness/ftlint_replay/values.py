"""Looks at values without running user code: a small evaluator, identities of places, and a plain `repr`."""

from __future__ import annotations

import ast
import builtins
import enum
import operator
import sys
from collections import deque
from types import FrameType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from . import cells
from .arguments import StandIn
from .shown import CONTAINERS, MISSING, SCALARS, is_a, is_plain, show
from .types import Site

__all__ = ["MISSING", "is_plain", "show"]

Slot = tuple[Any, ...]

_BY_IDENTITY: Any = object.__hash__
_BY_PARTS: Any = tuple.__hash__

_KEYED = frozenset({
    "get", "pop", "remove", "discard", "setdefault", "add", "__contains__", "__getitem__", "__setitem__", "__delitem__",
})
_COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}
_ARITHMETIC: dict[type[ast.operator], Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
    ast.Mult: operator.mul, ast.BitAnd: operator.and_,
}


class Unknown(Exception):
    """The value cannot be told without running user code."""


class Expression:
    """The source text of a site, parsed."""

    def __init__(self, site: Site, text: str) -> None:
        self.site = site
        self.text = " ".join(text.split())
        self.node = _parse(text)

    def slot(self, frame: FrameType) -> Slot | None:
        """What the access is about: an attribute of one object, one key of one container."""
        try:
            if self.site.kind == "iterate" and isinstance(self.node, (ast.Name, ast.Attribute)):
                return "object", id(_known(self.node, frame))
            return _slot(self.node, frame) if self.node is not None else None
        except Exception:  # noqa: BLE001 - keys and lazy objects of the user may run code after all
            return None

    def made_up(self, frame: FrameType) -> bool:
        """Whether the place is one of a stand-in: what happens there says nothing about the code."""
        try:
            return is_a(evaluate(_base(self.node), frame), StandIn)
        except Exception:  # noqa: BLE001
            return False

    def value(self, frame: FrameType) -> Any:
        """The value at the place, or `MISSING`."""
        try:
            return evaluate(_place(self.node), frame) if self.node is not None else MISSING
        except Exception:  # noqa: BLE001
            return MISSING


def source(site: Site) -> str:
    """The text of a site."""
    with open(site.file, "rb") as file:
        lines = file.read().splitlines()[site.line - 1:site.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][:site.end_column]
    lines[0] = lines[0][site.column:]
    return b"\n".join(lines).decode("utf-8", "replace")


def same(one: Slot | None, two: Slot | None) -> bool:
    """Whether two accesses may be about one place; what is not known counts as the same. For leading threads."""
    return _relation(one, two) is not False


def surely_same(one: Slot | None, two: Slot | None) -> bool:
    """Whether two accesses are about one place. For saying so."""
    return _relation(one, two) is True


def _relation(one: Slot | None, two: Slot | None) -> bool | None:
    if one is None or two is None:
        return None
    if one[0] == two[0]:
        if one == two or one[:2] != two[:2]:
            return one == two
        # Keys of a class with an equality of its own may be equal although they are two objects.
        return None if "?" in (str(one[-1])[:1], str(two[-1])[:1]) else False
    if {one[0], two[0]} == {"item", "object"}:
        return bool(one[1] == two[1])
    return None


def key(value: Any) -> str:
    """A text that two keys share when a container takes them for one; with a question mark when only it can tell."""
    kind = type(value)
    if issubclass(kind, (int, float)) and kind.__hash__ in (int.__hash__, float.__hash__):
        return f"number {float.__repr__(value) if issubclass(kind, float) and value % 1 else int.__repr__(int(value))}"
    if issubclass(kind, (str, bytes)) and kind.__hash__ in (str.__hash__, bytes.__hash__):
        return f"{'text' if issubclass(kind, str) else 'bytes'} {len(value)} {hash(value)}"
    if issubclass(kind, tuple) and kind.__hash__ is _BY_PARTS and len(value) < 20:
        parts = [key(it) for it in tuple.__iter__(value)]
        return f"{'?' if any(it[0] == '?' for it in parts) else ''}({', '.join(parts)})"
    if kind.__hash__ is _BY_IDENTITY or issubclass(kind, (type, enum.Enum)) and kind.__eq__ in (type.__eq__, object.__eq__):
        return f"object {id(value)}"
    if kind.__module__.partition(".")[0] in sys.stdlib_module_names and kind.__hash__ is not None:
        return f"{kind.__qualname__} {hash(value)}"
    return f"?{id(value)}"


def evaluate(node: ast.AST | None, frame: FrameType) -> Any:
    """Names, attributes in instance dictionaries and slots, elements of built-in containers, constants."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _name(node.id, frame)
    if isinstance(node, ast.Attribute):
        return attribute(evaluate(node.value, frame), mangled(node.attr, frame.f_code.co_qualname))
    if isinstance(node, ast.Subscript):
        return _element(evaluate(node.value, frame), evaluate(node.slice, frame))
    if isinstance(node, ast.Tuple):
        return tuple(evaluate(it, frame) for it in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = evaluate(node.operand, frame)
        if type(value) in (int, float):
            return -value
    if isinstance(node, ast.IfExp):
        return evaluate(node.body if truth(node.test, frame) else node.orelse, frame)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _arithmetic(node, frame)
    if isinstance(node, ast.Call):
        return _call(node, frame)
    if isinstance(node, ast.JoinedStr):
        return "".join(_formatted(it, frame) for it in node.values)
    raise Unknown


def truth(node: ast.AST, frame: FrameType) -> bool:
    """Whether a test holds now."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not truth(node.operand, frame)
    if isinstance(node, ast.BoolOp):
        return (all if isinstance(node.op, ast.And) else any)(truth(it, frame) for it in node.values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(node, frame)
    value = evaluate(node, frame)
    if type(value) in SCALARS or type(value) in CONTAINERS:
        return bool(value)
    raise Unknown


def holds(test: tuple[ast.expr, bool] | None, frame: FrameType) -> bool | None:
    """Whether a test has its wanted outcome now; nothing when that cannot be told."""
    try:
        return None if test is None else truth(test[0], frame) == test[1]
    except (Unknown, RecursionError):
        return None


def attribute(value: Any, name: str) -> Any:
    """An attribute as `getattr` finds it, if no user code is needed for that."""
    if is_a(value, type) or type(value).__name__ == "module":
        try:
            found = type.__getattribute__(value, name) if is_a(value, type) else vars(value)[name]
        except (AttributeError, KeyError):
            return MISSING
        return found
    for cls in type(value).__mro__:
        if name in vars(cls):
            member = vars(cls)[name]
            if isinstance(member, (MemberDescriptorType, GetSetDescriptorType)):
                try:
                    return member.__get__(value)
                except AttributeError:
                    return MISSING
            if name == "__class__":
                return type(value)
            if hasattr(type(member), "__set__"):
                raise Unknown
            break
    try:
        own = object.__getattribute__(value, "__dict__")
        if name in own:
            return own[name]
    except AttributeError:
        pass
    for cls in type(value).__mro__:
        if name in vars(cls):
            member = vars(cls)[name]
            if hasattr(type(member), "__get__"):
                raise Unknown
            return member
    return MISSING


def mangled(name: str, function: str) -> str:
    """`__name` inside a class is `_Class__name`."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    parts = [it for it in function.split(".") if it != "<locals>"]
    return f"_{parts[-2].lstrip('_')}{name}" if len(parts) > 1 else name


def _parse(text: str) -> ast.expr | None:
    for candidate in (text, f"({text})"):
        try:
            return ast.parse(candidate.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            continue
    return None


def _place(node: ast.AST | None) -> ast.AST | None:
    """The part of an access expression that names the place."""
    if isinstance(node, ast.Compare):
        contains = isinstance(node.ops[0], (ast.In, ast.NotIn))
        return node.comparators[0] if contains else node.left
    if isinstance(node, ast.UnaryOp):
        return _place(node.operand)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            return node if node.func.attr == "get" and node.args else node.func.value
        return node.args[0] if len(node.args) == 1 else None
    if isinstance(node, ast.NamedExpr):
        return node.value
    return node


def _base(node: ast.AST | None) -> ast.AST | None:
    """The object that has the place, or the container that has the element."""
    if isinstance(node, ast.UnaryOp):
        return _base(node.operand)
    if isinstance(node, ast.Compare):
        contains = isinstance(node.ops[0], (ast.In, ast.NotIn))
        return node.comparators[0] if contains else _base(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.value
    return node.value if isinstance(node, (ast.Attribute, ast.Subscript)) else None


def _slot(node: ast.AST, frame: FrameType) -> Slot | None:
    if isinstance(node, ast.UnaryOp):
        return _slot(node.operand, frame)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return "item", id(_known(node.comparators[0], frame)), key(_known(node.left, frame))
    if isinstance(node, ast.Compare):
        return _slot(node.left, frame)
    if isinstance(node, ast.Call):
        return _call_slot(node, frame)
    if isinstance(node, ast.Subscript):
        return "item", id(_known(node.value, frame)), key(_known(node.slice, frame))
    if isinstance(node, ast.Attribute):
        base = _known(node.value, frame)
        if type(base) is ModuleType:
            return "global", id(vars(base)), node.attr
        return "attribute", id(_owner(base, node.attr)), mangled(node.attr, frame.f_code.co_qualname)
    if isinstance(node, ast.Name):
        if node.id in frame.f_code.co_freevars or node.id in frame.f_code.co_cellvars:
            cell = cells.find(frame, node.id)
            return None if cell is None else ("cell", id(cell))
        if node.id in frame.f_code.co_names:
            return "global", id(frame.f_globals), node.id
        return "object", id(_known(node, frame))
    raise Unknown


def key_of(node: ast.AST | None, frame: FrameType) -> tuple[Any, Any] | None:
    """The container and the key of an access, if both can be told."""
    try:
        if isinstance(node, ast.UnaryOp):
            return key_of(node.operand, frame)
        if isinstance(node, ast.Subscript):
            return _known(node.value, frame), _known(node.slice, frame)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return _known(node.comparators[0], frame), _known(node.left, frame)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _KEYED and node.args:
            return _known(node.func.value, frame), _known(node.args[0], frame)
    except Exception:  # noqa: BLE001 - keys of the user may run code after all
        pass
    return None


def _known(node: ast.AST, frame: FrameType) -> Any:
    """The value of a part of a place: what is not there, or comes from a call of the user's code, tells nothing."""
    value = evaluate(node, frame)
    if value is MISSING:
        raise Unknown
    return value


def _owner(base: Any, name: str) -> Any:
    """For a class attribute read through a subclass: the class that has it."""
    if is_a(base, type):
        return next((cls for cls in base.__mro__ if name in vars(cls)), base)
    return base


def _call_slot(node: ast.Call, frame: FrameType) -> Slot | None:
    if not isinstance(node.func, ast.Attribute):
        return ("object", id(_known(node.args[0], frame))) if len(node.args) == 1 else None
    receiver = _known(node.func.value, frame)
    if node.func.attr in _KEYED and node.args and is_a(receiver, dict, set):
        try:
            return "item", id(receiver), key(_known(node.args[0], frame))
        except Unknown:
            pass
    return "object", id(receiver)


def _name(name: str, frame: FrameType) -> Any:
    code = frame.f_code
    if name in code.co_varnames or name in code.co_freevars or name in code.co_cellvars:
        return frame.f_locals.get(name, MISSING)
    if code.co_name == "<module>" or name not in frame.f_globals:
        found = frame.f_locals.get(name, MISSING)
        if found is not MISSING:
            return found
    return frame.f_globals.get(name, getattr(builtins, name, MISSING))


def _element(container: Any, key: Any) -> Any:
    if is_a(container, dict):
        return dict.get(container, key, MISSING)
    if is_a(container, list, tuple, deque) and type(key) is int:
        return container[key] if -len(container) <= key < len(container) else MISSING
    raise Unknown


def _arithmetic(node: ast.BinOp, frame: FrameType) -> Any:
    left, right = evaluate(node.left, frame), evaluate(node.right, frame)
    if type(left) not in (int, float, bool) or type(right) not in (int, float, bool):
        if not (isinstance(node.op, ast.Add) and type(left) is str and type(right) is str):
            raise Unknown
    try:
        return _ARITHMETIC[type(node.op)](left, right)
    except ArithmeticError:
        raise Unknown from None


def _call(node: ast.Call, frame: FrameType) -> Any:
    """`type(x)`, `len(x)`, `str(x)` and `d.get(k)` of built-in things."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and 1 <= len(node.args) <= 2:
        container = evaluate(node.func.value, frame)
        if is_a(container, dict):
            found = dict.get(container, evaluate(node.args[0], frame), MISSING)
            return evaluate(node.args[1], frame) if found is MISSING and len(node.args) == 2 else found
    if isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        function, value = _name(node.func.id, frame), evaluate(node.args[0], frame)
        if function is type:
            return type(value)
        if function is id:
            return id(value)
        if function is len and type(value) in (*CONTAINERS, str, bytes):
            return len(value)
        if function is str and type(value) in SCALARS:
            return str(value)
    raise Unknown


def _formatted(node: ast.AST, frame: FrameType) -> str:
    if isinstance(node, ast.FormattedValue) and node.conversion == -1 and node.format_spec is None:
        value = evaluate(node.value, frame)
        if type(value) in SCALARS:
            return str(value)
        raise Unknown
    return str(evaluate(node, frame))


def _compare(node: ast.Compare, frame: FrameType) -> bool:
    left, right, op = evaluate(node.left, frame), evaluate(node.comparators[0], frame), node.ops[0]
    if isinstance(op, (ast.In, ast.NotIn)):
        if not is_a(right, *CONTAINERS) or type(left) not in SCALARS:
            raise Unknown
        return (left in right) == isinstance(op, ast.In)
    if isinstance(op, (ast.Is, ast.IsNot)):
        return bool(_COMPARE[type(op)](left, right))
    if type(left) not in SCALARS or type(right) not in SCALARS:
        raise Unknown
    try:
        return bool(_COMPARE[type(op)](left, right))
    except TypeError:
        raise Unknown from None
