"""The picture sizes a kiosk offers, with bit rates that suit them. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kiosk.ports import Bitrate


GOP_S = 10.0
"""
Longest time from one IDR to the next.

Whoever needs an IDR asks for it (players that join, damaged pictures, strangers'
relays once a second); every other one is a burst that a narrow link takes a
third of a second for, and everybody waits behind it.
"""


@dataclass(frozen=True, slots=True)
class Preset:
    """
    A picture size with its bit rates.

    Attributes:
        width, height: In pixels.
        bitrate: To begin with.
        ceiling: Never exceeded; what the encoder is opened with.

    """

    width: int
    height: int
    bitrate: Bitrate
    ceiling: Bitrate


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "180p": Preset(320, 180, Bitrate(250_000), Bitrate(400_000)),
        "360p": Preset(640, 360, Bitrate(600_000), Bitrate(1_000_000)),
        "480p": Preset(640, 480, Bitrate(800_000), Bitrate(1_400_000)),
        "720p": Preset(1280, 720, Bitrate(1_500_000), Bitrate(2_500_000)),
    }
)
"""By the name used in the configuration."""
