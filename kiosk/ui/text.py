"""
Text before it has a typeface: which script each part is in, where a line may end.

Pure.  Pillow chooses no face for a character and breaks no line, so both are
decided here.
"""

from __future__ import annotations

import unicodedata
from enum import Enum, auto
from typing import Final


CJK_BLOCKS: Final = (
    range(0x2E80, 0xA000),  # radicals, punctuation, kana, ideographs
    range(0xAC00, 0xD7B0),  # hangul
    range(0xF900, 0xFB00),  # compatibility ideographs
    range(0xFE30, 0xFE50),  # vertical forms
    range(0xFF00, 0xFFF0),  # full-width forms
    range(0x20000, 0x40000),  # further ideographs
)
LATIN_BLOCKS: Final = (
    range(0x0530),  # Latin, Greek, Cyrillic
    range(0x1D00, 0x2000),  # their extensions
    range(0x2000, 0x2C80),  # punctuation, currencies, arrows, signs
)
"""What a Latin face is made for; any other script is written in a face for it."""
SHARED_MARKS: Final = frozenset("“”‘’…—·")  # noqa: RUF001
"""Chinese beside Chinese, Latin elsewhere: Unicode has them once."""
NEVER_FIRST: Final = frozenset("，。、；：！？）》〉」』】〕”’…—·～,.;:!?)]}%°")  # noqa: RUF001
"""No line begins with these (GB/T 15834 section 5.1, and Latin custom)."""
NEVER_LAST: Final = frozenset("（《〈「『【〔“‘([{¥$€£￥")  # noqa: RUF001
"""No line ends with these."""


class Script(Enum):
    """Which kind of face draws a character."""

    LATIN = auto()
    CHINESE = auto()
    OTHER = auto()


def is_cjk(character: str) -> bool:
    """Whether a character is drawn from the Chinese face, whatever is around it."""
    code = ord(character)
    return any(code in block for block in CJK_BLOCKS)


def runs(text: str) -> list[tuple[Script, str]]:
    """Cut text into runs of one script; blanks and accents belong to what precedes."""
    cut: list[tuple[Script, str]] = []
    for at, character in enumerate(text):
        script = _script(character, text[max(0, at - 1) : at + 2])
        if cut and (character == " " or _clings(character) or cut[-1][0] is script):
            cut[-1] = (cut[-1][0], cut[-1][1] + character)
        else:
            cut.append((script, character))
    return cut


def pieces(text: str) -> list[str]:
    """Cut text where a line may end: after blanks and around Chinese."""
    cut: list[str] = []
    for character in text:
        if cut and not _may_part(cut[-1][-1], character):
            cut[-1] += character
        else:
            cut.append(character)
    return cut


def whole_start(text: str, length: int) -> int:
    """Return ``length``, or a little less, so that no letter loses its accents."""
    kept = length
    while 0 < kept < len(text) and _clings(text[kept]):
        kept -= 1
    return kept or length


def _script(character: str, around: str) -> Script:
    if is_cjk(character) or (
        character in SHARED_MARKS and any(is_cjk(other) for other in around)
    ):
        return Script.CHINESE
    code = ord(character)
    if any(code in block for block in LATIN_BLOCKS):
        return Script.LATIN
    return Script.OTHER


def _may_part(before: str, after: str) -> bool:
    if after == " " or after in NEVER_FIRST or _clings(after):
        return False
    if before == " ":
        return True
    if before in NEVER_LAST:
        return False
    return is_cjk(before) or is_cjk(after)


def _clings(character: str) -> bool:
    """Whether it is part of the letter before it."""
    return (
        unicodedata.category(character) in {"Mn", "Mc", "Me"} or character == "\u200d"
    )
