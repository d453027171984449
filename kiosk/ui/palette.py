"""
The colours of the screens.

Every pair of text and ground is at least 7:1 (WCAG 2.2, 1.4.6), large text at
least 4.5:1; tests hold them to it.
"""

from __future__ import annotations

from typing import Final

from kiosk.ports import Button
from kiosk.ui.contrast import Ink
from kiosk.ui.screens import Mood
from kiosk.ui.signs import Tone


WHITE: Final[Ink] = (255, 255, 255)
SOFT: Final[Ink] = (201, 214, 232)
SKY: Final[Ink] = (156, 201, 255)
AMBER: Final[Ink] = (255, 200, 87)
GREEN: Final[Ink] = (23, 134, 74)
LIGHT_GREEN: Final[Ink] = (127, 224, 168)
RED: Final[Ink] = (179, 38, 30)
DEEP_RED: Final[Ink] = (158, 30, 24)
BLUE: Final[Ink] = (62, 94, 148)
BRIGHT_BLUE: Final[Ink] = (70, 112, 180)
PALE: Final[Ink] = (232, 238, 248)
NAVY: Final[Ink] = (7, 20, 38)
NIGHT: Final[Ink] = (4, 16, 32)
OFF: Final[Ink] = (142, 162, 193)
OFF_RING: Final[Ink] = (88, 112, 152)

EDGE: Final = {
    Mood.CALM: (11, 31, 58),
    Mood.GOOD: (10, 32, 58),
    Mood.GRAVE: (22, 26, 34),
}
"""The ground at the edge of a page."""
GLOW: Final = {
    Mood.CALM: (24, 61, 112),
    Mood.GOOD: (16, 64, 60),
    Mood.GRAVE: (46, 42, 34),
}
"""The ground at the middle of its glow."""
SIGN: Final = {Mood.CALM: BRIGHT_BLUE, Mood.GOOD: GREEN, Mood.GRAVE: AMBER}
"""The disc behind a screen's sign."""

NOTICE: Final = {
    Tone.PLAIN: NAVY,
    Tone.WARNING: (74, 52, 8),
    Tone.ALARM: DEEP_RED,
}
NOTICE_TEXT: Final = {Tone.PLAIN: WHITE, Tone.WARNING: AMBER, Tone.ALARM: WHITE}

BUTTON: Final = {Button.CALL: GREEN, Button.MUTE: BLUE, Button.HANGUP: RED}
