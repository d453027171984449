"""
A Python program whose every attempt to reach out is written down.

``python -m tests.fakes.watched_process FILE MODULE ARGUMENTS...`` runs a module as
``python -m`` would.  The interpreter's audit events tell of connections, datagrams,
look-ups of names and new processes, whoever in the program causes them.
"""

from __future__ import annotations

import os
import runpy
import sys


REACHING_OUT = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "urllib.Request",
    }
)


def watch(file: str) -> None:
    """Write a line to a file for every event of that kind."""
    sink = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event in REACHING_OUT:
            os.write(sink, f"{event} {arguments[1:]!r}\n".encode())

    sys.addaudithook(note)


if __name__ == "__main__":
    watch(sys.argv[1])
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
