"""A stream that is moved: when again, and what the screen says of the others."""

from __future__ import annotations

from functools import partial

from kiosk import ports
from kiosk.call.states import State
from kiosk.errors import RoomUnreachable
from kiosk.ports import ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.paper_room import AGENT


async def test_each_failure_to_move_a_stream_is_followed_by_a_pause_of_its_own() -> (
    None
):
    scattered: list[float] = []

    def scatter() -> float:
        scattered.append(0.0)
        return scattered[-1]

    async with running_kiosk(scatter=scatter) as kiosk:
        await kiosk.talk()
        scattered.clear()  # the call's reference was one of them
        kiosk.world.room.fail("new_push_url", *[RoomUnreachable("away")] * 3)
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.IN_CALL)

        assert len(scattered) == 3


async def test_the_screen_of_a_moved_stream_knows_whether_the_peer_is_seen() -> None:
    async with running_kiosk(reconnect=5.0) as kiosk:
        await kiosk.talk()
        kiosk.world.room.fail("new_push_url", *[RoomUnreachable("away")] * 10_000)
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        received = [seen(kiosk)]
        for fact in (
            ports.PeerSilent(AGENT.user_id),
            ports.PeerResumed(AGENT.user_id),
            ports.PeerStarted(AGENT.user_id, with_picture=False),
        ):
            shown = len(kiosk.world.screens.shown)
            kiosk.world.media.report(fact)
            await kiosk.until(partial(is_newer, kiosk, shown), "shown anew")
            received.append(seen(kiosk))

    assert received == [
        ports.Received.PICTURE,
        ports.Received.SILENCE,
        ports.Received.PICTURE,
        ports.Received.SOUND,
    ]


def is_newer(kiosk: RunningKiosk, than: int) -> bool:
    return len(kiosk.world.screens.shown) > than


def seen(kiosk: RunningKiosk) -> ports.Received:
    (tile,) = kiosk.world.screens.last(ScreenName.RECONNECTING).tiles
    return tile.received
