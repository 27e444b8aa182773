"""Asks a demo of Campanella everything a payment node may ask: check.py PROGRAM DATA.

PROGRAM is the binary; DATA the folder with pagoPA's published wsdl/, which carries no licence and so is no part of this
project. Prints a line per case and the number of answers that were valid."""
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import traceback
import uuid

import requests
from cases import CASES, Skip
from node import Node, Notice


class World:
    """The demo's notices, each handed out once."""

    def __init__(self, node, sandbox, database):
        self.node, self.sandbox, self.database = node, sandbox, database
        self.notices = [Notice(n) for n in self.list("payable", 20000)]
        self.first = self.notices[0].pa

    def list(self, state, limit):
        return requests.get(f"{self.sandbox}/notices", params={"state": state, "limit": limit}, timeout=60).json()

    def notice(self, of_another=False, number=None):
        at = next(i for i, n in enumerate(self.notices) if (n.pa != self.first) == of_another)
        taken = self.notices.pop(at)
        taken.number = number or taken.number
        return taken

    def listed(self, state):
        found = self.list(state, 1)
        if not found:
            raise Skip(f"no notice is {state}")
        return Notice(found[0])

    def arrange(self, sql, *values):
        """What an office would do on a day that the demo does not have."""
        connection = sqlite3.connect(self.database, timeout=30)
        with connection:
            changed = connection.execute(sql, values).rowcount
        connection.close()
        assert changed == 1, sql

    def fresh(self, what):
        return f"{what}-{uuid.uuid4().hex}"[:35]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(program, folder):
    portal, sandbox, node = (f"127.0.0.1:{free_port()}" for _ in range(3))
    arguments = ["demo", "--listen", portal, "--sandbox", sandbox, "--node", node, "--database", f"sqlite:{folder}/campanella.sqlite",
                 "--people", "2000", "--seed", "7"]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        if line.startswith("ready "):
            return process, f"http://{sandbox}", f"http://{node}/pagopa/paForNode"
    raise SystemExit("the demo ended before it was ready")


def run(world):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in CASES:
        name = case.__name__.replace("_", " ")
        try:
            case(world)
            counts["passed"] += 1
            print(f"ok      {name}")
        except Skip as why:
            counts["skipped"] += 1
            print(f"skipped {name}: {why}")
        except Exception:  # one case that fails does not hide the others
            counts["failed"] += 1
            print(f"FAILED  {name}\n{traceback.format_exc(limit=3)}")
    return counts


def main(program, data):
    with tempfile.TemporaryDirectory() as folder:
        process, sandbox, url = start(program, folder)
        try:
            node = Node(url, pathlib.Path(data))
            counts = run(World(node, sandbox, f"{folder}/campanella.sqlite"))
        finally:
            process.terminate()
            process.wait(30)
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    print(f"node: {words}; {node.validated} answers valid by the published schema")
    return counts["failed"]


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1], sys.argv[2]) else 0)
