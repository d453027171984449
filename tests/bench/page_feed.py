"""
What the simulator page costs the kiosk's process: a call of 720p with a self-view.

Thirty pictures a second on the base layer and fifteen of 320x180 on the self-view's,
all different.  One page looks over a real WebSocket and says every message back.  The
processor's time is the process's, less what it takes while nobody looks (the display's
own copies, the bench) and less the page's; beside it the screen
as MJPEG, composed on the server as a page without planes would need it.
"""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from kiosk.codec.i420 import soft_frame
from kiosk.codec.scene import Scene
from kiosk.daemon.status import resources
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import Layer, Micros, Rect, SoftFrame
from kiosk.simulator.simulator import Simulator
from kiosk.simulator.watched_display import WatchedDisplay
from kiosk.simulator.wire import HEADER, Kind
from tests.bench.report import Bar, Result, Table
from tests.fakes.web_socket import WebSocketClient


BASE, PIP = (1280, 720), (320, 180)
PLACE = Rect(936, 424, 312, 174)
SECONDS, SECONDS_FULL = 4.0, 20.0
VARIETY = 30
MOST_PERCENT = 25.0
"""Of a core, at thirty pictures a second: the first probe's figure."""

Row = tuple[str, float, float, float]


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    rows: list[Row] = []
    with _call() as site:
        own = _percent_while(seconds, lambda: time.sleep(seconds))
        rows.append(("nobody looks", own, 0.0, 0.0))
        for rate in (15, 30):
            seen = _Seen()
            percent = _percent_while(seconds, partial(seen.look, site, rate, seconds))
            rows.append((f"{rate} a second", percent - own, *seen.row(seconds)))
        frames = Counter[str]()
        percent = _percent_while(seconds, lambda: _mjpeg(site, seconds, frames))
        fps = frames["pictures"] / seconds
        mbit = frames["bytes"] * 8e-6 / seconds
        rows.append(("MJPEG, composed", percent - own, fps, mbit))
    return Result(
        "page_feed",
        [
            Table(
                "the page's share of the kiosk's process",
                ("page", "CPU %", "pictures/s", "Mbit/s"),
                rows,
            )
        ],
        [Bar("a page at 30 pictures a second", rows[2][1], MOST_PERCENT, "% CPU")],
        numbers={"rows": rows},
    )


@dataclass(frozen=True)
class _Site:
    host: str
    path: str


@contextmanager
def _call() -> Generator[_Site]:
    """Show a call until left."""
    simulator = Simulator()
    glass = HeadlessDisplay(MonotonicClock(), width=BASE[0], height=BASE[1])
    display = simulator.display(glass)
    display.open()
    about = {"name": "Kiosk", "size": BASE, "rotation": 0, "desk": "", "states": []}
    parts = urlsplit(simulator.serve(0, about))
    over = threading.Event()
    showing = threading.Thread(target=_show, args=(display, over), name="render")
    showing.start()
    try:
        yield _Site(parts.netloc, parts.path)
    finally:
        over.set()
        showing.join()
        simulator.close()


def _show(display: WatchedDisplay, over: threading.Event) -> None:
    base, pip = _pictures(BASE), _pictures(PIP)
    begun, number = time.monotonic(), 0
    while not over.wait(max(0.0, begun + number / 30 - time.monotonic())):
        display.show(Layer.BASE, base[number % VARIETY])
        if number % 2:
            display.show(Layer.PIP, pip[number % VARIETY], PLACE)
        number += 1


def _pictures(size: tuple[int, int]) -> list[SoftFrame]:
    scene = Scene(*size, 0)
    return [soft_frame(scene.draw(n).copy(), Micros(n)) for n in range(VARIETY)]


class _Seen:
    """What one page saw."""

    def __init__(self) -> None:
        self.pictures = self.octets = 0

    def look(self, site: _Site, rate: int, seconds: float) -> None:
        """Look for so long; its own processor's time is this thread's."""
        asyncio.run(self._look(site, rate, seconds))

    def row(self, seconds: float) -> tuple[float, float]:
        """Return pictures and megabits a second."""
        return self.pictures / seconds, self.octets * 8e-6 / seconds

    async def _look(self, site: _Site, rate: int, seconds: float) -> None:
        origin = f"http://{site.host}"
        fields = {"Origin": origin}
        async with WebSocketClient(origin, f"{site.path}socket", fields) as page:
            await page.send({"rate": rate})
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        await self._take(page, await page.next_bytes())

    async def _take(self, page: WebSocketClient, message: bytes) -> None:
        kind, _, _, sequence, *_ = HEADER.unpack_from(message)
        self.octets += len(message)
        self.pictures += kind == Kind.PICTURE
        if kind != Kind.FACTS:
            await page.send({"seen": sequence})


def _percent_while(seconds: float, act: Callable[[], object]) -> float:
    """Return the process's CPU meanwhile, but for this thread's own."""
    whole, own = resources()["cpu_s"], time.thread_time()
    act()
    spent = resources()["cpu_s"] - whole - (time.thread_time() - own)
    return round(100 * spent / seconds, 1)


def _mjpeg(site: _Site, seconds: float, seen: Counter[str]) -> None:
    connection = http.client.HTTPConnection(site.host, timeout=10)
    connection.request("GET", f"{site.path}screen.mjpg")
    answer = connection.getresponse()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        head = [answer.readline() for _ in range(4)]
        length = int(head[2].split(b":")[1])
        answer.read(length + 2)
        seen["pictures"] += 1
        seen["bytes"] += length
    connection.close()
