"""A QR code is whole, white around, and has its size."""

from __future__ import annotations

import pytest
from PIL import Image

from kiosk.ui.canvas import Canvas
from kiosk.ui.fonts import Fonts
from kiosk.ui.qr_code import QUIET_ZONE, draw_qr_code, qr_rows
from kiosk.ui.typesetting import Typesetter


TEXT = "kiosk 0.1.0 10000000abcd\nSample Bank, Branch\nR007 no answer"
GROUND = (4, 16, 32, 255)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.5])
def test_every_module_is_drawn_as_it_was_encoded(scale: float) -> None:
    image = Image.new("RGBA", (600, 400), GROUND)
    canvas = Canvas(image, scale, Typesetter(Fonts(), scale))

    width = draw_qr_code(canvas, 300.0, 20.0, 160.0, TEXT)

    rows = qr_rows(TEXT)
    count = len(rows) + 2 * QUIET_ZONE
    module = round(width * scale) // count
    left, top = round(300 * scale) - count * module, round(20 * scale)
    assert 0 < width <= 160
    for y in range(count):
        for x in range(count):
            inside = QUIET_ZONE <= min(x, y) and max(x, y) < count - QUIET_ZONE
            dark = inside and rows[y - QUIET_ZONE][x - QUIET_ZONE] == 1
            at = left + x * module + module // 2, top + y * module + module // 2
            assert image.getpixel(at) == ((0, 0, 0, 255) if dark else (255,) * 4)
    assert image.getpixel((left - 1, top)) == GROUND


def test_where_there_is_no_room_there_is_no_code() -> None:
    image = Image.new("RGBA", (100, 100), GROUND)

    canvas = Canvas(image, 0.2, Typesetter(Fonts(), 0.2))
    assert draw_qr_code(canvas, 300.0, 0.0, 60.0, TEXT) == 0.0
    assert image.getcolors() == [(10_000, GROUND)]


def test_text_of_any_length_and_script_has_a_code() -> None:
    assert qr_rows("星" * 5_000)
    assert qr_rows("x")
