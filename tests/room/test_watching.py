"""Watching a live_room: found by name, joined as audience, played where the creator is."""

from __future__ import annotations

import json

import httpx
import pytest

from kiosk.errors import NotAMember, RoomNotFound
from kiosk.room.messages import Dialect, RoomType
from tests.fakes.room_world import Party, RoomWorld, no_fault, settle


LIVE = RoomType.LIVE


async def on_air(agent: Party) -> str:
    room_id = await agent.enter()
    await settle()
    return room_id


async def test_a_viewer_is_told_where_the_creator_is_played() -> None:
    world = RoomWorld()
    async with (
        world.party("anchor", "Branch TV", create=True, room_type=LIVE) as anchor,
        world.party("kiosk", "desk") as kiosk,
    ):
        await on_air(anchor)
        url = await kiosk.service.tune("Branch TV")
        again = await kiosk.service.tune("Branch TV")

        assert url.startswith("rtmp://relay/live/")
        assert again.partition("?")[0] == url.partition("?")[0]
        assert kiosk.wire.routes.count("add_audience") == 1
        asked = {request.url.path for request in kiosk.wire.requests}
        assert "/weapp/live_room/get_pushers" in asked


async def test_whoever_leaves_is_no_audience_and_leaving_twice_is_nothing() -> None:
    world = RoomWorld()
    async with (
        world.party("anchor", "Branch TV", create=True, room_type=LIVE) as anchor,
        world.party("kiosk", "desk") as kiosk,
    ):
        await on_air(anchor)
        await kiosk.service.tune("Branch TV")
        await kiosk.service.tune_out()
        await kiosk.service.tune_out()

        assert kiosk.wire.routes.count("delete_audience") == 1


async def test_a_room_that_is_not_there_is_said_and_leaving_it_asks_nothing() -> None:
    world = RoomWorld()
    async with world.party("kiosk", "desk") as kiosk:
        with pytest.raises(RoomNotFound, match="no such live_room"):
            await kiosk.service.tune("Branch TV")
        await kiosk.service.tune_out()

        assert "delete_audience" not in kiosk.wire.routes


async def test_a_double_room_of_that_name_is_not_watched() -> None:
    world = RoomWorld()
    async with (
        world.party("agent", "Branch TV", create=True) as agent,
        world.party("kiosk", "desk") as kiosk,
    ):
        await on_air(agent)

        with pytest.raises(RoomNotFound):
            await kiosk.service.tune("Branch TV")


async def test_without_an_audience_there_is_no_url_and_the_next_try_begins_anew() -> (
    None
):
    world = RoomWorld()
    async with (
        world.party("anchor", "Branch TV", create=True, room_type=LIVE) as anchor,
        world.party("kiosk", "desk", dialect=Dialect.V2) as kiosk,
    ):
        await on_air(anchor)
        await kiosk.service.tune("Branch TV")
        await anchor.service.leave()
        again = await anchor.service.find_seat()
        await anchor.enter_at(again)  # the same name, another room
        await settle()
        url = await kiosk.service.tune("Branch TV")

        assert url
        assert kiosk.wire.routes.count("add_audience") == 2


async def test_a_server_without_an_audience_is_asked_all_the_same() -> None:
    world = RoomWorld()
    async with (
        world.party(
            "anchor", "Branch TV", create=True, room_type=LIVE, dialect=Dialect.V1
        ) as anchor,
        world.party("kiosk", "desk", dialect=Dialect.V1) as kiosk,
    ):
        await on_air(anchor)

        assert await kiosk.service.tune("Branch TV")
        assert kiosk.wire.routes.count("add_audience") == 1


async def test_a_room_where_nobody_is_shown_is_joined_anew_at_the_next_try() -> None:
    def empty(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("get_pushers"):
            return None
        body = b'{"code":0,"message":"","roomID":"r","pushers":[]}'
        return httpx.Response(200, stream=httpx.ByteStream(body))

    world = RoomWorld()
    async with (
        world.party("anchor", "Branch TV", create=True, room_type=LIVE) as anchor,
        world.party("kiosk", "desk") as kiosk,
    ):
        await on_air(anchor)
        kiosk.wire.fault = empty
        with pytest.raises(NotAMember, match="nobody is on air"):
            await kiosk.service.tune("Branch TV")
        kiosk.wire.fault = no_fault

        assert await kiosk.service.tune("Branch TV")
        assert kiosk.wire.routes.count("add_audience") == 2


async def test_a_kiosk_that_is_switched_off_is_no_audience_any_more() -> None:
    world = RoomWorld()
    async with world.party(
        "anchor", "Branch TV", create=True, room_type=LIVE
    ) as anchor:
        await on_air(anchor)
        async with world.party("kiosk", "desk") as kiosk:
            await kiosk.service.tune("Branch TV")

        assert kiosk.wire.routes[-2:] == ["delete_audience", "logout"]


async def test_whoever_is_shown_is_played_where_the_creator_is_not() -> None:
    def half_shown(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("get_pushers"):
            return None
        pushers = [
            {"userID": name, "userName": "", "userAvatar": "", "accelerateURL": url}
            for name, url in (("guest", "rtmp://relay/live/g"), ("anchor", ""))
        ]
        room = {"roomID": "r", "roomCreator": "anchor", "pushers": pushers}
        body = json.dumps({"code": 0, "message": "", **room}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))

    world = RoomWorld()
    async with (
        world.party("anchor", "Branch TV", create=True, room_type=LIVE) as anchor,
        world.party("kiosk", "desk") as kiosk,
    ):
        await on_air(anchor)
        kiosk.wire.fault = half_shown

        assert await kiosk.service.tune("Branch TV") == "rtmp://relay/live/g"
