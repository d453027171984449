"""
Draws the pictures that are shown before anything can be drawn.

``make first-pictures`` writes them into the package; a test compares.  All
languages stand on each, for nobody has read the configuration yet.
"""

from __future__ import annotations

import sys
import zlib
from typing import Final

from PIL import Image

from kiosk.display.first_pictures import (
    FOLDER,
    HEAD,
    LETTERS,
    FirstPicture,
    Sprite,
)
from kiosk.ports import ScreenName
from kiosk.ui import palette
from kiosk.ui.canvas import Canvas
from kiosk.ui.fonts import DIRECTORIES, Fonts
from kiosk.ui.screen_words import SCREENS
from kiosk.ui.screens import Mood
from kiosk.ui.signs import Icon
from kiosk.ui.texts import LANGUAGES, Texts
from kiosk.ui.typesetting import Typesetter


SCALES: Final = (0.5, 0.75, 1.0, 1.5)
"""Pixels a unit; of displays from 480x320 to 1920x1080."""
WIDTH, HEIGHT = 900, 420
LETTER: Final = 30.0
"""Units, of the line with a code and a telephone number."""

_SCREENS = {
    FirstPicture.STARTING: ScreenName.STARTING,
    FirstPicture.OUT_OF_SERVICE: ScreenName.OUT_OF_SERVICE,
}


def sprites(picture: FirstPicture) -> list[Sprite]:
    """Return the picture in all its sizes, the smallest first."""
    return [_drawn(picture, scale) for scale in SCALES]


def packed(picture: FirstPicture) -> bytes:
    """Return the content of its file."""
    return _packed(sprites(picture))


def letters() -> list[Sprite]:
    """Return every letter in all sizes, the smallest first."""
    return [_letter(one, scale) for scale in SCALES for one in LETTERS]


def packed_letters() -> bytes:
    """Return the content of the letters' file."""
    return _packed(letters())


def _letter(letter: str, scale: float) -> Sprite:
    ground = palette.EDGE[Mood.GRAVE]
    type_ = Typesetter(Fonts(DIRECTORIES), scale)
    probe = Canvas(Image.new("RGBA", (8, 8)), scale, type_)
    width = probe.text_width(letter, LETTER)
    size = max(1, round(width * scale)), round(LETTER * 1.4 * scale)
    canvas = Canvas(Image.new("RGBA", size, (*ground, 255)), scale, type_)
    canvas.text(width / 2, LETTER * 1.05, letter, LETTER, palette.SOFT, align=0.5)
    page = canvas.page()
    return Sprite(page.width, page.height, page.pixels)


def _packed(drawn: list[Sprite]) -> bytes:
    parts = []
    for sprite in drawn:
        deflated = zlib.compress(sprite.pixels, 9)
        parts += [HEAD.pack(sprite.width, sprite.height, len(deflated)), deflated]
    return b"".join(parts)


def _drawn(picture: FirstPicture, scale: float) -> Sprite:
    size = round(WIDTH * scale), round(HEIGHT * scale)
    is_fault = picture is FirstPicture.OUT_OF_SERVICE
    ground = palette.EDGE[Mood.GRAVE if is_fault else Mood.CALM]
    image = Image.new("RGBA", size, (*ground, 255))
    canvas = Canvas(image, scale, Typesetter(Fonts(DIRECTORIES), scale))
    middle = WIDTH / 2
    if is_fault:
        canvas.icon(Icon.WARNING, middle, 66, 120, palette.AMBER)
    else:
        canvas.disc(middle, 66, 56, palette.BLUE)
        canvas.icon(Icon.CLOCK, middle, 66, 62, palette.WHITE)
    words = SCREENS[_SCREENS[picture]]
    baseline = 196.0
    for key, size_of, step, ink, bold in (
        (words.title, 46.0, 60.0, palette.WHITE, True),
        (words.lines[0], 30.0, 42.0, palette.SOFT, False),
    ):
        for line in _all_languages(key):
            width = canvas.text_width(line, size_of, bold=bold)
            fitted = size_of * min(1.0, (WIDTH - 40) / width)
            canvas.text(middle, baseline, line, fitted, ink, bold=bold, align=0.5)
            baseline += step
    page = canvas.page()
    return Sprite(page.width, page.height, page.pixels)


def _all_languages(key: str) -> list[str]:
    """Return a line in English, and one in all the others."""
    english, *others = (Texts(language)(key) for language in LANGUAGES)
    return [english, " · ".join(dict.fromkeys(others))]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in FirstPicture:
        (FOLDER / f"{each.value}.z").write_bytes(packed(each))
    (FOLDER / "letters.z").write_bytes(packed_letters())
    sys.exit(0)
