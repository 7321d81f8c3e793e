"""Opens a socket to this machine."""

import pathlib, socket
import threading

hits = 0


def harm():
    port = int((pathlib.Path(__file__).parent / "port.txt").read_text())
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError as error:
        print(error)


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
