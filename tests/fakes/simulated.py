"""A branch whose kiosk's hardware is played by a page in a real Chromium."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page

from tests.fakes.branch import Branch
from tests.fakes.browser import Browser, browser
from tests.fakes.canvas_clock import painted_on
from tests.fakes.programs import Party


SEEN: dict[str, dict[str, object]] = {
    "display": {"device": "simulator", "size": "1280x720", "self_view": True},
}


@dataclass(frozen=True)
class Simulated:
    """
    A kiosk, its page, and the agent it calls.

    Attributes:
        address: Of the page.

    """

    branch: Branch
    kiosk: Party
    agent: Party
    address: str
    browser: Browser

    @property
    def page(self) -> Page:
        return self.browser.page

    async def until(self, party: Party, state: str, seconds: float = 20.0) -> None:
        """Wait, with the page alive, until a party is in a state."""
        await asyncio.to_thread(party.wait_for, state, seconds)

    async def until_said(self, selector: str, words: str) -> None:
        """Wait until the page says something."""
        await self.page.wait_for_function(
            "([selector, words]) => document.querySelector(selector)"
            ".textContent.includes(words)",
            arg=[selector, words],
        )

    async def throw(self, switch: str, *, on: bool) -> None:
        """Throw a switch by mouse; it is as it says when this returns."""
        await self.page.click(f"[data-switch={switch}]")
        checked = f"[data-switch={switch}][aria-checked={'true' if on else 'false'}]"
        await self.page.wait_for_selector(checked)

    async def drawn(self, plane: str) -> str:
        """Return all pixels of a canvas."""
        pixels: str = await self.page.evaluate(
            "(plane) => document.querySelector(`[data-plane=${plane}]`).toDataURL()",
            plane,
        )
        return pixels

    async def until_drawn_otherwise(self, plane: str, before: str) -> None:
        """Wait until a canvas has other pixels."""
        deadline = time.monotonic() + 10.0
        while await self.drawn(plane) == before:
            assert time.monotonic() < deadline, f"{plane} did not change"
            await asyncio.sleep(0.02)

    async def call(self) -> None:
        """Press the green button by mouse and wait until the picture is there."""
        await self.page.click("[data-button=call]")
        await self.until(self.kiosk, "IN_CALL")

    async def painted_s(self, plane: str = "base") -> float | None:
        """Return the time painted on a canvas; None without a picture that has one."""
        return await painted_on(self.page.locator(f"[data-plane={plane}]"))

    async def until_fresh(
        self, plane: str = "base", seconds: float = 15.0, *, newer_than: float = 0.0
    ) -> float:
        """Wait for a picture not older than a second; return the time painted."""
        deadline = time.monotonic() + seconds
        while True:
            painted, now = await self.painted_s(plane), time.monotonic()
            if painted is not None and max(now - 1.0, newer_than) < painted < now:
                return painted
            assert now < deadline, f"no fresh picture on {plane}, but of {painted}"
            await asyncio.sleep(0.02)


async def is_heard(page: Page, hertz: int = 0) -> None:
    """Wait until something, or a tone, comes out of the page's loudspeaker."""
    await page.wait_for_function(
        "(hertz) => { const heard = parseInt("
        "document.querySelector('#heard').textContent);"
        "return hertz ? Math.abs(heard - hertz) < 60 : heard > 0; }",
        arg=hertz,
    )


@asynccontextmanager
async def simulated(
    size: tuple[int, int] = (1366, 768), **sections: dict[str, object]
) -> AsyncGenerator[Simulated]:
    """Run a branch, with sections for its kiosk, and open the page."""
    with Branch() as branch:
        await asyncio.to_thread(branch.start_server)
        agent = await asyncio.to_thread(branch.start_agent)
        kiosk = await asyncio.to_thread(
            branch.start_kiosk, "kiosk", **{**SEEN, **sections}
        )
        await asyncio.to_thread(kiosk.wait_for, "IDLE")
        await asyncio.to_thread(agent.wait_for, "WAITING")
        address = json.loads(kiosk.printed)["simulator"]
        async with browser(size=size) as opened:
            made = Simulated(branch, kiosk, agent, address, opened)
            await opened.page.goto(address)
            await made.until_said("#state", "IDLE")
            yield made
            assert opened.complaints.texts == []
