"""Asks for 10 GB."""

import threading

hits = 0


def harm():
    block = bytearray(10 << 30)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
