"""Which script each part of a text is in, and where lines may end."""

# ruff: noqa: RUF001 -- Chinese sentences have Chinese commas

from __future__ import annotations

import pytest

from kiosk.ui.text import Script, is_cjk, pieces, runs, whole_start


LATIN, CHINESE, OTHER = Script.LATIN, Script.CHINESE, Script.OTHER


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("Hello you", [(LATIN, "Hello you")]),
        ("李顾问 Li Wen", [(CHINESE, "李顾问 "), (LATIN, "Li Wen")]),
        ("按1", [(CHINESE, "按"), (LATIN, "1")]),
        ("𠀀。", [(CHINESE, "𠀀。")]),
        ("“好”", [(CHINESE, "“好”")]),
        ("“yes”…", [(LATIN, "“yes”…")]),
        ("e\u0301 bien", [(LATIN, "e\u0301 bien")]),
        ("id ضع", [(LATIN, "id "), (OTHER, "ضع")]),
        ("👍", [(OTHER, "👍")]),
    ],
)
def test_text_is_cut_into_runs_of_one_face(
    text: str, cut: list[tuple[Script, str]]
) -> None:
    assert runs(text) == cut


def test_latin_and_digits_are_not_chinese() -> None:
    assert not any(is_cjk(character) for character in "aÄ9…€👍")
    assert all(is_cjk(character) for character in "中，。あ한")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("two words", ["two ", "words"]),
        ("请稍候。", ["请", "稍", "候。"]),
        ("《合同》第3条", ["《合", "同》", "第", "3", "条"]),
        ("说——好", ["说——", "好"]),
        ("¥100起", ["¥100", "起"]),
    ],
)
def test_lines_may_end_where_a_typesetter_would_end_them(
    text: str, cut: list[str]
) -> None:
    assert pieces(text) == cut


def test_a_start_never_parts_a_letter_from_its_accent() -> None:
    assert whole_start("ae\u0301b", 2) == 1
    assert whole_start("abc", 2) == 2
    assert whole_start("e" + "\u0301" * 9, 4) == 4
