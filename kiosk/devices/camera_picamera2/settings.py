"""What a camera of picamera2 is asked for. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.codec.live_encoder import PREVIEW_WIDTH
from kiosk.ports import Bitrate


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """
    One camera's pictures and their coding.

    Attributes:
        width, height: Of the coded picture in pixels, both even.
        picture_rate: Pictures per second.
        bitrate: To begin with.
        ceiling: Never exceeded.
        gop_s: Longest time between IDRs in seconds.

    """

    width: int
    height: int
    picture_rate: float
    bitrate: Bitrate
    ceiling: Bitrate
    gop_s: float

    @property
    def size(self) -> tuple[int, int]:
        """Of the coded picture."""
        return self.width, self.height

    @property
    def preview_size(self) -> tuple[int, int]:
        """Of the self-view: a whole part of the coded picture, both sides even."""
        step = max(1, self.width // PREVIEW_WIDTH)
        return self.width // step & ~1, self.height // step & ~1
