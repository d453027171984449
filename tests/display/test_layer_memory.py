"""What a layer keeps of the display's memory once it is off, or a page lies still on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.ports import Layer, Rect, SoftFrame
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.kms import Cards, drm_display


CORNER = Rect(100, 80, 40, 30)


@pytest.fixture
def cards() -> Iterator[Cards]:
    """A card to which nothing was done that a customer would see."""
    cards = Cards("vc4-gen4", modes=((160, 120, 60),))
    yield cards
    assert [fault for kernel in cards.opened for fault in kernel.faults] == []


def _video(number: int = 0) -> SoftFrame:
    return grey_frame(128, (64, 48), captured_at=number)


def test_a_layer_that_is_off_keeps_no_memory_and_has_it_again_with_its_next_picture(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        cards.kernel.vblank()
        for number in range(6):
            display.show(Layer.OVER, plain_page((number,) * 4), CORNER)
            cards.kernel.vblank()

        display.hide(Layer.OVER)
        cards.kernel.vblank()
        display.look()

        assert len(cards.kernel.memories.handles) == 1
        display.show(Layer.OVER, plain_page(), CORNER)
        cards.kernel.vblank()
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary", "Overlay"]


def test_a_picture_that_was_taken_back_before_its_turn_leaves_no_memory(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))  # its flip is waited for

        display.show(Layer.PIP, _video(), CORNER)
        display.hide(Layer.PIP)
        cards.kernel.vblank()
        display.look()

        assert len(cards.kernel.memories.handles) == 1


def test_the_lowest_layer_keeps_none_either_once_it_is_off(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.OVER, plain_page(), CORNER)
        for number in range(6):
            display.show(Layer.BASE, _video(number))
            cards.kernel.vblank()

        display.hide(Layer.BASE)
        for _ in range(2):  # a picture was on its way
            cards.kernel.vblank()
            display.look()

        assert len(cards.kernel.memories.handles) == 1


def test_a_picture_that_the_driver_does_not_take_leaves_no_memory(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        cards.kernel.vblank()
        for number in range(3):
            too_large = grey_frame(128, (7700, 16), captured_at=number)
            assert display.show(Layer.BASE, too_large) is None
        cards.kernel.vblank()
        display.look()

        assert len(cards.kernel.memories.handles) == 1


def test_after_a_video_a_page_keeps_one_buffer_beside_its_own(cards: Cards) -> None:
    with drm_display(cards) as display:
        for number in range(9):
            display.show(Layer.BASE, _video(number))
            if number % 3 == 0:
                cards.kernel.vblank()
        assert len(cards.kernel.memories.handles) == 3

        for _ in range(2):
            display.show(Layer.BASE, plain_page(size=(160, 120)))
            cards.kernel.vblank()
            display.look()

        assert len(cards.kernel.memories.handles) == 2
