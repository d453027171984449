"""A live stream on the idle screen: beneath its words, and on no other screen."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import (
    Button,
    Display,
    DmabufFrame,
    Layer,
    Micros,
    PageFrame,
    ScreenFacts,
    ScreenName,
    SoftFrame,
)
from kiosk.ui.presenter import ScreenPresenter
from kiosk.ui.screens import Branding, screen_content
from kiosk.ui.texts import LANGUAGES, Texts
from tests.fakes.frames import grey_frame
from tests.fakes.steady_clock import SteadyClock


ON, OFF = ScreenFacts(television=True), ScreenFacts()


@pytest.fixture
def display() -> Iterator[HeadlessDisplay]:
    with HeadlessDisplay(SteadyClock(), width=320, height=180) as display:
        yield display


@pytest.fixture
def presenter(display: HeadlessDisplay) -> ScreenPresenter:
    return ScreenPresenter(display, SteadyClock(), branding=Branding("Bank"))


def television(presenter: ScreenPresenter) -> Display:
    return presenter.television


def test_idle_the_stream_has_the_base_and_the_words_lie_over_it(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IDLE, OFF)
    television(presenter).show(Layer.BASE, grey_frame())
    presenter.present(ScreenName.IDLE, ON)

    assert isinstance(display.newest(Layer.BASE), SoftFrame)
    assert isinstance(display.newest(Layer.OVER), PageFrame)
    assert display.newest(Layer.PIP) is None


@pytest.mark.parametrize(
    "name", [name for name in ScreenName if name is not ScreenName.IDLE]
)
def test_no_other_screen_lets_it_through(
    name: ScreenName, display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IDLE, ON)
    presenter.present(name, ScreenFacts(with_picture=False))
    before = display.newest(Layer.BASE)
    television(presenter).show(Layer.BASE, grey_frame())
    television(presenter).hide(Layer.BASE)

    assert display.newest(Layer.BASE) is before
    assert isinstance(before, PageFrame)


def test_a_call_may_not_draw_on_the_idle_screen_all_the_same(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IDLE, OFF)
    presenter.pictures.show(Layer.BASE, grey_frame())

    assert isinstance(display.newest(Layer.BASE), PageFrame)


def test_a_lost_stream_takes_its_last_picture_away_and_the_page_is_back(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IDLE, ON)
    television(presenter).show(Layer.BASE, grey_frame())
    television(presenter).hide(Layer.BASE)
    assert display.newest(Layer.BASE) is None

    presenter.present(ScreenName.IDLE, OFF)
    assert isinstance(display.newest(Layer.BASE), PageFrame)
    assert display.newest(Layer.OVER) is None


def test_a_dma_buf_that_is_dropped_is_given_back(presenter: ScreenPresenter) -> None:
    released: list[int] = []
    fd = os.memfd_create("frame")
    frame = DmabufFrame(
        fd,
        64,
        48,
        "YU12",
        (0, 3072, 3840),
        (64, 32, 32),
        Micros(0),
        lambda: released.append(fd),
    )
    television(presenter).show(Layer.BASE, frame)
    os.close(fd)

    assert released == [fd]


def test_the_owner_opens_and_closes_the_display(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    screen = television(presenter)
    screen.open()
    screen.close()

    assert screen.size == display.size
    assert screen.probe() == display.probe()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kiosk_that_goes_on_air_does_not_speak_of_advisers(language: str) -> None:
    live, texts = ScreenFacts(broadcasts=True), Texts(language)
    for name in (ScreenName.IDLE, ScreenName.CONNECTING, ScreenName.ENDED):
        content = screen_content(
            name, live, texts=texts, branding=Branding(), now=Micros(0)
        )

        assert content.title == texts(f"live.{name.value}.title")
        [label] = [key.label for key in content.strip if key.button is Button.CALL]
        assert label == texts("live.start")
