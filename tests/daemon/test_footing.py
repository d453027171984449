"""Without the right time nobody is asked, and a silent room service is told by its cause."""

from __future__ import annotations

from kiosk.call.states import State
from kiosk.daemon.clock_watch import ClockFacts
from kiosk.ports import Fault, ScreenName
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld


WRONG = ClockFacts("the clock says 1970-01-01", synchronized=False)


async def test_a_wrong_clock_is_told_and_the_room_service_left_in_peace() -> None:
    world = KioskWorld()
    world.clock_facts = WRONG
    async with running_kiosk(world, needs_time=True) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        status = kiosk.daemon.status()

        assert status["reason"] == "N013 the clock says 1970-01-01"
        assert status["clock"]["wrong"] == WRONG.wrong
        assert "log_in" not in world.room.said
        assert any(one["fault"] == Fault.SERVER.value for one in status["faults"])

        world.clock_facts = ClockFacts(synchronized=True)
        await kiosk.reach(State.IDLE)


async def test_just_after_power_on_the_screen_says_that_the_clock_is_set() -> None:
    world = KioskWorld()
    world.clock_facts = ClockFacts(synchronized=False, is_early=True)
    async with running_kiosk(world, needs_time=True, silent_s=0.05) as kiosk:
        await kiosk.until(
            lambda: kiosk.daemon.status()["reason"].startswith("N013"), "told"
        )
        assert kiosk.daemon.status()["screen"] == ScreenName.STARTING.value

        world.clock_facts = ClockFacts(synchronized=False)  # for a minute, not longer
        await kiosk.reach(State.IDLE)

        assert not world.screens.saw(ScreenName.OUT_OF_SERVICE)


async def test_a_clock_that_nobody_needs_keeps_nobody_waiting() -> None:
    world = KioskWorld()
    world.clock_facts = WRONG
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)

        assert kiosk.daemon.status()["clock"]["wrong"] == WRONG.wrong


async def test_why_the_room_service_is_silent_is_what_people_read() -> None:
    world = KioskWorld()
    world.silence = "N001 no link on eth0; plug the network cable in"
    world.room.fail("check", *[UNREACHABLE] * 50)
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        await kiosk.until(
            lambda: kiosk.daemon.status()["reason"] == world.silence, "told"
        )
