"""The panel that asks for a still: readable over any picture, and gone with the question."""

from __future__ import annotations

import pytest
from PIL import Image

from kiosk.ports import Micros, PageFrame, Rect, ScreenFacts, ScreenName, StillScene
from kiosk.ui.draw import Artist
from kiosk.ui.fonts import Fonts
from kiosk.ui.layout import Layout
from kiosk.ui.screens import Branding, ScreenContent, screen_content
from kiosk.ui.texts import Texts


SIZES = [(1280, 720), (640, 480), (720, 1280)]
FONTS = Fonts()


def content(scene: StillScene, *, with_picture: bool = True) -> ScreenContent:
    return screen_content(
        ScreenName.IN_CALL,
        ScreenFacts(still=scene, asked_by="Agent Wang " * 3, with_picture=with_picture),
        texts=Texts("en"),
        branding=Branding("Bank"),
        now=Micros(0),
    )


def alpha(drawn: tuple[PageFrame, Rect], size: tuple[int, int]) -> Image.Image:
    page, at = drawn
    whole = Image.new("L", size)
    pixels = Image.frombytes("L", (page.width, page.height), page.pixels[3::4])
    whole.paste(pixels, (at.x, at.y))
    return whole


@pytest.mark.parametrize("size", SIZES)
def test_the_question_stands_in_the_upper_half_and_leaves_the_keys_free(
    size: tuple[int, int],
) -> None:
    artist = Artist(Layout(size), FONTS)
    asked = alpha(artist.over(content(StillScene.ASKED)), size)
    plain = alpha(artist.over(content(StillScene.NONE)), size)

    upper = (0, 0, size[0], size[1] // 4)
    assert max(asked.crop(upper).tobytes()) > 230
    assert max(plain.crop(upper).tobytes()) == 0
    keys = (
        0,
        size[1] - round(Layout(size).strip * Layout(size).unit / 2),
        size[0],
        size[1],
    )
    assert asked.crop(keys).getextrema() == plain.crop(keys).getextrema()


def test_without_a_picture_the_question_takes_the_place_of_the_text() -> None:
    artist = Artist(Layout((640, 360)), FONTS)

    asked = artist.page(content(StillScene.ASKED, with_picture=False))

    assert asked != artist.page(content(StillScene.NONE, with_picture=False))
    assert set(asked.pixels[3::4]) == {255}
