"""What the display shows already costs no commit, whatever the driver can do."""

from __future__ import annotations

import pytest

from kiosk.display.drm import DrmDisplay
from kiosk.ports import Layer, PageFrame, Rect, SoftFrame
from tests.fakes.frames import grey_frame
from tests.fakes.kms import Cards, drm_display


SIZE = (160, 120)
CORNER = Rect(100, 80, 40, 30)
ABOVE = (Layer.OVER, Layer.SECOND, Layer.THIRD, Layer.PIP)


def page(grey: int = 90) -> PageFrame:
    return PageFrame(*SIZE, bytes((grey, grey, grey, 255)) * (SIZE[0] * SIZE[1]))


def video() -> SoftFrame:
    return grey_frame(128, (64, 48))


def settle(cards: Cards, display: DrmDisplay) -> None:
    for _ in range(3):
        cards.kernel.vblank()
        display.look()


def first_byte(cards: Cards) -> int:
    memory, _, offset = cards.kernel.shown()[0].framebuffer.planes[0]
    return memory.bytes[offset]


@pytest.fixture(params=["vc4-gen4", "vc4-gen5", "virtio-gpu", "simpledrm"])
def cards(request: pytest.FixtureRequest) -> Cards:
    return Cards(request.param, modes=((*SIZE, 60),))


def test_a_second_of_an_idle_screen_is_one_commit_at_most(cards: Cards) -> None:
    shown = page()
    with drm_display(cards) as display:
        display.show(Layer.BASE, shown)
        settle(cards, display)
        before = cards.kernel.commits

        display.show(Layer.BASE, shown)
        for layer in ABOVE:
            display.hide(layer)
            settle(cards, display)

        assert cards.kernel.commits - before <= 1
        assert first_byte(cards) == 90


@pytest.mark.parametrize("cards", ["vc4-gen4", "vc4-gen5"], indirect=True)
def test_a_page_that_is_there_is_not_put_there_again(cards: Cards) -> None:
    shown = page()
    with drm_display(cards) as display:
        display.show(Layer.BASE, shown)
        settle(cards, display)
        before = cards.kernel.commits

        for _ in range(5):
            display.show(Layer.BASE, shown)
            settle(cards, display)

        assert cards.kernel.commits == before


def test_a_page_comes_back_over_a_picture_and_after_it_was_hidden(
    cards: Cards,
) -> None:
    shown = page()
    with drm_display(cards) as display:
        display.show(Layer.BASE, shown)
        settle(cards, display)
        display.show(Layer.BASE, video())
        settle(cards, display)
        display.show(Layer.BASE, shown)
        settle(cards, display)
        assert first_byte(cards) == 90

        display.hide(Layer.BASE)
        settle(cards, display)
        display.show(Layer.BASE, shown)
        settle(cards, display)
        assert first_byte(cards) == 90


def test_another_page_takes_the_place_of_the_one_before(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, page(90))
        settle(cards, display)
        display.show(Layer.BASE, page(40))
        settle(cards, display)

        assert first_byte(cards) == 40


def test_a_layer_that_shows_something_is_emptied(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, page())
        display.show(Layer.PIP, video(), CORNER)
        settle(cards, display)
        before = cards.kernel.commits

        display.hide(Layer.PIP)
        settle(cards, display)

        assert cards.kernel.commits > before


@pytest.mark.parametrize("cards", ["virtio-gpu"], indirect=True)
def test_a_page_alone_on_a_driver_of_one_plane_is_not_drawn_layer_by_layer(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, page())
        for layer in ABOVE:
            display.hide(layer)
        settle(cards, display)

        stage = display._lighting.stage
        assert stage is not None
        assert stage._composing._composer is None  # which brings numpy
