"""Many at once for one seat, over real HTTP: one gets it, the others hear 5001 (P2)."""

from __future__ import annotations

import asyncio

from kiosk.errors import RoomRefused
from kiosk.room import messages as msg
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.rates import RateLimits
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_server import Member, members_of, running_server


RACES = 150
RACERS = ("bob", "cyd", "dan")
UNLIMITED = 1e6
SETTINGS = ServerSettings(
    http_port=0,
    rtmp_port=0,
    rates=RateLimits(requests_per_identity=UNLIMITED),
    border=BorderLimits(admission=AdmissionLimits(requests_per_address=UNLIMITED)),
)


async def code_of(racer: Member, url: str) -> int:
    """Try to sit down; return what the server says."""
    try:
        await racer.ask(msg.AddPusher("desk", racer.user, racer.user, url))
    except RoomRefused as refused:
        return refused.room_code
    return 0


async def test_of_many_at_once_for_the_last_seat_exactly_one_gets_it() -> None:
    async with (
        running_server(SETTINGS) as (at, _),
        members_of(at, "ann", *RACERS) as (ann, *racers),
    ):
        for _ in range(RACES):
            await ann.create()
            urls = [
                (await one.ask(msg.GetPushUrl(one.user))).push_url for one in racers
            ]
            tries = zip(racers, urls, strict=True)

            codes = await asyncio.gather(*(code_of(one, url) for one, url in tries))

            assert sorted(codes) == [0, 5001, 5001]
            (listed,) = (await ann.ask(msg.GetRoomList(20, 0))).rooms
            winner = racers[codes.index(0)].user
            assert [one.user_id for one in listed.members] == ["ann", winner]
            await ann.ask(msg.DestroyRoom("desk", "ann"))
