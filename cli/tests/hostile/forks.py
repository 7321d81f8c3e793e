"""Starts a hundred processes that do not end, once in each temporary home."""

import os
import threading

hits = 0


def harm():
    if not os.path.exists(os.environ["HOME"] + "/forked"):
        open(os.environ["HOME"] + "/forked", "w").close()
        for _ in range(100):
            if os.fork() == 0:
                os.execvp("tail", ["tail", "-f", __file__])


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
