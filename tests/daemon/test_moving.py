"""A stream that is moved: how often, and when again."""

from __future__ import annotations

from kiosk import ports
from kiosk.call.states import State
from kiosk.errors import RoomUnreachable
from kiosk.ports import ScreenName
from tests.daemon.running_kiosk import running_kiosk


async def test_each_failure_to_move_a_stream_is_followed_by_a_pause_of_its_own() -> (
    None
):
    scattered: list[float] = []

    def scatter() -> float:
        scattered.append(0.0)
        return scattered[-1]

    async with running_kiosk(scatter=scatter) as kiosk:
        await kiosk.talk()
        kiosk.world.room.fail("new_push_url", *[RoomUnreachable("away")] * 3)
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.IN_CALL)

        assert len(scattered) == 3
