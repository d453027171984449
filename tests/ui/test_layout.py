"""Where things go on displays of any size."""

from __future__ import annotations

import pytest

from kiosk.ports import Rect
from kiosk.ui.layout import SMALLEST_TYPE_MM, Layout


SIZES = [(1280, 720), (1920, 1080), (1024, 600), (720, 1280), (3840, 2160)]


def test_a_unit_is_a_pixel_of_a_small_hd_display() -> None:
    assert Layout((1280, 720)).unit == 1.0
    assert Layout((1920, 1080)).unit == 1.5
    assert Layout((720, 1280)).unit == 1.0
    assert Layout((1, 1)).unit > 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("picture", [(16, 9), (4, 3), (640, 480)])
def test_the_self_view_is_on_the_display_in_its_own_shape(
    size: tuple[int, int], picture: tuple[int, int]
) -> None:
    rect = Layout(size).pip(picture)

    assert 0 <= rect.x < rect.x + rect.width <= size[0]
    assert 0 <= rect.y < rect.y + rect.height <= size[1]
    assert abs(rect.width / rect.height - picture[0] / picture[1]) < 0.03
    assert not any(side % 2 for side in (rect.x, rect.y, rect.width, rect.height))


def test_the_self_view_is_at_the_lower_right_above_the_strip() -> None:
    assert Layout((1280, 720)).pip() == Rect(936, 424, 312, 174)


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (10, 3000)])
def test_an_absurd_display_still_gets_a_place(size: tuple[int, int]) -> None:
    rect = Layout(size).pip()

    assert rect.x >= 0
    assert rect.y >= 0
    assert rect.width >= 2
    assert rect.height >= 2


@pytest.mark.parametrize(
    ("size", "inches"),
    [
        ((1280, 720), 21.5),
        ((1920, 1080), 15.6),
        ((1920, 1080), 13.3),
        ((1024, 600), 10.1),
        ((720, 1280), 10.1),
        ((3840, 2160), 27.0),
    ],
)
def test_the_smallest_type_is_as_high_as_people_need(
    size: tuple[int, int], inches: float
) -> None:
    height = Layout(size, inches).smallest_type_mm

    assert height is not None
    assert height >= SMALLEST_TYPE_MM - 0.001


def test_a_panel_too_small_for_such_type_keeps_room_for_words() -> None:
    tiny = Layout((800, 480), 4.3)

    assert tiny.smallest_type_mm is not None
    assert tiny.smallest_type_mm < SMALLEST_TYPE_MM
    assert (round(tiny.width), round(tiny.height)) >= (600, 352)


def test_a_large_panel_and_one_of_unknown_size_are_laid_out_alike() -> None:
    assert Layout((1280, 720), 42.0).unit == Layout((1280, 720)).unit
    assert Layout((1280, 720)).smallest_type_mm is None
