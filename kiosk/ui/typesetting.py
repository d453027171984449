"""
How wide text is and where its lines end: text that always fits somewhere.

It draws nothing.  Lengths are units, as on the canvas; what was measured once
is remembered, because the same words come back with every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kiosk.ui.fonts import SIMPLIFIED, Face, Fonts, features_of
from kiosk.ui.text import is_cjk, pieces, runs, whole_start


LARGEST_FACE: Final = 400
BALANCING_STEPS: Final = 8
MOST_LINES: Final = 64
WIDTHS_KEPT: Final = 2048


@dataclass(frozen=True, slots=True)
class SetRun:
    """A run of text in one face, and how far it advances in pixels."""

    text: str
    face: Face
    features: list[str] | None
    advance: float


class Typesetter:
    """
    Measures text in one size of unit and one language.

    Args:
        scale: Pixels of one unit.
        language: Whose Chinese face writes Chinese.

    """

    def __init__(self, fonts: Fonts, scale: float, language: str = SIMPLIFIED) -> None:
        self._fonts = fonts
        self._scale = scale
        self._language = language
        self._width_of = lru_cache(maxsize=WIDTHS_KEPT)(self._measured)

    def set_runs(self, text: str, size: float, *, bold: bool) -> list[SetRun]:
        """Return what to draw after each other."""
        pixels = min(max(1, round(size * self._scale)), LARGEST_FACE)
        done: list[SetRun] = []
        for script, run in runs(text):
            face = self._fonts.face(pixels, script, bold=bold, language=self._language)
            asked = features_of(face)
            advance = (
                face.getlength(run, features=asked) if asked else face.getlength(run)
            )
            done.append(SetRun(run, face, asked, advance))
        return done

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return how wide a line would be."""
        return self._width_of(text, size, bold=bold)

    def fit(
        self,
        text: str,
        sizes: tuple[float, ...],
        width: float,
        lines: int,
        *,
        bold: bool = False,
    ) -> tuple[float, list[str]]:
        """Return in how few lines the text fits, in the largest size, and those."""
        for few in range(1, lines + 1):
            # Rather one line in a smaller size than a second one of a word.
            for size in sizes:
                broken = self.wrap(text, size, width, bold=bold, most=lines + 1)
                if len(broken) <= few:
                    return size, broken
        size = sizes[-1]
        broken = self.wrap(text, size, width, bold=bold, most=lines)
        broken[-1] = self._shortened(f"{broken[-1]}…", size, width, bold=bold)
        return size, broken

    def balanced(
        self, lines: list[str], size: float, width: float, *, bold: bool = False
    ) -> list[str]:
        """Return the same lines, broken so that they are about equally long."""
        text = " ".join(lines)
        if len(lines) == 1 or any(is_cjk(character) for character in text):
            return lines
        for part in range(BALANCING_STEPS, 0, -1):
            narrow = width * (1.0 - part / (2 * BALANCING_STEPS))
            broken = self.wrap(text, size, narrow, bold=bold)
            if len(broken) == len(lines):
                return broken
        return lines

    def wrap(
        self,
        text: str,
        size: float,
        width: float,
        *,
        bold: bool = False,
        most: int = MOST_LINES,
    ) -> list[str]:
        """
        Break text into lines, no more than ``most``; the rest is left out.

        A word wider than a line is broken within.
        """
        lines: list[str] = []
        line = ""
        for piece in pieces(text):
            longer = line + piece
            if line and self.width(longer.rstrip(), size, bold=bold) > width:
                lines.append(line.rstrip())
                longer = piece
            line = longer
            while self.width(line.rstrip(), size, bold=bold) > width:
                kept = self._longest_start(line, size, width, bold=bold)
                if kept == len(line) or len(lines) >= most:
                    break
                lines.append(line[:kept])
                line = line[kept:]
            if len(lines) >= most:
                return lines[:most]
        return [*lines, line.rstrip()] if line.strip() or not lines else lines

    def _measured(self, text: str, size: float, *, bold: bool) -> float:
        advances = (run.advance for run in self.set_runs(text, size, bold=bold))
        return sum(advances) / self._scale

    def _longest_start(
        self, text: str, size: float, width: float, *, bold: bool
    ) -> int:
        """Return how many characters fit, at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle], size, bold=bold) <= width:
                low = middle
            else:
                high = middle - 1
        return whole_start(text, low)

    def _shortened(self, text: str, size: float, width: float, *, bold: bool) -> str:
        while len(text) > 1 and self.width(text, size, bold=bold) > width:
            text = f"{text[:-2].rstrip()}…"
        return text
