"""The daemon carries out what the machine orders, in order, and tells the truth."""

from __future__ import annotations

import asyncio

import pytest

from kiosk import ports
from kiosk.call.states import State
from kiosk.errors import (
    DeviceError,
    RoomFull,
    StreamEnded,
    StreamRefused,
    StreamStalled,
)
from kiosk.ports import Indicator, NoSeat, ScreenName
from kiosk.room.script import LinesBusy
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld
from tests.fakes.paper_room import AGENT


async def test_a_call_is_answered_shown_and_hung_up() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        assert kiosk.world.screens.facts.peer_name == "Agent Wang"
        assert kiosk.world.media.camera_open

        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        await kiosk.until(lambda: not kiosk.world.media.camera_open, "camera closed")
        await kiosk.until(lambda: "leave" in kiosk.world.room.said, "room left")


async def test_the_stream_exists_before_the_room_is_joined() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.wait_in_room()

        assert kiosk.world.media.pusher is not None
        assert kiosk.world.media.pusher.urls == ["rtmp://h/live/k"]
        assert kiosk.world.room.said.index("find_seat") < kiosk.world.room.said.index(
            "take_seat"
        )


async def test_the_camera_is_closed_before_the_room_is_left() -> None:
    world = KioskWorld()
    world.media.close_s = 0.05
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()

        kiosk.daemon.press("hangup")
        await kiosk.until(lambda: "leave" in world.room.said, "room left")

        assert not world.media.camera_open


async def test_the_next_call_waits_until_the_last_one_is_closed() -> None:
    world = KioskWorld()
    world.media.close_s = 0.05
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("hangup")
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)

        assert world.media.said.index("camera closed") < len(world.media.said) - 1
        assert world.media.said[-1] == "camera open"
        assert kiosk.daemon.status()["call"] == 2


async def test_members_already_there_are_played_at_once() -> None:
    world = KioskWorld()
    world.room.early = [ports.PeerJoined(AGENT)]
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")

        await kiosk.reach(State.ANSWERED)
        await kiosk.until(lambda: world.media.player is not None, "player made")


async def test_hanging_up_while_entering_leaves_nothing_open() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        kiosk.daemon.press("hangup")

        await kiosk.until(lambda: "leave" in kiosk.world.room.said, "room left")

        assert kiosk.state == "IDLE"
        assert not kiosk.world.media.camera_open


async def test_a_full_room_is_queued_for_and_entered_when_a_seat_is_free() -> None:
    world = KioskWorld()
    world.room.seats = [NoSeat("full", 2), NoSeat("full", 1)]
    async with running_kiosk(world, chime=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.QUEUED)
        assert not world.media.camera_open

        await kiosk.reach(State.WAITING)

        positions = [
            facts.position
            for name, facts in world.screens.shown
            if name is ScreenName.QUEUED
        ]
        assert positions == [2, 1]
        assert world.chimes == 1


async def test_a_chime_that_cannot_be_heard_does_not_end_the_call() -> None:
    world = KioskWorld(mute_chime=True)
    world.room.seats = [NoSeat("full")]
    async with running_kiosk(world, chime=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")

        await kiosk.reach(State.WAITING)


async def test_a_queue_that_cannot_be_looked_at_ends_the_call_with_the_reason() -> None:
    world = KioskWorld()
    world.room.seats = [NoSeat("full")]
    world.room.fail("wait_turn", *[UNREACHABLE] * 15)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.QUEUED)

        await kiosk.reach(State.ENDED)

        assert "R007" in world.screens.facts.reason


async def test_losing_the_seat_to_somebody_faster_closes_the_camera_and_queues() -> (
    None
):
    world = KioskWorld()
    world.room.fail("take_seat", RoomFull("add_pusher", 5001, "full"))
    async with running_kiosk(world, chime=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.QUEUED)
        await kiosk.until(lambda: not world.media.camera_open, "camera closed")

        await kiosk.reach(State.WAITING)


