"""The parts that some screens have: sign, hint, figure, fault, badges, caption."""

from __future__ import annotations

from typing import Final

from kiosk.ports import Rect
from kiosk.ui import palette
from kiosk.ui.canvas import Box, Canvas
from kiosk.ui.layout import MARGIN, TILE_LABEL
from kiosk.ui.screens import Fault, Figure, Icon, Mood, Notice, PeerTile, ScreenContent


PILL_HEIGHT: Final = 56.0
PILL_GAP: Final = 14.0
PILL_OPACITY: Final = 0.92
HINT_HEIGHT: Final = 116.0
INVITATION_HEIGHT: Final = 196.0
INVITATION_WIDTH: Final = 866.0
MESSAGE_SIZES: Final = (36.0, 32.0, 28.0)
TILE_SIZES: Final = (28.0, 26.0, 24.0)


def draw_sign(
    canvas: Canvas, x: float, y: float, radius: float, content: ScreenContent
) -> None:
    """Draw the large sign of a screen, with rings around it when all is well."""
    if content.icon is Icon.WARNING:
        canvas.icon(Icon.WARNING, x, y, radius * 2.2, palette.AMBER)
        return
    calling = content.icon in {Icon.HANDSET, Icon.CAMERA}
    ground = palette.GREEN if calling else palette.SIGN[content.mood]
    for ring, opacity in ((1.42, 0.08), (1.2, 0.12)):
        canvas.disc(x, y, radius * ring, palette.WHITE, opacity)
    canvas.disc(x, y, radius, ground)
    ink = palette.NAVY if content.mood is Mood.GRAVE else palette.WHITE
    canvas.icon(content.icon, x, y, radius * 1.05, ink)


def draw_hint(canvas: Canvas, box: Box, text: str) -> None:
    """Draw the one thing to press, with an arrow towards the buttons."""
    left, top, right, bottom = box
    middle = (top + bottom) / 2
    size, lines = canvas.fit(
        text, (42.0, 36.0, 32.0, 28.0), right - left - 240, 1, bold=True
    )
    width = canvas.text_width(lines[0], size, bold=True)
    right = min(right, left + 124 + width + 116)
    canvas.panel((left, top, right, bottom), 24, palette.WHITE, 0.13)
    canvas.disc(left + 62, middle, 40, palette.GREEN)
    canvas.icon(Icon.HANDSET, left + 62, middle, 42, palette.WHITE)
    canvas.text(
        left + 124, middle + size * 0.35, lines[0], size, palette.WHITE, bold=True
    )
    _draw_arrow(canvas, right - 52, middle)


def draw_invitation(canvas: Canvas, bottom: float, content: ScreenContent) -> None:
    """Draw over a live stream what the idle screen says, down to ``bottom``."""
    left, top = float(MARGIN), bottom - INVITATION_HEIGHT
    right = min(canvas.width - MARGIN, left + INVITATION_WIDTH)
    size, words = canvas.fit(content.lines[0], (28.0, 26.0, 24.0), right - left - 48, 1)
    canvas.panel((left, top, right, bottom), 24, palette.NAVY, PILL_OPACITY)
    hint = (left + 12, top + 12, right - 12, top + 12 + HINT_HEIGHT)
    draw_hint(canvas, hint, content.hint)
    canvas.text(left + 36, bottom - 24, words[0], size, palette.SOFT)


def draw_figure(canvas: Canvas, box: Box, figure: Figure) -> None:
    """Draw a number to read from afar, and what it counts beside it."""
    left, top, right, bottom = box
    number = canvas.text_width(figure.number, 104, bold=True)
    room = right - left - number - 100
    size, lines = canvas.fit(figure.caption, (34.0, 30.0, 28.0), room, 2)
    caption = max(canvas.text_width(line, size) for line in lines)
    canvas.panel(
        (left, top, left + number + caption + 100, bottom), 24, palette.WHITE, 0.13
    )
    middle = (top + bottom) / 2
    canvas.text(left + 36, middle + 37, figure.number, 104, palette.WHITE, bold=True)
    y = middle - (len(lines) - 1) * size * 0.65 + size * 0.36
    for line in lines:
        canvas.text(left + 36 + number + 28, y, line, size, palette.WHITE)
        y += size * 1.3


def draw_fault(canvas: Canvas, box: Box, fault: Fault, kiosk: str) -> None:
    """Draw what a technician needs."""
    left, top, right, bottom = box
    canvas.panel(box, 20, palette.NIGHT, 0.85)
    canvas.text(left + 32, top + 42, fault.heading, 26, palette.SOFT)
    _, name = canvas.fit(kiosk, (26.0,), (right - left) / 2, 1)
    canvas.text(right - 32, top + 42, name[0], 26, palette.SOFT, align=1.0)
    x = left + 32
    if fault.code:
        x += canvas.text(x, bottom - 36, fault.code, 60, palette.AMBER, bold=True) + 36
    size, lines = canvas.fit(fault.words, (30.0, 26.0, 24.0), right - 32 - x, 2)
    y = bottom - 46 - (len(lines) - 1) * size * 0.65
    for line in lines:
        canvas.text(x, y, line, size, palette.WHITE)
        y += size * 1.25


