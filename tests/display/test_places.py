"""Fitting and turning places: whole pixels, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.display.places import fitted, turned_place, turned_size
from kiosk.ports import Rect


DISPLAY = (1280, 720)


@pytest.mark.parametrize(
    ("degrees", "place", "size"),
    [
        (0, Rect(10, 20, 300, 200), (1280, 720)),
        (90, Rect(500, 10, 200, 300), (720, 1280)),
        (180, Rect(970, 500, 300, 200), (1280, 720)),
        (270, Rect(20, 970, 200, 300), (720, 1280)),
    ],
)
def test_a_place_turns_with_its_display(
    degrees: int, place: Rect, size: tuple[int, int]
) -> None:
    assert turned_place(Rect(10, 20, 300, 200), DISPLAY, degrees) == place
    assert turned_size(DISPLAY, degrees) == size


sides = st.integers(1, 4000)
places = st.builds(Rect, st.integers(-50, 4000), st.integers(-50, 4000), sides, sides)


@pytest.mark.hypothesis
@given(places, st.tuples(sides, sides))
def test_four_quarters_are_no_turn_and_two_are_a_half(
    place: Rect, display: tuple[int, int]
) -> None:
    turned, size = place, display
    halves = []
    for _ in range(4):
        turned = turned_place(turned, size, 90)
        size = turned_size(size, 90)
        halves.append(turned)

    assert (turned, size) == (place, display)
    assert halves[1] == turned_place(place, display, 180)
    assert halves[2] == turned_place(place, display, 270)


@pytest.mark.parametrize(
    ("picture", "place"),
    [
        ((1280, 720), Rect(0, 0, 1280, 720)),
        ((640, 480), Rect(160, 0, 960, 720)),
        ((720, 1280), Rect(437, 0, 405, 720)),
        ((1000, 100), Rect(0, 296, 1280, 128)),
        ((8000, 1), Rect(0, 359, 1280, 1)),
    ],
)
def test_a_picture_keeps_its_shape(picture: tuple[int, int], place: Rect) -> None:
    assert fitted(picture, DISPLAY) == place
