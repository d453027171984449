"""Text that always fits somewhere, and breaks where it may."""

# ruff: noqa: RUF001 -- Chinese sentences have Chinese commas

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.ui.fonts import Fonts, can_shape
from kiosk.ui.typesetting import Typesetter


FONTS = Fonts()


def _type(scale: float = 1.0, language: str = "en") -> Typesetter:
    return Typesetter(FONTS, scale, language)


def test_lines_break_at_blanks_and_fit_their_width() -> None:
    type_ = _type()

    lines = type_.wrap("Please stay in front of the screen", 30, 200)

    assert " ".join(lines) == "Please stay in front of the screen"
    assert len(lines) > 1
    assert all(type_.width(line, 30) <= 200 for line in lines)


def test_a_word_wider_than_the_line_is_broken_within() -> None:
    type_ = _type()

    lines = type_.wrap("A " + "x" * 60, 30, 150)

    assert "".join(lines).replace("A", "") == "x" * 60
    assert all(type_.width(line, 30) <= 150 for line in lines)


def test_a_line_too_narrow_for_one_letter_holds_one_letter() -> None:
    assert _type().wrap("abc", 30, 1) == ["a", "b", "c"]


def test_chinese_breaks_anywhere_but_before_its_marks() -> None:
    type_ = _type()
    width = type_.width("请面向屏幕", 30) + 1

    lines = type_.wrap("请面向屏幕，不要离开。", 30, width)

    assert lines[0] == "请面向屏"
    assert lines[1].startswith("幕，")


def test_no_text_is_one_empty_line() -> None:
    assert _type().wrap("", 30, 100) == [""]


def test_text_takes_the_largest_size_that_needs_the_fewest_lines() -> None:
    type_ = _type()
    wide = type_.width("two words", 30) + 1

    assert type_.fit("two words", (60, 30, 10), wide, 2) == (30, ["two words"])


def test_text_too_long_for_all_its_lines_ends_in_an_ellipsis() -> None:
    type_ = _type()

    size, lines = type_.fit("word " * 50, (30, 20), 180, 2)

    assert size == 20
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert type_.width(lines[-1], 20) <= 180


def test_balanced_lines_are_about_equally_long() -> None:
    type_ = _type()
    lines = type_.wrap("This kiosk is out of order today", 30, 360)

    balanced = type_.balanced(lines, 30, 360)

    assert len(balanced) == len(lines) == 2
    widths = [type_.width(line, 30) for line in balanced]
    assert max(widths) / min(widths) < 1.8
    assert type_.balanced(["one"], 30, 360) == ["one"]
    assert type_.balanced(["中文", "字"], 30, 360) == ["中文", "字"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("他说“请稍候”。", "他说"),
        ("联系（大堂）经理", "联系"),
        ("等一等……再说", "等一"),
    ],
)
def test_no_line_ends_with_an_opening_mark_nor_parts_a_double_one(
    text: str, first: str
) -> None:
    type_ = _type(language="zh_CN")
    width = type_.width(text[: len(first) + 1], 30) + 1

    assert type_.wrap(text, 30, width)[0] == first


def test_a_letter_keeps_its_accents_where_a_word_is_broken() -> None:
    lines = _type().wrap("e\u0301" * 40, 30, 100)

    assert len(lines) > 1
    assert all(line.startswith("e") for line in lines)


def test_every_digit_is_as_wide_as_any_other_where_text_is_shaped() -> None:
    if not can_shape():
        pytest.fail("libfribidi0 is missing on this machine")

    widths = [_type().width(digit * 5, 32, bold=True) for digit in "0123456789"]

    assert max(widths) - min(widths) < 0.5


def test_without_fribidi_text_is_measured_and_the_log_says_so(tmp_path: Path) -> None:
    """Pillow asks the loader for it: an empty file stands in its way."""
    (tmp_path / "libfribidi.so.0").touch()
    program = (
        "from kiosk.ui.look import Look, find_fonts\n"
        "from kiosk.ui.typesetting import Typesetter\n"
        "print(Typesetter(find_fonts(Look()), 1.0).width('14:32', 30) > 0)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert done.stdout == "True\n"
    assert "install libfribidi0" in done.stderr
