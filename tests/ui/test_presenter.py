"""Putting screens on layers: what is there, what is gone, what is never late."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import (
    Frame,
    Layer,
    Micros,
    PageFrame,
    Received,
    Rect,
    ScreenFacts,
    ScreenName,
    Screens,
    SoftFrame,
    Tile,
)
from kiosk.ui.layout import Layout
from kiosk.ui.look import Look
from kiosk.ui.presenter import PillowScreens, ScreenPresenter, wall_time
from kiosk.ui.screens import Branding, screen_content
from kiosk.ui.texts import Texts
from tests.fakes.frames import grey_frame
from tests.fakes.leaks import held
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.waiting import wait_until


SIZE = (320, 180)


@pytest.fixture
def clock() -> SteadyClock:
    return SteadyClock(wall_s=1_800_000_000.0)


@pytest.fixture
def display(clock: SteadyClock) -> Iterator[HeadlessDisplay]:
    with HeadlessDisplay(clock, width=SIZE[0], height=SIZE[1]) as display:
        yield display


@pytest.fixture
def presenter(display: HeadlessDisplay, clock: SteadyClock) -> ScreenPresenter:
    return ScreenPresenter(display, clock, branding=Branding("Bank", "Branch"))


def _on(display: HeadlessDisplay) -> set[Layer]:
    return {layer for layer in Layer if display.newest(layer) is not None}


def _call_with_all_layers(display: HeadlessDisplay, presenter: ScreenPresenter) -> None:
    for layer in (Layer.BASE, Layer.SECOND, Layer.THIRD):
        display.show(layer, grey_frame())
    display.show(Layer.PIP, grey_frame(), Layout(SIZE).pip())
    presenter.present(ScreenName.IN_CALL, ScreenFacts(peer_name="Li Wen"))


def test_a_screen_is_a_page_on_the_base_layer(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IDLE, ScreenFacts())

    page = display.newest(Layer.BASE)
    assert isinstance(page, PageFrame)
    assert (page.width, page.height) == SIZE
    assert _on(display) == {Layer.BASE}


def test_a_call_with_a_picture_draws_over_it_and_never_touches_it(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    _call_with_all_layers(display, presenter)

    base, over = display.newest(Layer.BASE), display.newest(Layer.OVER)
    place = display.place(Layer.OVER)
    assert isinstance(base, SoftFrame)
    assert isinstance(over, PageFrame)
    assert place is not None
    assert (over.width, over.height) == (place.width, place.height)
    assert over.height < SIZE[1]


def test_a_call_with_sound_only_is_a_page(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IN_CALL, ScreenFacts(with_picture=False))

    assert isinstance(display.newest(Layer.BASE), PageFrame)
    assert display.newest(Layer.OVER) is None


@pytest.mark.parametrize(
    "name", [ScreenName.ENDED, ScreenName.IDLE, ScreenName.OUT_OF_SERVICE]
)
def test_after_a_call_nobodys_face_stays_on_the_display(
    name: ScreenName, display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    _call_with_all_layers(display, presenter)

    presenter.present(name, ScreenFacts())

    assert _on(display) == {Layer.BASE}
    assert isinstance(display.newest(Layer.BASE), PageFrame)


def test_a_screen_within_the_call_keeps_the_self_view_and_hides_the_peer(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    _call_with_all_layers(display, presenter)

    presenter.present(ScreenName.PEER_AWAY, ScreenFacts())

    assert _on(display) == {Layer.BASE, Layer.PIP}
    assert isinstance(display.newest(Layer.BASE), PageFrame)


def test_a_tick_counts_the_call_and_is_free_while_nothing_changes(
    display: HeadlessDisplay, presenter: ScreenPresenter, clock: SteadyClock
) -> None:
    facts = ScreenFacts(since=clock.now())
    presenter.present(ScreenName.IN_CALL, facts)

    presenter.refresh(ScreenName.IN_CALL, facts)
    unchanged = display.count(Layer.OVER).shown
    clock.move(1.0)
    presenter.refresh(ScreenName.IN_CALL, facts)

    assert unchanged == 1
    assert display.count(Layer.OVER).shown == 2


def test_a_tick_puts_a_page_back_over_a_late_picture(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.ENDED, ScreenFacts())
    display.show(Layer.BASE, grey_frame())
    display.show(Layer.PIP, grey_frame())

    presenter.refresh(ScreenName.ENDED, ScreenFacts())

    assert isinstance(display.newest(Layer.BASE), PageFrame)
    assert _on(display) == {Layer.BASE}


def test_reconnecting_neither_covers_nor_flashes_over_a_peer_that_still_plays(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    facts = ScreenFacts(tiles=(Tile("Li Wen", Layer.BASE, Received.PICTURE),))
    presenter.present(ScreenName.IN_CALL, facts)
    presenter.pictures.show(Layer.BASE, grey_frame())
    pages = []
    for _ in range(3):
        presenter.present(ScreenName.RECONNECTING, facts)
        pages.append(isinstance(display.newest(Layer.BASE), PageFrame))
        presenter.pictures.show(Layer.BASE, grey_frame())
        presenter.refresh(ScreenName.RECONNECTING, facts)
        pages.append(isinstance(display.newest(Layer.BASE), PageFrame))

    over = display.newest(Layer.OVER)
    assert not any(pages)
    assert isinstance(over, PageFrame)  # with the strip: the way to hang up
    assert over.width == SIZE[0]


@pytest.mark.parametrize("name", ScreenName)
def test_pictures_of_the_media_pass_only_in_a_call(
    name: ScreenName, display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(name, ScreenFacts(with_picture=False))

    for layer in (Layer.BASE, Layer.PIP):
        presenter.pictures.show(layer, grey_frame())

    in_a_call = screen_content(
        name, ScreenFacts(), texts=Texts("en"), branding=Branding(), now=Micros(0)
    ).self_view
    assert isinstance(display.newest(Layer.BASE), SoftFrame) is in_a_call
    assert (display.newest(Layer.PIP) is not None) is in_a_call


def test_a_player_that_closes_after_the_call_does_not_hide_the_page(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.CONNECTING, ScreenFacts())
    presenter.pictures.show(Layer.BASE, grey_frame())
    presenter.present(ScreenName.IN_CALL, ScreenFacts())
    presenter.present(ScreenName.ENDED, ScreenFacts())

    presenter.pictures.show(Layer.BASE, grey_frame())
    presenter.pictures.hide(Layer.BASE)

    assert isinstance(display.newest(Layer.BASE), PageFrame)


def test_an_unset_clock_is_not_shown() -> None:
    assert wall_time(0.0) == ""
    assert wall_time(1_800_000_000.0)[2] == ":"


def test_a_language_that_no_font_can_write_is_logged_with_the_cure(
    display: HeadlessDisplay,
    clock: SteadyClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    look = Look(fonts=[tmp_path])
    chinese = ScreenPresenter(display, clock, texts=[Texts("zh_CN")], look=look)
    english = ScreenPresenter(display, clock, look=look)
    chinese.prepare()
    chinese.present(ScreenName.IDLE, ScreenFacts())
    shown = display.newest(Layer.BASE)
    english.present(ScreenName.IDLE, ScreenFacts())

    assert display.newest(Layer.BASE) == shown
    assert "install fonts-noto-cjk" in caplog.text


def test_an_unknown_language_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert Texts("xx").language == "en"
    assert "no texts in xx" in caplog.text


def test_screens_show_the_newest_wish(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    with PillowScreens(presenter) as pillow:
        screens: Screens = pillow
        for name in ScreenName:
            screens.show(name, ScreenFacts())
        screens.show(ScreenName.IN_CALL, ScreenFacts())

        assert wait_until(lambda: display.newest(Layer.OVER) is not None)


def test_a_tick_reaches_the_display(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    with PillowScreens(presenter) as screens:
        screens.tick()
        screens.show(ScreenName.IDLE, ScreenFacts())
        assert wait_until(lambda: display.count(Layer.BASE).shown >= 1)
        before = display.count(Layer.BASE).shown

        screens.tick()

        assert wait_until(lambda: display.count(Layer.BASE).shown > before)


def test_closed_screens_draw_nothing_more(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    screens = PillowScreens(presenter)
    screens.close()
    screens.close()

    screens.show(ScreenName.IDLE, ScreenFacts())
    screens.tick()

    assert display.newest(Layer.BASE) is None
    assert "screens" not in {thread.name for thread in threading.enumerate()}


class BrokenDisplay(HeadlessDisplay):
    """Refuses the first frames, as a display that is being unplugged."""

    refusals = 1

    def show(  # type: ignore[explicit-override]
        self, layer: Layer, frame: Frame, at: Rect | None = None
    ) -> Micros:
        if self.refusals > 0:
            self.refusals -= 1
            raise OSError("no display")
        return super().show(layer, frame, at)


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_screen_that_cannot_be_drawn_is_covered_and_the_next_one_is_shown(
    refusals: int, clock: SteadyClock, caplog: pytest.LogCaptureFixture
) -> None:
    display = BrokenDisplay(clock, width=SIZE[0], height=SIZE[1])
    display.refusals = refusals
    display.open()
    with (
        caplog.at_level(logging.ERROR),
        PillowScreens(ScreenPresenter(display, clock)) as screens,
    ):
        screens.show(ScreenName.ENDED, ScreenFacts())
        assert wait_until(lambda: len(caplog.records) == refusals)
        assert wait_until(
            lambda: refusals > 1 or display.newest(Layer.BASE) is not None
        )
        before = display.newest(Layer.BASE)
        screens.show(ScreenName.IDLE, ScreenFacts())

        assert wait_until(lambda: display.newest(Layer.BASE) not in {None, before})
    display.close()


def test_a_hundred_rounds_leave_no_descriptor_and_no_thread(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.prepare()
    before = held()

    for _ in range(100):
        with PillowScreens(presenter) as screens:
            screens.show(ScreenName.IDLE, ScreenFacts())

    assert held() == before


def test_the_presenter_is_imported_without_pillow() -> None:
    code = (
        "import sys, kiosk.ui.presenter\n"
        "heavy = {'numpy', 'PIL', 'av'} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
