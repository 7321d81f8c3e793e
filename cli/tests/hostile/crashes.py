"""A segmentation fault."""

import ctypes
import threading

hits = 0


def harm():
    ctypes.string_at(0)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
