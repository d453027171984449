"""A card's display is looked after: news, tries, the descriptor that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from typing_extensions import override

from kiosk.app.display_care import DisplayCare
from kiosk.app.first_display import (
    DisplayPlan,
    FirstDisplay,
    Kernels,
    open_first_display,
)
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.display.hotplug import DisplayNews
from kiosk.display.testing import FakeKernel
from kiosk.errors import DeviceError
from kiosk.ports import Layer
from tests.fakes.eventually import eventually
from tests.fakes.frames import plain_page
from tests.fakes.kiosk_world import FakeInit


class Told(DisplayNews):
    """News that the test tells."""

    def __init__(self) -> None:
        super().__init__()
        self.comes = asyncio.Event()

    @override
    def open(self) -> None:
        """Nothing to open."""

    @override
    async def come(self) -> None:
        await self.comes.wait()
        self.comes.clear()


class Unheard(DisplayNews):
    """A kernel that tells nothing."""

    @override
    def open(self) -> None:
        raise DeviceError("display", "netlink", "no news")


class Cared:
    """One display, and who is told of it."""

    def __init__(
        self,
        kernel: FakeKernel,
        news: DisplayNews,
        *,
        is_there: bool = True,
        look_s: float = 0.02,
    ) -> None:
        self.kernel = kernel
        self.init = FakeInit()
        self.told = 0
        self.is_there = is_there
        self.next: Callable[[], FakeKernel] | None = None
        first = open_first_display(
            DisplayPlan(), {}, Kernels(open=self._open, news=lambda: news)
        )
        assert first is not None
        self.first: FirstDisplay = first
        self.care = DisplayCare(first, self.init, look_s)

    def _open(self, _: str | None) -> FakeKernel:
        if not self.is_there:
            raise DeviceError("display", "/dev/dri", "there is no card")
        if self.next is not None:
            self.kernel, self.next = self.next(), None
        return self.kernel

    def lose(self) -> None:
        self.kernel.is_gone = True
        self.first.display.show(Layer.BASE, plain_page(size=(1280, 720)))

    def tell(self) -> None:
        self.told += 1


@asynccontextmanager
async def cared(cared: Cared) -> AsyncIterator[Cared]:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(cared.care.run(cared.tell))
        try:
            yield cared
        finally:
            running.cancel()
            cared.first.display.close()


def card() -> FakeKernel:
    return FakeKernel("vc4-gen4", modes=((1280, 720, 60),), is_self_paced=True)


async def test_monitors_are_asked_again_on_news_and_only_then() -> None:
    news = Told()
    async with cared(Cared(card(), news)) as display:
        await asyncio.sleep(0.1)
        asked = display.kernel.panel.probes
        display.kernel.unplug()
        await asyncio.sleep(0.1)
        assert display.kernel.panel.probes == asked
        assert display.care.facts() == DisplayFacts(lit="HDMI-A-1 1280x720@60")

        news.comes.set()

        await eventually(lambda: display.care.facts().missing != "")
        assert display.told >= 2


@pytest.mark.parametrize("news", [Told, Unheard])
async def test_a_missing_display_is_looked_for_even_without_news(
    news: Callable[[], DisplayNews],
) -> None:
    kernel = card()
    kernel.unplug()
    async with cared(Cared(kernel, news())) as display:
        assert display.care.facts().missing == "no display is connected to HDMI-A-1"
        kernel.plug()

        await eventually(lambda: not display.care.facts().missing)


async def test_a_card_that_comes_late_is_lit_and_kept_for_a_successor() -> None:
    display = Cared(card(), Told(), is_there=False)
    assert display.care.facts().missing.endswith("there is no card")
    async with cared(display):
        await asyncio.sleep(0.1)
        assert not display.init.told
        display.is_there = True

        await eventually(lambda: not display.care.facts().missing)
        await eventually(lambda: display.init.told == ["keep drm"])
        await eventually(lambda: bool(display.kernel.shown()))


async def test_a_card_that_a_predecessor_just_let_go_of_is_not_looked_for_late() -> (
    None
):
    display = Cared(card(), Told(), is_there=False, look_s=3600.0)
    async with cared(display):
        display.is_there = True

        await eventually(lambda: not display.care.facts().missing)


async def test_a_card_that_is_closed_is_kept_no_longer_and_so_can_be_opened() -> None:
    async with cared(Cared(card(), Told())) as display:
        await eventually(lambda: display.told > 0)
        display.is_there = False
        display.lose()

        await eventually(lambda: display.init.told == ["forget drm"])
        display.next, display.is_there = card, True
        await eventually(lambda: display.init.told == ["forget drm", "keep drm"])


async def test_the_next_card_is_kept_though_its_descriptor_has_the_same_number() -> (
    None
):
    async with cared(Cared(card(), Told())) as display:
        await eventually(lambda: display.told > 0)
        number = display.kernel.fileno()
        display.next = card
        display.lose()

        await eventually(lambda: display.init.told == ["keep drm"])
        assert display.kernel.fileno() == number


async def test_a_card_that_was_kept_when_it_was_lit_is_not_kept_again() -> None:
    async with cared(Cared(card(), Told())) as display:
        await eventually(lambda: display.told > 0)

        assert not display.init.told
