"""The daemon carries out what the machine orders, in order, and tells the truth."""

from __future__ import annotations

import asyncio

import pytest

from kiosk import ports
from kiosk.call.states import Role, State
from kiosk.errors import DeviceError, RoomFull, StreamRefused
from kiosk.ports import Indicator, Layer, NoSeat, Peer, ScreenName
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import AGENT, UNREACHABLE, KioskWorld


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


async def test_a_broken_stream_is_moved_and_the_call_goes_on() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.push_errors = [StreamRefused("relay: name in use")]
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.IN_CALL)

        assert "move_stream rtmp://h/live/k2" in kiosk.world.room.said
        assert kiosk.world.media.camera_open


async def test_a_stream_that_cannot_be_moved_ends_the_call_by_its_deadline() -> None:
    async with running_kiosk(reconnect=0.05) as kiosk:
        await kiosk.talk()
        kiosk.world.room.fail("new_push_url", *[UNREACHABLE] * 50)
        kiosk.world.media.report(ports.PushLost("M004 reset"))

        await kiosk.reach(State.ENDED)

        assert "M003" in kiosk.world.screens.facts.reason


async def test_a_stream_that_breaks_while_waiting_leads_back_to_waiting() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.wait_in_room()
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)

        await kiosk.reach(State.WAITING)


async def test_a_stream_that_breaks_before_the_first_picture_leads_back_there() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.wait_in_room()
        kiosk.world.room.tell(ports.PeerJoined(AGENT))
        await kiosk.reach(State.ANSWERED)
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)

        await kiosk.reach(State.ANSWERED)


async def test_a_stream_that_breaks_while_the_peer_is_away_leads_back_to_grace() -> (
    None
):
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.PeerSilent(AGENT.user_id))
        await kiosk.reach(State.GRACE)
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)

        await kiosk.reach(State.GRACE)


async def test_a_stream_lost_twice_is_moved_once_more() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.PushLost("one"))
        kiosk.world.media.report(ports.PushLost("two"))

        await kiosk.reach(State.IN_CALL)


async def test_a_silent_peer_is_waited_for_and_welcomed_back() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.PeerSilent(AGENT.user_id))
        await kiosk.until_screen(ScreenName.PEER_AWAY)
        kiosk.world.media.report(ports.PeerResumed(AGENT.user_id))

        await kiosk.reach(State.IN_CALL)


async def test_the_timer_of_a_call_goes_on_over_a_cut() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        before = kiosk.world.screens.facts.since
        kiosk.world.media.report(ports.PeerSilent(AGENT.user_id))
        await kiosk.reach(State.GRACE)
        kiosk.world.media.report(ports.PeerResumed(AGENT.user_id))
        await kiosk.reach(State.IN_CALL)

        assert kiosk.world.screens.facts.since == before


async def test_a_peer_that_closes_its_stream_and_hangs_up_is_never_called_away() -> (
    None
):
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(ports.PeerStreamLost(AGENT.user_id))
        kiosk.world.room.tell(ports.RoomClosed("room closed", room_ended=True))
        await kiosk.reach(State.ENDED)

        assert not kiosk.world.screens.saw(ScreenName.PEER_AWAY)
        assert kiosk.world.screens.facts.reason == ""


async def test_a_peer_with_a_new_url_is_played_from_there() -> None:
    moved = Peer(AGENT.user_id, AGENT.name, "rtmp://127.0.0.1/live/other")
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(ports.PeerMoved(moved))
        player = kiosk.world.media.player
        assert player is not None
        await kiosk.until(
            lambda: player.playing.get(AGENT.user_id) == (moved, Layer.BASE), "moved"
        )


@pytest.mark.parametrize(
    ("hung_up", "state"), [(True, State.ENDED), (False, State.GRACE)]
)
async def test_a_peer_that_left_ends_the_call_and_an_expired_one_is_waited_for(
    *, hung_up: bool, state: State
) -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(ports.PeerLeft(AGENT.user_id, hung_up=hung_up))

        await kiosk.reach(state)


async def test_a_stranger_that_leaves_means_nothing() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(ports.PeerLeft("nobody"))
        kiosk.world.media.report(ports.PlayLost(AGENT.user_id, "M004 reset"))
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.screens.facts.muted, "muted")

        assert kiosk.state == "IN_CALL"


async def test_a_closed_room_ends_the_call() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(ports.RoomClosed("R005 the room is gone"))

        await kiosk.reach(State.ENDED)


async def test_a_camera_lost_in_the_call_ends_it_with_its_name() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.CaptureLost("camera", "silent for 2.0 s"))

        await kiosk.reach(State.ENDED)
        assert "camera" in kiosk.world.screens.facts.reason


async def test_a_speaker_lost_in_the_call_does_not_end_it() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.CaptureLost("speaker", "gone"))
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.screens.facts.muted, "muted")

        assert kiosk.state == "IN_CALL"


async def test_the_agent_enters_by_itself_and_stays_for_the_next_customer() -> None:
    async with running_kiosk(role=Role.AGENT) as kiosk:
        await kiosk.reach(State.WAITING)
        kiosk.world.room.tell(ports.PeerJoined(AGENT))
        await kiosk.reach(State.ANSWERED)
        kiosk.world.room.tell(ports.PeerLeft(AGENT.user_id))
        await kiosk.reach(State.WAITING)

        kiosk.daemon.press("hangup")
        await kiosk.until(lambda: kiosk.daemon.status()["call"] == 2, "called again")
