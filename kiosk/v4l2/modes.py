"""
What a camera can give, and which of it is best for a call: decided, not done.

A driver names formats, their sizes, and the intervals of each size.  Of those the best
is one that is fast enough, large enough and of the right shape, in this order; of equal
ones that which is cheapest to bring to the encoder, and of those the slowest that is
fast enough: a faster one would halve the light and double the load of the bus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kiosk.v4l2.node import Node
from kiosk.v4l2.uapi import FrmIvalEnum, FrmSizeEnum, Ioctl
from kiosk.v4l2.uapi_numbers import (
    FRMIVAL_TYPE_DISCRETE,
    FRMSIZE_TYPE_DISCRETE,
    Pixel,
    fourcc_text,
)


READABLE_RATE: Final = 20.0
"""Pictures a second that lips can be read from (EN 301 549, 6.5.3)."""

_NEARLY: Final = 0.95
"""29.97 is 30 to everybody but a mathematician."""
_MOST_SIZES: Final = 256
_MOST_INTERVALS: Final = 256
_SHAPE_TOLERANCE: Final = 0.02

_CHEAPNESS: Final = {
    Pixel.YUV420: 4,
    Pixel.NV12: 3,
    Pixel.YUYV: 2,
    Pixel.UYVY: 2,
    Pixel.MJPEG: 1,
    Pixel.JPEG: 1,
    Pixel.H264: 0,
}
"""How little it costs to bring a picture to the encoder."""


@dataclass(frozen=True, slots=True)
class Mode:
    """
    One way to capture.

    Attributes:
        pixel: How pictures lie in memory.
        width, height: In pixels.
        interval: Seconds from one to the next; ``None`` where the driver does not say.

    """

    pixel: Pixel
    width: int
    height: int
    interval: Fraction | None

    @property
    def rate(self) -> float | None:
        """Pictures a second."""
        return None if self.interval is None else float(1 / self.interval)

    @property
    def name(self) -> str:
        """The mode as technicians write it, e.g. ``YUYV 640x360@30``."""
        rate = "" if self.rate is None else f"@{self.rate:.4g}"
        return f"{fourcc_text(self.pixel)} {self.width}x{self.height}{rate}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What the call would like.

    Attributes:
        width, height: Of the coded picture.
        rate: Pictures a second.

    """

    width: int
    height: int
    rate: float


def modes(node: Node, pixels: Sequence[Pixel], wanted: Wanted) -> list[Mode]:
    """Return what the camera can give, of ranges what comes nearest to the wish."""
    return [
        Mode(pixel, width, height, interval)
        for pixel in pixels
        for width, height in _sizes(node, pixel, wanted)
        for interval in _intervals(node, pixel, (width, height), wanted.rate)
    ]


def best(offered: Sequence[Mode], wanted: Wanted, *, prefer_h264: bool) -> Mode | None:
    """
    Return the best of what is offered.

    Args:
        offered: See :func:`modes`.
        wanted: The wish.
        prefer_h264: Whether the camera's own encoder can be steered; it is the last
            choice otherwise, and always where it has not the very size.

    """

    def worth(mode: Mode) -> tuple[float, ...]:
        rate = wanted.rate if mode.rate is None else mode.rate
        is_h264 = mode.pixel is Pixel.H264
        is_exact = (mode.width, mode.height) == (wanted.width, wanted.height)
        area, wanted_area = _useful_area(mode, wanted), wanted.width * wanted.height
        return (
            not is_h264 or (prefer_h264 and is_exact),
            rate >= min(READABLE_RATE, wanted.rate) * _NEARLY,
            2 * area >= wanted_area,
            is_h264 and is_exact and rate >= wanted.rate * _NEARLY,
            min(1.0, rate / (wanted.rate * _NEARLY)),
            _has_shape(mode, wanted),
            mode.width >= wanted.width and mode.height >= wanted.height,
            -abs(mode.width * mode.height - wanted_area),
            _CHEAPNESS[mode.pixel],
            -rate,
        )

    return max(offered, key=worth, default=None)


def _has_shape(mode: Mode, wanted: Wanted) -> bool:
    across = mode.width * wanted.height
    return abs(across - mode.height * wanted.width) <= _SHAPE_TOLERANCE * across


def _useful_area(mode: Mode, wanted: Wanted) -> float:
    """Return how many pixels remain of a mode when it is cropped to the shape."""
    scale = min(mode.width / wanted.width, mode.height / wanted.height)
    return scale * scale * wanted.width * wanted.height


def _sizes(node: Node, pixel: Pixel, wanted: Wanted) -> Iterator[tuple[int, int]]:
    for index in range(_MOST_SIZES):
        asked = FrmSizeEnum(index=index, pixel_format=pixel)
        try:
            node.ioctl(Ioctl.ENUM_FRAMESIZES, asked)
        except OSError:
            if index == 0:  # the driver does not say: it will tell when it is set
                yield wanted.width, wanted.height
            return
        if asked.type == FRMSIZE_TYPE_DISCRETE:
            yield asked.size.discrete.width, asked.size.discrete.height
            continue
        steps = asked.size.stepwise
        yield (
            _stepped(wanted.width, steps.min_width, steps.max_width, steps.step_width),
            _stepped(
                wanted.height, steps.min_height, steps.max_height, steps.step_height
            ),
        )
        return


def _intervals(
    node: Node, pixel: Pixel, size: tuple[int, int], rate: float
) -> Iterator[Fraction | None]:
    width, height = size
    for index in range(_MOST_INTERVALS):
        asked = FrmIvalEnum(index=index, pixel_format=pixel, width=width, height=height)
        try:
            node.ioctl(Ioctl.ENUM_FRAMEINTERVALS, asked)
        except OSError:
            if index == 0:
                yield None
            return
        if asked.type == FRMIVAL_TYPE_DISCRETE:
            if interval := fraction_of(asked.interval.discrete):
                yield interval
            continue
        shortest = fraction_of(asked.interval.stepwise.min)
        longest = fraction_of(asked.interval.stepwise.max)
        wanted = 1 / Fraction(rate).limit_denominator(1001)
        if shortest and longest:
            yield min(max(wanted, shortest), longest)
        return


def fraction_of(raw: object) -> Fraction | None:
    """Return a ``v4l2_fract``; ``None`` for what is no time."""
    above = int(getattr(raw, "numerator", 0))
    below = int(getattr(raw, "denominator", 0))
    return Fraction(above, below) if above and below else None


def _stepped(wanted: int, least: int, most: int, step: int) -> int:
    """Return the nearest possible value, not below the wish where there is one."""
    bounded = min(max(wanted, least), most)
    steps = -(-(bounded - least) // max(1, step))
    value = least + steps * max(1, step)
    return value if value <= most else value - max(1, step)
