"""Drawing in units, and text that always fits somewhere."""

from __future__ import annotations

import pytest
from PIL import Image, ImageFont

from kiosk.ports import Rect
from kiosk.ui.canvas import CLEAR, Canvas
from kiosk.ui.fonts import Fonts
from kiosk.ui.screens import Icon


FONTS = Fonts()
RED = (200, 0, 0)


def _canvas(size: tuple[int, int] = (200, 100), scale: float = 1.0) -> Canvas:
    return Canvas(Image.new(CLEAR, size), scale, FONTS)


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


def test_lines_break_at_blanks_and_fit_their_width() -> None:
    canvas = _canvas()

    lines = canvas.wrap("Please stay in front of the screen", 30, 200)

    assert " ".join(lines) == "Please stay in front of the screen"
    assert len(lines) > 1
    assert all(canvas.text_width(line, 30) <= 200 for line in lines)


def test_a_word_wider_than_the_line_is_broken_within() -> None:
    canvas = _canvas()

    lines = canvas.wrap("A " + "x" * 60, 30, 150)

    assert "".join(lines).replace("A", "") == "x" * 60
    assert all(canvas.text_width(line, 30) <= 150 for line in lines)


def test_a_line_too_narrow_for_one_letter_holds_one_letter() -> None:
    assert _canvas().wrap("abc", 30, 1) == ["a", "b", "c"]


def test_chinese_breaks_anywhere_but_before_its_marks() -> None:
    canvas = _canvas()
    width = canvas.text_width("请面向屏幕", 30) + 1

    lines = canvas.wrap("请面向屏幕，不要离开。", 30, width)  # noqa: RUF001

    assert lines[0] == "请面向屏"
    assert lines[1].startswith("幕，")  # noqa: RUF001


def test_no_text_is_one_empty_line() -> None:
    assert _canvas().wrap("", 30, 100) == [""]


def test_text_takes_the_largest_size_that_needs_the_fewest_lines() -> None:
    canvas = _canvas()
    wide = canvas.text_width("two words", 30) + 1

    assert canvas.fit("two words", (60, 30, 10), wide, 2) == (30, ["two words"])


def test_text_too_long_for_all_its_lines_ends_in_an_ellipsis() -> None:
    canvas = _canvas()

    size, lines = canvas.fit("word " * 50, (30, 20), 180, 2)

    assert size == 20
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert canvas.text_width(lines[-1], 20) <= 180


def test_balanced_lines_are_about_equally_long() -> None:
    canvas = _canvas()
    lines = canvas.wrap("This kiosk is out of order", 30, 360)

    balanced = canvas.balanced(lines, 30, 360)

    assert len(balanced) == len(lines) == 2
    widths = [canvas.text_width(line, 30) for line in balanced]
    assert max(widths) / min(widths) < 1.8
    assert canvas.balanced(["one"], 30, 360) == ["one"]
    assert canvas.balanced(["中文", "字"], 30, 360) == ["中文", "字"]


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
    canvas = Canvas(Image.new(CLEAR, (200, 100)), 1.0, fonts)

    canvas.text(10, 50, "Hello", 20, RED)

    assert canvas.image.getbbox() is not None
