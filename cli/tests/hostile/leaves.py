"""Starts a process that would leave the group, the session and the environment."""

import os
import threading

hits = 0


def harm():
    if os.fork() == 0:
        for leave in (os.setsid, os.setpgrp):
            try:
                leave()
            except OSError as error:
                print(error)
        os.execve("/usr/bin/tail", ["tail", "-f", __file__], {})


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
