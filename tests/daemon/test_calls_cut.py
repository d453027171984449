"""A call goes on over cuts, silence and losses, or ends for a reason that is told."""

from __future__ import annotations

import pytest
from typing_extensions import override

from kiosk import ports
from kiosk.call.states import Role, State
from kiosk.errors import StreamRefused
from kiosk.ports import Layer, Peer, ScreenName
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, FakeInit, KioskWorld
from tests.fakes.paper_room import AGENT


async def test_a_broken_stream_is_moved_and_the_call_goes_on() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.push_errors = [StreamRefused("relay: name in use")]
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.IN_CALL)

        assert "move_stream rtmp://h/live/k2" in kiosk.world.room.said
        assert kiosk.world.media.camera_open


async def test_a_stream_the_room_service_forgot_is_moved_though_it_flows() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(ports.StreamForgotten())
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.IN_CALL)

        assert "move_stream rtmp://h/live/k1" in kiosk.world.room.said


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


@pytest.mark.parametrize("device", ["camera", "speaker"])
async def test_a_device_lost_in_the_call_does_not_end_it(device: str) -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.CaptureLost(device, "gone"))
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


class _SupervisorGone(FakeInit):
    """Cannot be told any more that all is well, once it is gone."""

    is_gone = False

    @override
    def ping(self) -> None:
        if self.is_gone:
            raise OSError("no such socket")


async def test_a_call_that_ends_in_a_daemon_that_fails_has_its_record() -> None:
    init = _SupervisorGone()
    world = KioskWorld(init=init)
    with pytest.raises(ExceptionGroup):  # noqa: PT012 -- it fails as it is left
        async with running_kiosk(world) as kiosk:
            await kiosk.talk()
            world.room.answers.clear()  # giving the seat back takes its time
            kiosk.daemon.stop()
            await kiosk.until(lambda: "leave" in world.room.said, "leaving")
            init.is_gone = True

    assert [record.ended_by for record in world.archive.records] == ["kiosk_stopped"]
