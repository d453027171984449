"""The client and the server's routes through failures, restarts and ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from kiosk.errors import NotAMember, RoomError, RoomNotFound, RoomUnreachable
from kiosk.ports import (
    NoSeat,
    PeerJoined,
    PeerLeft,
    PeerMoved,
    RoomClosed,
    Seat,
    StreamForgotten,
)
from kiosk.room.messages import Dialect
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_world import RoomWorld


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


async def test_a_server_whose_relay_outlives_it_has_both_in_one_room_again() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        room_id = await agent.enter()
        await kiosk.enter()
        await world.pass_by(10.0)
        world.kill()
        world.start()
        await world.pass_by(5.0)
        # Nothing ended at the relay: the media move because they are told to.
        for party in (kiosk, agent):
            assert party.told[-1] == StreamForgotten()
            await party.service.move_stream(await party.service.new_push_url())

        await world.pass_by(40.0)

        rooms = await kiosk.service.list_rooms()
        assert [room.room_id for room in rooms] == [room_id]
        assert {one.user_id for one in rooms[0].members} == {"agent", "kiosk"}
        for party in (kiosk, agent):
            lost = [told for told in party.told if isinstance(told, RoomClosed)]
            assert lost == []


async def test_a_room_that_a_kiosk_opened_again_ends_with_its_agent() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        await kiosk.enter()
        await world.pass_by(10.0)
        world.kill()
        world.start()
        for party in (kiosk, agent):
            await party.service.move_stream(await party.service.new_push_url())
            await world.pass_by(5.0)

        await agent.service.leave()
        await world.pass_by(5.0)

        closed = [told for told in kiosk.told if isinstance(told, RoomClosed)]
        assert [told.room_ended for told in closed] == [True]


async def test_a_room_forgotten_while_its_agent_opens_another_has_ended() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        await kiosk.enter()
        await world.pass_by(10.0)
        world.kill()
        world.start()
        await agent.service.leave()
        next_room = await agent.enter()

        await world.pass_by(5.0)

        ended = RoomClosed("the call went on in another room", room_ended=True)
        assert kiosk.told[-1] == ended
        rooms = await kiosk.service.list_rooms()
        assert [room.room_id for room in rooms] == [next_room]


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


async def test_a_predecessors_seat_is_left_by_whoever_logs_in_as_it() -> None:
    world = RoomWorld()
    async with (
        world.party("agent", "desk", create=True) as agent,
        world.party("agent", "desk") as successor,
    ):
        room_id = await agent.enter()
        await successor.service.log_in()

        await successor.service.leave_seat(room_id)
        await successor.service.leave_seat(room_id)

        with pytest.raises(RoomNotFound):
            await successor.service.seat_in(room_id)


async def test_closing_works_when_the_server_is_gone() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        world.kill()

        closing = asyncio.gather(agent.service.close())
        await world.pass_by(10.0)
        await closing

        assert agent.told == []


async def test_closing_waits_two_seconds_for_a_server_that_says_nothing() -> None:
    world = RoomWorld()
    async with world.party("agent", "desk", create=True) as agent:
        await agent.enter()
        agent.wire.is_silent = True
        began = asyncio.get_running_loop().time()

        await agent.service.close()

        assert 1.5 < asyncio.get_running_loop().time() - began < 3.5


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
