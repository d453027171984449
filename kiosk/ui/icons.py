"""
Signs drawn from strokes: no icon font, no picture files.

Each is a mask, drawn four times too large on a grid of 24 and reduced, because
Pillow's shapes have hard edges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from kiosk.ui.signs import Icon


GRID: Final = 24.0
OVERSAMPLING: Final = 4

Point = tuple[float, float]


class _Pen:
    """Draws on the grid of 24, whatever the size of the mask."""

    def __init__(self, side: int) -> None:
        self.mask = Image.new("L", (side, side), 0)
        self._draw = ImageDraw.Draw(self.mask)
        self._scale = side / GRID

    def line(self, *points: Point, width: float = 2.0, ink: int = 255) -> None:
        """Draw a line with round ends and joints."""
        places = [(x * self._scale, y * self._scale) for x, y in points]
        self._draw.line(places, fill=ink, width=max(1, round(width * self._scale)))
        for x, y in points:
            self.disc(x, y, width / 2, ink=ink)

    def disc(self, x: float, y: float, radius: float, ink: int = 255) -> None:
        self._draw.ellipse(
            self._box(x - radius, y - radius, x + radius, y + radius), fill=ink
        )

    def ring(self, x: float, y: float, radius: float, width: float = 2.0) -> None:
        self.arc((x - radius, y - radius, x + radius, y + radius), 0, 360, width)

    def arc(
        self,
        box: tuple[float, float, float, float],
        start: float,
        end: float,
        width: float,
    ) -> None:
        self._draw.arc(
            self._box(*box),
            start,
            end,
            fill=255,
            width=max(1, round(width * self._scale)),
        )

    def block(
        self, left: float, top: float, right: float, bottom: float, radius: float
    ) -> None:
        self._draw.rounded_rectangle(
            self._box(left, top, right, bottom), radius * self._scale, fill=255
        )

    def polygon(self, *points: Point) -> None:
        self._draw.polygon(
            [(x * self._scale, y * self._scale) for x, y in points], fill=255
        )

    def half_disc(self, left: float, top: float, right: float, bottom: float) -> None:
        self._draw.pieslice(self._box(left, top, right, bottom), 180, 360, fill=255)

    def turn(self, degrees: float) -> None:
        """Turn all that was drawn so far, against the clock."""
        self.mask = self.mask.rotate(degrees, Image.Resampling.BICUBIC)
        self._draw = ImageDraw.Draw(self.mask)

    def _box(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[float, float, float, float]:
        scale = self._scale
        return left * scale, top * scale, right * scale, bottom * scale


@lru_cache(maxsize=64)
def icon_mask(icon: Icon, size: int) -> Image.Image:
    """Return the sign as a mask of ``size`` pixels squared."""
    pen = _Pen(size * OVERSAMPLING)
    _STROKES[icon](pen)
    return pen.mask.resize((size, size), Image.Resampling.BOX)


def _arrow_down(pen: _Pen) -> None:
    pen.line((12, 3), (12, 20), width=2.6)
    pen.line((5.4, 13.6), (12, 20.4), (18.6, 13.6), width=2.6)


def _camera(pen: _Pen) -> None:
    pen.block(2, 6, 15.6, 18, 2.4)
    pen.polygon((16.8, 10.6), (22, 7.4), (22, 16.6), (16.8, 13.4))


def _check(pen: _Pen) -> None:
    pen.line((5, 12.6), (10, 17.4), (19.2, 7), width=2.7)


def _clock(pen: _Pen) -> None:
    pen.ring(12, 12, 9.6, 2.2)
    pen.line((12, 6.8), (12, 12.4), (15.8, 14.6), width=2.0)


def _handset_down(pen: _Pen) -> None:
    pen.arc((2, 8.2, 22, 28.2), 205, 335, 4.2)
    pen.block(1.6, 11.2, 7.6, 17, 1.7)
    pen.block(16.4, 11.2, 22.4, 17, 1.7)


def _handset(pen: _Pen) -> None:
    _handset_down(pen)
    pen.turn(225)


def _lock_open(pen: _Pen) -> None:
    pen.arc((8, 1.8, 17, 12.8), 180, 360, 2.2)
    pen.line((9.1, 7), (9.1, 10.5), width=2.2)
    pen.block(5, 10.4, 19, 21.6, 2.2)
    pen.disc(12, 15.4, 1.7, ink=0)
    pen.line((12, 15.4), (12, 18.4), width=1.6, ink=0)


def _message(pen: _Pen) -> None:
    pen.block(2.4, 4, 21.6, 17, 3)
    pen.polygon((6, 16), (6, 22), (12.6, 16))


def _speaker(pen: _Pen) -> None:
    pen.block(2, 8.6, 7.4, 15.4, 1.2)
    pen.polygon((6, 9.6), (12.4, 4), (12.4, 20), (6, 14.4))
    pen.arc((9.4, 7.6, 18.2, 16.4), 300, 60, 2.0)
    pen.arc((5.4, 3.6, 22.2, 20.4), 300, 60, 2.0)


def _microphone(pen: _Pen) -> None:
    pen.block(8.6, 2, 15.4, 14, 3.4)
    pen.arc((5.2, 4.6, 18.8, 18), 0, 180, 1.9)
    pen.line((12, 18), (12, 21.4), width=1.9)
    pen.line((8.4, 21.4), (15.6, 21.4), width=1.9)


def _microphone_off(pen: _Pen) -> None:
    _microphone(pen)
    pen.line((3.1, 4.9), (20.1, 21.9), width=3.0, ink=0)
    pen.line((3.6, 3), (20.8, 20.2), width=2.1)


def _person(pen: _Pen) -> None:
    pen.disc(12, 7.4, 4.4)
    pen.half_disc(3.4, 13.4, 20.6, 30)


def _recording(pen: _Pen) -> None:
    pen.ring(12, 12, 9)
    pen.disc(12, 12, 5)


def _shield(pen: _Pen) -> None:
    pen.polygon(
        (12, 1.8),
        (20.4, 5),
        (20.2, 12.2),
        (17.6, 17.8),
        (12, 22.2),
        (6.4, 17.8),
        (3.8, 12.2),
        (3.6, 5),
    )


def _warning(pen: _Pen) -> None:
    pen.line((12, 4), (21.4, 20), (2.6, 20), (12, 4), width=2.6)
    pen.polygon((12, 4), (21.4, 20), (2.6, 20))
    pen.line((12, 9.6), (12, 14), width=2.4, ink=0)
    pen.disc(12, 17.8, 1.4, ink=0)


_STROKES: Final[Mapping[Icon, Callable[[_Pen], None]]] = {
    Icon.ARROW_DOWN: _arrow_down,
    Icon.CAMERA: _camera,
    Icon.CHECK: _check,
    Icon.CLOCK: _clock,
    Icon.HANDSET: _handset,
    Icon.HANDSET_DOWN: _handset_down,
    Icon.LOCK_OPEN: _lock_open,
    Icon.MESSAGE: _message,
    Icon.MICROPHONE: _microphone,
    Icon.SPEAKER: _speaker,
    Icon.MICROPHONE_OFF: _microphone_off,
    Icon.PERSON: _person,
    Icon.RECORDING: _recording,
    Icon.SHIELD: _shield,
    Icon.WARNING: _warning,
}
