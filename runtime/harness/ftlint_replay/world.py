"""Imports a module for a slice: what is missing is stood in for, and a statement that fails at import is left out.

Used for slices only. What a driver shows has to hold with everything that the code imports.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

from .arguments import StandIn

_LONG = 200_000


class Missing(types.ModuleType):
    """A module that is not there: each name in it is a class of errors, by its name, or a stand-in."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        value = stand_in(name)
        self.__dict__.setdefault(name, value)
        return self.__dict__[name]


def stand_in(name: str) -> Any:
    """For a name of which nothing is known: an `except` clause needs a class, all else gets along with anything."""
    if name.endswith(("Error", "Exception", "Warning", "Timeout", "Interrupt", "Exit")):
        return type(name, (Exception,), {})
    return Absent()


class Absent(StandIn):
    """Stands in for a name of a missing module: a base class, a decorator, a function, a constant."""

    def __mro_entries__(self, _bases: object) -> tuple[type, ...]:
        return ()

    def __call__(self, *args: object, **kwargs: object) -> Any:
        if len(args) == 1 and not kwargs and isinstance(args[0], (types.FunctionType, type)):
            return args[0]
        return Absent()

    def __or__(self, _other: object) -> Absent:
        return self

    __ror__ = __or__


class Finder(importlib.abc.MetaPathFinder):
    """Reads the modules below the project's root leniently, and invents those that nobody else finds."""

    def __init__(self, root: str, inventor: Inventor) -> None:
        self.root = os.path.realpath(root)
        self._inventor = inventor

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """For the project's own modules."""
        if path is None and name in sys.stdlib_module_names:
            return None
        places = [self.root] if path is None else list(path)
        for place in places:
            base = os.path.join(place, name.rpartition(".")[2])
            if not _is_below(base, self.root):
                continue
            for file, package in ((os.path.join(base, "__init__.py"), True), (base + ".py", False)):
                if os.path.isfile(file):
                    folders = [base] if package else None
                    return importlib.util.spec_from_file_location(
                        name, file, loader=Lenient(name, file, self._inventor), submodule_search_locations=folders)
            if os.path.isdir(base):
                spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations = [base]
                return spec
        return None


class Inventor(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder: makes a module for each name that nobody has."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.active = True

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Refuses while the code that imports may know what to do about it."""
        if not self.active:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A module that has every name."""
        self.made.append(spec.name)
        return Missing(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


class Lenient(importlib.machinery.SourceFileLoader):
    """Runs a module statement by statement; names of a statement that failed are stood in for."""

    def __init__(self, name: str, path: str, inventor: Inventor) -> None:
        super().__init__(name, path)
        self._inventor = inventor

    def exec_module(self, module: types.ModuleType) -> None:
        """The statements in order."""
        with open(self.path, "rb") as file:
            text = file.read()
        try:
            tree = ast.parse(text, self.path)
        except (SyntaxError, ValueError, RecursionError):
            return
        flags = _future(tree)
        for statement in _flat(tree.body) if len(text) < _LONG else tree.body:
            code = compile(ast.Module([statement], []), self.path, "exec", dont_inherit=True, flags=flags)
            if not self._ran(code, module):
                for name in _bound(statement):
                    module.__dict__.setdefault(name, stand_in(name))

    def _ran(self, code: types.CodeType, module: types.ModuleType) -> bool:
        """First without inventing modules: `except ImportError` may have something better."""
        before = self._inventor.active
        try:
            for self._inventor.active in (False, True):
                try:
                    exec(code, module.__dict__)
                    return True
                except ImportError:
                    continue
        except (Exception, SystemExit):  # noqa: BLE001 - what a module does at import may fail in any way
            pass
        finally:
            self._inventor.active = before
        return False


def load(module: str, root: str) -> tuple[types.ModuleType, str]:
    """The module, and what was stood in for, in words. Raises what an import raises when even that is of no use."""
    inventor = Inventor()
    sys.meta_path.insert(0, Finder(root, inventor))
    sys.meta_path.append(inventor)
    loaded = importlib.import_module(module)
    names = sorted({it.partition(".")[0] for it in inventor.made})
    return loaded, f"stood in for: {', '.join(names[:6])}" if names else ""


def again(module: str) -> types.ModuleType:
    """Another module of the same project, after `load`."""
    return importlib.import_module(module)


def _future(tree: ast.Module) -> int:
    names = [it.names for it in tree.body if isinstance(it, ast.ImportFrom) and it.module == "__future__"]
    return 0x1000000 if any(it.name == "annotations" for part in names for it in part) else 0


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """`from x import a, b` as one statement for each name, so that one missing name does not take the others along."""
    found: list[ast.stmt] = []
    for it in body:
        if isinstance(it, ast.ImportFrom) and it.module != "__future__" and len(it.names) > 1:
            found += [ast.copy_location(ast.ImportFrom(it.module, [name], it.level), it) for name in it.names]
        else:
            found.append(it)
    return found


def _bound(statement: ast.stmt) -> list[str]:
    """The names that a statement of a module binds."""
    names: list[str] = []
    nodes: list[ast.AST] = [statement]
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names += [(it.asname or it.name).partition(".")[0] for it in node.names if it.name != "*"]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(node.name)
            continue
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        nodes += ast.iter_child_nodes(node)
    return names


def _is_below(path: str, root: str) -> bool:
    return os.path.realpath(path).startswith(root + os.sep)
