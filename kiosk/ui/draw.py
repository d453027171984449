"""
Draws the content of a screen: a page for the base layer, or what lies over the
peer's picture.

Grounds are kept by mood and pages by content, so that only what changed is
drawn again.  It knows no display and no time.  Not thread-safe: one thread
draws.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from PIL import Image

from kiosk.ports import PageFrame, Rect, ScreenName
from kiosk.ui import palette
from kiosk.ui.canvas import CLEAR, Canvas
from kiosk.ui.fonts import Fonts
from kiosk.ui.frame import draw_bar, draw_self_view, draw_strip
from kiosk.ui.layout import (
    BAR,
    GAP,
    MARGIN,
    NARROWEST,
    PIP_MARGIN,
    SHAPE,
    STRIP,
    pip_rect,
    tile_rects,
    unit,
)
from kiosk.ui.pieces import (
    HINT_HEIGHT,
    draw_call_pill,
    draw_fault,
    draw_figure,
    draw_hint,
    draw_invitation,
    draw_message,
    draw_notice,
    draw_sign,
    draw_tile,
    notice_width,
)
from kiosk.ui.screens import Mood, PeerTile, ScreenContent
from kiosk.ui.still_question import draw_still_question


PAGES_KEPT: Final = 3
"""A page of 1280x720 is 3.7 MB and drawn in 10 ms: few are worth their memory."""
TITLE_SIZES: Final = (72.0, 64.0, 56.0, 48.0)
IDLE_TITLE_SIZES: Final = (80.0, *TITLE_SIZES)
LINE_SIZES: Final = (34.0, 30.0, 28.0)
LEADING: Final = 1.18
LINE_STEP: Final = 1.42
SIGN_RADIUS: Final = 64.0
SIGN_TOP: Final = 76.0
SIGN_COLUMN: Final = 192.0
FAULT_HEIGHT: Final = 148.0
FIGURE_HEIGHT: Final = 148.0
WIDE: Final = 1180.0
"""Units from which on the idle screen has room for a large sign."""


class Artist:
    """
    Draws screens for one display.

    Args:
        size: Width and height of the display in pixels.
        fonts: The typefaces to write with.
        self_view: The shape of the camera's picture, or ``None`` without one.

    """

    def __init__(
        self,
        size: tuple[int, int],
        fonts: Fonts,
        *,
        self_view: tuple[int, int] | None = (16, 9),
    ) -> None:
        self._size = size
        self._fonts = fonts
        self._scale = unit(size)
        self._grounds: dict[Mood, Image.Image] = {}
        self._pages: OrderedDict[ScreenContent, PageFrame] = OrderedDict()
        self._shape = self_view or SHAPE
        self._pip: Rect | None = None
        if self_view is not None:
            self._pip = self._in_units(pip_rect(size, self_view))

    def prepare(self) -> None:
        """Draw the grounds, so that the first page of each mood waits for none."""
        for mood in Mood:
            self._ground(mood)

    def page(self, content: ScreenContent) -> PageFrame:
        """Return a page of the display's size."""
        kept = self._pages.get(content)
        if kept is not None:
            self._pages.move_to_end(content)
            return kept
        page = self._drawn_page(content)
        self._pages[content] = page
        if len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        return page

    def over(self, content: ScreenContent) -> tuple[PageFrame, Rect]:
        """
        Return what lies over the picture, cut to its size, and its place.

        The pages are forgotten: their memory is better used in a call.
        """
        self._pages.clear()
        canvas = self._canvas(Image.new(CLEAR, self._size))
        draw_strip(canvas, content.strip, opacity=0.94)
        pip = self._pip if content.self_view else None
        if pip is not None:
            draw_self_view(canvas, pip, "")
        if len(content.tiles) > 1:
            self._draw_tiles(canvas, content.tiles)
        self._draw_muted(canvas, content, pip)
        bottom = canvas.height - STRIP - GAP
        bottom = self._draw_stack(canvas, content, pip, left=PIP_MARGIN, bottom=bottom)
        if content.still is not None:
            draw_still_question(canvas, MARGIN, content.still)
        if content.hint:
            draw_invitation(canvas, bottom, content)
        return canvas.cut_out()

    def _drawn_page(self, content: ScreenContent) -> PageFrame:
        canvas = self._canvas(self._ground(content.mood).copy())
        draw_bar(canvas, content.branding, content.wall_time)
        draw_strip(canvas, content.strip)
        pip = self._pip if content.self_view else None
        if pip is not None:
            draw_self_view(canvas, pip, content.self_view_label)
        bottom = canvas.height - STRIP - GAP
        if content.fault is not None:
            box = (MARGIN, bottom - FAULT_HEIGHT, canvas.width - MARGIN, bottom)
            draw_fault(canvas, box, content.fault, content.branding.kiosk)
            bottom -= FAULT_HEIGHT + GAP
        self._draw_muted(canvas, content, pip)
        bottom = self._draw_stack(canvas, content, pip, left=MARGIN, bottom=bottom)
        if content.still is not None:
            draw_still_question(canvas, BAR, content.still)
        else:
            self._draw_body(canvas, content, bottom)
        return canvas.page()

    def _draw_body(self, canvas: Canvas, content: ScreenContent, bottom: float) -> None:
        """Draw sign, title, lines, hint and figure as one block, in the middle."""
        idle = content.name is ScreenName.IDLE
        wide = canvas.width >= WIDE
        left = float(MARGIN) if idle else MARGIN + SIGN_COLUMN
        right = canvas.width - MARGIN - (400.0 if idle and wide else 0.0)
        width = right - left
        sizes = IDLE_TITLE_SIZES if idle else TITLE_SIZES
        size, title = canvas.fit(content.title, sizes, width, 2, bold=True)
        title = canvas.balanced(title, size, width, bold=True)
        lines = _fitted_lines(canvas, content.lines, width)

        height = len(title) * size * LEADING + GAP
        height += sum(len(texts) * each * LINE_STEP for each, texts in lines)
        height += (HINT_HEIGHT + GAP) if content.hint else 0.0
        height += (FIGURE_HEIGHT + GAP) if content.figure else 0.0
        y = BAR + max(0.0, (bottom - BAR - height) / 2)

        if idle and wide:
            middle = (BAR + canvas.height - STRIP) / 2
            draw_sign(canvas, canvas.width - MARGIN - 200.0, middle, 110.0, content)
        elif not idle:
            draw_sign(canvas, MARGIN + 80.0, y + SIGN_TOP, SIGN_RADIUS, content)
        for line in title:
            canvas.text(left, y + size * 0.92, line, size, palette.WHITE, bold=True)
            y += size * LEADING
        y += GAP
        if content.hint:
            draw_hint(canvas, (left, y, right, y + HINT_HEIGHT), content.hint)
            y += HINT_HEIGHT + GAP
        for each, texts in lines:
            for line in texts:
                canvas.text(left, y + each, line, each, palette.SOFT)
                y += each * LINE_STEP
        if content.figure is not None:
            top = y + GAP
            draw_figure(canvas, (left, top, right, top + FIGURE_HEIGHT), content.figure)

    def _draw_muted(
        self, canvas: Canvas, content: ScreenContent, pip: Rect | None
    ) -> None:
        if content.muted is None or pip is None:
            return
        bottom = pip.y - 14.0
        left = pip.x + pip.width - notice_width(canvas, content.muted)
        draw_notice(canvas, left, bottom, content.muted)

    def _draw_stack(
        self,
        canvas: Canvas,
        content: ScreenContent,
        pip: Rect | None,
        left: float,
        bottom: float,
    ) -> float:
        """
        Draw what comes and goes, from the strip upwards, and return its top.

        It stands at the left, or at the right where the self-view leaves room.
        """
        if content.timer:
            bottom = draw_call_pill(canvas, left, bottom, content.peer, content.timer)
        if content.message:
            room = (pip.x if pip is not None else canvas.width) - GAP - left
            width = min(room, NARROWEST)
            bottom = draw_message(canvas, left, bottom, width, content.message)
        notices = content.notices
        if content.muted is not None and pip is None:
            notices = (content.muted, *notices)
        begin = bottom
        for notice in notices:
            if pip is None:
                left = canvas.width - MARGIN - notice_width(canvas, notice)
            bottom = draw_notice(canvas, left, bottom, notice)
        if content.figure is not None:
            return begin  # the figure is narrow: both fit beside each other
        return min(bottom, pip.y - GAP) if pip is not None else bottom

    def _canvas(self, image: Image.Image) -> Canvas:
        return Canvas(image, self._scale, self._fonts)

    def _ground(self, mood: Mood) -> Image.Image:
        if mood not in self._grounds:
            width, height = self._size
            glow = Image.radial_gradient("L").resize(
                (2 * width, 2 * height), Image.Resampling.BICUBIC
            )
            # The glow is right of the middle, where the large signs are.
            left, top = round(width * 0.3), round(height * 0.5)
            glow = glow.crop((left, top, left + width, top + height))
            edge = Image.new("RGBA", self._size, (*palette.EDGE[mood], 255))
            middle = Image.new("RGBA", self._size, (*palette.GLOW[mood], 255))
            self._grounds[mood] = Image.composite(edge, middle, glow)
        return self._grounds[mood]

    def _draw_tiles(self, canvas: Canvas, tiles: tuple[PeerTile, ...]) -> None:
        rects = tile_rects(self._size, len(tiles), self._shape)
        for rect, tile in zip(rects, tiles, strict=True):
            draw_tile(canvas, self._in_units(rect), tile)

    def _in_units(self, rect: Rect) -> Rect:
        x, y, width, height = (
            round(side / self._scale)
            for side in (rect.x, rect.y, rect.width, rect.height)
        )
        return replace(rect, x=x, y=y, width=width, height=height)


def _fitted_lines(
    canvas: Canvas, lines: tuple[str, ...], width: float
) -> list[tuple[float, list[str]]]:
    """Return every line broken to fit, all in the size of the smallest."""
    sizes = [canvas.fit(line, LINE_SIZES, width, 2)[0] for line in lines]
    smallest = min(sizes, default=LINE_SIZES[0])
    return [canvas.fit(line, (smallest,), width, 2) for line in lines]
