"""What one page is sent, and what it is spared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import Layer, Rect
from kiosk.simulator.feed import MOST_VIEWERS, Feed, TooManyPages
from kiosk.simulator.planes import Planes
from kiosk.simulator.switches import Switch, Switches
from kiosk.simulator.viewer import KEPT_LINES, SOUND_WINDOW, WINDOW, Viewer
from kiosk.simulator.watched_display import WatchedDisplay
from kiosk.simulator.wire import HEADER, Kind
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.soon import soon


Got = tuple[Kind, int, int, Rect, bytes]


class Page:
    """A page that looks, and says back what it is told to."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.switches = Switches()
        clock = MonotonicClock()
        self.glass = HeadlessDisplay(clock, width=320, height=240)
        self.display = WatchedDisplay(self.glass, self.switches, self.feed.note)
        self.display.open()
        self.planes = Planes(self.display)
        self.got: list[Got] = []
        self.viewer: Viewer
        self.says_back = True

    async def take(self, sent: bytes) -> None:
        kind, plane, zero, sequence, *place = HEADER.unpack_from(sent)
        assert zero == 0
        self.got.append(
            (Kind(kind), plane, sequence, Rect(*place), sent[HEADER.size :])
        )
        if self.says_back:
            self.viewer.see(sequence)

    def of(self, *kinds: Kind) -> list[Got]:
        return [each for each in self.got if each[0] in kinds]

    async def frame(self, number: int) -> None:
        """Show a picture of its own on the base layer, and let it pass."""
        self.display.show(Layer.BASE, grey_frame(16 + number % 200))
        await asyncio.sleep(0.04)


@asynccontextmanager
async def looking(page: Page) -> AsyncGenerator[Page]:
    page.viewer = page.feed.new_viewer(page.planes)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(page.viewer.run(page.take))
        yield page
        running.cancel()
    page.feed.drop_viewer(page.viewer)


async def test_a_picture_comes_with_its_plane_and_its_place() -> None:
    async with looking(Page()) as page:
        page.display.show(Layer.PIP, grey_frame(), Rect(200, 150, 96, 72))
        await soon(lambda: bool(page.of(Kind.PICTURE)))

    (kind, plane, _, place, body) = page.of(Kind.PICTURE)[0]
    assert (kind, plane, place) == (Kind.PICTURE, 3, Rect(200, 150, 96, 72))
    assert body.startswith(b"\xff\xd8\xff")


async def test_a_picture_without_a_place_is_fitted_into_the_display() -> None:
    async with looking(Page()) as page:
        page.display.show(Layer.BASE, grey_frame(size=(64, 24)))
        await soon(lambda: bool(page.of(Kind.PICTURE)))

    assert page.got[-1][3] == Rect(0, 60, 320, 120)


async def test_a_page_that_did_not_change_is_sent_once() -> None:
    async with looking(Page()) as page:
        for _ in range(4):
            page.display.show(Layer.BASE, plain_page())
            await asyncio.sleep(0.06)
        page.display.show(Layer.BASE, plain_page((1, 2, 3, 255)))
        await soon(lambda: len(page.of(Kind.PAGE)) > 1)

    assert len(page.of(Kind.PAGE)) == 2


async def test_a_layer_that_is_switched_off_is_told() -> None:
    async with looking(Page()) as page:
        page.display.show(Layer.OVER, plain_page())
        await soon(lambda: bool(page.of(Kind.PAGE)))
        page.display.hide(Layer.OVER)
        await soon(lambda: bool(page.of(Kind.OFF)))

    assert page.of(Kind.OFF)[0][1] == 4


async def test_a_page_that_says_nothing_back_gets_six_pictures_and_no_more() -> None:
    page = Page()
    page.says_back = False
    async with looking(page):
        for number in range(40):
            await page.frame(number)

    assert len(page.of(Kind.PICTURE)) == WINDOW
    assert page.viewer.sent[Layer.BASE] == WINDOW
    assert page.viewer.dropped[Layer.BASE] >= 40 - WINDOW - 2


async def test_a_page_that_was_slow_gets_the_newest_picture_when_it_is_back() -> None:
    page = Page()
    page.says_back = False
    async with looking(page):
        for number in range(20):
            await page.frame(number)
        page.says_back = True
        page.display.show(Layer.BASE, plain_page())  # the newest
        for _, _, sequence, *_ in list(page.got):
            page.viewer.see(sequence)
        await soon(lambda: len(page.of(Kind.PICTURE, Kind.PAGE)) > WINDOW)

    assert [each[0] for each in page.of(Kind.PICTURE, Kind.PAGE)][WINDOW:] == [
        Kind.PAGE
    ]


async def test_sound_that_nobody_fetches_is_thrown_away() -> None:
    page = Page()
    page.says_back = False
    async with looking(page):
        for _ in range(300):
            page.feed.hear(bytes(960))
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)

    assert len(page.of(Kind.SOUND)) <= SOUND_WINDOW


async def test_a_page_that_opens_late_is_told_what_is_known() -> None:
    page = Page()
    page.feed.tell("lamps", {"muted": True})
    for number in range(KEPT_LINES + 5):
        page.feed.add("events", number)
    async with looking(page):
        await soon(lambda: bool(page.of(Kind.FACTS)))

    facts = json.loads(page.of(Kind.FACTS)[0][4])
    assert facts["lamps"] == {"muted": True}
    assert facts["events"] == list(range(5, KEPT_LINES + 5))


async def test_a_rate_of_five_is_at_most_five_pictures_a_second() -> None:
    page = Page()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with looking(page):
        page.viewer.want_rate(5)
        number = 0
        while len(page.of(Kind.PICTURE)) < 6:
            await page.frame(number)
            number += 1

    assert loop.time() - begun > 4 / 5 - 0.01  # the first two come at once


async def test_a_display_whose_cable_is_pulled_shows_nothing_until_it_is_back() -> None:
    async with looking(Page()) as page:
        page.display.show(Layer.BASE, plain_page())
        await soon(lambda: bool(page.of(Kind.PAGE)))
        page.switches.throw(Switch.SCREEN, on=True)
        await soon(lambda: bool(page.of(Kind.OFF)))
        unseen = page.display.show(Layer.BASE, plain_page((9, 9, 9, 255)))
        page.switches.throw(Switch.SCREEN, on=False)
        await soon(lambda: len(page.of(Kind.PAGE)) > 1)

    assert unseen is None
    assert [each[0] for each in page.of(Kind.PAGE, Kind.OFF)] == [
        Kind.PAGE,
        Kind.OFF,
        Kind.PAGE,
    ]


async def test_a_fifth_page_is_one_too_many() -> None:
    page = Page()
    viewers = [page.feed.new_viewer(page.planes) for _ in range(MOST_VIEWERS)]

    try:
        page.feed.new_viewer(page.planes)
    except TooManyPages:
        page.feed.drop_viewer(viewers[0])

    assert page.feed.new_viewer(page.planes) is not None
