"""Where things go on displays of any size."""

from __future__ import annotations

import pytest

from kiosk.ports import Rect
from kiosk.ui.layout import pip_rect, unit


SIZES = [(1280, 720), (1920, 1080), (1024, 600), (720, 1280), (3840, 2160)]


def test_a_unit_is_a_pixel_of_a_small_hd_display() -> None:
    assert unit((1280, 720)) == 1.0
    assert unit((1920, 1080)) == 1.5
    assert unit((720, 1280)) == 0.75
    assert unit((1, 1)) > 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("picture", [(16, 9), (4, 3), (640, 480)])
def test_the_self_view_is_on_the_display_in_its_own_shape(
    size: tuple[int, int], picture: tuple[int, int]
) -> None:
    rect = pip_rect(size, picture)

    assert 0 <= rect.x < rect.x + rect.width <= size[0]
    assert 0 <= rect.y < rect.y + rect.height <= size[1]
    assert abs(rect.width / rect.height - picture[0] / picture[1]) < 0.03
    assert not any(side % 2 for side in (rect.x, rect.y, rect.width, rect.height))


def test_the_self_view_is_at_the_lower_right_above_the_strip() -> None:
    assert pip_rect((1280, 720)) == Rect(936, 424, 312, 174)


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (10, 3000)])
def test_an_absurd_display_still_gets_a_place(size: tuple[int, int]) -> None:
    rect = pip_rect(size)

    assert rect.x >= 0
    assert rect.y >= 0
    assert rect.width >= 2
    assert rect.height >= 2
