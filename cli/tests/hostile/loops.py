"""Never ends."""

import threading

hits = 0


def harm():
    while True:
        pass


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
