"""Two questions about a project and its environment, asked by `environment.rs`. The answers are lines of JSON.

`declared PROJECT RESULTS`: the requirements that the project declares. `natives RESULTS`: the distributions here that
have extension modules, and what their import does to the GIL.
"""

import importlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

_GROUPS = ("test", "tests", "testing", "dev")
# Modules that left the standard library in 3.12 and 3.13 (PEP 594, PEP 632, and `imp`), and the packages that have them
# since. All were found in the package index in November 2026. `pkg_resources` is in setuptools until 81.
_REMOVED = {
    **{it: f"standard-{it}" for it in ("aifc", "asynchat", "asyncore", "chunk", "crypt", "imghdr", "mailcap", "nntplib", "pipes",
                                       "smtpd", "sndhdr", "sunau", "telnetlib", "uu", "xdrlib")},
    "audioop": "audioop-lts", "cgi": "legacy-cgi", "cgitb": "legacy-cgi", "imp": "zombie-imp",
    "distutils": "setuptools<81", "pkg_resources": "setuptools<81",
}
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_ASK = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception:
        pass
sys.exit(3 if sys._is_gil_enabled() else 0)
"""


def declared(project: str) -> list[str]:
    """From `[project]` with the extras and groups for tests, else from requirements files; and what the code imports of
    modules that this interpreter has not got any more."""
    found: list[str] = []
    path = os.path.join(project, "pyproject.toml")
    if os.path.exists(path):
        with open(path, "rb") as file:
            data = tomllib.load(file)
        table = data.get("project", {})
        found += table.get("dependencies", [])
        for sets in (table.get("optional-dependencies", {}), data.get("dependency-groups", {})):
            found += [it for name in _GROUPS for it in sets.get(name, []) if isinstance(it, str)]
    if not found:
        for name in ("requirements.txt", "requirements-test.txt", "requirements-dev.txt"):
            found += _requirements(os.path.join(project, name))
    own = table.get("name", "").lower() if os.path.exists(path) else ""
    # A project that names one of its own extras means itself, which is not installed.
    asked = [it for it in found if not own or not it.lower().startswith(own + "[")]
    named = {re.split(r"[^\w.-]", it, maxsplit=1)[0].lower().replace("_", "-") for it in asked}
    removed = dict.fromkeys(_REMOVED[it] for it in sorted(_imported(project)) if it not in sys.stdlib_module_names)
    return list(dict.fromkeys(asked)) + [it for it in removed if it.partition("<")[0] not in named]


def _imported(project: str) -> set[str]:
    """The removed modules that some file of the project imports, in whatever branch."""
    found: set[str] = set()
    for path in _sources(project):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                found.update(it for it in _IMPORT.findall(file.read()) if it in _REMOVED)
        except OSError:
            continue
    return found


def _sources(project: str) -> Iterator[str]:
    for folder, names, files in os.walk(project):
        # Other environments, caches and the like are not the project.
        names[:] = [it for it in names if not it.startswith(".") and it not in ("node_modules", "site-packages", "venv", "env")]
        yield from (os.path.join(folder, it) for it in files if it.endswith(".py"))


def _requirements(path: str) -> list[str]:
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        lines = [it.split(" #")[0].strip() for it in file]
    res = [it for it in lines if it and not it.startswith(("#", "-"))]
    for line in lines:
        if line.startswith(("-r ", "--requirement ")):
            res += _requirements(os.path.join(os.path.dirname(path), line.split(None, 1)[1]))
    return res


def natives() -> list[dict[str, object]]:
    """Each in a process of its own: once the GIL is on, it stays on."""
    res: list[dict[str, object]] = []
    for it in importlib.metadata.distributions():
        files = [str(file) for file in it.files or ()]
        modules = sorted({_module(file) for file in files if file.endswith((".so", ".pyd"))})
        if modules:
            ended = subprocess.run([sys.executable, "-c", _ASK, *modules], capture_output=True, timeout=60, check=False)
            res.append({"name": it.name, "gil": ended.returncode == 3})
    return res


def _module(file: str) -> str:
    folder, _, name = file.rpartition("/")
    return ".".join([*filter(None, folder.split("/")), name.partition(".")[0]])


def main() -> None:
    """Writes the answer to the last argument."""
    answer = declared(sys.argv[2]) if sys.argv[1] == "declared" else natives()
    with open(sys.argv[-1], "w", encoding="utf-8") as file:
        for it in answer:
            file.write(json.dumps(it) + "\n")


main()
