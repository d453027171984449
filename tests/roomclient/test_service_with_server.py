"""The client and the server's routes together, without a port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from kiosk.errors import NotAMember, RoomError, RoomFull, RoomNotFound, RoomUnreachable
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


async def test_ten_minutes_of_a_call_cost_no_member_its_seat() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        await kiosk.enter()

        await world.pass_by(600.0)

        assert len(agent.told) == len(kiosk.told) == 1


async def test_every_second_answer_500_is_not_noticed() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        answers = iter(range(10_000))
        kiosk.wire.fault = lambda _: httpx.Response(500) if next(answers) % 2 else None
        entering = asyncio.gather(kiosk.enter())
        await world.pass_by(8.0)
        await entering

        await world.pass_by(60.0)

        assert [type(told) for told in kiosk.told] == [PeerJoined]
        assert [type(told) for told in agent.told] == [PeerJoined]


async def test_a_dead_long_poll_costs_delay_and_nothing_else() -> None:
    world = RoomWorld(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    async with world.agent_and_kiosk() as (agent, kiosk):
        kiosk.wire.fault = only("wait_events", httpx.Response(502))
        await agent.enter()
        await kiosk.enter()
        await world.pass_by(5.0)

        await agent.service.leave()
        await world.pass_by(3.0)

        assert [type(told) for told in kiosk.told] == [PeerJoined, PeerLeft]


async def test_a_server_restarted_while_idle_is_logged_in_to_again() -> None:
    world = RoomWorld()
    async with world.party("kiosk", "desk") as kiosk:
        await kiosk.service.check()
        world.kill()
        with pytest.raises(RoomUnreachable):
            await kiosk.service.check()
        world.start()

        await kiosk.service.check()

        assert kiosk.wire.routes.count("login") == 2


async def test_a_server_restarted_in_a_call_has_both_in_one_room_again() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        room_id = await agent.enter()
        await kiosk.enter()
        await world.pass_by(10.0)
        world.kill()
        await world.pass_by(2.0)
        world.start()
        # The relay died with the server: the media publish anew, as they would.
        for party in (kiosk, agent):
            await party.service.move_stream(await party.service.new_push_url())

        await world.pass_by(40.0)

        rooms = await kiosk.service.list_rooms()
        assert [room.room_id for room in rooms] == [room_id]
        assert {one.user_id for one in rooms[0].members} == {"agent", "kiosk"}
        for party in (kiosk, agent):
            assert {type(told) for told in party.told} == {PeerJoined, PeerMoved}


async def test_a_server_restarted_in_a_call_for_good_costs_the_seat() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        await world.pass_by(10.0)
        world.kill()
        world.start()

        await world.pass_by(40.0)

        assert isinstance(agent.told[-1], RoomClosed)


async def test_an_outage_of_five_minutes_is_no_notice() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        agent.wire.fault = lambda _: httpx.Response(503)

        await world.pass_by(300.0)

        assert agent.told == []


async def test_nothing_is_told_after_leaving() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        await agent.service.leave()
        beats = agent.wire.routes.count("pusher_heartbeat")
        other = await kiosk.service.find_seat()

        await world.pass_by(30.0)

        assert other == NoSeat("absent", 1)
        assert agent.told == []
        assert agent.wire.routes.count("pusher_heartbeat") == beats


async def test_a_taking_that_was_cancelled_is_given_back_by_leaving() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        seat = await kiosk.service.find_seat()
        assert isinstance(seat, Seat)
        async with asyncio.TaskGroup() as tasks:
            taking = tasks.create_task(kiosk.enter_at(seat))
            kiosk.wire.fault = once_at("add_pusher", taking.cancel)

        await kiosk.service.leave()

        rooms = await agent.service.list_rooms()
        assert [one.user_id for one in rooms[0].members] == ["agent"]


async def test_without_a_seat_nothing_can_be_said_or_moved() -> None:
    world = RoomWorld()
    async with world.party("kiosk", "desk") as kiosk:
        for refused in (
            kiosk.service.send_text("hello"),
            kiosk.service.new_push_url(),
            kiosk.service.move_stream("rtmp://x/live/y"),
        ):
            with pytest.raises(NotAMember):
                await refused


async def test_closing_leaves_logs_out_and_may_be_repeated() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()

        await agent.service.close()
        await agent.service.close()

        assert agent.wire.routes[-2:] == ["delete_pusher", "logout"]


async def test_closing_works_when_the_server_is_gone() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        world.kill()

        closing = asyncio.gather(agent.service.close())
        await world.pass_by(10.0)
        await closing

        assert agent.told == []


async def test_a_mistake_in_the_receiver_of_notices_ends_the_service() -> None:
    world = RoomWorld()

    def fail(_notice: object) -> None:
        raise ZeroDivisionError

    async def be_called() -> None:
        async with world.party("kiosk", "desk") as kiosk:
            seat = await kiosk.service.find_seat()
            assert isinstance(seat, Seat)
            await kiosk.service.take_seat(seat, fail)
            await asyncio.sleep(5.0)

    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        with pytest.raises(ExceptionGroup) as caught:
            await be_called()

    assert caught.group_contains(ZeroDivisionError)


async def test_every_error_is_a_room_error_with_nothing_secret_in_it() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.service.log_in()
        token = agent.wire.requests[-1].headers.get("authorization")
        page = httpx.Response(200, stream=httpx.ByteStream(b"<html>"))
        agent.wire.fault = lambda _: page

        with pytest.raises(RoomError) as caught:
            await agent.service.check()

        assert token
        assert token not in str(caught.value)
        assert "sign-in" in str(caught.value)


async def test_the_server_shows_neither_token_nor_signature_to_the_v1_dialect() -> None:
    world = RoomWorld()
    async with world.party("kiosk", "desk", dialect=Dialect.V1) as kiosk:
        await kiosk.service.check()

        asked = kiosk.wire.requests
        assert all(not request.url.query for request in asked)
        assert json.loads(asked[0].content) == {"userIDPrefix": "kiosk"}


def only(
    route: str, response: httpx.Response
) -> Callable[[httpx.Request], httpx.Response | None]:
    def fault(request: httpx.Request) -> httpx.Response | None:
        return response if request.url.path.endswith(route) else None

    return fault


def once_at(
    route: str, act: Callable[[], object]
) -> Callable[[httpx.Request], httpx.Response | None]:
    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith(route):
            act()
        return None

    return fault
