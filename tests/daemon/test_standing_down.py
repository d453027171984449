"""A restart of the machine is asked for first, and a customer who is there wins."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.call.states import State
from kiosk.errors import ControlError
from kiosk.ports import ScreenName
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld


async def test_an_idle_kiosk_makes_way_and_takes_no_call() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)

        await kiosk.daemon.stand_down(60)
        kiosk.daemon.press("call")
        await asyncio.sleep(0.1)

        assert kiosk.state == "OUT_OF_SERVICE"
        shown = kiosk.world.screens.last(ScreenName.OUT_OF_SERVICE)
        assert shown.reason.startswith("U003")
        assert "take_seat" not in kiosk.world.room.said


async def test_a_restart_that_never_comes_costs_no_more_than_the_time_asked_for() -> (
    None
):
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)

        await kiosk.daemon.stand_down(0.2)

        await kiosk.reach(State.IDLE)


async def test_nobody_is_cut_off() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.wait_in_room()

        with pytest.raises(ControlError, match="somebody is at the kiosk"):
            await kiosk.daemon.stand_down(60)

        assert kiosk.state == "WAITING"
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)


async def test_a_call_that_begins_at_the_same_moment_wins() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)

        kiosk.daemon.press("call")
        with pytest.raises(ControlError, match="somebody"):
            await kiosk.daemon.stand_down(60)

        await kiosk.reach(State.WAITING)
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)


async def test_a_question_to_a_customer_is_not_taken_away() -> None:
    async with running_kiosk(asks_consent=True) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.CONSENT)

        with pytest.raises(ControlError, match="CONSENT"):
            await kiosk.daemon.stand_down(60)


async def test_a_kiosk_out_of_service_makes_way_at_once() -> None:
    world = KioskWorld()
    world.room.fail("log_in", *[UNREACHABLE] * 1_000)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.OUT_OF_SERVICE)

        await kiosk.daemon.stand_down(60)


async def test_a_kiosk_that_is_not_set_up_makes_way_at_once() -> None:
    async with running_kiosk(start=State.UNCONFIGURED) as kiosk:
        await kiosk.daemon.stand_down(60)
