"""Kills the harness that started it."""

import os, signal
import threading

hits = 0


def harm():
    os.kill(os.getppid(), signal.SIGKILL)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
