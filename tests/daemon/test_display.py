"""A display that is unplugged: calls go on, new ones are refused or not, people are told."""

from __future__ import annotations

from kiosk.call.states import State
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.daemon.notices import Notice
from kiosk.ports import Indicator, ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld


WORDS = {notice: f"<{notice.value}>" for notice in Notice}


def unplug(kiosk: RunningKiosk) -> None:
    kiosk.world.unplug()
    kiosk.daemon.look_at_display()


def plug(kiosk: RunningKiosk) -> None:
    kiosk.world.plug()
    kiosk.daemon.look_at_display()


async def test_an_idle_kiosk_without_a_display_is_out_of_service_and_says_why() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        unplug(kiosk)

        await kiosk.reach(State.OUT_OF_SERVICE)
        status = kiosk.daemon.status()
        assert status["reason"] == "D003 no display is connected to HDMI-A-1"
        assert status["display"]["missing"] == "no display is connected to HDMI-A-1"


async def test_a_call_is_refused_while_there_is_no_display() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        unplug(kiosk)
        await kiosk.reach(State.OUT_OF_SERVICE)

        kiosk.daemon.press("call")

        await kiosk.until(kiosk.daemon._events.empty, "press taken")
        assert kiosk.state == "OUT_OF_SERVICE"
        assert not kiosk.world.media.camera_open


async def test_a_display_that_returns_puts_the_kiosk_back_to_work() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        unplug(kiosk)
        await kiosk.reach(State.OUT_OF_SERVICE)
        kiosk.world.screens.shown.clear()

        plug(kiosk)

        await kiosk.reach(State.IDLE)
        # drawn again at once, as it was, and then what is so by now
        assert kiosk.world.screens.shown[0][0] is ScreenName.OUT_OF_SERVICE
        assert kiosk.world.screens.shown[-1][0] is ScreenName.IDLE
        assert kiosk.daemon.status()["display"] == {
            "missing": "",
            "lit": "HDMI-A-1 1280x720@60",
        }


async def test_a_kiosk_that_starts_without_a_display_stays_up_and_waits_for_one() -> (
    None
):
    world = KioskWorld()
    world.unplug()
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        assert "D003" in world.screens.last(ScreenName.OUT_OF_SERVICE).reason
        assert not world.screens.saw(ScreenName.IDLE)

        plug(kiosk)

        await kiosk.reach(State.IDLE)


async def test_a_missing_display_is_no_reason_where_sound_is_enough() -> None:
    world = KioskWorld()
    world.unplug()
    async with running_kiosk(world, needs_display=False) as kiosk:
        await kiosk.talk()

        assert kiosk.daemon.status()["display"]["missing"]
        assert not world.screens.saw(ScreenName.OUT_OF_SERVICE)


async def test_a_call_goes_on_without_a_display_and_the_other_side_is_told() -> None:
    async with running_kiosk(notices=WORDS) as kiosk:
        await kiosk.talk()
        unplug(kiosk)
        await kiosk.until(
            lambda: "send_text <display_lost> display_lost" in said(kiosk), ""
        )
        assert kiosk.state == "IN_CALL"
        plug(kiosk)
        await kiosk.until(
            lambda: "send_text <display_back> display_back" in said(kiosk), ""
        )

        assert kiosk.state == "IN_CALL"
        assert kiosk.world.screens.shown[-1][0] is ScreenName.IN_CALL


async def test_after_such_a_call_no_other_begins() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        unplug(kiosk)
        kiosk.daemon.press("hangup")

        await kiosk.reach(State.OUT_OF_SERVICE)
        assert "D003" in str(kiosk.daemon.status()["reason"])


async def test_the_service_and_the_display_must_both_be_there() -> None:
    world = KioskWorld()
    world.unplug()
    world.room.fail("check", *[UNREACHABLE] * 3)
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        plug(kiosk)

        await kiosk.reach(State.IDLE)


def said(kiosk: RunningKiosk) -> list[str]:
    return kiosk.world.room.said


async def test_whoever_listens_hears_of_the_display() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        events = kiosk.daemon.subscribe()
        unplug(kiosk)
        plug(kiosk)

        heard = [await anext(events), await anext(events)]

        await events.aclose()
        assert heard == [
            {"event": "display", "missing": True},
            {"event": "display", "missing": False},
        ]


async def test_the_fault_lamp_blinks_where_no_screen_can_say_it() -> None:
    async with running_kiosk(needs_display=False) as kiosk:
        await kiosk.reach(State.IDLE)
        lamps = kiosk.world.indicators
        assert Indicator.FAULT not in lamps.lit
        unplug(kiosk)

        await kiosk.until(lambda: Indicator.FAULT in lamps.lit, "lit")
        await kiosk.until(lambda: Indicator.FAULT not in lamps.lit, "dark")


async def test_a_display_that_stays_away_for_another_reason_is_lost_once() -> None:
    async with running_kiosk(notices=WORDS) as kiosk:
        await kiosk.talk()
        unplug(kiosk)
        kiosk.world.panel = DisplayFacts(missing="somebody else owns the display")
        kiosk.daemon.look_at_display()
        plug(kiosk)
        await kiosk.until(
            lambda: "send_text <display_back> display_back" in said(kiosk), ""
        )

        assert [text for text in said(kiosk) if "display" in text] == [
            "send_text <display_lost> display_lost",
            "send_text <display_back> display_back",
        ]
