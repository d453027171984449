"""Text from outside, and lengths of time, as a screen may show them."""

from __future__ import annotations

import unicodedata
from typing import Final

from kiosk.ports import Micros


MICROS: Final = 1_000_000
LONGEST_TIMER_S: Final = 99 * 3600


def duration(since: Micros, now: Micros) -> str:
    """Return minutes and seconds, with hours from the first one on."""
    seconds = min(max(0, (now - since) // MICROS), LONGEST_TIMER_S)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f"{minutes:02d}:{seconds:02d}"
    return f"{hours}:{rest}" if hours else rest


def plain(text: str, length: int) -> str:
    """
    Return one line of ``text``, without controls and no longer than ``length``.

    Formatting characters go too: an unclosed right-to-left override would turn
    the words after it around.
    """
    shown = (
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in text[: 4 * length]
    )
    line = " ".join("".join(shown).split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
