"""Prints without end."""

import threading

hits = 0


def harm():
    while True:
        print("x" * 10000)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
