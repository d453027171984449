"""The curtain between the media and the display."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import Display, DmabufFrame, Layer, Micros, PageFrame, Rect, SoftFrame
from kiosk.ui.curtain import Curtain
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.steady_clock import SteadyClock


@pytest.fixture
def display() -> Iterator[HeadlessDisplay]:
    with HeadlessDisplay(SteadyClock(now=7), width=160, height=120) as display:
        yield display


@pytest.fixture
def curtain(display: HeadlessDisplay) -> Curtain:
    return Curtain(display)


def test_it_is_down_at_first_and_drops_every_picture(
    display: HeadlessDisplay, curtain: Curtain
) -> None:
    for layer in Layer:
        assert curtain.show(layer, grey_frame()) is None

    assert curtain.is_down
    assert not [layer for layer in Layer if display.newest(layer)]


def test_lifted_it_lets_pictures_through_to_their_place(
    display: HeadlessDisplay, curtain: Curtain
) -> None:
    curtain.lift()

    curtain.show(Layer.PIP, grey_frame(), Rect(1, 2, 30, 20))

    assert isinstance(display.newest(Layer.PIP), SoftFrame)
    assert display.place(Layer.PIP) == Rect(1, 2, 30, 20)


def test_a_dma_buf_that_is_dropped_is_given_back(curtain: Curtain) -> None:
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
        lambda: released.append(1),
    )

    curtain.show(Layer.PIP, frame)
    os.close(fd)

    assert released == [1]


def test_the_media_hide_their_own_picture_but_no_page(
    display: HeadlessDisplay, curtain: Curtain
) -> None:
    curtain.lift()
    curtain.show_page(plain_page())
    curtain.hide(Layer.BASE)
    page = display.newest(Layer.BASE)
    curtain.show(Layer.BASE, grey_frame())
    curtain.hide(Layer.BASE)

    assert isinstance(page, PageFrame)
    assert display.newest(Layer.BASE) is None


@pytest.mark.parametrize("layer", [Layer.PIP, Layer.SECOND])
def test_other_layers_can_be_hidden_also_when_it_is_down(
    layer: Layer, display: HeadlessDisplay, curtain: Curtain
) -> None:
    display.show(layer, grey_frame())

    curtain.lower()
    curtain.hide(layer)

    assert display.newest(layer) is None


def test_everything_else_is_the_displays_and_its_owners(
    display: HeadlessDisplay, curtain: Curtain, tmp_path: Path
) -> None:
    media_view: Display = curtain
    display.show(Layer.BASE, grey_frame())

    media_view.open()
    media_view.close()
    media_view.save_png(str(tmp_path / "glass.png"))

    assert media_view.size == display.size
    assert media_view.probe() == display.probe()
    assert (tmp_path / "glass.png").stat().st_size > 0
    assert display.newest(Layer.BASE) is not None
