"""Finds the directory from which a project imports itself: a namespace package has no `__init__.py` that says so."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from .types import Place, Site, Window

_FILES = 60
_HEAD = 40_000


def corrected(window: Window) -> Window:
    """The window with the names under which the project itself imports its modules."""
    prefix, root = _outer(window.last)
    if not prefix:
        return window
    moved = [_moved(it, window.last.root, prefix, root) for it in (window.first, window.last, window.other)]
    return Window(window.pattern, _place(window.place, window, prefix), *moved)


def _outer(site: Site) -> tuple[str, str]:
    """The package around the root that the project's absolute imports name, and the directory above it."""
    root, prefix = site.root, ""
    top = site.module.partition(".")[0]
    for _ in range(3):
        name = os.path.basename(root)
        if not name.isidentifier() or not _names(site, root, f"{name}.{top}"):
            break
        prefix, root, top = f"{name}.{prefix}", os.path.dirname(root), name
    return prefix, root


def _names(site: Site, root: str, dotted: str) -> bool:
    wanted = re.compile(rf"^\s*(?:from|import)\s+{re.escape(dotted)}\b", re.MULTILINE)
    return any(wanted.search(_head(it)) for it in (site.file, *_files(root)))


def _files(root: str) -> list[str]:
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        found += [os.path.join(folder, it) for it in sorted(names) if it.endswith(".py")]
        if len(found) > _FILES:
            break
    return found[:_FILES]


def _head(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as text:
            return text.read(_HEAD)
    except OSError:
        return ""


def _moved(site: Site, old: str, prefix: str, root: str) -> Site:
    return replace(site, module=prefix + site.module, root=root) if site.root == old else site


def _place(place: Place, window: Window, prefix: str) -> Place:
    tops = {it.module.partition(".")[0] for it in (window.first, window.last, window.other)}
    return replace(place, module=prefix + place.module) if place.module.partition(".")[0] in tops else place
