"""Compares what `ftlint extensions` reads in real wheels with what importing them does: check.py FTLINT PYTHON

A part of the table of docs/extensions.md, again on each run: an environment of the free-threaded PYTHON gets the packages of
requirements.txt, every extension file is read by FTLINT, and every module is imported in a process of its own. A file that is
said to declare itself must leave the GIL off, and one that is said not to must switch it on.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

ASK = """
import importlib, sys
before = sys._is_gil_enabled()
importlib.import_module(sys.argv[1])
print(before, sys._is_gil_enabled())
"""
# Its import leaves the GIL off, and it declares itself.
OFF, ON = "declares", "does not declare"


def main() -> int:
    ftlint, python = (str(pathlib.Path(it).resolve()) for it in sys.argv[1:3])
    here = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as scratch:
        env = pathlib.Path(scratch, "env")
        subprocess.run([python, "-m", "venv", env], check=True)
        inside = env / "bin" / "python"
        install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        subprocess.run([*install, "--no-deps", "-r", here / "requirements.txt"], check=True)
        told = subprocess.run([ftlint, "extensions", "--python", env, "--output-format", "json"],
                              capture_output=True, text=True, check=True)
        site = next(env.glob("lib/python*/site-packages"))
        n_asked, wrong = {OFF: 0, ON: 0, "cannot tell": 0}, []
        for row in json.loads(told.stdout):
            module = module_of(pathlib.Path(row["path"]).relative_to(site))
            asked = subprocess.run([inside, "-W", "ignore", "-c", ASK, module], capture_output=True, text=True, timeout=60)
            if asked.returncode:
                continue  # Not to be imported alone.
            n_asked[row["declaration"]] += 1
            seen = {"False False": OFF, "False True": ON}[asked.stdout.strip()]
            # A package's own `__init__` runs first and may load another extension that switches the GIL on.
            alone = seen == OFF or "." not in module or only_this(inside, module)
            if row["declaration"] != "cannot tell" and row["declaration"] != seen and alone:
                wrong.append(f"{module}: read as `{row['declaration']}` ({row['reason']}), but importing it says `{seen}`")
    print("files by answer:", n_asked)
    print("\n".join(wrong) or "none is wrong")
    enough = n_asked[OFF] >= 10 and n_asked[ON] >= 2
    if not enough:
        print("too few files of both kinds: nothing was shown")
    return 1 if wrong or not enough else 0


def only_this(python: pathlib.Path, module: str) -> bool:
    """Whether the interpreter names this module, of those that need the GIL."""
    asked = subprocess.run([python, "-v", "-W", "ignore", "-c", f"import {module}"], capture_output=True, text=True, timeout=60)
    return f"loading module '{module}', which requires the GIL" in asked.stderr


def module_of(path: pathlib.Path) -> str:
    return ".".join([*path.parent.parts, path.name.partition(".")[0]])


sys.exit(main())
