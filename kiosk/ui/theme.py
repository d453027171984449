"""
The colours that change with the bank: derived from one accent, never taken as is.

Whatever accent an operator chooses, everything stays legible: a colour that
white text would not stand out from is darkened, and :attr:`Theme.remark` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kiosk.ui import palette
from kiosk.ui.contrast import LARGE, TEXT, Ink, darkened
from kiosk.ui.screens import Mood


HEADROOM: Final = 1.06
"""Grounds are a little darker than they must be: type has soft edges."""
EDGE_DEPTH: Final = 14.0
"""The least ratio of white text at the edge of a page."""


@dataclass(frozen=True, slots=True)
class Theme:
    """
    The colours of one bank.

    Attributes:
        edge: The ground at the edge of a page.
        glow: The ground in the middle of its glow.
        sign: The disc behind a screen's sign.
        remark: What was changed about the colour asked for, or empty.

    """

    edge: Mapping[Mood, Ink]
    glow: Mapping[Mood, Ink]
    sign: Mapping[Mood, Ink]
    remark: str = ""


PLAIN: Final = Theme(palette.EDGE, palette.GLOW, palette.SIGN)
"""Of a kiosk without a colour of its own."""


def theme_of(accent: str | None) -> Theme:
    """
    Return the theme of an accent colour.

    Args:
        accent: As ``"#1e63b8"``, already checked; ``None`` for none.

    """
    if accent is None:
        return PLAIN
    ink = parse_ink(accent)
    sign = darkened(ink, palette.WHITE, LARGE)
    calm = {
        "edge": darkened(ink, palette.WHITE, EDGE_DEPTH),
        "glow": darkened(ink, palette.SOFT, TEXT * HEADROOM),
        "sign": sign,
    }
    remark = ""
    if sign != ink:
        remark = (
            f"accent {accent} is too light behind white signs: "
            f"{format_ink(sign)} is used"
        )
    return Theme(
        MappingProxyType({**palette.EDGE, Mood.CALM: calm["edge"]}),
        MappingProxyType({**palette.GLOW, Mood.CALM: calm["glow"]}),
        MappingProxyType({**palette.SIGN, Mood.CALM: calm["sign"]}),
        remark,
    )


def parse_ink(text: str) -> Ink:
    """Return the colour of ``#rrggbb``."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def format_ink(ink: Ink) -> str:
    """Return ``#rrggbb``."""
    return f"#{bytes(ink).hex()}"
