"""
How long each command of a technician takes that touches no device, from start to end.

Each is a fresh process against a daemon that answers on a real control socket, as a
shell would start it.  Beside them an interpreter that only starts, and `systemctl
--version`: what any command written in Python, or in C, takes on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kiosk.control.server import ControlServer
from tests.bench.report import Bar, Result, Table
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.records import call_record


ROUNDS, ROUNDS_FULL = 7, 25
MOST_MS = 300.0
_TIMEOUT_S = 30.0
_STATUS = {"schema_version": 1, "state": "IDLE", "screen": "idle", "reason": ""}
_ASKING = (
    "status",
    "status --json",
    "calls",
    "calls --last",
    "call",
    "hangup",
    "mute",
    "say 1",
)
_CONFIGURED = ("config check", "config show --origin")
_ALONE = ("--help", "--version", "snapshot --list")


class Spent(NamedTuple):
    """What one process took; the processor's share knows of no other load."""

    wall_ms: float
    cpu_ms: float


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    rows: list[tuple[str, ...]] = []
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory() as folder, _daemon(Path(folder) / "s") as at:
        for name, command in _peers().items():
            rows.append((name, *_cells(_timed(command, rounds))))
        for words, command in _commands(Path(folder), at).items():
            took = _timed(command, rounds)
            rows.append((f"kiosk {words}", *_cells(took)))
            median = statistics.median(each.wall_ms for each in took)
            bars.append(Bar(f"kiosk {words}", median, MOST_MS))
    header = ("command", "least ms", "median ms", "most ms", "of CPU ms")
    title = f"start to end of a command, {rounds} times each"
    return Result("commands", (Table(title, header, tuple(rows)),), tuple(bars))


def _peers() -> dict[str, list[str]]:
    return {
        "python3 -c pass": [sys.executable, "-c", "pass"],
        "systemctl --version": ["systemctl", "--version"],
    }


def _commands(folder: Path, socket: Path) -> dict[str, list[str]]:
    file = folder / "kiosk.toml"
    file.write_text(f'[room]\nserver = "https://a"\n[control]\nsocket = "{socket}"\n')
    lines = folder / "kiosk.log"
    lines.write_text('{"level": "info", "message": "kiosk ready"}\n')
    begin = [sys.executable, "-m", "kiosk"]
    found = {words: [*begin, *words.split()] for words in _ALONE}
    for words in _ASKING:
        found[words] = [*begin, *words.split(), "--socket", str(socket)]
    for words in _CONFIGURED:
        found[words] = [*begin, *words.split(), "--config", str(file)]
    found["logs --file FILE"] = [*begin, "logs", "--file", str(lines)]
    return found


def _timed(command: Sequence[str], rounds: int) -> list[Spent]:
    took: list[Spent] = []
    for _ in range(rounds + 1):
        began, cpu = time.monotonic(), _cpu_s()
        done = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
        wall_ms = (time.monotonic() - began) * 1_000
        took.append(Spent(wall_ms, (_cpu_s() - cpu) * 1_000))
        assert done.returncode == 0, (command, done.stderr)
    return took[1:]  # the first one reads from the disk


def _cpu_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _cells(took: Sequence[Spent]) -> tuple[str, ...]:
    wall = [each.wall_ms for each in took]
    cpu = statistics.median(each.cpu_ms for each in took)
    found = (min(wall), statistics.median(wall), max(wall), cpu)
    return tuple(f"{value:.0f}" for value in found)


@contextlib.contextmanager
def _daemon(path: Path) -> Iterator[Path]:
    """Answer on a control socket, in a thread of its own."""
    ready, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        daemon = FakeDaemon(dict(_STATUS))
        daemon.records = [call_record(1)]
        server = ControlServer(path, daemon)
        server.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve())
            ready.set()
            await over.wait()
            server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(_TIMEOUT_S)
        yield path
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
