"""Finding typefaces, and doing without."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageFont

from kiosk.ui.fonts import Fonts, is_cjk, runs


def test_without_any_font_the_one_inside_pillow_is_used(tmp_path: Path) -> None:
    fonts = Fonts([tmp_path, tmp_path / "nowhere"])

    face = fonts.face(20, bold=True, cjk=True)

    assert not fonts.has_cjk
    assert face.getlength("Hello") > 0


def test_a_font_is_found_below_its_directory_by_its_name(tmp_path: Path) -> None:
    built_in = ImageFont.load_default(20)
    assert isinstance(built_in, ImageFont.FreeTypeFont)
    deep = tmp_path / "opentype" / "noto"
    deep.mkdir(parents=True)
    source = built_in.font_bytes
    assert isinstance(source, bytes)
    (deep / "DejaVuSans.ttf").write_bytes(source)
    (deep / "NotoSansSC-Bold.otf").write_bytes(source)

    fonts = Fonts([tmp_path])

    assert fonts.has_cjk
    for bold in (False, True):
        for cjk in (False, True):
            face = fonts.face(20, bold=bold, cjk=cjk)
            assert isinstance(face, ImageFont.FreeTypeFont)
            assert str(face.path).startswith(str(tmp_path))


def test_a_broken_font_file_is_replaced_not_raised(tmp_path: Path) -> None:
    (tmp_path / "Inter-Medium.otf").write_bytes(b"not a font")

    face = Fonts([tmp_path]).face(20, bold=False, cjk=False)

    assert face.getlength("Hello") > 0


def test_a_face_is_loaded_once_for_each_size() -> None:
    fonts = Fonts()

    assert fonts.face(20, bold=False, cjk=False) is fonts.face(
        20, bold=False, cjk=False
    )


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("Hello you", [(False, "Hello you")]),
        ("李顾问 Li Wen", [(True, "李顾问 "), (False, "Li Wen")]),
        ("按1", [(True, "按"), (False, "1")]),
        ("𠀀。", [(True, "𠀀。")]),
    ],
)
def test_text_is_cut_into_runs_of_one_face(
    text: str, cut: list[tuple[bool, str]]
) -> None:
    assert runs(text) == cut


def test_latin_and_digits_are_not_chinese() -> None:
    assert not any(is_cjk(character) for character in "aÄ9…€👍")
    assert all(is_cjk(character) for character in "中，。あ한")  # noqa: RUF001
