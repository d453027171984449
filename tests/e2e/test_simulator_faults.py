"""The switches of the simulator page: real faults, and a screen that says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import datetime

import pytest
import pytest_asyncio

from tests.fakes.branch import wait_for_new_pictures
from tests.fakes.simulated import Simulated, simulated


pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours_around_now() -> dict[str, object]:
    """Return a week that is open now, and is not half a day later."""
    hour = datetime.now().astimezone().hour
    open_from, until = max(0, hour - 3), min(23, hour + 4)
    return dict.fromkeys(DAYS, f"{open_from:02}:00-{until:02}:59")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def branch() -> AsyncGenerator[Simulated]:
    kiosk: dict[str, object] = {"languages": ["en", "zh_CN"]}
    async with simulated(hours=hours_around_now(), kiosk=kiosk) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def here(branch: Simulated) -> AsyncGenerator[Simulated]:
    """An idle kiosk and its page; every switch a test leaves on is put back."""
    await branch.until(branch.agent, "WAITING", 40.0)
    await branch.until(branch.kiosk, "IDLE", 40.0)
    yield branch
    for left in await branch.page.query_selector_all(
        "[data-switch][aria-checked=true]"
    ):
        await left.click()
    branch.kiosk.press("hangup")


async def test_a_call_goes_on_without_its_camera_and_has_it_back(
    here: Simulated,
) -> None:
    await here.call()
    await here.until_fresh("pip")
    await here.throw("camera", on=True)
    await here.page.wait_for_selector("[data-lamp=camera_open]:not(.lit)")
    await here.until_said("#history", "D002 camera")
    own = await here.painted_s("pip")
    await asyncio.to_thread(wait_for_new_pictures, here.agent)  # of the card
    await here.throw("camera", on=False)

    assert own is None
    await here.until_said("#history", "back")
    await here.until_fresh("pip")
    await asyncio.to_thread(wait_for_new_pictures, here.agent)
    await here.until(here.kiosk, "IN_CALL")


async def test_a_call_without_a_camera_says_so(here: Simulated) -> None:
    await here.throw("camera", on=True)
    await here.page.click("[data-button=call]")

    # of the call that failed, or of the idle kiosk that looked before the press
    await here.until_said("#history", "plug the camera in")
    await here.until(here.kiosk, "OUT_OF_SERVICE")
    await here.throw("camera", on=False)

    await here.until(here.kiosk, "IDLE")


async def test_a_call_goes_on_without_its_microphone_and_has_it_back(
    here: Simulated,
) -> None:
    await here.call()
    await here.throw("microphone", on=True)
    await here.page.wait_for_selector("[data-lamp=microphone_open]:not(.lit)")
    await here.until_said("#history", "D002 microphone")
    await here.page.wait_for_selector("[data-lamp=fault].lit")
    await here.throw("microphone", on=False)

    await here.until_said("#history", "back")
    await here.page.wait_for_selector("[data-lamp=microphone_open].lit")
    await here.until(here.kiosk, "IN_CALL")


async def test_a_screen_without_its_cable_shows_nothing_and_then_the_call_as_it_is(
    here: Simulated,
) -> None:
    await here.call()
    await here.until_fresh()
    await here.throw("screen", on=True)
    await here.page.wait_for_selector("#no-signal:not([hidden])")
    await here.page.wait_for_function(
        "() => [...document.querySelectorAll('canvas')]"
        ".every((canvas) => canvas.style.display !== 'block')"
    )
    await here.page.wait_for_selector("[data-lamp=fault].lit")  # it blinks
    await here.until_said("#history", "missing")
    unplugged_s = time.monotonic()
    await here.throw("screen", on=False)

    assert await here.until_fresh(newer_than=unplugged_s) > unplugged_s


async def test_a_cut_network_is_told_and_the_call_comes_back(here: Simulated) -> None:
    await here.call()
    await here.until_fresh()
    await here.throw("network", on=True)
    await here.until_said("#history", "reconnecting")
    await here.throw("network", on=False)
    mended_s = time.monotonic()
    await here.until(here.kiosk, "IN_CALL")

    assert await here.until_fresh(newer_than=mended_s) > mended_s


async def test_an_idle_kiosk_whose_network_is_cut_is_out_of_service(
    here: Simulated,
) -> None:
    await here.throw("network", on=True)
    await here.page.click("[data-button=call]")
    await here.until_said("#history", "R00")
    await here.throw("network", on=False)

    await here.until(here.kiosk, "IDLE", 40.0)


async def test_a_busy_agent_means_the_queue_until_the_other_customer_leaves(
    here: Simulated,
) -> None:
    await here.throw("busy", on=True)
    await here.until(here.agent, "IN_CALL", 30.0)
    await here.page.click("[data-button=call]")
    await here.until_said("#state", "QUEUED")
    await here.throw("busy", on=False)

    await here.until(here.kiosk, "IN_CALL", 40.0)


async def test_a_clock_that_is_wrong_closes_the_branch(here: Simulated) -> None:
    await here.throw("clock", on=True)
    await here.until_said("#state", "CLOSED")
    await here.throw("clock", on=False)

    await here.until_said("#state", "IDLE")


async def test_a_long_press_of_call_changes_the_language_and_a_short_one_calls(
    here: Simulated,
) -> None:
    before = await here.drawn("base")
    await here.page.hover("[data-button=call]")
    await here.page.mouse.down()
    await here.until_said("#history", "zh_CN")
    await here.page.mouse.up()
    await here.until_drawn_otherwise("base", before)
    state = here.kiosk.state
    await here.page.keyboard.press("g")

    assert state == "IDLE"
    await here.until(here.kiosk, "IN_CALL")
