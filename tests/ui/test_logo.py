"""Logos as operators have them: good ones, odd ones, and no pictures at all."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from kiosk.ui.fonts import Fonts
from kiosk.ui.logo import KEPT, UnusableLogo, load_logo, needs_plate
from kiosk.ui.look import Look, make_artist
from tests.ui.shots import content_of, image_of


FONTS = Fonts()
BLUE = (10, 60, 160, 255)


def _file(tmp_path: Path, image: Image.Image, name: str = "logo.png") -> Path:
    path = tmp_path / name
    image.save(path)
    return path


def _half(path: Path) -> None:
    Image.effect_noise((400, 300), 90).save(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])


def _cut_out(ink: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGBA", (200, 120))
    ImageDraw.Draw(image).ellipse((40, 10, 160, 110), fill=ink)
    return image


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.bmp"])
def test_a_picture_of_any_kind_is_shown(name: str, tmp_path: Path) -> None:
    logo = load_logo(_file(tmp_path, Image.new("RGB", (60, 40), BLUE[:3]), name))

    assert (logo.mode, logo.size) == ("RGBA", (60, 40))


def test_the_clear_margin_of_a_logo_is_left_out(tmp_path: Path) -> None:
    assert load_logo(_file(tmp_path, _cut_out(BLUE))).size == (121, 101)


def test_a_logo_is_kept_no_larger_than_it_is_drawn(tmp_path: Path) -> None:
    logo = load_logo(_file(tmp_path, Image.new("L", (3000, 2000))))

    assert logo.width <= KEPT[0]
    assert logo.height <= KEPT[1]


def test_only_a_dark_cut_out_needs_a_white_plate(tmp_path: Path) -> None:
    assert needs_plate(_cut_out(BLUE))
    assert not needs_plate(_cut_out((255, 255, 240, 255)))
    assert not needs_plate(Image.new("RGBA", (50, 50), BLUE))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b""), "cannot identify"),
        (lambda path: path.write_bytes(b"<svg/>"), "cannot identify"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: None, "No such file"),
        (_half, "truncated"),
        (lambda path: Image.new("RGBA", (50, 50)).save(path), "transparent all over"),
        (lambda path: Image.new("L", (1, 1)).save(path), "1x1"),
        (lambda path: Image.new("L", (900, 20)).save(path), "900x20"),
        (lambda path: Image.new("1", (5000, 5000)).save(path), "5000x5000"),
        (lambda path: Image.new("1", (20000, 20000)).save(path), "logo.png"),
        (lambda path: path.write_bytes(bytes(16_000_001)), "larger than 16 MB"),
    ],
    ids=[
        "empty",
        "svg",
        "directory",
        "missing",
        "half",
        "clear",
        "dot",
        "line",
        "large",
        "bomb",
        "heavy",
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(
    make: object, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "logo.png"
    assert callable(make)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # we make the bomb ourselves
        make(path)

    with pytest.raises(UnusableLogo, match=why) as caught:
        load_logo(path)

    assert str(path) in str(caught.value)


def test_the_name_stands_alone_without_its_logo_and_one_line_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        artist = make_artist(Look(logo=tmp_path / "none.png"), (640, 360), FONTS)
    plain = make_artist(Look(), (640, 360), FONTS)

    assert len(caplog.records) == 1
    assert "no logo is shown" in caplog.text
    assert artist.page(content_of("idle")) == plain.page(content_of("idle"))


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
def test_a_logo_is_seen_in_the_bar(size: tuple[int, int], tmp_path: Path) -> None:
    logo = _file(tmp_path, Image.new("RGB", (240, 60), (250, 0, 250)))

    page = make_artist(Look(logo=logo), size, FONTS).page(content_of("idle"))

    bar = image_of(page).crop((0, 0, size[0], size[1] // 8))
    pixels = bar.width * bar.height
    seen = sum(
        count for count, ink in bar.getcolors(pixels) or () if ink == (250, 0, 250)
    )
    assert seen > 300
