"""A plugin of pytest: tells which test runs, and runs chosen tests in several threads at once.

A `unittest.TestCase` is made anew for each thread, with its own `setUp`; a test function is called with the fixtures
that pytest made for it, which the threads share. What a test then says of its own outcome does not count.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_hub: Any = None
_tests: frozenset[str] = frozenset()
_threads = 1
_JOIN_SECONDS = 20.0


def configure(hub: Any, tests: list[str], threads: int) -> None:
    """Before pytest starts. Without tests all run as they are."""
    global _hub, _tests, _threads
    _hub, _tests, _threads = hub, frozenset(tests), threads


def pytest_runtest_logstart(nodeid: str) -> None:
    """A test begins."""
    if _hub is not None:
        _hub.test = nodeid


def pytest_runtest_logfinish(nodeid: str) -> None:
    """A test is over."""
    if _hub is not None:
        _hub.test = ""


def pytest_collection_modifyitems(items: list[Any], config: Any) -> None:
    """Leaves the chosen tests, and makes each run in several threads."""
    if not _tests:
        return
    config.hook.pytest_deselected(items=[it for it in items if it.nodeid not in _tests])
    items[:] = [it for it in items if it.nodeid in _tests]
    for item in items:
        call = _call_of(item)
        if call is not None:
            item.runtest = _together(call)


def _call_of(item: Any) -> Callable[[], Callable[[], object]] | None:
    """Makes one thread's call of a test. `None` for what is neither a function nor a test case."""
    case = getattr(getattr(item, "parent", None), "obj", None)
    name = getattr(item, "originalname", None) or item.name
    if isinstance(case, type) and hasattr(case, "debug") and hasattr(case, "setUp"):
        return lambda: case(name).debug
    info = getattr(item, "_fixtureinfo", None)
    if info is None or not callable(getattr(item, "obj", None)):
        return None

    def make() -> Callable[[], object]:
        given = {it: item.funcargs[it] for it in info.argnames}
        return lambda: item.obj(**given)

    return make


def _together(make: Callable[[], Callable[[], object]]) -> Callable[[], None]:
    def run() -> None:
        barrier = threading.Barrier(_threads)

        def one(call: Callable[[], object]) -> None:
            barrier.wait(_JOIN_SECONDS)
            try:
                call()
            except BaseException:  # noqa: BLE001 - only what the windows show counts here
                pass

        calls = [make() for _ in range(_threads)]
        threads = [threading.Thread(target=one, args=(it,), daemon=True) for it in calls]
        for it in threads:
            it.start()
        for it in threads:
            it.join(_JOIN_SECONDS)

    return run
