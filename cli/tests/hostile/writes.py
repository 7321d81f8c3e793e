"""Changes, creates, renames and removes files beside itself."""

import os, pathlib
import threading

hits = 0


def harm():
    here = pathlib.Path(__file__).parent
    for act in (
        lambda: (here / "created.txt").write_text("x"),
        lambda: (here / "keep.txt").write_text("x"),
        lambda: os.truncate(here / "keep.txt", 0),
        lambda: (here / "keep.txt").rename(here / "moved.txt"),
        lambda: (here / "keep.txt").chmod(0o777),
        lambda: os.utime(here / "keep.txt", (0, 0)),
        lambda: os.link(here / "keep.txt", here / "link.txt"),
        lambda: (here / "keep.txt").unlink(),
        lambda: (here / "folder").mkdir(),
    ):
        try:
            act()
        except OSError as error:
            print(error)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
