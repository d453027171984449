"""
What is sent in place of a camera that delivers nothing: a still card, coded anew.

The last picture of a camera that is gone looks like a person who sits still.  A card
says what is so, keeps the stream's pictures coming for players and relays that miss
them, and costs next to nothing: one IDR, and after it pictures of some hundred bytes.

Belongs to the mic thread, but for wishes: those come from any.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.no_camera import no_camera_picture
from kiosk.codec.presets import GOP_S
from kiosk.ports import AccessUnit, Bitrate, Micros


EVERY_US: Final = 500_000
"""From one picture of the card to the next."""
_BITRATE: Final = Bitrate(100_000)
_AT_LEAST_US: Final = 100_000  # between two, however often an IDR is asked for


class StillCard:
    """
    One card, from the moment it is put up.

    Args:
        size: Of the camera's picture in pixels.

    Raises:
        MediaError: If it cannot be coded.

    """

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = size
        self._picture = no_camera_picture(width, height)
        self._encoder = H264Encoder(
            width=width,
            height=height,
            picture_rate=1_000_000 / EVERY_US,
            bitrate=_BITRATE,
            ceiling=_BITRATE,
            gop_s=GOP_S,
        )
        self._is_idr_wanted = threading.Event()
        self._coded_at: Micros | None = None

    def request_idr(self) -> None:
        """Make the next picture an IDR, soon; any thread."""
        self._is_idr_wanted.set()

    def due(self, now: Micros, least_us: float) -> Sequence[AccessUnit]:
        """
        Return the card once more if it is time; the first is an IDR.

        Args:
            now: Becomes its capture time.
            least_us: From one picture to the next, as the network allows.

        Raises:
            MediaError: If the encoder failed.

        """
        wanted = self._is_idr_wanted.is_set()
        every_us = _AT_LEAST_US if wanted else max(EVERY_US, least_us)
        if self._coded_at is not None and now - self._coded_at < every_us:
            return ()
        self._is_idr_wanted.clear()
        self._coded_at = now
        return self._encoder.encode(self._picture, now, idr=wanted)
