"""Composing layers as the display hardware would."""

from __future__ import annotations

import pytest

from kiosk.display.compose import Placed, compose, rgb
from kiosk.ports import ColourMatrix, Rect
from tests.fakes.frames import grey_frame, plain_page


@pytest.mark.parametrize(
    ("matrix", "full_range", "yuv", "expected"),
    [
        (ColourMatrix.BT601, False, (16, 128, 128), (0, 0, 0)),
        (ColourMatrix.BT601, False, (235, 128, 128), (255, 255, 255)),
        (ColourMatrix.BT601, True, (235, 128, 128), (235, 235, 235)),
        # Pure red and blue of the two matrices, limited range (BT.601, BT.709).
        (ColourMatrix.BT601, False, (81, 90, 240), (255, 0, 0)),
        (ColourMatrix.BT709, False, (63, 102, 240), (255, 0, 0)),
        (ColourMatrix.BT709, False, (32, 240, 118), (0, 0, 255)),
        (ColourMatrix.BT601, True, (76, 85, 255), (255, 0, 0)),
    ],
)
def test_yuv_becomes_rgb_by_matrix_and_range(
    matrix: ColourMatrix,
    full_range: bool,
    yuv: tuple[int, int, int],
    expected: tuple[int, int, int],
) -> None:
    frame = grey_frame(
        yuv[0], (6, 4), padding=2, chroma=yuv[1:], matrix=matrix, full_range=full_range
    )

    pixel = rgb(frame)[1, 1]

    assert max(abs(int(a) - b) for a, b in zip(pixel, expected, strict=True)) <= 2


def test_odd_sizes_are_converted_whole() -> None:
    assert rgb(grey_frame(16, (5, 3))).shape == (3, 5, 3)


@pytest.mark.parametrize(
    "place",
    [
        Rect(-20, -20, 40, 40),
        Rect(140, 100, 60, 60),
        Rect(500, 500, 10, 10),
        Rect(-50, 0, 20, 20),
        Rect(0, 0, 0, 0),
        Rect(-10, -10, 300, 300),
    ],
)
def test_a_place_partly_or_wholly_off_the_glass_is_cut(place: Rect) -> None:
    layers: list[Placed] = [
        (grey_frame(235), place),
        (plain_page((0, 0, 0, 0)), place),
    ]

    image = compose((160, 120), layers)

    assert image.size == (160, 120)
    inside = place.x < 5 < place.x + place.width and place.y < 5 < (
        place.y + place.height
    )
    assert image.getpixel((5, 5)) == ((255,) * 3 if inside else (0, 0, 0))


def test_a_scaled_overlay_stays_premultiplied() -> None:
    page = plain_page((0, 0, 100, 128), (10, 10))

    image = compose((40, 40), [(page, Rect(0, 0, 40, 40))])

    assert image.getpixel((20, 20)) == (100, 0, 0)


def test_an_overlay_in_its_own_size_is_not_scaled() -> None:
    page = plain_page((0, 0, 255, 255), (10, 10))

    image = compose((40, 40), [(page, Rect(5, 5, 10, 10))])

    assert [image.getpixel((x, 10)) for x in (4, 5, 14, 15)] == [
        (0, 0, 0),
        (255, 0, 0),
        (255, 0, 0),
        (0, 0, 0),
    ]
