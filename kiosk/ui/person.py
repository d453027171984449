"""
Two drawn people: who stands in for live video in pictures of the screens.

Flat shapes, drawn three times too large and reduced; no picture files, and no
real person's face in documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from kiosk.ui.contrast import Ink, mixed


OVERSAMPLING: Final = 3
BLUR: Final = 0.008
"""Of the room behind, by its height."""
DARK: Final[Ink] = (28, 36, 48)
LIPS: Final[Ink] = (165, 72, 63)
EYES: Final[Ink] = (42, 35, 32)
BLACK: Final[Ink] = (0, 0, 0)

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Colours:
    """What somebody wears, and the wall behind."""

    wall: Ink
    floor: Ink
    suit: Ink
    skin: Ink
    hair: Ink
    shirt: Ink


class Person(Enum):
    """Who is drawn."""

    ADVISER = Colours(
        (220, 230, 242), (185, 203, 226), (35, 64, 107), (241, 201, 165), (43, 33, 29),
        (247, 250, 255),
    )  # fmt: skip
    CUSTOMER = Colours(
        (239, 231, 220), (217, 203, 184), (78, 107, 90), (232, 184, 143), (58, 42, 34),
        (246, 243, 236),
    )  # fmt: skip


@lru_cache(maxsize=4)
def picture_of(person: Person, size: tuple[int, int]) -> Image.Image:
    """Return somebody before a camera, as an RGB picture."""
    width, height = (side * OVERSAMPLING for side in size)
    room = Image.linear_gradient("L").resize((width, height))
    wall = Image.new("RGB", room.size, person.value.wall)
    image = Image.composite(Image.new("RGB", room.size, person.value.floor), wall, room)
    _furnish(image, person)
    image = image.filter(ImageFilter.GaussianBlur(BLUR * height))
    _Figure(image, person).draw()
    return image.resize(size, Image.Resampling.BOX)


def _furnish(image: Image.Image, person: Person) -> None:
    draw = ImageDraw.Draw(image)
    width, height = image.size

    def block(box: Box, ink: Ink) -> None:
        left, top, right, bottom = box
        place = (left * width, top * height, right * width, bottom * height)
        draw.rounded_rectangle(place, 0.01 * height, fill=ink)

    if person is Person.CUSTOMER:
        block((0.06, 0.1, 0.34, 0.62), (248, 243, 234))
        block((0.72, 0.05, 0.95, 0.5), (228, 216, 198))
        block((0.76, 0.1, 0.91, 0.45), (205, 189, 166))
        return
    for number in range(3):  # windows, then shelves with their files
        left = 0.03 + number * 0.11
        block((left, 0.08, left + 0.095, 0.52), (244, 248, 253))
    for top in (0.12, 0.38):
        block((0.7, top, 0.98, top + 0.042), (159, 179, 206))
    inks = (124, 147, 181), (167, 184, 209), (95, 123, 166), (143, 166, 200)
    for number, ink in enumerate(inks):
        left = 0.715 + number * 0.034
        block((left, 0.2 + number % 3 * 0.02, left + 0.025, 0.38), ink)
    block((0.89, 0.22, 0.96, 0.38), (134, 183, 154))


class _Figure:
    """Draws head and shoulders on a grid: a hundred units high, x from the middle."""

    def __init__(self, image: Image.Image, person: Person) -> None:
        self._draw = ImageDraw.Draw(image)
        self._person = person
        self._unit = image.height / 100 * 0.94
        self._middle = image.width / 2
        self._top = image.height - 84 * self._unit

    def draw(self) -> None:
        self._shoulders()
        self._head()
        self._face()
        if self._person is Person.ADVISER:
            self._headset()

    def _shoulders(self) -> None:
        colours, is_adviser = self._person.value, self._person is Person.ADVISER
        if is_adviser:
            self._disc((-21, 2, 21, 50), colours.hair)
            self._block((-20.5, 22, 20.5, 52), 9, colours.hair)
        else:
            self._disc((-18.6, 1, 18.6, 40), colours.hair)
        self._block((-44, 56, 44, 140), 26, colours.suit)
        self._shape([(-14, 55), (14, 55), (7.5, 90), (-7.5, 90)], colours.shirt)
        shade = mixed(colours.skin, BLACK, 0.12)
        self._block((-8.2, 40, 8.2, 60), 5, shade)
        self._disc((-9.5, 52, 9.5, 66), shade)
        if is_adviser:
            dark = mixed(colours.suit, BLACK, 0.18)
            for side in (-1, 1):
                lapel = [(15, 54.5), (26, 62), (6, 92), (2, 92)]
                self._shape([(side * x, y) for x, y in lapel], dark)

    def _head(self) -> None:
        colours = self._person.value
        shade = mixed(colours.skin, BLACK, 0.12)
        self._disc((-16.2, 8, 16.2, 50), colours.skin)
        self._disc((-18.6, 26, -14.2, 35), shade)
        self._disc((14.2, 26, 18.6, 35), shade)
        self._draw.pieslice(
            self._box((-17.4, 3, 17.4, 35)), 180, 360, fill=colours.hair
        )
        fringe = [(-17.3, 19), (-16.2, 30), (-12, 20), (2, 15.5), (11.5, 20.5)]
        self._shape([*fringe, (16.4, 30), (17.3, 19)], colours.hair)

    def _face(self) -> None:
        colours = self._person.value
        for side in (-7, 7):
            self._disc((side - 1.7, 28.4, side + 1.7, 31.8), EYES)
            self._arc((side - 3.6, 23.6, side + 3.6, 29), 200, 340, 1.0, colours.hair)
        self._arc(
            (-1.8, 31.5, 1.8, 36.2), 20, 160, 0.9, mixed(colours.skin, BLACK, 0.12)
        )
        self._arc((-6.2, 34, 6.2, 42.5), 25, 155, 1.3, LIPS)

    def _headset(self) -> None:
        self._arc((-20.4, 1.6, 20.4, 44), 184, 356, 2.0, DARK)
        for side in (-18.6, 18.6):
            self._block((side - 2.9, 22, side + 2.9, 34.5), 2.6, DARK)
        self._arc((-22, 14, 8, 44.4), 100, 172, 1.3, DARK)
        self._disc((-9.6, 42.6, -4.6, 45.8), DARK)

    def _disc(self, box: Box, ink: Ink) -> None:
        self._draw.ellipse(self._box(box), fill=ink)

    def _block(self, box: Box, radius: float, ink: Ink) -> None:
        self._draw.rounded_rectangle(self._box(box), radius * self._unit, fill=ink)

    def _arc(self, box: Box, start: float, end: float, width: float, ink: Ink) -> None:
        line = max(1, round(width * self._unit))
        self._draw.arc(self._box(box), start, end, fill=ink, width=line)

    def _shape(self, points: Sequence[Point], ink: Ink) -> None:
        places = [
            (self._middle + x * self._unit, self._top + y * self._unit)
            for x, y in points
        ]
        self._draw.polygon(places, fill=ink)

    def _box(self, box: Box) -> Box:
        left, top, right, bottom = box
        return (
            self._middle + left * self._unit,
            self._top + top * self._unit,
            self._middle + right * self._unit,
            self._top + bottom * self._unit,
        )
