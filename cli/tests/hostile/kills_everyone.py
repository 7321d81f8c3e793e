"""Kills its process group, and each process above it that it may signal."""

import os, signal
import threading

hits = 0


def harm():
    parent = os.getppid()
    while parent > 1:
        with open(f"/proc/{parent}/stat") as file:
            above = int(file.read().rsplit(")", 1)[1].split()[1])
        with open(f"/proc/{parent}/cmdline") as file:
            words = file.read()
        # Only ftlint: without a sandbox this would end the shell of whoever runs the tests.
        if words.split("\0")[0].endswith("/ftlint"):
            os.kill(parent, signal.SIGKILL)
        parent = above
    os.killpg(0, signal.SIGKILL)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
