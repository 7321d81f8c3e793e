"""Takes the instrument away that stops threads."""

import sys
import threading

hits = 0


def harm():
    for tool in range(6):
        if sys.monitoring.get_tool(tool):
            sys.monitoring.set_events(tool, 0)
            sys.monitoring.free_tool_id(tool)
    sys.monitoring.register_callback = sys.monitoring.set_local_events = lambda *args: None


def work():
    global hits
    harm()
    hits += 1


for _ in range(2):
    threading.Thread(target=work).start()
