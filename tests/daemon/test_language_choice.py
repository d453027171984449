"""A long press takes the next language, for one customer."""

from __future__ import annotations

import asyncio

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.ports import ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk


ALL = ("en", "zh_CN", "zh_TW")
LONG_S = 0.06


def spoken(kiosk: RunningKiosk) -> str:
    return kiosk.world.screens.facts.language


async def choose(kiosk: RunningKiosk, language: str) -> None:
    kiosk.daemon.press("call", LONG_S)
    await kiosk.until(lambda: spoken(kiosk) == language, language or "our own")
    await asyncio.sleep(LONG_S / 2)  # it was let go


async def test_long_presses_go_through_the_languages_and_call_nobody() -> None:
    async with running_kiosk(languages=ALL) as kiosk:
        await kiosk.reach(State.IDLE)
        for language in ("zh_CN", "zh_TW", ""):
            await choose(kiosk, language)

        assert kiosk.state == "IDLE"
        assert kiosk.daemon.status()["call"] == 0


async def test_a_short_press_calls_in_the_chosen_language_until_the_call_is_over() -> (
    None
):
    async with running_kiosk(languages=ALL, ended=0.05) as kiosk:
        await kiosk.reach(State.IDLE)
        await choose(kiosk, "zh_CN")
        await kiosk.talk()
        assert spoken(kiosk) == "zh_CN"

        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        assert spoken(kiosk) == ""


async def test_a_call_outlasts_the_time_for_which_a_choice_is_kept() -> None:
    async with running_kiosk(languages=ALL) as kiosk:
        await kiosk.reach(State.IDLE)
        await choose(kiosk, "zh_CN")
        await kiosk.wait_in_room()
        assert kiosk.world.screens.facts.language == "zh_CN"
        await asyncio.sleep(0.25)

        assert spoken(kiosk) == "zh_CN"


async def test_without_a_call_our_own_language_comes_back_by_itself() -> None:
    async with running_kiosk(languages=ALL) as kiosk:
        await kiosk.reach(State.IDLE)
        await choose(kiosk, "zh_CN")

        await kiosk.until(lambda: spoken(kiosk) == "", "our own again")
        assert kiosk.state == "IDLE"


async def test_with_one_language_a_press_of_any_length_calls_at_once() -> None:
    async with running_kiosk(languages=("en",)) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call", 5.0)

        await kiosk.reach(State.WAITING)


async def test_a_long_press_on_any_other_screen_is_a_press() -> None:
    async with running_kiosk(languages=ALL, answer=0.01, ended=5.0) as kiosk:
        await kiosk.wait_in_room()
        await kiosk.until_screen(ScreenName.NO_ANSWER)
        await kiosk.reach(State.ENDED)
        kiosk.daemon.press("call", 5.0)

        await kiosk.until(lambda: kiosk.daemon.status()["call"] == 2, "a second call")
        assert spoken(kiosk) == ""


async def test_a_kiosk_that_closes_forgets_the_language_of_the_last_customer() -> None:
    async with running_kiosk(languages=ALL, answer=0.01, ended=60.0) as kiosk:
        await kiosk.reach(State.IDLE)
        await choose(kiosk, "zh_CN")
        await kiosk.wait_in_room()
        await kiosk.reach(State.ENDED)
        assert spoken(kiosk) == "zh_CN"

        kiosk.daemon.post(ev.HoursEnded())
        await kiosk.reach(State.CLOSED)
        await kiosk.until(lambda: spoken(kiosk) == "", "our own, for the night")
