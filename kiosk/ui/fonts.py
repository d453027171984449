"""
Finds typefaces on the machine and gives them out by size.

Pillow has no font fallback of its own, so text is cut into runs: Chinese runs
in Noto Sans CJK, all others in Inter, Noto Sans or DejaVu Sans.  Whatever is
missing is replaced by the next best, in the end by the face inside Pillow: the
kiosk never stays dark for want of a font, and :attr:`Fonts.has_cjk` tells
whoever chooses the language.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont


DIRECTORIES: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
)
LATIN: Final = {
    False: (
        "Inter-Medium.otf",
        "NotoSans-Medium.ttf",
        "NotoSans-Regular.ttf",
        "DejaVuSans.ttf",
    ),
    True: (
        "Inter-SemiBold.otf",
        "NotoSans-SemiBold.ttf",
        "NotoSans-Bold.ttf",
        "DejaVuSans-Bold.ttf",
    ),
}
CJK: Final = {
    False: (
        "NotoSansCJK-Regular.ttc",
        "NotoSansSC-Regular.otf",
        "wqy-microhei.ttc",
        "DroidSansFallbackFull.ttf",
    ),
    True: (
        "NotoSansCJK-Bold.ttc",
        "NotoSansSC-Bold.otf",
        "wqy-microhei.ttc",
        "DroidSansFallbackFull.ttf",
    ),
}
CJK_BLOCKS: Final = (
    range(0x2E80, 0xA000),  # radicals, punctuation, kana, ideographs
    range(0xAC00, 0xD7B0),  # hangul
    range(0xF900, 0xFB00),  # compatibility ideographs
    range(0xFE30, 0xFE50),  # vertical forms
    range(0xFF00, 0xFFF0),  # full-width forms
    range(0x20000, 0x40000),  # further ideographs
)
SIMPLIFIED_CHINESE: Final = 2
"""Index of the SC face in Noto's CJK collections (Debian fonts-noto-cjk)."""

Face = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Fonts:
    """
    The typefaces of one machine.

    Args:
        directories: Where to look, with everything below them.

    """

    def __init__(self, directories: Sequence[Path] = DIRECTORIES) -> None:
        files = _font_files(directories)
        self._latin = {bold: _first(LATIN[bold], files) for bold in (False, True)}
        self._cjk = {bold: _first(CJK[bold], files) for bold in (False, True)}
        self._load_once = lru_cache(maxsize=128)(self._load)

    @property
    def has_cjk(self) -> bool:
        """Whether Chinese can be drawn."""
        return self._cjk[False] is not None or self._cjk[True] is not None

    def face(self, size: int, *, bold: bool, cjk: bool) -> Face:
        """Return a face of ``size`` pixels; the nearest there is, never none."""
        return self._load_once(size, bold=bold, cjk=cjk)

    def _load(self, size: int, *, bold: bool, cjk: bool) -> Face:
        chosen = (self._cjk[bold] or self._cjk[not bold]) if cjk else None
        path = chosen or self._latin[bold] or self._latin[not bold]
        if path is None:
            return ImageFont.load_default(size)
        index = SIMPLIFIED_CHINESE if path.name.startswith("NotoSansCJK") else 0
        try:
            return ImageFont.truetype(str(path), size, index=index)
        except OSError:
            return ImageFont.load_default(size)


def is_cjk(character: str) -> bool:
    """Whether a character is drawn from the Chinese face."""
    code = ord(character)
    return any(code in block for block in CJK_BLOCKS)


def runs(text: str) -> list[tuple[bool, str]]:
    """Cut text into runs of one face: (whether Chinese, the run)."""
    cut: list[tuple[bool, str]] = []
    for character in text:
        cjk = is_cjk(character)
        if cut and (character == " " or cut[-1][0] is cjk):
            cut[-1] = (cut[-1][0], cut[-1][1] + character)
        else:
            cut.append((cjk, character))
    return cut


def _font_files(directories: Sequence[Path]) -> dict[str, Path]:
    wanted = {name for names in (*LATIN.values(), *CJK.values()) for name in names}
    files: dict[str, Path] = {}
    for directory in directories:
        # os.walk passes over what is missing or closed to us.
        for root, _, names in os.walk(directory):
            for name in wanted.intersection(names):
                files.setdefault(name, Path(root) / name)
    return files


def _first(names: Sequence[str], files: dict[str, Path]) -> Path | None:
    return next((files[name] for name in names if name in files), None)
