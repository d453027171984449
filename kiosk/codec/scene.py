"""
A cheap moving picture that costs an encoder about what a person at a kiosk does.

A head and shoulders sway before a noisy background.  Everything is rendered
once and then copied by slices: 0.1 ms a picture at 640x360.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kiosk.codec.i420 import GREY, I420, Plane, black_picture, planes_of


NOISES = 8
"""Backgrounds with different sensor noise; more would only cost memory."""

NOISE = 3
SKIN_U, SKIN_V = 112, 150
HEAD_LUMA = 150
CLOTHES_LUMA = 70

PERSONS = 8
"""So many can be told apart by the colour of their clothes."""
_COLOURFUL = 60  # distance of their chroma from grey


class Scene:
    """
    A sway of head and shoulders, drawn for picture number 0, 1, 2 ...

    Args:
        width, height: Picture size in pixels, both even.
        person: Who sways, 1 to :data:`PERSONS`; 0 is somebody in grey.

    """

    def __init__(self, width: int, height: int, person: int = 0) -> None:
        self._width, self._height = width, height
        self._random = np.random.default_rng(1)
        self._backgrounds: list[Plane] = []
        self._picture = black_picture(width, height)
        side = min(width, height) // 2 & ~3
        self._head = _head(side)
        self._mask = _disc(side)
        self._clothes = clothes(person)

    def draw(self, number: int) -> I420:
        """
        Return picture ``number``.

        The array is drawn into again by the next call.
        """
        y, u, v = planes_of(self._picture)
        y[:] = self._background(number % NOISES)
        u[:] = GREY
        v[:] = GREY
        side = self._head.shape[0]
        room_x, room_y = (self._width - side) // 2, (self._height - side) // 2
        left = int(room_x + room_x / 3 * np.sin(number / 20)) & ~1
        top = int(room_y + room_y / 6 * np.cos(number / 13)) & ~1
        self._shoulders((y, u, v), left, top + side)
        np.copyto(y[top : top + side, left : left + side], self._head, where=self._mask)
        skin = np.s_[top // 2 : (top + side) // 2, left // 2 : (left + side) // 2]
        small = self._mask[::2, ::2]
        np.copyto(u[skin], np.uint8(SKIN_U), where=small)
        np.copyto(v[skin], np.uint8(SKIN_V), where=small)
        return self._picture

    def _shoulders(
        self, planes: tuple[Plane, Plane, Plane], left: int, top: int
    ) -> None:
        side = self._head.shape[0]
        begin, end = max(0, left - side // 3), min(self._width, left + side * 4 // 3)
        y, *chroma = planes
        y[top:, begin:end] = CLOTHES_LUMA
        for plane, colour in zip(chroma, self._clothes, strict=True):
            plane[top // 2 :, begin // 2 : end // 2] = colour

    def _background(self, index: int) -> Plane:
        if index < len(self._backgrounds):
            return self._backgrounds[index]
        rows, columns = np.arange(self._height)[:, None], np.arange(self._width)
        plain = 60 + 80 * columns / self._width + 40 * rows / self._height
        plain += 12 * np.sin(columns / 7) * np.cos(rows / 9)
        plain += self._random.uniform(-NOISE, NOISE, plain.shape)
        background: Plane = plain.astype(np.uint8)
        self._backgrounds.append(background)
        return background


def clothes(person: int) -> tuple[int, int]:
    """Return U and V of what somebody wears."""
    if person == 0:
        return GREY, GREY
    turn = 2 * np.pi * person / PERSONS
    blue, red = _COLOURFUL * np.cos(turn), _COLOURFUL * np.sin(turn)
    return GREY + round(blue), GREY + round(red)


def enlarged(picture: I420, times: int) -> I420:
    """Return ``picture`` with every pixel ``times`` as wide and as high."""
    y, u, v = planes_of(picture)
    height, width = y.shape[0] * times, y.shape[1] * times
    large = black_picture(width, height)
    for plane, small in zip(planes_of(large), (y, u, v), strict=True):
        plane[:] = small.repeat(times, axis=0).repeat(times, axis=1)
    return large


def _disc(side: int) -> npt.NDArray[np.bool_]:
    columns = np.arange(side) * 2.0 / side - 1
    rows = columns[:, None]
    disc: npt.NDArray[np.bool_] = rows**2 + (columns * 1.25) ** 2 < 1
    return disc


def _head(side: int) -> Plane:
    columns = np.arange(side) * 2.0 / side - 1
    rows = columns[:, None]
    shade = HEAD_LUMA + 30 * columns
    features = 12 * (np.sin(rows * 9) > 0)
    head: Plane = (shade + features).astype(np.uint8)
    return head
