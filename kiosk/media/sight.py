"""
Whether a camera that delivers pictures sees anything: the metric of its changes.

A sensor that hangs gives the same picture again and again, a covered lens a black
one; both come in time and look well to everybody who only counts them.  What a
sensor sees is never twice the same, for the noise in it.  Compared are some pixels of
its small pictures, once a second, and nothing is kept of them but those.  Counted are
all: one that gives hardly any is of as little use.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Final

from kiosk.codec.dmabuf import MappedFrame
from kiosk.errors import DeviceError
from kiosk.ports import DmabufFrame, Micros, SoftFrame


LOOK_US: Final = 1_000_000
BLACKEST: Final = 40
"""Luma; black is 16, and a covered sensor has noise."""
LEAST_RATE: Final = 2
"""Pictures a second; below it hands and lips are not seen to move."""
_SILENT_US: Final = 3_000_000
_ROW, _COLUMN = 5, 7


class Sight:
    """
    Judges the pictures of one camera. The camera's thread; ``wrong`` any.

    Args:
        patience_s: So long it may be blind before that is told.

    Attributes:
        wrong: What is wrong with what it sees, or empty.

    """

    def __init__(self, patience_s: float) -> None:
        self.wrong = ""
        self._patience_us = patience_s * 1_000_000
        self._looked_at: Micros | None = None
        self._before = b""
        self._changed_at = self._lit_at = Micros(0)
        self._came: deque[Micros] = deque(maxlen=round(LEAST_RATE * patience_s))

    def look(self, picture: SoftFrame | DmabufFrame, now: Micros) -> None:
        """Take a picture into account, and its pixels if it is time to."""
        if self._came and now - self._came[-1] > _SILENT_US:
            self._came.clear()  # silence is told by others, and a new beginning
            self._looked_at = None
        self._came.append(now)
        if self._looked_at is not None and now - self._looked_at < LOOK_US:
            return
        pixels = _pixels_of(picture)
        if not pixels:
            return
        if self._looked_at is None:
            self._changed_at = self._lit_at = now
        self._looked_at = now
        if pixels != self._before:
            self._changed_at = now
        if max(pixels) > BLACKEST:
            self._lit_at = now
        self._before = pixels
        self.wrong = self._judged(now)

    def _judged(self, now: Micros) -> str:
        seconds = self._patience_us / 1_000_000
        if now - self._lit_at >= self._patience_us:
            return f"it is black for {seconds:g} s: is the lens covered?"
        if now - self._changed_at >= self._patience_us:
            return f"the same picture for {seconds:g} s"
        is_full = len(self._came) == self._came.maxlen
        if is_full and now - self._came[0] >= self._patience_us:
            return f"less than {LEAST_RATE} pictures a second"
        return ""


def _pixels_of(picture: SoftFrame | DmabufFrame) -> bytes:
    """Return some of its luma, or nothing where that cannot be read."""
    if isinstance(picture, SoftFrame):
        return _some(picture)
    with suppress(DeviceError), MappedFrame(picture) as mapped:
        return _some(mapped)
    return b""


def _some(picture: SoftFrame) -> bytes:
    luma, pitch, width = picture.planes[0], picture.pitches[0], picture.width
    rows = range(0, picture.height, _ROW)
    return b"".join(
        bytes(luma[row * pitch : row * pitch + width : _COLUMN]) for row in rows
    )
