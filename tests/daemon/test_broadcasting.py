"""In a live_room the call button goes on air: a sign, a camera, and nobody to play."""

from __future__ import annotations

import asyncio

from kiosk import ports
from kiosk.call.states import State
from kiosk.ports import Indicator, PeerJoined, ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import AGENT


async def on_air(kiosk: RunningKiosk) -> None:
    await kiosk.reach(State.IDLE)
    kiosk.daemon.press("call")
    await kiosk.reach(State.BROADCASTING)


async def test_the_call_button_goes_on_air_and_both_signs_say_so() -> None:
    async with running_kiosk(broadcasts=True) as kiosk:
        await kiosk.reach(State.IDLE)
        assert not kiosk.world.media.camera_open
        await on_air(kiosk)
        await kiosk.until_screen(ScreenName.BROADCASTING)

        assert Indicator.ON_AIR in kiosk.world.indicators.lit
        assert Indicator.CAMERA_OPEN in kiosk.world.indicators.lit
        assert kiosk.world.media.camera_open
        assert not kiosk.world.screens.saw(ScreenName.WAITING)


async def test_hanging_up_closes_the_camera_before_the_room_is_left() -> None:
    async with running_kiosk(broadcasts=True) as kiosk:
        await on_air(kiosk)
        kiosk.daemon.press("hangup")
        await kiosk.until(lambda: "leave" in kiosk.world.room.said, "left")

        assert not kiosk.world.media.camera_open
        assert kiosk.state == State.IDLE.name
        assert Indicator.ON_AIR not in kiosk.world.indicators.lit


async def test_somebody_else_who_publishes_there_is_not_played() -> None:
    async with running_kiosk(broadcasts=True) as kiosk:
        await on_air(kiosk)
        kiosk.world.room.tell(PeerJoined(AGENT))
        kiosk.world.room.tell(ports.PeerLeft(AGENT.user_id))
        await asyncio.sleep(0.02)

        assert kiosk.world.media.player is None
        assert kiosk.state == State.BROADCASTING.name


async def test_a_broadcast_the_room_service_forgot_moves_and_is_on_air_again() -> None:
    async with running_kiosk(broadcasts=True) as kiosk:
        await on_air(kiosk)
        kiosk.world.room.tell(ports.StreamForgotten())
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.BROADCASTING)


async def test_a_cut_brings_the_broadcast_back_on_air() -> None:
    async with running_kiosk(broadcasts=True) as kiosk:
        await on_air(kiosk)
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        assert kiosk.world.media.camera_open
        await kiosk.reach(State.BROADCASTING)

        assert kiosk.world.media.pusher is not None
        assert len(kiosk.world.media.pusher.urls) == 2


async def test_the_end_of_the_room_ends_the_broadcast() -> None:
    async with running_kiosk(broadcasts=True, ended=0.02) as kiosk:
        await on_air(kiosk)
        kiosk.world.room.tell(ports.RoomClosed("closed", room_ended=True))
        await kiosk.reach(State.IDLE)

        assert not kiosk.world.media.camera_open


async def test_a_kiosk_that_calls_is_never_on_air() -> None:
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()

        assert Indicator.ON_AIR not in world.indicators.lit