def notice_width(canvas: Canvas, notice: Notice) -> float:
    """Return how wide a badge will be."""
    return canvas.text_width(notice.text, 28, bold=True) + 88


def draw_notice(canvas: Canvas, left: float, bottom: float, notice: Notice) -> float:
    """Draw a badge and return where the next one above it ends."""
    top = bottom - PILL_HEIGHT
    right = left + notice_width(canvas, notice)
    ground, ink = palette.NOTICE[notice.tone], palette.NOTICE_TEXT[notice.tone]
    canvas.panel((left, top, right, bottom), PILL_HEIGHT / 2, ground)
    canvas.icon(notice.icon, left + 38, (top + bottom) / 2, 30, ink)
    canvas.text(left + 62, bottom - 18, notice.text, 28, ink, bold=True)
    return top - PILL_GAP


def draw_call_pill(
    canvas: Canvas, left: float, bottom: float, peer: str, timer: str
) -> float:
    """Draw who is there and for how long; return where the next one above ends."""
    height = 64.0
    top, middle = bottom - height, bottom - height / 2
    size, name = canvas.fit(peer, (30.0, 26.0), 420, 1, bold=True)
    name_width = canvas.text_width(name[0], size, bold=True)
    # Digits of a proportional face differ: the pill must not tremble by the second.
    timer_width = canvas.text_width("0" * len(timer), 30, bold=True)
    right = left + 76 + name_width + 66 + timer_width + 28
    canvas.panel((left, top, right, bottom), 20, palette.NAVY, PILL_OPACITY)
    canvas.disc(left + 40, middle, 23, palette.BLUE)
    canvas.icon(Icon.PERSON, left + 40, middle, 28, palette.WHITE)
    canvas.text(left + 76, middle + 11, name[0], size, palette.WHITE, bold=True)
    x = left + 76 + name_width + 22
    canvas.panel((x, top + 14, x + 2, bottom - 14), 0, palette.OFF_RING)
    canvas.disc(x + 24, middle, 7, palette.LIGHT_GREEN)
    canvas.text(x + 44, middle + 11, timer, 30, palette.WHITE, bold=True)
    return top - PILL_GAP


def draw_tile(canvas: Canvas, place: Rect, tile: PeerTile) -> None:
    """Draw one of several others: what is around the picture, and the name below."""
    left, top, right = place.x, place.y, place.x + place.width
    bottom = place.y + place.height
    if tile.note:
        _draw_absent(canvas, place, tile.note)
    ground = palette.LIGHT_GREEN if tile.is_loudest else palette.NAVY
    ink = palette.NAVY if tile.is_loudest else palette.WHITE
    canvas.panel((left, bottom, right, bottom + TILE_LABEL), 0, ground)
    x = left + 16.0
    if tile.is_loudest:  # colour never speaks alone
        canvas.frame((left, top, right, bottom + TILE_LABEL), 0, 6, ground)
        canvas.icon(Icon.MICROPHONE, x + 13, bottom + TILE_LABEL / 2, 28, ink)
        x += 36
    size, name = canvas.fit(tile.name, TILE_SIZES, right - 12 - x, 1, bold=True)
    canvas.text(x, bottom + 22 + size * 0.36, name[0], size, ink, bold=True)


def _draw_absent(canvas: Canvas, place: Rect, note: str) -> None:
    """Draw what stands in the place of a picture."""
    box = (place.x, place.y, place.x + place.width, place.y + place.height)
    canvas.panel(box, 0, palette.NIGHT)
    x, y = place.x + place.width / 2, place.y + place.height / 2
    canvas.icon(Icon.PERSON, x, y - 18, 72, palette.OFF)
    canvas.text(x, y + 50, note, 26, palette.SOFT, align=0.5)


def draw_message(
    canvas: Canvas, left: float, bottom: float, width: float, text: str
) -> float:
    """Draw the newest text message; return where the next one above ends."""
    size, lines = canvas.fit(text, MESSAGE_SIZES, width - 124, 2)
    height = len(lines) * size * 1.3 + 40
    used = max(canvas.text_width(line, size) for line in lines)
    top = bottom - height
    canvas.panel((left, top, left + used + 116, bottom), 20, palette.NAVY, PILL_OPACITY)
    canvas.icon(Icon.MESSAGE, left + 46, (top + bottom) / 2, 38, palette.SKY)
    y = top + 20 + size
    for line in lines:
        canvas.text(left + 82, y, line, size, palette.WHITE)
        y += size * 1.3
    return top - PILL_GAP


def _draw_arrow(canvas: Canvas, x: float, y: float) -> None:
    canvas.panel((x - 2.5, y - 22, x + 2.5, y + 18), 2.5, palette.LIGHT_GREEN)
    for step in range(13):
        for side in (-1, 1):
            canvas.disc(x + side * (12 - step), y + 8 + step, 2.5, palette.LIGHT_GREEN)
