"""Finding typefaces, and doing without."""

from __future__ import annotations

from pathlib import Path

from PIL import ImageFont

from kiosk.ui.fonts import LARGE_FACES_KEPT, Fonts
from kiosk.ui.text import Script


def test_without_any_font_the_one_inside_pillow_is_used(tmp_path: Path) -> None:
    fonts = Fonts([tmp_path, tmp_path / "nowhere"])

    face = fonts.face(20, Script.CHINESE, bold=True)

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
        for script in Script:
            face = fonts.face(20, script, bold=bold)
            assert isinstance(face, ImageFont.FreeTypeFont)
            assert str(face.path).startswith(str(tmp_path))


def test_a_broken_font_file_is_replaced_not_raised(tmp_path: Path) -> None:
    (tmp_path / "Inter-Medium.otf").write_bytes(b"not a font")

    face = Fonts([tmp_path]).face(20, Script.LATIN, bold=False)

    assert face.getlength("Hello") > 0


def test_a_face_is_loaded_once_for_each_size() -> None:
    fonts = Fonts()

    assert fonts.face(20, Script.LATIN, bold=False) is fonts.face(
        20, Script.LATIN, bold=False
    )


def test_faces_that_are_forgotten_are_loaded_anew() -> None:
    fonts = Fonts()
    face = fonts.face(21, Script.LATIN, bold=False)

    fonts.forget()

    assert fonts.face(21, Script.LATIN, bold=False) is not face


def test_few_sizes_of_a_large_collection_are_kept() -> None:
    fonts = Fonts()
    assert fonts.has_cjk
    first = fonts.face(20, Script.CHINESE, bold=False)
    again = fonts.face(20, Script.CHINESE, bold=False)
    for size in range(21, 21 + LARGE_FACES_KEPT):
        fonts.face(size, Script.CHINESE, bold=False)

    assert again is first
    assert fonts.face(20, Script.CHINESE, bold=False) is not first


def test_taipei_and_beijing_write_the_same_character_in_faces_of_their_own() -> None:
    fonts = Fonts()

    drawn = {
        language: bytes(
            fonts.face(64, Script.CHINESE, bold=False, language=language).getmask(
                "\u9aa8"
            )
        )
        for language in ("zh_CN", "zh_TW", "en")
    }

    assert drawn["zh_CN"] != drawn["zh_TW"]
    assert drawn["en"] == drawn["zh_CN"]


def test_arabic_is_drawn_in_a_face_that_has_it(tmp_path: Path) -> None:
    fonts = Fonts()

    letter = fonts.face(40, Script.OTHER, bold=False).getmask("\u0636")
    missing = fonts.face(40, Script.OTHER, bold=False).getmask("\U0010fffd")

    assert bytes(letter) != bytes(missing)
