"""Two buttons held together show the technician's page, and never in a call."""

from __future__ import annotations

import asyncio

from kiosk.call import events as ev
from kiosk.call.states import Role, State
from kiosk.errors import RoomUnreachable
from kiosk.ports import Button, ButtonEdge, Inspected, Micros, ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld


LONG_S = 0.1


def hold_both(kiosk: RunningKiosk, held_s: float = 5.0) -> None:
    kiosk.daemon.press("mute", held_s)
    kiosk.daemon.press("hangup", held_s)


def screen(kiosk: RunningKiosk) -> str:
    return str(kiosk.daemon.status()["screen"])


async def open_page(kiosk: RunningKiosk) -> None:
    hold_both(kiosk)
    await kiosk.until(lambda: screen(kiosk) == "technician", "the page")
    await kiosk.until(lambda: bool(kiosk.world.screens.facts.inspection), "filled in")


async def test_the_page_says_what_was_found_and_any_press_only_takes_it_away() -> None:
    for button in ("call", "mute", "hangup"):
        async with running_kiosk() as kiosk:
            await kiosk.reach(State.IDLE)
            await open_page(kiosk)
            found = dict(kiosk.world.screens.facts.inspection)
            assert found[Inspected.VERSION].found == "9.9"

            kiosk.daemon.press(button)
            await asyncio.sleep(0.01)
            assert (screen(kiosk), kiosk.state) == ("idle", "IDLE")
            assert kiosk.world.screens.shown[-1][0] is ScreenName.IDLE


async def test_neither_the_door_nor_the_volume_takes_the_page_away_or_calls() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        await open_page(kiosk)

        for button in ("door", "volume_up", "volume_down"):
            kiosk.daemon.press(button)
        await asyncio.sleep(0.01)
        assert (screen(kiosk), kiosk.state) == ("technician", "IDLE")


async def test_a_kiosk_out_of_service_tells_its_last_error_on_the_page() -> None:
    async with running_kiosk() as kiosk:
        kiosk.world.room.fail("check", *[RoomUnreachable("away")] * 10_000)
        await kiosk.reach(State.OUT_OF_SERVICE)
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        await open_page(kiosk)
        await asyncio.sleep(0.1)  # the service was looked for again meanwhile

        assert screen(kiosk) == "technician"
        found = dict(kiosk.world.screens.facts.inspection)
        assert "away" in found[Inspected.LAST_ERROR].found


async def test_a_kiosk_that_is_not_set_up_has_the_page_too() -> None:
    async with running_kiosk(start=State.UNCONFIGURED, problem="C001 no") as kiosk:
        await kiosk.until_screen(ScreenName.UNCONFIGURED)

        await open_page(kiosk)


async def test_the_page_goes_away_by_itself() -> None:
    async with running_kiosk(page_s=0.1) as kiosk:
        await kiosk.reach(State.IDLE)
        await open_page(kiosk)

        await kiosk.until(lambda: screen(kiosk) == "idle", "idle again")


async def test_in_a_call_both_buttons_mean_what_each_of_them_means() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        hold_both(kiosk)
        await kiosk.reach(State.IDLE)
        await asyncio.sleep(LONG_S)

        assert not kiosk.world.screens.saw(ScreenName.TECHNICIAN)


async def test_one_button_alone_or_not_long_enough_opens_nothing() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("mute", 5.0)
        kiosk.daemon.press("hangup")
        kiosk.daemon.press("call", 0.0)
        await kiosk.reach(State.WAITING)
        await asyncio.sleep(LONG_S)

        assert not kiosk.world.screens.saw(ScreenName.TECHNICIAN)


async def test_real_buttons_held_together_open_the_page() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        on_edge = kiosk.world.buttons.on_edge
        assert on_edge is not None
        for button in (Button.HANGUP, Button.MUTE):
            on_edge(ButtonEdge(button, is_down=True, at=Micros(1)))

        await kiosk.until(lambda: screen(kiosk) == "technician", "the page")


async def test_an_agents_kiosk_returns_to_its_room_although_the_page_was_left_open() -> (
    None
):
    world = KioskWorld()
    world.room.fail("check", *[RoomUnreachable("away")] * 30)
    async with running_kiosk(world, role=Role.AGENT) as kiosk:
        await kiosk.reach(State.OUT_OF_SERVICE)
        await open_page(kiosk)

        await kiosk.reach(State.WAITING)
        assert screen(kiosk) == "waiting"


async def test_a_page_opened_after_a_call_stays_for_its_own_time() -> None:
    async with running_kiosk(page_s=1.5, ended=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        await open_page(kiosk)
        kiosk.daemon.post(ev.CallPressed())
        await kiosk.reach(State.WAITING)
        await asyncio.sleep(0.8)
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        await open_page(kiosk)
        await asyncio.sleep(0.9)  # the first one's time is over

        assert screen(kiosk) == "technician"


async def test_a_kiosk_stops_although_a_device_does_not_answer_the_page() -> None:
    world = KioskWorld()
    world.inspection_hangs = True
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        hold_both(kiosk)
        await kiosk.until(lambda: screen(kiosk) == "technician", "the page")
