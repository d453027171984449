"""
Answers that are lost on the way, between our client and our server (P12).

A proxy lets each request through and breaks the connection at its answer, so the
effect has happened and nobody knows.  Real sockets, a real server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomRefused
from kiosk.ports import RoomNotice, TextReceived
from kiosk.room import messages as msg
from kiosk.room.conversation import Identity
from kiosk.room.session import Wanted
from kiosk.roomclient import HttpRoomService, new_room_service
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.eventually import eventually
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.room_server import Member, members_of, running_server


MOST_ROOMS = 16
"""Of one owner, those that are only reserved among them."""


@asynccontextmanager
async def behind_a_bad_line() -> AsyncGenerator[tuple[HttpRoomService, Proxy, Member]]:
    """Yield a client whose answers can be lost, and somebody with a good line."""
    settings = ServerSettings(
        http_port=0, rtmp_port=0, creator_leaves=CreatorLeaves.STAY
    )
    async with running_server(settings) as (at, _), members_of(at, "anna") as (anna,):
        with proxy(at.http[1]) as line:
            service = new_room_service(
                f"http://{line.address}",
                Identity("Branch 7", "kiosk"),
                Wanted(("desk",), create=True),
                MonotonicClock(),
            )
            async with service:
                await service.log_in()
                yield service, line, anna


async def events_of(member: Member, room_id: str) -> list[msg.RoomEvent]:
    """Return all that ever happened in a room, texts included."""
    waited = await member.ask(msg.WaitEvents(room_id, member.user, 0, 0.0))
    return [event for event in waited.events if event.user_id != member.user]


def nobody(_notice: RoomNotice) -> None:
    """Hear nothing."""


async def test_a_room_whose_answer_was_lost_is_opened_once() -> None:
    async with behind_a_bad_line() as (service, line, anna):
        seat = await service.new_seat("counter")
        line.lose_answers(2)

        room_id = await service.take_seat(seat, nobody)

        listed = (await anna.ask(msg.GetRoomList(50))).rooms
        assert [room.room_id for room in listed] == [room_id]
        # As many further rooms as one may have beside one, so there is only one.
        line.stall()  # a client that renews its login would void the next one
        himself = await anna.as_another("kiosk")
        for _ in range(MOST_ROOMS - 1):
            await himself.ask(msg.CreateRoom("kiosk", "spare"))
        with pytest.raises(RoomRefused):
            await himself.ask(msg.CreateRoom("kiosk", "one too many"))
        line.flow()


async def test_a_seat_whose_answer_was_lost_is_taken_once() -> None:
    async with behind_a_bad_line() as (service, line, anna):
        await anna.create()
        seat = await service.seat_in("desk")
        line.lose_answers(2)

        await service.take_seat(seat, nobody)

        told = await events_of(anna, "desk")
        assert [event.kind for event in told] == [msg.EventKind.PUSHERS_CHANGED]


async def test_push_urls_whose_answers_were_lost_are_issued_once() -> None:
    async with behind_a_bad_line() as (service, line, anna):
        await anna.create()
        await service.take_seat(await service.seat_in("desk"), nobody)
        urls = []
        for _ in range(4):
            line.lose_answers(1)
            urls.append(await service.new_push_url())

        # Four unused ones are kept for one user: a fifth would have voided the first.
        await service.move_stream(urls[0])


async def test_a_leave_whose_answer_was_lost_is_a_success_and_told_once() -> None:
    async with behind_a_bad_line() as (service, line, anna):
        await anna.create()
        await service.take_seat(await service.seat_in("desk"), nobody)
        line.lose_answers(2)

        await service.leave()

        told = await events_of(anna, "desk")
        kinds = [event.kind for event in told]
        assert kinds == [msg.EventKind.PUSHERS_CHANGED, msg.EventKind.LEFT]


async def test_a_text_whose_answer_was_lost_arrives_once() -> None:
    async with behind_a_bad_line() as (service, line, anna):
        await anna.create()
        await service.take_seat(await service.seat_in("desk"), nobody)
        line.lose_answers(1)

        await service.send_text("hello")

        assert await anna.texts("desk") == ["hello"]


async def test_a_text_to_us_is_heard_over_a_line_that_breaks() -> None:
    told: list[RoomNotice] = []
    async with behind_a_bad_line() as (service, line, anna):
        await anna.create()
        await service.take_seat(await service.seat_in("desk"), told.append)
        line.lose_answers(2)
        await anna.say("desk", "over here")

        await eventually(lambda: any(isinstance(one, TextReceived) for one in told))

    texts = [one.text for one in told if isinstance(one, TextReceived)]
    assert texts == ["over here"]


@pytest.mark.parametrize("request_id", ["", "0123456789abcdef"])
async def test_by_hand_a_repeated_request_counts_once_only_under_its_id(
    request_id: str,
) -> None:
    async with running_server() as (at, _), members_of(at, "anna") as (anna,):
        await anna.create()
        headers = {msg.REQUEST_ID: request_id} if request_id else {}
        text = msg.SendRoomTextMsg("desk", "anna", "hello").to_wire()
        async with httpx.AsyncClient(base_url=at.http_url) as client:
            for _ in range(3):
                answer = await client.post(
                    "/weapp/double_room/send_room_text_msg",
                    json=text,
                    params=anna._query,
                    headers=headers,
                )
                assert answer.json()["code"] == 0
        beat = await anna.ask(msg.PusherHeartbeat("desk", "anna"))

    assert beat.seq == (2 if request_id else 4)
