"""
The middle of a page: sign, title, lines and the one thing a screen is about.

It is set in the largest type that fits between the bar and what stands below;
what still does not fit loses its last lines, never its title.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kiosk.ports import ScreenName
from kiosk.ui import palette
from kiosk.ui.canvas import Canvas
from kiosk.ui.contrast import Ink
from kiosk.ui.layout import GAP, LOW, MARGIN, Layout
from kiosk.ui.pieces import (
    FIGURE_HEIGHT,
    HINT_HEIGHT,
    LOW_FIGURE_HEIGHT,
    LOW_HINT_HEIGHT,
    STEP_HEIGHT,
    draw_figure,
    draw_hint,
    draw_sign,
    draw_steps,
)
from kiosk.ui.screens import ScreenContent


TITLE_SIZES: Final = (80.0, 72.0, 64.0, 56.0, 48.0, 40.0, 34.0, 28.0)
LINE_SIZES: Final = (34.0, 30.0, 28.0, 26.0, 24.0)
LINES_OF_TITLE: Final = 2
LEADING: Final = 1.18
LINE_STEP: Final = 1.42
SIGN_RADIUS: Final = 54.0
SIGN_REACH: Final = 2.0
"""Radius of the outermost ring, by that of the sign."""
COLUMN_GAP: Final = 56.0
LARGE_SIGN: Final = 110.0
LARGE_SIGN_COLUMN: Final = 400.0
CUT: Final = "…"
LINE_TIERS: Final = 3
TALL_LINE_TIERS: Final = 4
WIDE: Final = 1180.0
"""Units from which on the idle screen has room for a large sign."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where a body may go: from the bar down to ``bottom``, as far as ``right``."""

    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Text:
    """
    The words of a body, broken into lines: (size, lines) of each.

    Attributes:
        rank: The higher, the better it reads: larger type, no line left out.

    """

    title: tuple[float, list[str]]
    lines: tuple[tuple[float, list[str]], ...]
    rank: int

    @property
    def height(self) -> float:
        """Units from the top of the title to below the last line."""
        return self.title_height + GAP + self.lines_height

    @property
    def is_cut(self) -> bool:
        """Whether a word is missing somewhere."""
        return any(lines[-1].endswith(CUT) for _, lines in (self.title, *self.lines))

    @property
    def title_height(self) -> float:
        """Units of the title alone."""
        return len(self.title[1]) * self.title[0] * LEADING

    @property
    def lines_height(self) -> float:
        """Units of the lines below it."""
        return sum(len(texts) * each * LINE_STEP for each, texts in self.lines)


@dataclass(frozen=True, slots=True)
class Column:
    """Where the words stand: a horizontal range, and how they are aligned."""

    left: float
    right: float
    is_centred: bool

    @property
    def width(self) -> float:
        """Units there are."""
        return self.right - self.left

    def place(self, width: float) -> float:
        """Return where something of that width begins."""
        return self.left + (self.width - width) / 2 if self.is_centred else self.left


