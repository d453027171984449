"""Watching a live_room: found by name, joined as audience, played where the creator is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from kiosk.errors import NotAMember, RoomError, RoomNotFound
from kiosk.room.messages import Dialect, RoomType
from tests.fakes.room_world import Party, RoomWorld, no_fault, settle


LIVE = RoomType.LIVE
Fault = Callable[[httpx.Request], httpx.Response | None]


async def on_air(agent: Party) -> str:
    room_id = await agent.enter()
    await settle()
    return room_id


@asynccontextmanager
async def branch_tv() -> AsyncIterator[Party]:
    """Yield a kiosk while somebody is on air in the room ``Branch TV``."""
    world = RoomWorld()
    async with (
        world.party("anchor", "Branch TV", create=True, room_type=LIVE) as anchor,
        world.party("kiosk", "desk") as kiosk,
    ):
        await on_air(anchor)
        yield kiosk


async def test_a_viewer_is_told_where_the_creator_is_played() -> None:
    async with branch_tv() as kiosk:
        url = await kiosk.service.tune("Branch TV")
        again = await kiosk.service.tune("Branch TV")

        assert url.startswith("rtmp://relay/live/")
        assert again.partition("?")[0] == url.partition("?")[0]
        assert kiosk.wire.routes.count("add_audience") == 1
        asked = {request.url.path for request in kiosk.wire.requests}
        assert "/weapp/live_room/get_pushers" in asked


async def test_whoever_leaves_is_no_audience_and_leaving_twice_is_nothing() -> None:
    async with branch_tv() as kiosk:
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


def shown(*pushers: tuple[str, str]) -> Fault:
    """Answer get_pushers with so many user_ids and play URLs."""
    members = [
        {"userID": name, "userName": "", "userAvatar": "", "accelerateURL": url}
        for name, url in pushers
    ]
    room = {"roomID": "r", "roomCreator": "anchor", "pushers": members}
    body = json.dumps({"code": 0, "message": "", **room}).encode()

    def answer(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("get_pushers"):
            return None
        return httpx.Response(200, stream=httpx.ByteStream(body))

    return answer


async def test_the_seat_in_the_audience_is_kept_while_nobody_is_on_air() -> None:
    async with branch_tv() as kiosk:
        kiosk.wire.fault = shown()
        for _ in range(3):
            with pytest.raises(NotAMember, match="nobody is on air"):
                await kiosk.service.tune("Branch TV")
        kiosk.wire.fault = no_fault

        assert await kiosk.service.tune("Branch TV")
        assert kiosk.wire.routes.count("add_audience") == 1


async def test_whoever_is_shown_no_url_joins_the_audience_anew_at_the_next_try() -> (
    None
):
    async with branch_tv() as kiosk:
        kiosk.wire.fault = shown(("anchor", ""))
        with pytest.raises(NotAMember, match="nobody is on air"):
            await kiosk.service.tune("Branch TV")
        kiosk.wire.fault = no_fault

        assert await kiosk.service.tune("Branch TV")
        assert kiosk.wire.routes.count("add_audience") == 2


async def test_a_seat_whose_answer_was_lost_is_asked_for_again_and_given_back() -> None:
    def refused(request: httpx.Request) -> httpx.Response | None:
        is_it = request.url.path.endswith("add_audience")
        return httpx.Response(403, stream=httpx.ByteStream(b"")) if is_it else None

    async with branch_tv() as kiosk:
        kiosk.wire.fault = refused
        with pytest.raises(RoomError):
            await kiosk.service.tune("Branch TV")
        with pytest.raises(RoomError):
            await kiosk.service.tune("Branch TV")
        await kiosk.service.tune_out()

        assert kiosk.wire.routes.count("add_audience") == 2
        assert kiosk.wire.routes.count("delete_audience") == 1


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
    async with branch_tv() as kiosk:
        kiosk.wire.fault = shown(("guest", "rtmp://relay/live/g"), ("anchor", ""))

        assert await kiosk.service.tune("Branch TV") == "rtmp://relay/live/g"
