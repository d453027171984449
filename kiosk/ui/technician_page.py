"""
The technician's page as it is drawn: a title and rows of what and how it is.

Who stands before it came to read it, from near: it may use the type of a display
whose diagonal is not known, so that all rows are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.ui import palette
from kiosk.ui.canvas import Canvas
from kiosk.ui.layout import GAP, LOW, MARGIN, SMALLEST_TYPE, Layout


Rows = tuple[tuple[str, str], ...]
"""What, and how it is, from the top down."""

TITLE_SIZES: Final = (44.0, 38.0, 32.0, 28.0)
LOW_TITLE_SIZES: Final = TITLE_SIZES[3:]
ROW_SIZES: Final = (28.0, 26.0, 24.0)
STEP: Final = 1.25
LINES: Final = 2
MANY: Final = 13
"""Rows; with more the title is small, so that there is room for them."""
LABELS: Final = 0.24
"""Of the width, for what a row is about."""
TALL_LABELS: Final = 0.34


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows in one size: the lines of what, and those of how it is."""

    size: float
    rows: tuple[tuple[list[str], list[str]], ...]

    @property
    def height(self) -> float:
        return sum(self.height_of(row) for row in self.rows)

    @property
    def is_cut(self) -> bool:
        return any(lines[-1].endswith("…") for row in self.rows for lines in row)

    def height_of(self, row: tuple[list[str], list[str]]) -> float:
        return max(len(lines) for lines in row) * self.size * STEP


def smallest_row(layout: Layout) -> float:
    """Return the least type of a row, in units."""
    return min(SMALLEST_TYPE, SMALLEST_TYPE * Layout(layout.size).unit / layout.unit)


def draw_technician_page(
    canvas: Canvas, layout: Layout, title: str, rows: Rows
) -> None:
    """Draw between bar and strip, in the largest type that has room for all rows."""
    left, right = float(MARGIN), canvas.width - MARGIN
    is_low = layout.height < LOW or len(rows) > MANY
    titles = LOW_TITLE_SIZES if is_low else TITLE_SIZES
    size, head = canvas.fit(title, titles, right - left, 1, bold=True)
    y = layout.bar + size
    canvas.text(left, y, head[0], size, palette.WHITE, bold=True)
    y += GAP / 2
    bottom = canvas.height - layout.strip - GAP / 2
    values = left + (right - left) * (TALL_LABELS if layout.is_tall else LABELS)
    widths = values - left - GAP, right - values
    table = _fitted(canvas, rows, widths, bottom - y, smallest_row(layout))
    for row in table.rows:
        height = table.height_of(row)
        if y + height > bottom:
            return
        for x, ink, lines in zip(
            (left, values), (palette.SOFT, palette.WHITE), row, strict=True
        ):
            for number, line in enumerate(lines, start=1):
                baseline = y + number * table.size * STEP - table.size * 0.2
                canvas.text(x, baseline, line, table.size, ink)
        y += height


def _fitted(
    canvas: Canvas,
    rows: Rows,
    widths: tuple[float, float],
    room: float,
    smallest: float,
) -> _Table:
    table = _Table(smallest, ())
    sizes = dict.fromkeys((*ROW_SIZES, (smallest + ROW_SIZES[-1]) / 2, smallest))
    tries = [*((size, LINES) for size in sizes), (smallest, 1)]  # cut, but all there
    for size, lines in tries:
        table = _Table(
            size,
            tuple(
                (
                    canvas.fit(label, (size,), widths[0], lines)[1],
                    canvas.fit(value, (size,), widths[1], lines)[1],
                )
                for label, value in rows
            ),
        )
        if table.height <= room and not table.is_cut:
            break
    return table
