"""The client and the server's routes together, without a port."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
import pytest

from kiosk.errors import RoomFull, RoomNotFound
from kiosk.ports import (
    NoSeat,
    PeerJoined,
    PeerLeft,
    PeerMoved,
    PeerStreamLost,
    RoomClosed,
    RoomService,
    Seat,
    TextReceived,
)
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.gate_answers import admitted
from tests.fakes.room_world import RoomWorld, settle


BOTH = pytest.mark.parametrize("dialect", [Dialect.V1, Dialect.V2])


def is_a_room_service(service: RoomService) -> RoomService:
    return service


@BOTH
async def test_two_parties_meet_in_a_room(dialect: Dialect) -> None:
    world = RoomWorld()
    async with (
        world.party("agent", "desk", create=True, dialect=dialect) as agent,
        world.party("kiosk", "desk", dialect=dialect) as kiosk,
    ):
        room_id = await agent.enter()
        kiosk_room = await kiosk.enter()
        await settle()

        assert kiosk_room == room_id
        assert [type(told) for told in agent.told + kiosk.told] == [PeerJoined] * 2
        assert isinstance(kiosk.told[0], PeerJoined)
        assert kiosk.told[0].peer.name == "Agent"
        url = RtmpUrl.parse(kiosk.told[0].peer.play_url)
        admitted(world.gate.authorize_play(url.app, url.name, url.query))


@BOTH
async def test_four_parties_meet_in_a_multi_room(dialect: Dialect) -> None:
    world = RoomWorld()
    async with AsyncExitStack() as stack:
        parties = [
            await stack.enter_async_context(
                world.party(
                    f"user{number}",
                    "desk",
                    create=number == 0,
                    dialect=dialect,
                    room_type=RoomType.MULTI,
                )
            )
            for number in range(4)
        ]
        for party in parties:
            await party.enter()
        fifth = await stack.enter_async_context(
            world.party("late", "desk", dialect=dialect, room_type=RoomType.MULTI)
        )
        seat = await fifth.service.find_seat()
        await settle()

        assert [len(party.told) for party in parties] == [3, 3, 3, 3]
        assert isinstance(seat, NoSeat)
        assert seat.reason == "full"
        folders = {request.url.path.split("/")[2] for request in fifth.wire.requests}
        assert folders <= {"multi_room", "utils"}


async def test_a_room_of_another_type_is_not_found() -> None:
    world = RoomWorld()
    async with (
        world.party("host", "desk", create=True, room_type=RoomType.LIVE) as host,
        world.party("kiosk", "desk") as kiosk,
    ):
        await host.enter()

        assert await kiosk.service.find_seat() == NoSeat("absent", 1)


async def test_the_dialect_is_found_out() -> None:
    world = RoomWorld()
    async with world.party("kiosk", "desk") as kiosk:
        user_id = await is_a_room_service(kiosk.service).log_in()

        assert user_id == "kiosk"
        assert kiosk.wire.routes == ["get_login_info", "login"]


async def test_members_already_there_are_told_after_the_seat_is_taken() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        await kiosk.enter()

        assert kiosk.told == []
        await settle()
        assert len(kiosk.told) == 1


async def test_hanging_up_is_told_at_once_and_as_such() -> None:
    world = RoomWorld(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    async with world.call() as (agent, kiosk):
        await agent.service.leave()
        await settle()

        assert kiosk.told[1:] == [PeerLeft("agent", hung_up=True)]


async def test_a_room_disbanded_by_its_creator_is_closed_for_the_others() -> None:
    world = RoomWorld()
    async with world.call() as (agent, kiosk):
        await agent.service.leave()
        await world.pass_by(30.0)

        assert kiosk.told[1:] == [RoomClosed("the room was closed", room_ended=True)]
        assert kiosk.wire.routes.count("add_pusher") == 1


async def test_a_member_that_fell_silent_did_not_hang_up() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        async with world.party("kiosk", "desk") as kiosk:
            await kiosk.enter()
            await settle()
            kiosk.wire.fault = lambda _: httpx.Response(500)

            await world.pass_by(30.0)

            assert agent.told[1:] == [PeerLeft("kiosk", hung_up=False)]


async def test_a_text_reaches_the_others_and_not_its_sender() -> None:
    world = RoomWorld()
    async with world.call() as (agent, kiosk):
        await agent.service.send_text('你好 }} "B"')
        await settle()

        assert kiosk.told[1:] == [TextReceived("agent", "Agent", '你好 }} "B"')]
        assert agent.told[1:] == []


async def test_a_moved_stream_is_played_from_its_new_url() -> None:
    world = RoomWorld()
    async with world.call() as (agent, kiosk):
        await kiosk.service.move_stream(await kiosk.service.new_push_url())
        await settle()

        joined, moved = agent.told
        assert isinstance(joined, PeerJoined)
        assert isinstance(moved, PeerMoved)
        assert moved.peer.user_id == "kiosk"
        assert moved.peer.play_url != joined.peer.play_url


async def test_a_stream_that_ends_at_the_relay_is_told() -> None:
    world = RoomWorld()
    async with world.call() as (_, kiosk):
        joined = kiosk.told[0]
        assert isinstance(joined, PeerJoined)

        world.gate.on_stream_ended(stream_of(joined.peer.play_url))
        await settle()

        assert kiosk.told[1:] == [PeerStreamLost("agent")]


async def test_a_moved_stream_that_finds_the_room_closed_says_so() -> None:
    world = RoomWorld()
    async with world.call() as (agent, kiosk):
        push_url = await kiosk.service.new_push_url()
        for task in kiosk.service._tasks:
            task.cancel()  # nobody listens for news
        await agent.service.leave()

        with pytest.raises(RoomNotFound):
            await kiosk.service.move_stream(push_url)

        assert kiosk.told[1:] == [RoomClosed("the room was closed", room_ended=True)]


async def test_the_last_seat_goes_to_the_faster_one() -> None:
    world = RoomWorld()
    async with (
        world.party("agent", "desk", create=True) as agent,
        world.party("kiosk1", "desk", dialect=Dialect.V1) as first,
        world.party("kiosk2", "desk", dialect=Dialect.V1) as second,
    ):
        await agent.enter()
        seats = [await one.service.find_seat() for one in (first, second)]
        assert all(isinstance(seat, Seat) for seat in seats)
        await first.enter()

        with pytest.raises(RoomFull):
            await second.enter_at(seats[1])
        assert await second.service.find_seat() == NoSeat("full")


async def test_an_absent_room_is_no_seat() -> None:
    world = RoomWorld()
    async with world.party("kiosk", "desk") as kiosk:
        assert await kiosk.service.find_seat() == NoSeat("absent", 1)


async def test_a_seat_in_a_known_room_needs_no_list() -> None:
    world = RoomWorld()
    async with (
        world.party("agent") as agent,
        world.party("kiosk") as kiosk,
    ):
        seat = await agent.service.new_seat("desk", "counter-1")
        room_id = await agent.service.take_seat(seat, agent.told.append)
        found = await kiosk.service.seat_in("counter-1")
        await kiosk.service.take_seat(found, kiosk.told.append)

        listed = await kiosk.service.list_rooms()

        assert room_id == "counter-1"
        assert [len(room.members) for room in listed] == [2]
