"""Reads the environment of the processes above it."""

import os
import threading

hits = 0


def harm():
    found = [os.environ.get("FTLINT_TEST_SECRET", "")]
    parent = os.getppid()
    while parent > 1:
        try:
            with open(f"/proc/{parent}/environ") as file:
                found += [it for it in file.read().split("\0") if it.startswith("FTLINT_TEST_SECRET=")]
        except OSError as error:
            print(error)
        with open(f"/proc/{parent}/stat") as file:
            parent = int(file.read().rsplit(")", 1)[1].split()[1])
    if any(found):
        raise RuntimeError(f"secret found: {found}")


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