class Body:
    """
    Draws the middle of pages on one display.

    Args:
        ink: Of the disc behind the sign.

    """

    def __init__(
        self, canvas: Canvas, layout: Layout, ink: Ink, content: ScreenContent
    ) -> None:
        self._canvas = canvas
        self._layout = layout
        self._ink = ink
        self._content = content
        is_low = layout.height < LOW
        self._hint_height = LOW_HINT_HEIGHT if is_low else HINT_HEIGHT
        self._figure_height = LOW_FIGURE_HEIGHT if is_low else FIGURE_HEIGHT
        self._steps = () if is_low else content.steps  # the lines say it as well

    def draw(self, rooms: tuple[Room, ...]) -> None:
        """Draw it as one block, in whichever room takes the larger type."""
        if self._layout.is_tall:
            self._draw_tall(rooms[0])
        else:
            self._draw_wide(rooms)

    def _draw_wide(self, rooms: tuple[Room, ...]) -> None:
        canvas, top = self._canvas, self._layout.bar
        is_idle = self._content.name is ScreenName.IDLE
        has_large_sign = is_idle and canvas.width >= WIDE
        choices: list[tuple[Text, Room, Column]] = []
        for room in rooms:
            radius = min(
                SIGN_RADIUS, (room.bottom - top) / 2 / SIGN_REACH, room.right / 24
            )
            left = MARGIN + (0.0 if is_idle else 2 * radius * SIGN_REACH + COLUMN_GAP)
            right = room.right - (LARGE_SIGN_COLUMN if has_large_sign else 0.0)
            column = Column(left, right, is_centred=False)
            choices.append((self._fitted(column, room.bottom - top), room, column))
        text, room, column = max(choices, key=lambda choice: choice[0].rank)
        height = text.height + self._extra_height
        y = top + max(0.0, (room.bottom - top - height) / 2)
        if has_large_sign:
            middle = (top + room.bottom) / 2
            radius = min(LARGE_SIGN, (room.bottom - top) / 2 / SIGN_REACH)
            x = canvas.width - MARGIN - LARGE_SIGN_COLUMN / 2
            draw_sign(canvas, (x, middle), radius, self._ink, self._content)
        elif not is_idle:
            reach = (column.left - COLUMN_GAP - MARGIN) / 2
            middle = max(top + reach, min(y + text.title_height, room.bottom - reach))
            radius = reach / SIGN_REACH
            draw_sign(
                canvas, (MARGIN + reach, middle), radius, self._ink, self._content
            )
        self._draw_words(column, y, text)

    def _draw_tall(self, room: Room) -> None:
        canvas, top = self._canvas, self._layout.bar
        column = Column(MARGIN, room.right, is_centred=True)
        high = room.bottom - top
        radius = min(96.0, high / 4 / SIGN_REACH)
        sign = 2 * radius * SIGN_REACH + GAP
        text = self._fitted(column, high - sign)
        y = top + max(0.0, (high - text.height - self._extra_height - sign) / 2)
        middle = y + radius * SIGN_REACH
        x = canvas.width / 2
        draw_sign(canvas, (x, middle), radius, self._ink, self._content)
        self._draw_words(column, y + sign, text)

    def _draw_words(self, column: Column, y: float, text: Text) -> None:
        canvas, content = self._canvas, self._content
        size, title = text.title
        for line in title:
            x = column.place(canvas.text_width(line, size, bold=True))
            canvas.text(x, y + size * 0.92, line, size, palette.WHITE, bold=True)
            y += size * LEADING
        y += GAP
        if content.hint:
            box = (column.left, y, column.right, y + self._hint_height)
            draw_hint(canvas, box, content.hint, is_centred=column.is_centred)
            y += self._hint_height + GAP
        for size, lines in text.lines:
            for line in lines:
                x = column.place(canvas.text_width(line, size))
                canvas.text(x, y + size, line, size, palette.SOFT)
                y += size * LINE_STEP
        if content.figure is not None:
            top = y + GAP
            box = (column.left, top, column.right, top + self._figure_height)
            draw_figure(canvas, box, content.figure, is_centred=column.is_centred)
            y = top + self._figure_height
        if self._steps:
            draw_steps(canvas, column.left, column.right, y + GAP, self._steps)

    @property
    def _extra_height(self) -> float:
        content = self._content
        height = (self._hint_height + GAP) if content.hint else 0.0
        height += (self._figure_height + GAP) if content.figure else 0.0
        steps = len(self._steps) * STEP_HEIGHT + GAP if self._steps else 0.0
        return height + steps

    def _fitted(self, column: Column, height: float) -> Text:
        """Return the words in the largest type that keeps to the height."""
        room = height - self._extra_height
        text = None
        for text in self._settings(column):
            if text.height <= room and not text.is_cut:
                return text
        assert text is not None
        lines = text.lines
        while lines and Text(text.title, lines, 0).height > room:
            lines = lines[:-1]
        lost = len(text.lines) - len(lines)
        return Text(text.title, lines, -lost)

    def _settings(self, column: Column) -> Iterator[Text]:
        is_idle = self._content.name is ScreenName.IDLE
        for number in range(0 if is_idle else 1, len(TITLE_SIZES)):
            sizes = TITLE_SIZES[number : number + 4]
            size, title = self._canvas.fit(
                self._content.title, sizes, column.width, LINES_OF_TITLE, bold=True
            )
            title = self._canvas.balanced(title, size, column.width, bold=True)
            each = LINE_SIZES[max(0, number - 2) :] or LINE_SIZES[-1:]
            lines = self._fitted_lines(each, column)
            yield Text((size, title), lines, len(TITLE_SIZES) - number)

    def _fitted_lines(
        self, sizes: tuple[float, ...], column: Column
    ) -> tuple[tuple[float, list[str]], ...]:
        """Return every line broken to fit, all in the size of the smallest."""
        canvas, texts, width = self._canvas, self._content.lines, column.width
        tiers = TALL_LINE_TIERS if column.is_centred else LINE_TIERS
        chosen = [canvas.fit(line, sizes[:tiers], width, 2)[0] for line in texts]
        size = min(chosen, default=sizes[0])
        done = [(size, canvas.fit(line, (size,), width, 2)[1]) for line in texts]
        if column.is_centred:
            done = [(size, canvas.balanced(lines, size, width)) for _, lines in done]
        return tuple(done)
