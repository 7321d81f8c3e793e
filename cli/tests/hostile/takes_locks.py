"""Takes the locks of the harness and keeps them."""

import gc
import threading

hits = 0


def harm():
    for it in gc.get_objects():
        if type(it).__module__.startswith("ftlint_replay"):
            for lock in (getattr(it, "_turn", None), getattr(it, "_changed", None)):
                if lock is not None:
                    lock.acquire()


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
