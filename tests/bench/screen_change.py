"""
How long a change of the screen takes, from being told to being on the display.

The real presenter on its own thread, with a display that only notes the time: what
the hardware adds is the display's bench.  *drawn* is a page that nobody drew before,
with its typefaces loaded; *kept* one that was, as all are after the first minute of
a kiosk's life; *over* what lies over the picture of a call, each second.  The first
page of a process is measured in processes of its own, without and with the pages an
earlier one left on the disk.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import Frame, Layer, Micros, Probe, Rect, ScreenFacts, ScreenName
from kiosk.ui.look import Look
from kiosk.ui.presenter import PillowScreens, ScreenPresenter
from kiosk.ui.texts import Texts
from tests.bench.report import SPREAD, Bar, Result, Table, percentile


SIZES = ((1280, 720), (1920, 1080))
LANGUAGE = "zh_CN"
ROUNDS, ROUNDS_FULL = 20, 100
FIRST_PAGES, FIRST_PAGES_FULL = 3, 10
BOUND_MS = 50.0
DEADLINE_S = 10.0
PAGES = (
    ScreenName.IDLE,
    ScreenName.CONNECTING,
    ScreenName.WAITING,
    ScreenName.ENDED,
    ScreenName.NO_ANSWER,
    ScreenName.CLOSED,
)


class Glass:
    """Implements :class:`kiosk.ports.Display`: notes when something is on it."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._shown = threading.Event()
        self._at = 0.0
        self.cpu_ms: list[float] = []
        """Of this process, until each change was shown."""

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        self._at = time.perf_counter()
        self._shown.set()
        return None

    def ms_until_shown(self, change: Callable[[], None]) -> float:
        self._shown.clear()
        began = time.perf_counter()
        cpu = time.process_time()
        change()
        if not self._shown.wait(DEADLINE_S):
            raise TimeoutError("the screen did not change")
        self.cpu_ms.append((time.process_time() - cpu) * 1000)
        return (self._at - began) * 1000

    def hide(self, layer: Layer) -> None:
        """Nothing."""

    def open(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def save_png(self, path: str) -> None:
        """Nothing."""

    def probe(self) -> Probe:
        raise NotImplementedError


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    rows: list[Sequence[str | float | int | None]] = []
    bars = []
    for size in SIZES:
        name = f"{size[0]}x{size[1]}"
        for what, spent in _changes(size, rounds).items():
            wall, cpu = spent
            rows.append((f"{name} {what}", *_spread(wall), percentile(cpu, 50)))
            bars.append(Bar(f"{name} {what}, p95", percentile(wall, 95), BOUND_MS))
    firsts = [
        (f"{size[0]}x{size[1]} {what}", *_spread(spent))
        for size in SIZES
        for what, spent in _first_pages(
            size, FIRST_PAGES_FULL if full else FIRST_PAGES
        ).items()
    ]
    tables = (
        Table("A change of the screen, ms", ("what", *SPREAD, "CPU p50"), rows),
        Table("The first page of a process, ms", ("what", *SPREAD), firsts),
    )
    return Result("screen_change", tables, bars)


def _changes(
    size: tuple[int, int], rounds: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Return wall and CPU time of every change, by its kind."""
    spent: dict[str, tuple[list[float], list[float]]] = {
        "drawn": ([], []),
        "kept": ([], []),
        "over": ([], []),
    }
    glass = Glass(size)
    presenter = _presenter(glass, None)
    with PillowScreens(presenter) as screens:

        def change(kind: str, name: ScreenName, facts: ScreenFacts) -> None:
            wall, cpu = spent[kind]
            wall.append(glass.ms_until_shown(lambda: screens.show(name, facts)))
            cpu.append(glass.cpu_ms[-1])

        for name in PAGES:  # typefaces and grounds
            glass.ms_until_shown(partial(screens.show, name, ScreenFacts()))
        time.sleep(1.0)  # what is prepared meanwhile
        for number in range(rounds):
            fault = ScreenFacts(reason=f"R010 number {number}")
            change("drawn", ScreenName.OUT_OF_SERVICE, fault)
            change("kept", PAGES[number % len(PAGES)], ScreenFacts())
        call = ScreenFacts(peer_name="李文", muted=True, text="请稍候")
        for number in range(rounds):
            second = replace(call, since=Micros(number * 1_000_000))
            change("over", ScreenName.IN_CALL, second)
    return spent


def _first_pages(size: tuple[int, int], processes: int) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {"nothing kept": [], "pages kept": []}
    for _ in range(processes):
        with tempfile.TemporaryDirectory() as pages:
            for each in spent.values():
                command = [sys.executable, "-m", __name__, pages, *map(str, size)]
                done = subprocess.run(
                    command, capture_output=True, check=True, timeout=60
                )
                each.append(float(json.loads(done.stdout)))
    return spent


def _presenter(glass: Glass, pages: Path | None) -> ScreenPresenter:
    look = Look(pages=pages)
    return ScreenPresenter(glass, MonotonicClock(), texts=[Texts(LANGUAGE)], look=look)


def _spread(values: Sequence[float]) -> tuple[float | int | None, ...]:
    return (
        len(values),
        percentile(values, 50),
        percentile(values, 95),
        percentile(values, 99),
        max(values),
    )


def _first_page(pages: Path, size: tuple[int, int]) -> float:
    glass = Glass(size)
    with PillowScreens(_presenter(glass, pages)) as screens:
        spent = glass.ms_until_shown(
            lambda: screens.show(ScreenName.IDLE, ScreenFacts())
        )
        time.sleep(1.0)  # what is kept for the next process
    return spent


if __name__ == "__main__":
    print(
        json.dumps(_first_page(Path(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3]))))
    )