async def test_a_seat_that_is_never_to_be_had_is_tried_for_more_and_more_rarely() -> (
    None
):
    world = KioskWorld()
    world.room.fail("take_seat", *[RoomFull("add_pusher", 5001, "full")] * 7)
    async with running_kiosk(world, chime=0.0) as kiosk:
        await kiosk.reach(State.IDLE)
        began = asyncio.get_running_loop().time()
        kiosk.daemon.press("call")

        await kiosk.reach(State.WAITING)

    # The pauses double from the second loss on: 10, 20 ... 320 ms.
    assert asyncio.get_running_loop().time() - began >= 0.63
    assert world.media.said.count("camera open") == 8


@pytest.mark.parametrize("verb", ["find_seat", "take_seat"])
async def test_a_refusing_room_service_is_explained(verb: str) -> None:
    world = KioskWorld()
    world.room.fail(verb, UNREACHABLE)
    async with running_kiosk(world, ended=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.ENDED)
        reasons = [facts.reason for _, facts in world.screens.shown]
        assert any("R007" in reason for reason in reasons)

        await kiosk.reach(State.IDLE)


async def test_too_many_callers_mean_the_queue_and_its_screen() -> None:
    world = KioskWorld()
    busy = LinesBusy("queue_seat: HTTP 429", 0.02)
    world.room.fail("find_seat", busy)
    world.room.fail("wait_turn", busy, busy)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.QUEUED)
        assert world.screens.last(ScreenName.QUEUED).reason == "full"

        await kiosk.reach(State.WAITING)


async def test_a_push_url_that_is_refused_is_asked_for_once_more() -> None:
    world = KioskWorld()
    world.media.push_errors = [StreamRefused("relay: the key is expired")]
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)

        assert world.room.said[-2:] == ["seat_in room-1", "take_seat"]


async def test_so_is_that_of_a_room_yet_to_be_opened() -> None:
    world = KioskWorld()
    seat = ports.Seat("", "service", create=True, push_url="rtmp://h/live/k")
    world.room.seats = [seat, seat]
    world.media.push_errors = [StreamRefused("relay: the key is expired")]
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)

        assert world.room.said.count("find_seat") == 2


async def test_a_push_url_that_is_refused_twice_ends_the_call_with_a_reason() -> None:
    world = KioskWorld()
    world.media.push_errors = [StreamRefused("relay: the key is expired")] * 2
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.ENDED)

        assert world.screens.facts.reason == "M002 relay: the key is expired"
        await kiosk.until(lambda: not world.media.camera_open, "camera closed")


async def test_a_relay_that_is_away_for_a_moment_does_not_end_the_call() -> None:
    world = KioskWorld()
    world.media.push_errors = [
        StreamEnded("relay: connection refused"),
        StreamStalled("relay: no answer"),
        StreamRefused("relay: the key is of another relay"),
    ]
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")

        await kiosk.reach(State.WAITING)


async def test_a_relay_that_stays_away_ends_the_call_with_its_reason() -> None:
    world = KioskWorld()
    world.media.push_errors = [StreamEnded("relay: connection refused")] * 99
    async with running_kiosk(world, publish=60.0) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.ENDED)

        assert world.screens.facts.reason == "M004 relay: connection refused"
        await kiosk.until(lambda: not world.media.camera_open, "camera closed")


async def test_a_camera_that_cannot_be_opened_is_named() -> None:
    world = KioskWorld()
    world.media.push_errors = [DeviceError("camera", "/dev/video0", "busy")]
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.ENDED)

        assert world.screens.facts.reason == "D001 camera at /dev/video0: busy"


async def test_a_peer_that_cannot_be_played_ends_the_call() -> None:
    world = KioskWorld()
    world.media.play_errors = [DeviceError("speaker", "hw:0", "gone")]
    async with running_kiosk(world) as kiosk:
        await kiosk.wait_in_room()
        world.room.tell(ports.PeerJoined(AGENT))
        await kiosk.reach(State.ENDED)

        assert "speaker" in world.screens.facts.reason


async def test_mute_reaches_the_stream_and_the_lamp() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.screens.facts.muted, "muted shown")

        assert kiosk.world.media.pusher is not None
        assert kiosk.world.media.pusher.muted
        assert Indicator.MUTED in kiosk.world.indicators.lit


async def test_mute_pressed_while_entering_holds_from_the_first_period() -> None:
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        kiosk.daemon.press("mute")
        await kiosk.reach(State.WAITING)

        assert world.media.pusher is not None
        assert world.media.pusher.muted
