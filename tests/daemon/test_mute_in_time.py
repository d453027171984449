"""Mute is what the customer pressed last, however the press falls between two orders."""

from __future__ import annotations

import asyncio

from kiosk.call.states import State
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import KioskWorld


async def test_mute_pressed_in_the_moment_of_the_order_to_publish_holds() -> None:
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        world.room.answers.clear()
        kiosk.daemon.press("call")
        await kiosk.until(lambda: "find_seat" in world.room.said, "asked for a seat")
        world.room.answers.set()
        async with asyncio.timeout(5.0):
            # a seat is found, and nobody was ordered to publish in it yet
            while kiosk.daemon._events.empty():  # noqa: ASYNC110 -- for one turn
                await asyncio.sleep(0)
        kiosk.daemon.press("mute")
        await kiosk.reach(State.WAITING)

        assert world.screens.facts.muted
        assert world.media.pusher is not None
        assert world.media.pusher.muted
