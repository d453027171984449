"""With consent, nothing is opened and nobody is called before the second press."""

from __future__ import annotations

import asyncio

from kiosk.call.states import State
from kiosk.ports import ScreenName
from tests.daemon.running_kiosk import running_kiosk


async def test_the_camera_stays_closed_until_the_customer_agrees() -> None:
    async with running_kiosk(asks_consent=True) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.CONSENT)
        assert "find_seat" not in kiosk.world.room.said
        assert kiosk.world.media.pusher is None

        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)


async def test_hang_up_declines_and_nothing_was_opened() -> None:
    async with running_kiosk(asks_consent=True) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.CONSENT)
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)

        assert "find_seat" not in kiosk.world.room.said
        assert kiosk.world.media.pusher is None


async def test_who_walks_away_from_the_question_leaves_an_idle_kiosk() -> None:
    async with running_kiosk(asks_consent=True, consent=0.02) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until_screen(ScreenName.CONSENT)

        await kiosk.reach(State.IDLE)
        assert kiosk.world.screens.shown[-1][0] is ScreenName.IDLE


async def test_a_button_pressed_twice_in_a_hurry_agrees_to_nothing() -> None:
    async with running_kiosk(asks_consent=True, read_s=1.0) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.CONSENT)
        kiosk.daemon.press("call")
        await asyncio.sleep(0.05)
        assert kiosk.state == "CONSENT"

        await asyncio.sleep(1.1)
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)
