"""``kiosk demo --desk``: both pages in a real Chromium, a customer's and an agent's."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from kiosk.codec.beep import KIOSK_HZ
from tests.fakes.browser import browser
from tests.fakes.canvas_clock import painted_on
from tests.fakes.desk_branch import AgentPage
from tests.fakes.programs import Program
from tests.fakes.simulated import is_heard


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

READY_S = 60.0
PRINTED = re.compile(
    r"browser: (?P<kiosk>http://127\.0\.0\.1:\d+/\S+)\n"
    r".*desk: (?P<desk>http://\S+) \(name (?P<name>\S+), password (?P<password>\S+)\)"
)


@dataclass(frozen=True)
class Pages:
    """The customer's page and the agent's, who is logged in."""

    kiosk: Page
    agent: AgentPage


@asynccontextmanager
async def demonstration(folder: Path) -> AsyncGenerator[re.Match[str]]:
    """Run ``kiosk demo --desk`` and return what it printed of its pages."""
    demo = Program(
        folder / "demo.log", "demo", "--desk", "--no-browser", "--out", str(folder)
    )
    try:
        deadline = time.monotonic() + READY_S
        while (printed := PRINTED.search(demo.printed)) is None:
            assert demo.is_running, demo.log
            assert time.monotonic() < deadline, demo.printed
            await asyncio.sleep(0.05)
        yield printed
    finally:
        assert await asyncio.to_thread(demo.stop) == 0, demo.log


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncGenerator[Pages]:
    async with demonstration(tmp_path) as printed, browser() as chromium:
        agent = AgentPage(await chromium.another_person(), printed["desk"])
        await agent.open()
        await agent.log_in(printed["name"], printed["password"])
        await agent.is_in()
        await chromium.page.goto(printed["kiosk"])
        yield Pages(chromium.page, agent)
        assert [text for text in chromium.complaints.texts if text] == []


_LOUDEST = """() => {
  const output = window.desk?.media?.output;
  if (!output) return 0;
  window.ear ??= output.connect(new AnalyserNode(output.context, { fftSize: 4096 }));
  const levels = new Float32Array(window.ear.frequencyBinCount);
  window.ear.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  return levels[loudest] > -90 ? loudest * output.context.sampleRate / 4096 : 0;
}"""
"""Hertz of what the desk's page plays; 0 where it plays nothing."""


async def hears_the_kiosk(page: Page) -> None:
    """Wait until the kiosk's tone comes out of the desk's loudspeaker."""
    async with asyncio.timeout(30):
        while abs(await page.evaluate(_LOUDEST) - KIOSK_HZ) > 60:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def moves_on(page: Page) -> None:
    """Wait until the agent's picture on the kiosk's screen changes twice."""
    seen: set[str] = set()
    async with asyncio.timeout(30):
        while len(seen) < 3:
            seen.add(
                await page.evaluate(
                    "() => document.querySelector('[data-plane=base]').toDataURL()"
                )
            )
            await asyncio.sleep(0.1)


async def test_a_call_from_the_kiosks_page_is_answered_at_the_desks(
    pages: Pages,
) -> None:
    kiosk, agent = pages.kiosk, pages.agent
    await expect(kiosk.locator("#desk")).to_have_attribute(
        "href", re.compile("^http://localhost:")
    )

    await kiosk.click("[data-button=call]")
    await agent.sees_waiting()
    await agent.page.locator("#waiting button").click()
    await agent.is_in_call()
    await expect(kiosk.locator("#state")).to_have_text("IN_CALL")

    await agent.sees_it_move()
    await expect(kiosk.locator("[data-row=base]")).to_contain_text("YUV420")
    await moves_on(kiosk)
    assert await painted_on(kiosk.locator("[data-plane=pip]")) is not None
    await is_heard(kiosk)
    await hears_the_kiosk(agent.page)

    await kiosk.keyboard.press("m")
    await agent.reads("#trouble", "The kiosk's microphone is off.")
    await kiosk.wait_for_selector("[data-lamp=muted].lit")
    await agent.page.locator("#text").fill("Please show your card")
    await agent.page.keyboard.press("Enter")
    await expect(kiosk.locator("#history")).to_contain_text("Please show your card")

    await kiosk.click("[data-button=hangup]")
    await agent.has_no_call()
    await agent.reads("#told", "The customer hung up.")
    await expect(kiosk.locator("#state")).to_have_text("IDLE")
