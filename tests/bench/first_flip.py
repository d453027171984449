"""
From the start of a process to its first picture on the display, over the fake kernel.

A fresh interpreter opens a fake card that is paced at 60 Hz, lights it, shows the picture
that says that the kiosk is starting, and waits for the page flip: as ``kiosk run`` does,
which reads its configuration for it, and without that.  What a daemon imports comes
after.  Beside it an interpreter that only starts, and one that imports what draws
screens first.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

from tests.bench.report import Bar, Result, Table


ROUNDS, ROUNDS_FULL = 7, 25
MOST_MS = 300.0
_TIMEOUT_S = 30.0
_EMPTY = """
import json, time
print(json.dumps({"us": time.monotonic_ns() // 1000, "cpu_ms": time.process_time() * 1e3}))
"""
_PROGRAM = """
import json, select, time
{first}
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.drm import DrmDisplay
from kiosk.display.first_pictures import FirstPicture, first_page
from kiosk.display.outputs import Wish, choose_output
from kiosk.display.testing.paced import paced_kernel
from kiosk.ports import Layer

kernel = paced_kernel("vc4-gen5")
display = DrmDisplay(
    MonotonicClock(), lambda: kernel, lambda found: choose_output(found, Wish())
)
display.open()
display.show(Layer.BASE, first_page(FirstPicture.STARTING, display.size))
select.select([display.kernel], [], [], 5)
display.look()
assert display.counts(Layer.BASE).shown == 1
us, cpu_ms = time.monotonic_ns() // 1000, time.process_time() * 1e3
print(json.dumps({{"us": us, "cpu_ms": cpu_ms}}))
display.close()
"""
_COMMAND = """
import json, select, sys, tempfile, time
from pathlib import Path
from kiosk import cli
from kiosk.programs import Programs

with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
    file.write('[display]\\ndevice = "fake-drm:vc4-gen5"\\n')
    file.flush()
    first = Programs().first_display(Path(file.name))
select.select([first.card.kernel], [], [], 5)
first.card.look()
us, cpu_ms = time.monotonic_ns() // 1000, time.process_time() * 1e3
print(json.dumps({"us": us, "cpu_ms": cpu_ms}))
first.display.close()
"""
_WAYS = {
    "kiosk run: command, configuration, first picture": _COMMAND,
    "first picture on the display": _PROGRAM.format(first=""),
    "an interpreter that only starts": _EMPTY,
    "with Pillow, numpy and PyAV first": _PROGRAM.format(
        first="import av, numpy, PIL.Image"
    ),
}


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in _WAYS}
    for _ in range(rounds):
        for name, program in _WAYS.items():
            spent[name].append(_ms(program))
    rows = [_row(name, times) for name, times in spent.items()]
    title = f"from the start of a process, ms ({rounds} each)"
    table = Table(title, ("way", "p50", "max", "CPU p50"), rows)
    bar = Bar("first completed flip, p50", rows[0][1], MOST_MS)
    return Result("first_flip", [table], [bar], numbers=dict(spent))


def _row(
    name: str, times: list[tuple[float, float]]
) -> tuple[str, float, float, float]:
    took = [each for each, _ in times]
    cpu = statistics.median(each for _, each in times)
    return name, statistics.median(took), max(took), cpu


def _ms(program: str) -> tuple[float, float]:
    """Return how long it took, and its time of the processor."""
    began = time.monotonic_ns() // 1000
    printed = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    ).stdout
    found = json.loads(printed)
    return (int(found["us"]) - began) / 1000, float(found["cpu_ms"])
