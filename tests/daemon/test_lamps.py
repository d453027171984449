"""The lamps tell what is so: open devices, real silence, and faults in flashes."""

from __future__ import annotations

from kiosk.call.states import State
from kiosk.daemon.faults import FLASH_US, FLASHES, PAUSE_US, is_flashing
from kiosk.errors import DeviceError
from kiosk.ports import Fault, Indicator, Micros
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld


BROKEN = DeviceError("indicators", "GPIO 26", "in use")


def flashes_in_one_turn(fault: Fault) -> int:
    turn_us = FLASHES[fault] * FLASH_US + PAUSE_US
    lit = [is_flashing(fault, Micros(at)) for at in range(0, turn_us, 50_000)]
    return sum(
        now and not before for before, now in zip([False, *lit], lit, strict=False)
    )


def test_every_fault_has_flashes_of_its_own_that_people_can_count() -> None:
    assert [flashes_in_one_turn(fault) for fault in Fault] == [1, 2, 3, 4, 5, 6, 7]


def test_the_pause_between_two_turns_is_longer_than_any_darkness_in_one() -> None:
    for fault in Fault:
        end_us = FLASHES[fault] * FLASH_US
        dark = [is_flashing(fault, Micros(end_us + at)) for at in (0, PAUSE_US - 1)]
        assert dark == [False, False]
        assert is_flashing(fault, Micros(end_us + PAUSE_US))
    assert PAUSE_US > 2 * FLASH_US


async def test_a_camera_that_does_not_close_keeps_its_lamp_even_when_we_stop() -> None:
    world = KioskWorld()
    async with running_kiosk(world, ended=0.01) as kiosk:
        await kiosk.talk()
        stuck = kiosk.world.media.pusher
        assert stuck is not None
        stuck.leave_open = True
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        kiosk.daemon._health.lamps.light()

        assert Indicator.CAMERA_OPEN in world.indicators.lit
        assert kiosk.daemon.status()["devices"]["camera_open"]
    assert Indicator.CAMERA_OPEN in world.indicators.lit
    assert not world.indicators.closed


async def test_the_lamp_of_silence_is_dark_until_silence_is_what_is_sent() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        media, lamps = kiosk.world.media, kiosk.world.indicators
        media.silences = False
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.screens.facts.muted, "muted shown")
        assert Indicator.MUTED not in lamps.lit

        media.silences = True

        await kiosk.until(lambda: Indicator.MUTED in lamps.lit, "silent")


async def test_a_lamp_that_fails_costs_no_other_and_is_told_and_tried_again() -> None:
    world = KioskWorld()
    world.indicators.broken[Indicator.CAMERA_OPEN] = BROKEN
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()
        await kiosk.until(lambda: Indicator.IN_CALL in world.indicators.lit, "in call")
        assert "GPIO 26" in str(kiosk.daemon.status()["lamps_wrong"])

        world.indicators.broken.clear()

        await kiosk.until(lambda: not kiosk.daemon.status()["lamps_wrong"], "mended")
        assert Indicator.CAMERA_OPEN in world.indicators.lit


async def test_a_lamp_that_never_works_makes_the_one_of_the_camera_no_later() -> None:
    world = KioskWorld()
    world.indicators.broken[Indicator.FAULT] = BROKEN
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()
        lamps = kiosk.daemon._health.lamps
        lamps.light()
        world.indicators.lit.clear()
        lamps.light()

        assert Indicator.CAMERA_OPEN in world.indicators.lit
        assert "GPIO 26" in lamps.wrong


async def test_a_server_that_is_away_is_a_fault_until_it_is_back() -> None:
    world = KioskWorld()
    world.room.fail("log_in", *[UNREACHABLE] * 20)
    async with running_kiosk(world) as kiosk:
        await kiosk.until(lambda: bool(faults(kiosk)), "a fault")
        assert [(each["fault"], each["flashes"]) for each in faults(kiosk)] == [
            ("room server", 2)
        ]

        await kiosk.reach(State.IDLE)
        assert faults(kiosk) == []


async def test_a_kiosk_that_is_not_set_up_flashes_once() -> None:
    async with running_kiosk(start=State.UNCONFIGURED, problem="C001 no") as kiosk:
        await kiosk.until(lambda: bool(faults(kiosk)), "a fault")

        assert faults(kiosk) == [
            {"fault": "configuration", "flashes": 1, "reason": "C001 no"}
        ]


def faults(kiosk: RunningKiosk) -> list[dict[str, object]]:
    found: list[dict[str, object]] = kiosk.daemon.status()["faults"]
    return found
