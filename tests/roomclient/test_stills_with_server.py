"""A still picture from one member to the other, through the server's own routes."""

from __future__ import annotations

import json

import httpx
import pytest

from kiosk.errors import NotAMember, RoomRefused
from kiosk.room.messages import RouteUnknown
from kiosk.room.still_requests import MAX_STILL_BYTES, PUT_BYTES
from tests.fakes.room_world import RoomWorld


JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 1_000


async def test_a_still_arrives_whole_at_the_other_member() -> None:
    async with RoomWorld().call() as (agent, kiosk):
        await kiosk.service.send_still(JPEG)

        assert await agent.service.still_of("kiosk") == JPEG
        assert kiosk.wire.routes.count("put_still") == -(-len(JPEG) // PUT_BYTES)


async def test_only_the_room_is_told_where_a_balancer_reads() -> None:
    stills: list[tuple[dict[str, str], str]] = []

    def noted(request: httpx.Request) -> None:
        if request.url.path.endswith("_still"):
            body = json.loads(request.content)
            stills.append((dict(request.url.params), body["roomID"]))

    async with RoomWorld().call() as (agent, kiosk):
        kiosk.wire.fault = agent.wire.fault = noted
        await kiosk.service.send_still(JPEG[:9])
        await agent.service.still_of("kiosk")

    room = stills[0][1]
    assert room
    assert stills == [
        ({"userID": "kiosk", "roomID": room}, room),
        ({"userID": "agent", "roomID": room}, room),
    ]


async def test_the_largest_still_there_may_be_goes_through_at_once() -> None:
    largest = JPEG + bytes(MAX_STILL_BYTES - len(JPEG))
    async with RoomWorld().call() as (agent, kiosk):
        await kiosk.service.send_still(largest)

        assert await agent.service.still_of("kiosk") == largest


async def test_a_still_that_is_too_old_is_not_there() -> None:
    world = RoomWorld()
    async with world.call() as (agent, kiosk):
        await kiosk.service.send_still(JPEG)
        await world.pass_by(121.0)

        with pytest.raises(RoomRefused, match="no still"):
            await agent.service.still_of("kiosk")


async def test_outside_a_room_there_are_no_stills() -> None:
    async with RoomWorld().agent_and_kiosk() as (agent, kiosk):
        with pytest.raises(NotAMember):
            await kiosk.service.send_still(JPEG)
        with pytest.raises(NotAMember):
            await agent.service.still_of("kiosk")


async def test_a_server_that_knows_no_stills_says_so_at_the_first_part() -> None:
    def original(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("put_still"):
            unknown = httpx.ByteStream(b'{"code":0,"data":{}}')
            return httpx.Response(200, stream=unknown)
        return None

    async with RoomWorld().call() as (_, kiosk):
        kiosk.wire.fault = original
        with pytest.raises(RouteUnknown):
            await kiosk.service.send_still(JPEG)

        assert kiosk.wire.routes.count("put_still") == 1
