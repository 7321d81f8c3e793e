"""Cuts the smallest piece out of a function that keeps the accesses of a window, the conditions on their place, and
every lock around them. Works on the syntax tree and runs nothing; lines and columns stay those of the source.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable

from .target import NotDrivable
from .types import Site

NEW, CALL, ERROR, KEY = "__ftlint_new__", "__ftlint_call__", "__ftlint_error__", "__ftlint_key__"
OTHER = "__ftlint_other__"
LOCK = "__ftlint_lock__"
_LOCK_CALLS = ("acquire", "release", "lock", "unlock", "__enter__", "__exit__")
_LOCK_PARTS = ("acquire", "release", "lock", "mutex")
KEYED = ("get", "pop", "remove", "discard", "setdefault", "add", "has_key")
_JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def find(tree: ast.AST, site: Site) -> _Function:
    """The definition of the function that the site is in."""
    found = [node for name, node in _named(tree, "") if name == site.function and _covers(node, site)]
    if not found:
        raise NotDrivable(f"`{site.function}` has no definition of its own to cut a piece from")
    if isinstance(found[-1], ast.AsyncFunctionDef):
        raise NotDrivable(f"`{site.function}` is a coroutine function: it may well run on one event loop only")
    return found[-1]


def _named(node: ast.AST, prefix: str) -> Iterable[tuple[str, _Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS):
            yield prefix + child.name, child
            yield from _named(child, f"{prefix}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _named(child, f"{prefix}{child.name}.")
        else:
            yield from _named(child, prefix)


def _covers(node: ast.AST, site: Site) -> bool:
    return getattr(node, "lineno", 0) <= site.line and site.end_line <= (getattr(node, "end_lineno", 0) or 0)


class Cutter:
    """One function, and the sites in it that have to stay."""

    def __init__(self, function: _Function, sites: list[Site], marks: set[str], known: Callable[[ast.expr], bool]) -> None:
        self.function = function
        self.sites = sites
        self._own = sites[:2] if len(sites) > 2 else []
        self.marks = marks
        self.known = known
        self._tainted: set[str] = set()
        self._needed: set[str] = set()
        self._start = min(it.line for it in sites)
        self._end = max(it.end_line for it in sites)
        self._loops = 0
        self.keys = self._used_as_keys()

    def _used_as_keys(self) -> set[str]:
        """Names by which elements of the place are found: both threads have to come to the same."""
        found = set()
        for node in ast.walk(self.function):
            for part in key_parts(node):
                found |= {it.id for it in ast.walk(part) if isinstance(it, ast.Name)}
        return found

    def cut(self) -> list[ast.stmt]:
        """The statements that stay."""
        self._taint()
        body: list[ast.stmt] = []
        for _ in range(5):
            body = self._body(self.function.body)
            needed = {it.id for part in body for it in ast.walk(part)
                      if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Load)}
            if needed == self._needed:
                break
            self._needed = needed
        return body

    def _taint(self) -> None:
        """Names that hold what was read from the place."""
        for _ in range(3):
            for node in ast.walk(self.function):
                value = getattr(node, "value", None)
                if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and value is not None and self.matters(value):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    self._tainted |= {it.id for part in targets for it in ast.walk(part) if isinstance(it, ast.Name)
                                      and isinstance(it.ctx, ast.Store)}

    def has(self, node: ast.AST) -> bool:
        """Whether an access of the window is inside."""
        return self._has(self.sites, node)

    def _has(self, sites: list[Site], node: ast.AST) -> bool:
        start = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        end = (getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0)
        return any(start <= (it.line, it.column) and (it.end_line, it.end_column) <= end for it in sites)

    def is_site(self, node: ast.expr) -> bool:
        """Whether this is an access of the window, and not only something around one."""
        place = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
        return any(place == (it.line, it.column, it.end_line, it.end_column) for it in self.sites)

    def _any(self, nodes: Iterable[ast.AST]) -> bool:
        return any(self.has(it) for it in nodes)

    def matters(self, node: ast.AST) -> bool:
        """Whether an access of the window is inside, or the place, or something that came from it."""
        if isinstance(node, ast.expr) and self.has(node):
            return True
        for it in ast.walk(node):
            if isinstance(it, ast.Attribute) and it.attr in self.marks:
                return True
            if isinstance(it, ast.Name) and (it.id in self._tainted or it.id in self.marks):
                return True
            if isinstance(it, ast.Constant) and type(it.value) is str and it.value in self.marks:
                return True
        return False

    def _body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [part for it in statements for part in self._statement(it)]

    def _filled(self, statements: list[ast.stmt], at: ast.AST) -> list[ast.stmt]:
        return self._body(statements) or [ast.copy_location(ast.Pass(), at)]

    def _statement(self, it: ast.stmt) -> list[ast.stmt]:
        if isinstance(it, ast.If):
            return self._if(it)
        if isinstance(it, ast.While):
            return self._while(it)
        if isinstance(it, (ast.For, ast.AsyncFor)):
            return self._for(it)
        if isinstance(it, (ast.With, ast.AsyncWith)):
            return self._with(it)
        if isinstance(it, ast.Try):
            return self._try(it)
        if isinstance(it, (*_FUNCTIONS, ast.ClassDef, ast.Match)):
            if self.has(it):
                raise NotDrivable("the accesses are in more than one function, or in a `match`")
            return []
        return self._simple(it)

    def _if(self, it: ast.If) -> list[ast.stmt]:
        then, otherwise = self._any(it.body), self._any(it.orelse)
        if self.matters(it.test) or then and otherwise:
            orelse = self._filled(it.orelse, it) if it.orelse else []
            kept = ast.If(self._narrowed(it.test), self._filled(it.body, it), orelse)
            return [ast.copy_location(kept, it)]
        if not then and not otherwise:
            return []
        branch = it.body if then else it.orelse
        if any(self._has(self._own, part) for part in branch) or not self._own:
            return self._body(branch)
        # Only the access of the other thread is in there: it goes in, and the one that comes to the window does not.
        call = ast.copy_location(ast.Call(_at(ast.Name(OTHER, ast.Load()), it.test), [], []), it.test)
        return [ast.copy_location(ast.If(call, self._body(branch), []), it)]

    def _while(self, it: ast.While) -> list[ast.stmt]:
        if self.matters(it.test):
            self._loops += 1
            kept = ast.While(self._narrowed(it.test), self._filled(it.body, it), [])
            self._loops -= 1
            return [ast.copy_location(kept, it)]
        return self._body(it.body) if self._any(it.body) else []

    def _for(self, it: ast.For | ast.AsyncFor) -> list[ast.stmt]:
        inside = self._any(it.body)
        if self.has(it.iter) or self.matters(it.iter) and (inside or self._between(it)):
            self._loops += 1
            kept = ast.For(it.target, self._clean(it.iter), self._filled(it.body, it), [])
            self._loops -= 1
            return [ast.copy_location(kept, it)]
        return self._body(it.body) if inside else []

    def _with(self, it: ast.With | ast.AsyncWith) -> list[ast.stmt]:
        if not self._any(it.body) and not self._any(item.context_expr for item in it.items):
            return self._body(it.body)
        items = [ast.withitem(self._manager(item.context_expr), item.optional_vars) for item in it.items]
        return [ast.copy_location(ast.With(items, self._filled(it.body, it)), it)]

    def _manager(self, it: ast.expr) -> ast.expr:
        """What is not known to be no lock is one lock for all: it can only hide a race, and never make one up."""
        if isinstance(it, ast.Await):
            it = it.value
        if self.has(it) or not isinstance(it, ast.Call) or self.known(it.func):
            return it
        return ast.copy_location(ast.Name(LOCK, ast.Load()), it)

    def _try(self, it: ast.Try) -> list[ast.stmt]:
        inside = self._any(it.body) or self._any(it.handlers) or self._any(it.orelse) or self._any(it.finalbody)
        if not inside:
            return self._body(it.body)
        handlers = [
            ast.copy_location(ast.ExceptHandler(each.type, each.name, self._filled(each.body, each)), each)
            for each in it.handlers
        ]
        body, orelse, last = self._filled(it.body, it), self._body(it.orelse), self._body(it.finalbody)
        if not handlers and not last:
            return body + orelse
        return [ast.copy_location(ast.Try(body, handlers, orelse if handlers else [], last), it)]

    def _simple(self, it: ast.stmt) -> list[ast.stmt]:
        if isinstance(it, (ast.Global, ast.Nonlocal)):
            return [it]
        if isinstance(it, _JUMPS):
            return [self._jump(it)]
        if self.has(it) or self._between(it) and self.matters(it) or self._binds(it):
            return [self._cleaned(it)]
        return [it] if _locks(it) else []

    def _jump(self, it: ast.stmt) -> ast.stmt:
        if isinstance(it, (ast.Break, ast.Continue)):
            return it if self._loops else ast.copy_location(ast.Return(None), it)
        if isinstance(it, ast.Return) and it.value is not None and self.matters(it.value):
            return ast.copy_location(ast.Return(self._clean(it.value)), it)
        if isinstance(it, ast.Raise):
            # An exception of the project's own is an observation like any other: its type stands for all of them.
            kind = it.exc.func if isinstance(it.exc, ast.Call) else it.exc
            if kind is None or self._plain(kind):
                return self._cleaned(it)
            return ast.copy_location(ast.Raise(ast.copy_location(ast.Name(ERROR, ast.Load()), it), None), it)
        return ast.copy_location(ast.Return(None), it)

    def _between(self, it: ast.stmt) -> bool:
        return self._start <= it.lineno <= self._end

    def _binds(self, it: ast.stmt) -> bool:
        if not isinstance(it, (ast.Assign, ast.AnnAssign, ast.AugAssign)) or it.value is None:
            return False
        targets = it.targets if isinstance(it, ast.Assign) else [it.target]
        return any(isinstance(part, ast.Name) and part.id in self._needed and part.id not in self.marks
                   for target in targets for part in ast.walk(target))

    def _narrowed(self, test: ast.expr) -> ast.expr:
        """The part of a test that is about the place; the rest is taken to be as the window needs it."""
        if isinstance(test, ast.BoolOp):
            parts = [self._narrowed(it) for it in test.values if self.matters(it)]
            if len(parts) > 1:
                return ast.copy_location(ast.BoolOp(test.op, parts), test)
            return parts[0] if parts else self._clean(test)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return ast.copy_location(ast.UnaryOp(ast.Not(), self._narrowed(test.operand)), test)
        return self._clean(test)

    def _clean(self, it: ast.expr) -> ast.expr:
        found = _Cleaner(self).visit(it)
        assert isinstance(found, ast.expr)
        return found

    def _cleaned(self, it: ast.stmt) -> ast.stmt:
        found = _Cleaner(self).visit(it)
        assert isinstance(found, ast.stmt)
        return found

    def keeps(self, call: ast.Call) -> str:
        """What becomes of a call: `all` of it stays, `arguments` do, or `nothing`."""
        if self.matters(call.func) or self._plain(call.func):
            return "all"
        if any(self.matters(it) for it in (*call.args, *call.keywords)):
            return "arguments"
        return "all" if self.known(call.func) else "nothing"

    def _plain(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name) and hasattr(builtins, function.id) and function.id not in ("open", "input")


def key_parts(node: ast.AST) -> list[ast.expr]:
    """The expressions in a node that find an element of a container."""
    if isinstance(node, ast.Subscript):
        return [node.slice]
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return [node.left]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KEYED:
        return node.args[:1]
    return []


class _Cleaner(ast.NodeTransformer):
    """Replaces calls that have nothing to do with the place, and what only a coroutine or a generator can do."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._in_key = False

    def visit(self, node: ast.AST) -> ast.AST:
        parts = [] if self._in_key else key_parts(node)
        if not parts:
            return super().visit(node)  # type: ignore[no-any-return]
        inside = {id(it) for part in parts for it in ast.walk(part) if isinstance(it, ast.Call)}
        kept: list[ast.Call] = [it for part in parts for it in ast.walk(part) if id(it) in inside]  # type: ignore[misc]
        for it in kept:
            if self._cutter.keeps(it) != "all":
                it.func, it.args, it.keywords = _at(ast.Name(f"{KEY}call", ast.Load()), it), [], []
        return super().visit(node)  # type: ignore[no-any-return]

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        names = [it for it in node.targets if isinstance(it, ast.Name)]
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if len(names) == len(node.targets) and all(it.id in self._cutter.keys for it in names) \
                and isinstance(call, ast.Call) and self._cutter.keeps(call) == "nothing" and not self._cutter.has(node):
            node.value = _at(ast.Name(KEY, ast.Load()), node.value)
            return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id.startswith("__ftlint"):
            return node
        kept = self._cutter.keeps(node)
        if kept == "nothing" and not self._cutter.has(node):
            return ast.copy_location(ast.Call(_at(ast.Name(NEW, ast.Load()), node), [], []), node)
        if kept == "arguments" and not self._cutter.known(node.func) and not self._cutter.is_site(node):
            node.func = _at(ast.Name(CALL, ast.Load()), node.func)
        self.generic_visit(node)
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        found: ast.AST = self.visit(node.value)
        return found

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        return self.visit(node.value) if node.value is not None else ast.copy_location(ast.Constant(None), node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.AST:
        found: ast.AST = self.visit(node.value)
        return found


def _at(node: ast.expr, like: ast.AST) -> ast.expr:
    return ast.copy_location(node, like)


def _locks(it: ast.stmt) -> bool:
    """`x.acquire()`, `x.release_write()`, and what may be such by its name."""
    value = it.value if isinstance(it, (ast.Expr, ast.Assign)) else None
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _LOCK_CALLS or any(part in name.lower() for part in _LOCK_PARTS)
