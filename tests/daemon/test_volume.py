"""The buttons for the volume: heard, seen for a moment, and one customer's."""

from __future__ import annotations

import asyncio

from kiosk.call.states import State
from kiosk.daemon.volume import LEAST_DB, MOST_DB, STEPS, Volume
from kiosk.ports import PeerLeft
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import AGENT


def played_db(kiosk: RunningKiosk) -> float:
    player = kiosk.world.media.player
    assert player is not None
    return player.volume_db


def told_db(kiosk: RunningKiosk) -> object:
    return kiosk.daemon.status()["volume_db"]


def shown(kiosk: RunningKiosk) -> int:
    """Return the step that is to be seen; 0: none."""
    volume = kiosk.world.screens.facts.volume
    if volume is None:
        return 0
    assert volume[1] == STEPS
    return volume[0]


def world_with(volume: Volume) -> KioskWorld:
    world = KioskWorld()
    world.volume = volume
    return world


def test_there_is_an_end_both_ways_and_every_step_has_its_number() -> None:
    volume = Volume(1)  # between two steps
    volume.reset()
    numbers = []
    for _ in range(2 * STEPS):
        volume.turn(up=False)
    assert volume.decibels == LEAST_DB
    for _ in range(2 * STEPS):
        numbers.append(volume.step)
        volume.turn(up=True)

    assert volume.decibels == MOST_DB
    assert sorted(set(numbers)) == list(range(1, STEPS + 1))


async def test_a_press_is_heard_at_once_told_and_seen_for_a_moment() -> None:
    async with running_kiosk(volume_s=0.05) as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("volume_up")
        kiosk.daemon.press("volume_up")

        assert (played_db(kiosk), told_db(kiosk)) == (6, 6)
        assert shown(kiosk) == Volume(6).step
        await kiosk.until(lambda: shown(kiosk) == 0, "hidden")
        kiosk.daemon.press("volume_down")
        assert (played_db(kiosk), shown(kiosk)) == (3, Volume(3).step)
        assert kiosk.state == "IN_CALL"


async def test_a_call_begins_as_loud_as_it_was_made_before() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("volume_down")
        await kiosk.talk()

        assert played_db(kiosk) == -3


async def test_who_calls_again_from_the_last_screen_keeps_it() -> None:
    async with running_kiosk(ended=60.0) as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("volume_up")
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.reach(State.ENDED)
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)

        assert told_db(kiosk) == 3


async def test_the_next_customer_hears_what_is_configured() -> None:
    async with running_kiosk(world_with(Volume(-6))) as kiosk:
        await kiosk.talk()
        assert played_db(kiosk) == -6
        kiosk.daemon.press("volume_up")
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)

        assert (told_db(kiosk), shown(kiosk)) == (-6, 0)


async def test_who_turned_it_up_and_went_away_leaves_it_to_nobody() -> None:
    async with running_kiosk(language_s=0.1) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("volume_up")
        assert told_db(kiosk) == 3

        await kiosk.until(lambda: told_db(kiosk) == 0, "as configured")


async def test_a_call_keeps_it_however_long_it_takes() -> None:
    async with running_kiosk(language_s=0.02) as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("volume_up")
        await asyncio.sleep(0.1)

        assert (told_db(kiosk), played_db(kiosk)) == (3, 3)


async def test_on_the_technicians_page_the_buttons_turn_nothing() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("mute", 0.5)
        kiosk.daemon.press("hangup", 0.5)
        await kiosk.until(
            lambda: kiosk.daemon.status()["screen"] == "technician", "the page"
        )
        kiosk.daemon.press("volume_up")

        assert told_db(kiosk) == 0
