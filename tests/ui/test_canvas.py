"""Drawing in units."""

from __future__ import annotations

import pytest
from PIL import Image, ImageFont

from kiosk.ports import Rect
from kiosk.ui.canvas import CLEAR, Canvas
from kiosk.ui.fonts import Fonts
from kiosk.ui.signs import Icon
from kiosk.ui.typesetting import Typesetter


FONTS = Fonts()
RED = (200, 0, 0)


def _canvas(size: tuple[int, int] = (200, 100), scale: float = 1.0) -> Canvas:
    return Canvas(Image.new(CLEAR, size), scale, Typesetter(FONTS, scale))


def test_a_panel_is_premultiplied_by_its_opacity() -> None:
    canvas = _canvas()

    canvas.panel((10, 10, 50, 50), 0, RED, 0.5)

    assert canvas.image.getpixel((20, 20)) == (100, 0, 0, 128)
    assert canvas.image.getpixel((60, 60)) == (0, 0, 0, 0)


def test_a_panel_over_a_panel_shines_through() -> None:
    canvas = _canvas()
    canvas.panel((0, 0, 50, 50), 0, (0, 0, 200))
    canvas.panel((0, 0, 50, 50), 0, RED, 0.5)

    assert canvas.image.getpixel((20, 20)) == (100, 0, 100, 255)


def test_a_panel_has_round_corners() -> None:
    canvas = _canvas()

    canvas.panel((0, 0, 100, 100), 30, RED)

    assert canvas.image.getpixel((2, 2)) == (0, 0, 0, 0)
    assert canvas.image.getpixel((50, 1)) == (*RED, 255)


def test_a_frame_leaves_its_inside_as_it_is() -> None:
    canvas = _canvas()

    canvas.frame((20, 20, 80, 80), 8, 5, RED)

    assert canvas.image.getpixel((50, 50)) == (0, 0, 0, 0)
    assert canvas.image.getpixel((17, 50)) == (*RED, 255)
    assert canvas.image.getpixel((21, 21))[3] > 0  # type: ignore[index]


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 9, 3, 3)])
def test_an_empty_box_draws_nothing(box: tuple[float, float, float, float]) -> None:
    canvas = _canvas()

    canvas.panel(box, 4, RED)
    canvas.frame(box, 4, 2, RED)

    assert canvas.image.getbbox() is None


@pytest.mark.parametrize("icon", Icon)
def test_every_sign_draws_something_within_its_box(icon: Icon) -> None:
    canvas = _canvas()

    canvas.icon(icon, 50, 50, 48, RED)

    box = canvas.image.getbbox()
    assert box is not None
    assert (box[2] - box[0]) * (box[3] - box[1]) > 20 * 20
    assert min(box) >= 24
    assert max(box) <= 76


def test_lengths_are_units_whatever_the_size() -> None:
    small, large = _canvas(), _canvas((400, 200), 2.0)

    assert (small.width, small.height) == (large.width, large.height)
    assert abs(small.text_width("Hello", 30) - large.text_width("Hello", 30)) < 1.5


@pytest.mark.parametrize("align", [0.0, 0.5, 1.0])
def test_text_is_aligned_around_its_place(align: float) -> None:
    canvas = _canvas((400, 100))

    width = canvas.text(200, 60, "Hello", 30, RED, align=align)

    box = canvas.image.getbbox()
    assert box is not None
    assert abs(box[0] - (200 - align * width)) <= 4
    assert abs(box[2] - (200 + (1 - align) * width)) <= 4


def test_what_was_drawn_is_cut_out_with_its_place() -> None:
    canvas = _canvas()
    canvas.panel((30, 40, 60, 50), 0, RED)

    page, place = canvas.cut_out()

    assert place == Rect(30, 40, 30, 10)
    assert page.pixels == bytes((0, 0, 200, 255)) * 300


def test_an_empty_overlay_is_a_single_clear_pixel() -> None:
    page, place = _canvas().cut_out()

    assert (page.pixels, place) == (bytes(4), Rect(0, 0, 1, 1))


def test_a_bitmap_face_is_written_with_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a machine whose Pillow has no FreeType."""
    fonts = Fonts()
    bitmap = ImageFont.load_default_imagefont()
    monkeypatch.setattr(fonts, "face", lambda *_, **__: bitmap)
    canvas = Canvas(Image.new(CLEAR, (200, 100)), 1.0, Typesetter(fonts, 1.0))

    canvas.text(10, 50, "Hello", 20, RED)

    assert canvas.image.getbbox() is not None
