"""
A real Chromium without a window, with its own fake webcam and microphone.

Debian's package, driven by playwright.  What a page writes to its console as an
error, and every exception nobody caught, is kept: a page that works complains
of nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser as Chromium
from playwright.async_api import (
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    async_playwright,
)


START_MS = 30_000.0
"""For one step of a page on a machine that does three things at once."""

_FLAGS = (
    "--no-sandbox",  # the gate is root, and the pages are ours
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@dataclass
class Complaints:
    """
    What the pages of a browser complained of, in order.

    Without slots: playwright remembers its listeners as attributes of their owner.
    """

    texts: list[str] = field(default_factory=list[str])

    def watch(self, page: Page) -> None:
        """Keep what this page complains of from now on."""
        page.on("console", self._hear)
        page.on("pageerror", self._fail)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.texts.append(message.text)

    def _fail(self, error: Error) -> None:
        self.texts.append(str(error))


@dataclass(frozen=True, slots=True)
class Browser:
    """
    A browser with one person's pages.

    Attributes:
        page: Its first page.
        complaints: Of all its pages.

    """

    page: Page
    complaints: Complaints

    async def another_page(self) -> Page:
        """Open one more page of the same person."""
        page = await self.page.context.new_page()
        page.set_default_timeout(START_MS)
        self.complaints.watch(page)
        return page

    async def another_person(self) -> Page:
        """Open a page of somebody else, who shares no cookie with the first."""
        chromium = self.page.context.browser
        assert chromium is not None
        page = await _persons_page(chromium, self.page.viewport_size)
        self.complaints.watch(page)
        return page


async def _persons_page(chromium: Chromium, size: ViewportSize | None) -> Page:
    context = await chromium.new_context(
        permissions=["camera", "microphone"], viewport=size
    )
    context.set_default_timeout(START_MS)
    return await context.new_page()


@asynccontextmanager
async def browser(
    *,
    size: tuple[int, int] = (1600, 1000),
    flags: Sequence[str] = (),
) -> AsyncIterator[Browser]:
    """
    Run a browser for a while.

    Args:
        size: Of its window, in CSS pixels.
        flags: Further flags of Chromium, such as a file for its webcam.

    """
    program = shutil.which("chromium")
    assert program is not None, "apt-get install chromium"
    width, height = size
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=program, args=[*_FLAGS, *flags]
        )
        try:
            page = await _persons_page(chromium, {"width": width, "height": height})
            complaints = Complaints()
            complaints.watch(page)
            yield Browser(page, complaints)
        finally:
            await chromium.close()
