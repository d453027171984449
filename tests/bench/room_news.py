"""
How long a member waits to hear that another came or went, by each way there is.

The server runs in this process, on loopback; time is taken from the request of
whoever comes until the notice of whoever waits.  Beside ours stands what a client
has that only looks at ``get_pushers`` by turns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import RoomNotice
from kiosk.room.conversation import Identity
from kiosk.room.session import Wanted
from kiosk.roomclient import new_room_service
from kiosk.roomserver.service import ServerAddresses
from tests.bench.report import SPREAD, Bar, Result, Table, percentile, spread
from tests.fakes.eventually import eventually
from tests.fakes.im_party import party
from tests.fakes.room_server import members_of, running_server


PROMISED_MS = 200.0
ROUNDS, ROUNDS_FULL = 30, 300
TURNS, TURNS_FULL = 4, 20
_PAUSE_S = 0.3
_PATIENCE_S = 10.0

Told = list[RoomNotice]


def run(*, full: bool) -> Result:
    rounds, turns = (ROUNDS_FULL, TURNS_FULL) if full else (ROUNDS, TURNS)
    return asyncio.run(_measure(rounds, turns))


async def _measure(rounds: int, turns: int) -> Result:
    ways: dict[str, list[float]] = {}
    async with running_server() as (at, _):
        async with _by_channel(at) as told:
            ways["IM channel (web IM, notice 255)"] = await _rounds(at, told, rounds)
        async with _by_events(at) as told:
            ways["numbered events (wait_events)"] = await _rounds(at, told, rounds)
        async with _by_channel(at, is_down=True) as told:
            ways["get_pushers every 2 s"] = await _rounds(at, told, turns)
    table = Table(
        "From a member's request to the other's notice, ms",
        ("way", *SPREAD),
        [(way, *spread(times)) for way, times in ways.items()],
    )
    bars = [
        Bar(f"{way}: p95", percentile(times, 95), PROMISED_MS)
        for way, times in list(ways.items())[:2]
    ]
    return Result("room_news", [table], bars, numbers={"ms": ways})


@asynccontextmanager
async def _by_channel(
    at: ServerAddresses, *, is_down: bool = False
) -> AsyncGenerator[Told]:
    """Yield what a client of an original server is told, who waits in a room."""
    nowhere = "http://127.0.0.1:9" if is_down else ""
    async with party(
        at, "waiting", gateway_url=nowhere, sleep=asyncio.sleep, patience_s=600
    ) as waiting:
        await waiting.enter(create=True)
        if not is_down:
            await waiting.is_in_the_group()
        yield waiting.told


@asynccontextmanager
async def _by_events(at: ServerAddresses) -> AsyncGenerator[Told]:
    """Yield what a client of ours is told, who waits in a room."""
    told: Told = []
    service = new_room_service(
        at.http_url, Identity("waiting", "waiting"), Wanted(("desk",)), MonotonicClock()
    )
    async with service:
        await service.log_in()
        seat = await service.new_seat("Desk", "desk")
        await service.take_seat(seat, told.append)
        yield told


async def _rounds(at: ServerAddresses, told: Told, rounds: int) -> list[float]:
    """Let a visitor come and go; return how long each was not known, in ms."""
    times: list[float] = []
    async with members_of(at, "visitor") as (visitor,):
        for _ in range(rounds):
            await asyncio.sleep(_PAUSE_S)
            for step in (visitor.join, visitor.leave):
                known, began = len(told), time.monotonic()
                await step()
                await eventually(lambda known=known: len(told) > known, _PATIENCE_S)  # type: ignore[misc]
                times.append(1000 * (time.monotonic() - began))
    return times
