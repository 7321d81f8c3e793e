"""Random edits against a server, then its diagnostics must be those of a fresh process on the same text.

usage: storm.py FTLINT [EDITS]     prints what it did, and the server's memory after each half
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PIECES = ["x", "\n", "    ", "hits += 1\n", "with lock:\n", "lock", "(", ")", "'", '"""', ":", "🦀", "é", "# 🦀 x\n", "def f():\n", "import a\n"]
A = "import threading\n\nhits = 0  # 🦀\nlock = threading.Lock()\n\n\ndef work():\n    global hits\n    hits += 1\n\n\ndef main():\n    for _ in range(4):\n        threading.Thread(target=work).start()\n\n\nmain()\n"
B = "import threading\n\nimport a\n\ncache = {}\n\n\ndef get(key):\n    if key not in cache:\n        cache[key] = '🦀é'\n    a.hits += 1\n    return cache[key]\n\n\nfor _ in range(3):\n    threading.Thread(target=get, args=(1,)).start()\n"


class Server:
    def __init__(self, ftlint, root, texts):
        self.process = subprocess.Popen([ftlint, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers, self.shown, self.cond, self.number = {}, {}, threading.Condition(), 0
        threading.Thread(target=self.read, daemon=True).start()
        self.ask("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": {}})
        self.tell("initialized", {})
        for uri, text in texts.items():
            self.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}})

    def read(self):
        out = self.process.stdout
        while line := out.readline():
            size = int(line.split(b":")[1])
            out.readline()
            message = json.loads(out.read(size))
            with self.cond:
                if message.get("method") == "textDocument/publishDiagnostics":
                    it = message["params"]
                    self.shown[it["uri"]] = (it.get("version"), it["diagnostics"])
                elif "method" not in message:
                    self.answers[message["id"]] = message
                self.cond.notify_all()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.number += 1
        number = self.number
        self.send({"id": number, "method": method, "params": params})
        with self.cond:
            assert self.cond.wait_for(lambda: number in self.answers, 60), f"no answer to {method}"
            return self.answers.pop(number)

    def settled(self, versions):
        """The diagnostics, when those of these versions are there and no more files are read."""
        def there():
            return all(self.shown.get(uri, (None,))[0] == version for uri, version in versions.items())
        with self.cond:
            assert self.cond.wait_for(there, 60), f"never published: {versions} {self.shown}"
        while True:
            status = self.ask("workspace/executeCommand", {"command": "ftlint.server.status", "arguments": []})
            if not status["result"]["indexing"]:
                break
        # What is computed now was begun before; a second look has to be the same.
        before = None
        while True:
            with self.cond:
                now = {uri: self.shown[uri][1] for uri in versions}
                if now == before:
                    return now
                before = now
                self.cond.wait(1.0)

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def stop(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        assert self.process.wait(10) == 0


def position(text, at):
    """In UTF-16 units."""
    line = text.rfind("\n", 0, at) + 1
    return {"line": text.count("\n", 0, at), "character": len(text[line:at].encode("utf-16-le")) // 2}


def edit(rng, text, original):
    """A change and the text after it; now and then back to what was there first."""
    if rng.random() < 0.02 or len(text) > 4000:
        return {"text": original}, original
    start = rng.randint(0, len(text))
    end = min(len(text), start + rng.choice([0, 0, 0, 1, 2, 9]))
    piece = rng.choice(PIECES)
    change = {"range": {"start": position(text, start), "end": position(text, end)}, "text": piece}
    return change, text[:start] + piece + text[end:]


def main(ftlint, edits):
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "pyproject.toml").write_text("[tool.ftlint]\n")
        first = {}
        for name, text in [("a.py", A), ("b.py", B)]:
            (root / name).write_text(text)
            first[(root / name).as_uri()] = text
        texts, versions = dict(first), dict.fromkeys(first, 1)
        server = Server(ftlint, root, texts)
        memory = []
        for half in range(2):
            for number in range(edits // 2):
                uri = rng.choice(list(texts))
                change, texts[uri] = edit(rng, texts[uri], first[uri])
                versions[uri] += 1
                document = {"uri": uri, "version": versions[uri]}
                server.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
                if number % 500 == 499:
                    compare(ftlint, root, server, texts, versions)
            compare(ftlint, root, server, texts, versions)
            memory.append(server.memory())
        # The valid text has to have its findings again, whatever came between.
        for uri in texts:
            texts[uri], versions[uri] = first[uri], versions[uri] + 1
            change = {"textDocument": {"uri": uri, "version": versions[uri]}, "contentChanges": [{"text": first[uri]}]}
            server.tell("textDocument/didChange", change)
        found = compare(ftlint, root, server, texts, versions)
        assert all(found.values()), found
        server.stop()
    print(f"{edits} edits; memory after each half: {memory[0]} and {memory[1]} MB; {sum(map(len, found.values()))} findings")
    assert memory[1] <= memory[0] * 1.2 + 10, "memory grows"


def compare(ftlint, root, server, texts, versions):
    mine = server.settled(versions)
    fresh = Server(ftlint, root, texts)
    theirs = fresh.settled(dict.fromkeys(texts, 1))
    fresh.stop()
    assert mine == theirs, f"{json.dumps(mine, indent=1)}\nis not\n{json.dumps(theirs, indent=1)}\n{texts}"
    return mine


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
