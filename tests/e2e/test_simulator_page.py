"""The simulator page in a real Chromium: calls as a developer makes them."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from kiosk.codec.beep import AGENT_HZ
from tests.fakes.eventually import eventually
from tests.fakes.simulated import Simulated, is_heard, simulated


pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def branch() -> AsyncGenerator[Simulated]:
    async with simulated() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def here(branch: Simulated) -> AsyncGenerator[Simulated]:
    """An idle kiosk and its page; whatever the test leaves is hung up."""
    await branch.until(branch.agent, "WAITING")
    await branch.until(branch.kiosk, "IDLE")
    yield branch
    branch.kiosk.press("hangup")


async def test_a_press_by_mouse_calls_and_the_peer_moves_on_the_page(
    here: Simulated,
) -> None:
    await here.call()

    first = await here.until_fresh()
    later = await here.until_fresh(newer_than=first)
    own = await here.until_fresh("pip")

    assert later > first
    assert own > 0


async def test_the_peers_tone_is_heard_from_the_pages_loudspeaker(
    here: Simulated,
) -> None:
    await here.call()

    await is_heard(here.page, AGENT_HZ)


async def test_mute_and_hang_up_by_the_pages_buttons_are_shown_by_its_lamps(
    here: Simulated,
) -> None:
    await here.call()
    await here.page.click("[data-button=mute]")
    await here.page.wait_for_selector("[data-lamp=muted].lit")
    muted = here.kiosk.status()["muted"]
    camera = await here.page.query_selector("[data-lamp=camera_open].lit")
    await here.page.click("[data-button=hangup]")
    await here.until_said("#state", "IDLE")
    await here.page.wait_for_selector("[data-lamp=camera_open]:not(.lit)")

    assert muted
    assert camera is not None


async def test_mouse_and_keyboard_turn_the_volume(here: Simulated) -> None:
    before = await here.drawn("base")
    await here.page.keyboard.press("+")
    await here.page.click("[data-button=volume_up]")
    await here.page.click("[data-button=volume_up]")
    await here.page.keyboard.press("-")

    await eventually(lambda: here.kiosk.status()["volume_db"] == 6)
    await here.until_drawn_otherwise("base", before)  # the screen says so
    for _ in range(2):
        await here.page.keyboard.press("-")
    await eventually(lambda: here.kiosk.status()["volume_db"] == 0)


async def test_the_keyboard_alone_calls_mutes_and_hangs_up(here: Simulated) -> None:
    await here.page.keyboard.press("g")
    await here.until_said("#state", "IN_CALL")
    await here.page.focus("[data-button=mute]")
    await here.page.keyboard.press("Space")
    await here.page.wait_for_selector("[data-lamp=muted].lit")
    await here.page.keyboard.press("r")

    await here.until_said("#state", "IDLE")


async def test_a_text_of_the_agent_is_written_on_the_screen_and_in_the_history(
    here: Simulated,
) -> None:
    await here.call()
    await here.until_fresh()
    before = await here.drawn("over")
    here.agent.control.text("Please show your card")

    await here.until_said("#history", "Please show your card")
    await here.until_drawn_otherwise("over", before)


async def test_the_room_protocol_is_written_down_without_a_key(here: Simulated) -> None:
    await here.call()
    await here.until_said("#room", "add_pusher")
    written = await here.page.inner_text("#room")

    for route in ("get_room_list", "get_push_url", "add_pusher", "wait_events"):
        assert route in written
    for secret in ("rtmp", "sig=", "Bearer"):
        assert secret not in written
    assert '"token": "…"' in written


async def test_layers_and_delays_are_in_tables(here: Simulated) -> None:
    await here.call()
    await here.until_said("[data-row=base]", "640")
    await here.until_said("[data-row=pip]", "YUV420 BT.601 limited")
    await here.until_said("[data-row=over]", "ARGB8888")

    await here.until_said("#latency", "picture of agent")


async def test_a_page_that_is_loaded_again_in_a_call_goes_on_with_it(
    here: Simulated,
) -> None:
    await here.call()
    await here.until_fresh()
    await here.page.reload()

    await here.until_said("#state", "IN_CALL")
    await here.until_fresh()
    history = await here.page.inner_text("#history")

    assert "RESERVING" in history


async def test_a_page_that_says_nothing_back_is_spared_pictures_and_hoards_none(
    here: Simulated,
) -> None:
    await here.call()
    await here.until_fresh()
    silent = await here.browser.another_page()
    await silent.goto(here.address)
    held = await silent.evaluate(
        """async () => {
          const url = new URL("socket", location.href);
          url.protocol = "ws:";
          const socket = new WebSocket(url), kinds = [];
          socket.binaryType = "arraybuffer";
          socket.onmessage = ({data}) => kinds.push(new DataView(data).getUint8(0));
          await new Promise((done) => setTimeout(done, 3000));
          socket.close();
          return kinds;
        }"""
    )
    await silent.close()

    assert len([kind for kind in held if kind in {1, 2, 3}]) == 6
    assert len([kind for kind in held if kind == 4]) <= 25
    await here.until_fresh()
