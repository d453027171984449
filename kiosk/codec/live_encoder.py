"""
What every software camera does with a picture: thin out, encode, deliver.

Wishes come from any thread (an IDR, another bit rate or picture rate); pictures
come from the one thread that owns the camera.  Pictures too many are left out
*before* they are drawn or encoded, so that no reference is ever broken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420, preview_of
from kiosk.codec.pacing import RateLimit
from kiosk.ports import (
    BRAKE_BELOW,
    AccessUnit,
    Bitrate,
    DmabufFrame,
    Micros,
    SoftFrame,
)


PREVIEW_RATE = 15.0
"""Self-view pictures per second at most."""

PREVIEW_WIDTH = 320
"""Self-view pictures are about so wide."""

LEAST_RATE = 0.1
"""Coded pictures per second at least: hardly a picture, but a sign of life."""


class EncoderWishes:
    """
    What others want of a camera, kept until its thread looks.

    Thread-safe; outlives the encoders of single calls.

    Args:
        bitrate: To begin with.
        picture_rate: The camera's own, never exceeded.

    """

    def __init__(self, bitrate: Bitrate, picture_rate: float) -> None:
        self._lock = threading.Lock()
        self._full_rate = picture_rate
        self._idr = False
        self._bitrate = bitrate
        self._picture_rate = picture_rate

    def request_idr(self) -> None:
        """Make the next picture an IDR."""
        with self._lock:
            self._idr = True

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate."""
        with self._lock:
            self._bitrate = bitrate

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Encode at most so many pictures a second, at least one in ten seconds."""
        with self._lock:
            limited = min(pictures_per_second, self._full_rate)
            self._picture_rate = max(LEAST_RATE, limited)

    def rates(self) -> tuple[Bitrate, float]:
        """Return the bit rate and picture rate wanted now."""
        with self._lock:
            return self._bitrate, self._picture_rate

    def take_idr(self) -> bool:
        """Return whether an IDR is wanted, and forget it."""
        with self._lock:
            wanted, self._idr = self._idr, False
            return wanted


class LiveEncoder:
    """
    The way of a camera's pictures to its listeners; one object a ``start``.

    Args:
        encoder: Fresh: its first picture becomes an IDR.
        wishes: Of everybody else.
        picture_rate: That ``encoder`` was opened for.
        on_unit: Gets every coded picture.
        on_preview: Gets small uncoded ones.

    """

    def __init__(
        self,
        encoder: H264Encoder,
        wishes: EncoderWishes,
        picture_rate: float,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None,
    ) -> None:
        self._encoder = encoder
        self._wishes = wishes
        self._full_rate = picture_rate
        self._on_unit = on_unit
        self._on_preview = on_preview
        self._step = max(1, encoder.width // PREVIEW_WIDTH)
        self._rates: tuple[Bitrate, float] = (encoder.bitrate, picture_rate)
        self._limit = RateLimit(picture_rate)
        self._preview_limit = RateLimit(PREVIEW_RATE)

    def offer(self, draw: Callable[[Micros], I420], at: Micros) -> None:
        """
        Draw, show and encode a picture taken at ``at``, unless it is too many.

        Raises:
            MediaError: If the encoder failed.

        """
        self._follow_wishes()
        coded = self._limit.allows(at)
        preview = self._on_preview if self._preview_limit.allows(at) else None
        if not coded and preview is None:
            return
        picture = draw(at)
        if coded:
            idr = self._wishes.take_idr()
            for unit in self._encoder.encode(picture, at, idr=idr):
                self._on_unit(unit)
        if preview is not None:
            preview(preview_of(picture, at, self._step))

    def _follow_wishes(self) -> None:
        wanted = self._wishes.rates()
        if wanted == self._rates:
            return
        bitrate, picture_rate = wanted
        if picture_rate != self._rates[1]:
            picture_rate = min(picture_rate, self._full_rate)
            self._limit.change(picture_rate)
            if picture_rate >= BRAKE_BELOW:
                self._encoder.set_picture_rate(picture_rate)
        self._encoder.set_bitrate(bitrate)
        self._rates = wanted
