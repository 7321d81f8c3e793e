"""Leaves without a word."""

import os
import threading

hits = 0


def harm():
    os._exit(0)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
