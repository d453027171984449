"""
The colours of the screens.

Every pair of text and ground is at least 7:1 (WCAG 2.2, 1.4.6), large text and
the labels of buttons that are off at least 4.5:1; tests hold them to it.
"""

from __future__ import annotations

from typing import Final

from kiosk.ports import Button
from kiosk.ui.canvas import Ink
from kiosk.ui.screens import Mood, Tone


WHITE: Final[Ink] = (255, 255, 255)
SOFT: Final[Ink] = (201, 214, 232)
SKY: Final[Ink] = (156, 201, 255)
AMBER: Final[Ink] = (255, 200, 87)
GREEN: Final[Ink] = (23, 134, 74)
LIGHT_GREEN: Final[Ink] = (127, 224, 168)
RED: Final[Ink] = (179, 38, 30)
BLUE: Final[Ink] = (62, 94, 148)
PALE: Final[Ink] = (232, 238, 248)
NAVY: Final[Ink] = (7, 20, 38)
NIGHT: Final[Ink] = (4, 16, 32)
OFF: Final[Ink] = (126, 148, 182)
OFF_RING: Final[Ink] = (88, 112, 152)

EDGE: Final = {
    Mood.CALM: (11, 31, 58),
    Mood.GOOD: (10, 32, 58),
    Mood.GRAVE: (22, 26, 34),
}
"""The ground at the edge of a page."""
GLOW: Final = {
    Mood.CALM: (27, 68, 124),
    Mood.GOOD: (18, 70, 66),
    Mood.GRAVE: (46, 42, 34),
}
"""The ground at the middle of its glow."""
SIGN: Final = {Mood.CALM: BLUE, Mood.GOOD: GREEN, Mood.GRAVE: AMBER}
"""The disc behind a screen's sign."""

NOTICE: Final = {Tone.WARNING: (74, 52, 8), Tone.ALARM: RED}
NOTICE_TEXT: Final = {Tone.WARNING: AMBER, Tone.ALARM: WHITE}

BUTTON: Final = {Button.CALL: GREEN, Button.MUTE: BLUE, Button.HANGUP: RED}
