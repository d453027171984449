"""
One kiosk on air and ten viewers: how many pictures each shows, and how old they are.

All are processes: four viewers are whole kiosks with a television on their idle
screens (after playout, as presented), six are our play client that decodes and does
nothing else (before playout).  The publisher paints its clock into every picture.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.room.conversation import Identity
from kiosk.room.session import Wanted
from kiosk.roomclient.service import new_room_service
from tests.bench.report import Bar, Number, Result, Table, percentile
from tests.fakes.branch import Branch
from tests.fakes.programs import Party


KIOSKS, CLIENTS = 4, 6
ROOM = "Branch TV"
SHORT_S, LONG_S = 15.0, 60.0
LEAST_FPS = 20.0
KIOSK_MS, CLIENT_MS = 400.0, 100.0
"""What EN 301 549 prefers of a whole call; and a quarter of it without playout."""
_SETTLE_S = 3.0
_KINDS = ("kiosk", "client")
Row = tuple[str, float, float | None]


def run(*, full: bool) -> Result:
    seconds = LONG_S if full else SHORT_S
    with Branch() as branch:
        branch.start_server()
        studio = branch.start_kiosk(
            "studio", room={"type": "live_room", "create": True, "target": [ROOM]}
        )
        kiosks = [
            branch.start_kiosk(f"viewer{number}", television={"room": ROOM})
            for number in range(KIOSKS)
        ]
        studio.wait_for("IDLE")
        studio.press("call")
        studio.wait_for("BROADCASTING")
        for kiosk in kiosks:
            kiosk.wait_until(_is_shown, "showing the television", 40.0)
        rows = asyncio.run(
            _with_clients(branch.server_url, partial(_watch, kiosks, seconds))
        )
        sent = studio.status()["push"]["pictures_per_second"]
    return _result(rows, sent, seconds)


def _is_shown(status: dict[str, Any]) -> bool:
    return bool(status["television"] and status["television"][0]["pictures_shown"])


async def _with_clients(
    server: str, watch: Callable[[Sequence[str]], list[Row]]
) -> list[Row]:
    """Be an audience of clients, under names of their own, and let them watch."""
    urls: list[str] = []
    async with AsyncExitStack() as stack:
        for number in range(CLIENTS):
            identity = Identity(f"Client {number}", f"client{number}")
            client = new_room_service(server, identity, Wanted(()), MonotonicClock())
            await stack.enter_async_context(client)
            urls.append(await client.tune(ROOM))
        await asyncio.sleep(_SETTLE_S)
        return await asyncio.to_thread(watch, urls)


def _watch(kiosks: Sequence[Party], seconds: float, urls: Sequence[str]) -> list[Row]:
    """Return name, pictures a second and the p95 of their age for each viewer."""
    reader = [sys.executable, "-m", "tests.bench.far_reader"]
    readers = [
        subprocess.Popen(
            [*reader, url, str(seconds)], stdout=subprocess.PIPE, text=True
        )
        for url in urls
    ]
    before, began = [_shown(kiosk) for kiosk in kiosks], time.monotonic()
    time.sleep(seconds)
    after, lasted = [kiosk.status() for kiosk in kiosks], time.monotonic() - began
    rows: list[Row] = []
    for kiosk, shown, status in zip(kiosks, before, after, strict=True):
        [stream] = status["television"]
        assert not status["devices"]["camera_open"]
        fps = (stream["pictures_shown"] - shown) / lasted
        rows.append((f"kiosk {kiosk.name}", fps, stream["video_latency_ms"]["p95"]))
    for number, process in enumerate(readers):
        told, _ = process.communicate(timeout=20)
        ages = [age for _, age in json.loads(told)["series"]]
        rows.append((f"client {number}", len(ages) / seconds, percentile(ages, 95)))
    return rows


def _shown(kiosk: Party) -> int:
    return int(kiosk.status()["television"][0]["pictures_shown"])


def _result(rows: Sequence[Row], sent: float, seconds: float) -> Result:
    cells: list[tuple[str | Number, ...]] = [
        (name, round(fps, 1), None if age is None else round(age, 1))
        for name, fps, age in rows
    ]
    ages = [[age for name, _, age in rows if name.startswith(kind)] for kind in _KINDS]
    kiosk_ms, client_ms = (
        None if None in some else max(one for one in some if one is not None)
        for some in ages
    )
    return Result(
        "live_room",
        [Table(f"ten viewers for {seconds:g} s", ("viewer", "fps", "p95 ms"), cells)],
        [
            Bar(
                "pictures a second, the viewer with fewest",
                min(fps for _, fps, _ in rows),
                LEAST_FPS,
                "fps",
                at_least=True,
            ),
            Bar("age as presented by a kiosk, p95, worst", kiosk_ms, KIOSK_MS),
            Bar("age as decoded by a client, p95, worst", client_ms, CLIENT_MS),
        ],
        notes=[f"the publisher aims at {sent:g} pictures a second"],
        numbers={"viewers": [list(row) for row in rows]},
    )
