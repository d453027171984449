"""
Draws the content of a screen: a page for the base layer, or what lies over the
peer's picture.

Grounds are kept by mood and pages by content, so that only what changed is
drawn again.  It knows no display and no time.  Not thread-safe: one thread
draws.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PIL import Image

from kiosk.ports import PageFrame, Rect
from kiosk.ui.body import Body, Room
from kiosk.ui.canvas import CLEAR, Canvas, forget_shapes
from kiosk.ui.fonts import Fonts
from kiosk.ui.frame import Mark, draw_bar, draw_clock, draw_self_view, draw_strip
from kiosk.ui.layout import GAP, LOW, MARGIN, NARROWEST, PIP_MARGIN, SHAPE, Layout
from kiosk.ui.page_cache import PageCache
from kiosk.ui.pieces import (
    FAULT_HEIGHT,
    HIGH_FAULT_HEIGHT,
    LOW_FAULT_HEIGHT,
    PILL_GAP,
    PILL_HEIGHT,
    draw_call_pill,
    draw_fault,
    draw_invitation,
    draw_message,
    draw_notice,
    draw_tile,
    notice_width,
)
from kiosk.ui.screens import Mood, PeerTile, ScreenContent
from kiosk.ui.still_question import draw_still_question
from kiosk.ui.technician_page import draw_technician_page
from kiosk.ui.theme import PLAIN, Theme
from kiosk.ui.typesetting import Typesetter


PAGES_KEPT: Final = 1
"""What is shown: a page of 1280x720 is 3.7 MB and drawn in 10 ms."""
GLOW: Final = (38.4, 64.0, 166.4, 192.0)
"""What of a radial gradient is seen: its middle is where the large signs are."""
STRIP_OPACITY: Final = 0.94


class Artist:
    """
    Draws screens for one display.

    Args:
        layout: The display.
        fonts: The typefaces to write with.
        self_view: The shape of the camera's picture, or ``None`` without one.
        theme: The colours.
        mark: What stands for the bank; by default a plain sign.
        cache: Pages that were drawn before; by default none are kept.
        canvas: Makes what is drawn on.

    """

    def __init__(
        self,
        layout: Layout,
        fonts: Fonts,
        *,
        self_view: tuple[int, int] | None = SHAPE,
        theme: Theme = PLAIN,
        mark: Mark | None = None,
        cache: PageCache | None = None,
        canvas: Callable[[Image.Image, float, Typesetter], Canvas] = Canvas,
    ) -> None:
        self._layout = layout
        self._fonts = fonts
        self._theme = theme
        self._mark = mark or Mark(None, has_plate=False, ink=theme.sign[Mood.CALM])
        self._cache = cache
        self._make_canvas = canvas
        low = LOW_FAULT_HEIGHT if layout.height < LOW else FAULT_HEIGHT
        self._fault_height = HIGH_FAULT_HEIGHT if layout.is_tall else low
        self._glow: Image.Image | None = None
        self._pages: OrderedDict[ScreenContent, PageFrame] = OrderedDict()
        self._typesetters: dict[str, Typesetter] = {}
        self._shape = self_view or SHAPE
        self._pip: Rect | None = None
        if self_view is not None:
            self._pip = layout.in_units(layout.pip(self_view))

    def prepare(self) -> None:
        """Draw what lies in every ground, so that the first page waits for nothing."""
        self._ground(Mood.CALM)

    def rehearse(self, content: ScreenContent) -> None:
        """Draw a page in advance, if it can be kept and is not yet."""
        timeless = replace(content, wall_time="")
        if self._cache is None or not _is_everyones(content):
            return
        if self._cache.get(timeless, self._layout.size) is None:
            self._cache.put(timeless, self._drawn_but_for_time(timeless))

    def rest(self) -> None:
        """Let go of what the next pages are drawn faster with: faces and shapes."""
        self._fonts.forget()
        forget_shapes()

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
        canvas = self._canvas(Image.new(CLEAR, self._layout.size), content)
        draw_strip(canvas, self._layout, content.strip, STRIP_OPACITY)
        pip = self._pip if content.self_view else None
        if pip is not None:
            draw_self_view(canvas, pip, "")
        if len(content.tiles) > 1:
            self._draw_tiles(canvas, content.tiles)
        self._draw_muted(canvas, content, pip)
        bottom = self._draw_stack(canvas, content, pip, left=PIP_MARGIN)
        if content.still is not None:
            draw_still_question(canvas, MARGIN, content.still)
        if content.hint:
            draw_invitation(canvas, bottom, content)
        return canvas.cut_out()

    def _drawn_page(self, content: ScreenContent) -> PageFrame:
        image = None
        if self._cache is not None and _is_everyones(content):
            image = self._cache.get(replace(content, wall_time=""), self._layout.size)
        if image is None:
            image = self._drawn_but_for_time(content)
        canvas = self._canvas(image, content)
        draw_clock(canvas, self._layout, content.wall_time)
        return canvas.page()

    def _drawn_but_for_time(self, content: ScreenContent) -> Image.Image:
        layout = self._layout
        canvas = self._canvas(self._ground(content.mood), content)
        draw_bar(canvas, layout, self._mark, content.branding)
        draw_strip(canvas, layout, content.strip)
        pip = self._pip if content.self_view else None
        if pip is not None:
            draw_self_view(canvas, pip, content.self_view_label)
        if content.fault is not None:
            bottom = canvas.height - layout.strip - GAP
            box = (MARGIN, bottom - self._fault_height, canvas.width - MARGIN, bottom)
            draw_fault(canvas, box, content.fault, content.branding.kiosk)
        self._draw_muted(canvas, content, pip)
        bottom = self._draw_stack(canvas, content, pip, left=MARGIN)
        if content.still is not None:
            draw_still_question(canvas, layout.bar, content.still)
        elif content.rows:
            draw_technician_page(canvas, layout, content.title, content.rows)
        else:
            body = Body(canvas, layout, self._theme.sign[content.mood], content)
            body.draw(self._rooms(canvas, content, pip, bottom))
        return canvas.image

    def _draw_muted(
        self, canvas: Canvas, content: ScreenContent, pip: Rect | None
    ) -> None:
        if content.muted is None or pip is None:
            return
        bottom = pip.y - 14.0
        left = pip.x + pip.width - notice_width(canvas, content.muted)
        draw_notice(canvas, left, bottom, content.muted)

    def _rooms(
        self, canvas: Canvas, content: ScreenContent, pip: Rect | None, top: float
    ) -> tuple[Room, ...]:
        """Return where the body may go, above ``top`` of what comes and goes."""
        right = canvas.width - MARGIN
        if pip is None:
            return (Room(right, top),)
        above = Room(right, min(top, self._top_of_pip(pip, content)))
        beside = Room(self._left_of_pip(canvas, pip, content), top)
        return (above, beside)

    def _top_of_pip(self, pip: Rect, content: ScreenContent) -> float:
        badge = 0.0 if content.muted is None else PILL_HEIGHT + PILL_GAP
        return pip.y - GAP - badge

    def _left_of_pip(self, canvas: Canvas, pip: Rect, content: ScreenContent) -> float:
        badge = 0.0 if content.muted is None else notice_width(canvas, content.muted)
        return min(pip.x, pip.x + pip.width - badge) - GAP

    def _draw_stack(
        self, canvas: Canvas, content: ScreenContent, pip: Rect | None, left: float
    ) -> float:
        """
        Draw what comes and goes, from the strip upwards, and return its top.

        It stands at the left, or at the right where the self-view leaves room;
        on a display that stands upright, above the self-view.
        """
        bottom, room = self._stack_place(canvas, content, pip, left)
        if content.still is not None and self._layout.height < LOW:
            return bottom  # the question needs all there is
        if content.timer:
            bottom = draw_call_pill(canvas, left, bottom, room, content)
        if content.message:
            width = min(room, NARROWEST)
            bottom = draw_message(canvas, left, bottom, width, content.message)
        notices = content.notices
        if content.muted is not None and pip is None:
            notices = (content.muted, *notices)
        if content.volume is not None:
            notices = (*notices, content.volume)
        begin = bottom
        for notice in notices:
            if pip is None:
                left = canvas.width - MARGIN - notice_width(canvas, notice)
            bottom = draw_notice(canvas, left, bottom, notice)
        if content.figure is not None and not self._layout.is_tall:
            return begin  # the figure is narrow: both fit beside each other
        return bottom

    def _stack_place(
        self, canvas: Canvas, content: ScreenContent, pip: Rect | None, left: float
    ) -> tuple[float, float]:
        """Return down to where the stack goes, and how wide it may be."""
        bottom = canvas.height - self._layout.strip - GAP
        if content.fault is not None:
            bottom -= self._fault_height + GAP
        if pip is None:
            return bottom, canvas.width - GAP - left
        if self._layout.is_tall:
            return self._top_of_pip(pip, content), canvas.width - GAP - left
        return bottom, self._left_of_pip(canvas, pip, content) - left

    def _canvas(self, image: Image.Image, content: ScreenContent) -> Canvas:
        typesetter = self._typesetters.get(content.language)
        if typesetter is None:
            typesetter = Typesetter(self._fonts, self._layout.unit, content.language)
            self._typesetters[content.language] = typesetter
        return self._make_canvas(image, self._layout.unit, typesetter)

    def _ground(self, mood: Mood) -> Image.Image:
        """
        Return a ground to draw on.

        Its shape is kept, a byte a pixel, and not the grounds themselves: those of all
        moods would be 24 MB on a display of 1080 lines.
        """
        size = self._layout.size
        if self._glow is None:
            gradient = Image.radial_gradient("L")
            self._glow = gradient.resize(size, Image.Resampling.BICUBIC, GLOW)
        ground = Image.new("RGBA", size, (*self._theme.glow[mood], 255))
        ground.paste((*self._theme.edge[mood], 255), (0, 0, *size), self._glow)
        return ground

    def _draw_tiles(self, canvas: Canvas, tiles: tuple[PeerTile, ...]) -> None:
        rects = self._layout.tiles(len(tiles), self._shape)
        for rect, tile in zip(rects, tiles, strict=True):
            draw_tile(canvas, self._layout.in_units(rect), tile)


def _is_everyones(content: ScreenContent) -> bool:
    """Whether a page says nothing of one call, one fault or one moment."""
    parts = (content.peer, content.timer, content.message, content.figure)
    more = (content.fault, content.rows, content.tiles, content.still, content.volume)
    return not (any(parts) or any(more) or content.over_picture)
