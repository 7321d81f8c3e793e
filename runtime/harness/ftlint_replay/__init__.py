"""Replays one finding of ftlint in child processes. Standard library only, CPython 3.11 and later.

The way of the data: request (protocol) -> attempts (explore) -> one process each (attempts) -> a run of the user's
program (program) or of a driver (target) under a director -> trace -> oracle (strategies) -> result lines.
Nothing of the user's code is patched; the director only makes threads wait between two instructions.
"""
