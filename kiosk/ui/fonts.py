"""
Finds typefaces on the machine and gives them out by script and size.

Pillow has no font fallback of its own, so text is cut into runs: Chinese ones
in Noto Sans CJK, Latin ones in Inter, any other in whatever covers most.
Whatever is missing is replaced by the next best, in the end by the face inside
Pillow: the kiosk never stays dark for want of a font, and
:attr:`Fonts.has_cjk` tells whoever chooses the language.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont, features

from kiosk.ui.text import Script


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
CHINESE: Final = {
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
OTHER: Final = {
    False: ("DejaVuSans.ttf", "FreeSans.ttf", "NotoSans-Regular.ttf"),
    True: ("DejaVuSans-Bold.ttf", "FreeSansBold.ttf", "NotoSans-Bold.ttf"),
}
SCRIPTS: Final[Mapping[Script, Mapping[bool, Sequence[str]]]] = {
    Script.LATIN: LATIN,
    Script.CHINESE: CHINESE,
    Script.OTHER: OTHER,
}
COLLECTION: Final = "NotoSansCJK"
IN_COLLECTION: Final = {"zh_CN": 2, "zh_TW": 3}
"""
Index of a language's face in Noto's CJK collections (Debian fonts-noto-cjk):
the same character is written with other strokes in Taipei than in Beijing.
"""
SIMPLIFIED: Final = "zh_CN"
"""Whose face writes Chinese in a language that has none of its own."""
LINING_DIGITS: Final = ("tnum",)
FACES_KEPT: Final = 24
LARGE_FACES_KEPT: Final = 4
"""Of Noto's collections each size of type is 2.8 MB, and loaded in a millisecond."""

Face = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Fonts:
    """
    The typefaces of one machine.

    Args:
        directories: Where to look, with everything below them.

    """

    def __init__(self, directories: Sequence[Path] = DIRECTORIES) -> None:
        files = _font_files(directories)
        self._files = {
            (script, bold): _first(names[bold], files) or _first(names[not bold], files)
            for script, names in SCRIPTS.items()
            for bold in (False, True)
        }
        self._load_once = lru_cache(maxsize=FACES_KEPT)(self._load)
        self._load_large_once = lru_cache(maxsize=LARGE_FACES_KEPT)(self._load)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that text is drawn from."""
        return tuple(map(str, self._files.values()))

    @property
    def has_cjk(self) -> bool:
        """Whether Chinese can be drawn."""
        return self._files[Script.CHINESE, False] is not None

    def face(
        self, size: int, script: Script, *, bold: bool, language: str = SIMPLIFIED
    ) -> Face:
        """Return a face of ``size`` pixels; the nearest there is, never none."""
        index = IN_COLLECTION.get(language, IN_COLLECTION[SIMPLIFIED])
        path = self._file(script, bold=bold)
        if path is not None and path.name.startswith(COLLECTION):
            return self._load_large_once(size, script, bold=bold, index=index)
        return self._load_once(size, script, bold=bold, index=0)

    def forget(self) -> None:
        """Let go of the faces; they are loaded again as they are wanted."""
        self._load_once.cache_clear()
        self._load_large_once.cache_clear()

    def _file(self, script: Script, *, bold: bool) -> Path | None:
        return self._files[script, bold] or self._files[Script.LATIN, bold]

    def _load(self, size: int, script: Script, *, bold: bool, index: int) -> Face:
        path = self._file(script, bold=bold)
        if path is None:
            return ImageFont.load_default(size)
        try:
            return ImageFont.truetype(str(path), size, index=index)
        except OSError:
            return ImageFont.load_default(size)


def features_of(face: Face) -> list[str] | None:
    """Return what a face is asked for: digits of one width, where it can be asked."""
    if not isinstance(face, ImageFont.FreeTypeFont) or not can_shape():
        return None
    # The face inside Pillow is laid out without raqm, whatever is there.
    is_shaped = face.layout_engine == ImageFont.Layout.RAQM
    return list(LINING_DIGITS) if is_shaped else None


@cache
def can_shape() -> bool:
    """
    Whether text is shaped: Arabic joined, digits of one width.

    Pillow finds FriBiDi at run time; without it, asking for a feature raises
    KeyError (Pillow 11.1 and 13.0).
    """
    return features.check_feature("raqm") is True


def _font_files(directories: Sequence[Path]) -> dict[str, Path]:
    wanted = {
        name
        for weights in SCRIPTS.values()
        for names in weights.values()
        for name in names
    }
    files: dict[str, Path] = {}
    for directory in directories:
        # os.walk passes over what is missing or closed to us.
        for root, _, names in os.walk(directory):
            for name in wanted.intersection(names):
                files.setdefault(name, Path(root) / name)
    return files


def _first(names: Sequence[str], files: dict[str, Path]) -> Path | None:
    return next((files[name] for name in names if name in files), None)
