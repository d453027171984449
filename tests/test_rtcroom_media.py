"""What the media do to a program of RTCRoom: numbered events, errors, ends."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from kiosk import ports
from kiosk.errors import DeviceError, StreamEnded
from kiosk.rtcroom import (
    ErrorCode,
    OnError,
    OnRoomClosed,
    PlayCode,
    PushCode,
    RTCRoomError,
)
from tests.fakes.room_world import RoomWorld, settle
from tests.fakes.rtcroom_program import call, outcome, program, program_in


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        (ports.PeerStarted("bert"), [PlayCode.FIRST_PICTURE, PlayCode.BEGIN]),
        (ports.PeerStarted("bert", with_picture=False), [PlayCode.BEGIN]),
        (ports.PeerSilent("bert"), [PlayCode.LOADING]),
        (ports.PeerResumed("bert"), [PlayCode.BEGIN]),
        (ports.PlayLost("bert", "gone"), [PlayCode.RECONNECTING]),
    ],
)
async def test_a_fact_of_the_media_is_a_numbered_event(
    fact: ports.MediaFact, codes: list[int]
) -> None:
    async with call(RoomWorld()) as (anna, _):
        before = len(anna.codes())

        anna.media.fact(fact)
        await settle()

        assert anna.codes()[before:] == codes


async def test_a_stream_that_ended_in_the_room_is_event_2006() -> None:
    async with call(RoomWorld()) as (anna, _):
        call_of_anna = anna.media.pushers[-1]
        call_of_anna.on_fact(ports.PeerSilent("bert"))
        anna.room._call._take(ports.PeerStreamLost("bert"))  # type: ignore[union-attr]
        await settle()

        assert anna.codes()[-1] == PlayCode.END == 2006


async def test_a_stream_of_ours_the_room_service_forgot_is_published_again() -> None:
    async with call(RoomWorld()) as (anna, bert):
        bert.room._call._take(ports.StreamForgotten())  # type: ignore[union-attr]
        await settle()

        assert bert.codes()[-2:] == [PushCode.RECONNECTING, PushCode.BEGIN]
        assert anna.media.log[-2:] == ["play bert", "play bert"]


async def test_a_stream_that_stays_lost_is_error_2301_once() -> None:
    async with call(RoomWorld()) as (anna, _):
        for _ in range(5):
            anna.media.fact(ports.PlayLost("bert", "refused"))
        await settle()

        errors = [event for event in anna.told if isinstance(event, OnError)]
        assert errors == [OnError(ErrorCode.PLAY_LOST, "bert: refused")]


async def test_a_stream_that_came_back_is_counted_anew() -> None:
    async with call(RoomWorld()) as (anna, _):
        lost, back = ports.PlayLost("bert", "x"), ports.PeerResumed("bert")
        for fact in (lost, lost, back, lost, lost):
            anna.media.fact(fact)
        await settle()

        assert ErrorCode.PLAY_LOST not in anna.codes()


async def test_a_stream_about_to_be_tried_again_is_given_a_fresh_url() -> None:
    world = RoomWorld()
    async with call(world) as (anna, _):
        anna.media.fact(ports.PlayUrlUsedUp("bert"))
        anna.media.fact(ports.PlayUrlUsedUp("nobody"))
        await settle()

        assert anna.media.log[-2:] == ["play bert", "play bert"]
        assert anna.codes() == [PushCode.BEGIN]


async def test_a_peer_that_cannot_be_played_is_error_2301() -> None:
    async with program(RoomWorld(), "anna") as anna:
        anna.media.failures["play"] = [DeviceError("speaker", "hw:0", "busy")]
        await anna.room.create_room("desk", "d1")
        async with program_in(anna, "bert") as bert:
            await bert.room.enter_room("d1")
            await settle()

            assert anna.codes()[-1] == ErrorCode.PLAY_LOST == -2301


@pytest.mark.parametrize(("device", "code"), [("camera", -1301), ("microphone", -1302)])
async def test_a_capture_device_that_fails_in_a_call_ends_it(
    device: str, code: int
) -> None:
    async with call(RoomWorld()) as (anna, _):
        anna.media.fact(ports.CaptureLost(device, "unplugged"))
        await settle()

        assert anna.told[-2:] == [
            OnError(code, "unplugged"),
            OnRoomClosed("d1", "unplugged"),
        ]
        assert anna.media.log[-2:] == ["pusher closed", "player closed"]


async def test_a_stream_of_ours_that_cannot_be_published_again_is_error_1307() -> None:
    async with call(RoomWorld()) as (anna, _):
        anna.media.failures["republish"] = [StreamEnded("no relay")] * 3

        anna.media.fact(ports.PushLost("relay gone"))
        await settle()

        assert anna.codes()[-4:] == [1102, 1102, 1102, -1307]
        assert anna.told[-1] == OnRoomClosed("d1", "no relay")


async def test_a_stream_of_ours_lost_with_its_room_ends_the_call() -> None:
    async with call(RoomWorld()) as (anna, bert):
        await anna.room.exit_room()
        bert.media.fact(ports.PushLost("cut"))
        await settle()

        assert ErrorCode.PUSH_LOST not in bert.codes()
        assert isinstance(bert.told[-1], OnRoomClosed)


async def test_exit_does_not_wait_for_a_reconnection() -> None:
    async with call(RoomWorld()) as (anna, _):
        anna.media.blocked["republish"] = asyncio.Event()
        anna.media.failures["republish"] = [StreamEnded("closed")] * 3
        anna.media.fact(ports.PushLost("relay gone"))
        await settle()

        await anna.room.exit_room()
        anna.media.blocked["republish"].set()
        await settle()

        assert anna.media.log.count("republish") == 1
        assert not any(isinstance(event, OnRoomClosed) for event in anna.told)


async def test_leaving_while_publishing_never_enters_the_room() -> None:
    async with program(RoomWorld(), "anna") as anna:
        anna.media.blocked["start"] = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            entering = tasks.create_task(outcome(anna.room.create_room("desk")))
            await settle()
            await anna.room.exit_room()
            anna.media.blocked["start"].set()

        assert isinstance(entering.result(), RTCRoomError)
        assert "create_room" not in anna.wire.routes


async def test_leaving_while_entering_gives_the_seat_back() -> None:
    world = RoomWorld()
    async with program(world, "anna") as anna:
        leaving: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as tasks:

            def leave_now(request: httpx.Request) -> httpx.Response | None:
                if request.url.path.endswith("create_room") and not leaving:
                    leaving.append(tasks.create_task(anna.room.exit_room()))
                return None

            anna.wire.fault = leave_now
            entering = tasks.create_task(outcome(anna.room.create_room("desk", "d1")))

        assert isinstance(entering.result(), RTCRoomError)
        assert await anna.room.get_room_list() == ()
