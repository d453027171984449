"""The parts that some screens have: sign, hint, figure, fault, badges, caption."""

from __future__ import annotations

from typing import Final

from kiosk.ports import Quality, Rect
from kiosk.ui import palette
from kiosk.ui.canvas import Box, Canvas
from kiosk.ui.contrast import Ink
from kiosk.ui.fault import Fault
from kiosk.ui.layout import MARGIN, TILE_LABEL
from kiosk.ui.qr_code import draw_qr_code
from kiosk.ui.screens import Figure, Mood, PeerTile, ScreenContent
from kiosk.ui.signs import Icon, Notice
from kiosk.ui.steps import Step, StepState


PILL_HEIGHT: Final = 56.0
PILL_GAP: Final = 14.0
PILL_OPACITY: Final = 0.92
HINT_HEIGHT: Final = 116.0
LOW_HINT_HEIGHT: Final = 84.0
INVITATION_HEIGHT: Final = 156.0
"""Without its lines."""
INVITATION_STEP: Final = 40.0
INVITATION_SIZES: Final = (28.0, 26.0, 24.0)
INVITATION_WIDTH: Final = 866.0
NOTICE_SIZES: Final = (28.0, 26.0, 24.0)
HINT_SIZES: Final = (42.0, 36.0, 32.0, 28.0)
STEP_HEIGHT: Final = 54.0
STEP_SIZES: Final = (30.0, 28.0, 26.0, 24.0)
FIGURE_HEIGHT: Final = 148.0
LOW_FIGURE_HEIGHT: Final = 104.0
FAULT_HEIGHT: Final = 172.0
LOW_FAULT_HEIGHT: Final = 104.0
HIGH_FAULT_HEIGHT: Final = 236.0
FAULT_SIZES: Final[tuple[float, ...]] = (30.0, 26.0, 24.0)
LOW_FAULT_SIZES: Final[tuple[float, ...]] = (24.0,)
MESSAGE_SIZES: Final = (36.0, 32.0, 28.0)
TILE_SIZES: Final = (28.0, 26.0, 24.0)
QUALITY_INKS: Final = {
    Quality.GOOD: palette.LIGHT_GREEN,
    Quality.FAIR: palette.AMBER,
    Quality.WEAK: palette.AMBER,
}
QUALITY_SIZE: Final = 24.0


def draw_sign(
    canvas: Canvas,
    place: tuple[float, float],
    radius: float,
    ink: Ink,
    content: ScreenContent,
) -> None:
    """Draw the large sign of a screen, with rings around it when all is well."""
    x, y = place
    if content.icon is Icon.WARNING:
        canvas.icon(Icon.WARNING, x, y, radius * 2.4, palette.AMBER)
        return
    calling = content.icon in {Icon.HANDSET, Icon.CAMERA}
    ground = palette.GREEN if calling else ink
    for ring, opacity in ((2.0, 0.06), (1.64, 0.09), (1.3, 0.12)):
        canvas.disc(x, y, radius * ring, palette.SKY, opacity)
    canvas.disc(x, y, radius, ground)
    sign = palette.NAVY if content.mood is Mood.GRAVE else palette.WHITE
    canvas.icon(content.icon, x, y, radius * 1.05, sign)


def draw_hint(canvas: Canvas, box: Box, text: str, *, is_centred: bool = False) -> None:
    """Draw the one thing to press, with an arrow towards the buttons."""
    left, top, right, bottom = box
    middle = (top + bottom) / 2
    size, lines = canvas.fit(text, HINT_SIZES, right - left - 240, 2, bold=True)
    width = max(canvas.text_width(line, size, bold=True) for line in lines)
    spare = max(0.0, right - left - 240 - width)
    if is_centred:
        left += spare / 2
        spare /= 2
    right -= spare
    disc = min(44.0, (bottom - top) / 2 - 6)
    canvas.panel((left, top, right, bottom), 24, palette.WHITE, 0.11)
    canvas.disc(left + 62, middle, disc, palette.WHITE, 0.2)
    canvas.disc(left + 62, middle, disc - 6, palette.GREEN)
    canvas.icon(Icon.HANDSET, left + 62, middle, 42, palette.WHITE)
    baseline = middle + size * 0.35 - (len(lines) - 1) * size * 0.6
    for line in lines:
        canvas.text(left + 124, baseline, line, size, palette.WHITE, bold=True)
        baseline += size * 1.2
    canvas.icon(Icon.ARROW_DOWN, right - 56, middle, 48, palette.LIGHT_GREEN)


def draw_steps(
    canvas: Canvas, left: float, right: float, top: float, steps: tuple[Step, ...]
) -> None:
    """Draw what is done, what goes on and what is still to come, as a list."""
    for number, step in enumerate(steps):
        x, y = left + 20, top + number * STEP_HEIGHT + STEP_HEIGHT / 2
        is_bold = step.state is StepState.NOW
        ink = palette.SOFT if step.state is StepState.AHEAD else palette.WHITE
        if step.state is StepState.DONE:
            canvas.disc(x, y, 20, palette.GREEN)
            canvas.icon(Icon.CHECK, x, y, 26, palette.WHITE)
        else:
            canvas.ring(x, y, 19, 4, palette.OFF_RING)
        if step.state is StepState.NOW:
            canvas.arc(x, y, 19, 4, palette.SKY, start=-90, end=60)
        size, words = canvas.fit(
            step.text, STEP_SIZES, right - left - 58, 1, bold=is_bold
        )
        canvas.text(left + 58, y + size * 0.36, words[0], size, ink, bold=is_bold)


def draw_invitation(canvas: Canvas, bottom: float, content: ScreenContent) -> None:
    """Draw over a live stream what the idle screen says, down to ``bottom``."""
    left = float(MARGIN)
    right = min(canvas.width - MARGIN, left + INVITATION_WIDTH)
    room = right - left - 72
    lines = [canvas.fit(line, INVITATION_SIZES, room, 1) for line in content.lines]
    top = bottom - INVITATION_HEIGHT - len(lines) * INVITATION_STEP
    canvas.panel((left, top, right, bottom), 24, palette.NAVY, PILL_OPACITY)
    hint = (left + 12, top + 12, right - 12, top + 12 + HINT_HEIGHT)
    draw_hint(canvas, hint, content.hint)
    baseline = hint[3] + 6.0
    for size, words in lines:
        baseline += INVITATION_STEP
        canvas.text(left + 36, baseline, words[0], size, palette.SOFT)


def draw_figure(
    canvas: Canvas, box: Box, figure: Figure, *, is_centred: bool = False
) -> None:
    """Draw a number to read from afar, and what it counts beside it."""
    left, top, right, bottom = box
    large = (bottom - top) * 0.7
    number = canvas.text_width(figure.number, large, bold=True)
    room = right - left - number - 100
    size, lines = canvas.fit(figure.caption, (34.0, 30.0, 28.0, 24.0), room, 2)
    caption = max(canvas.text_width(line, size) for line in lines)
    width = number + caption + 100
    if is_centred:
        left += max(0.0, (right - left - width) / 2)
    canvas.panel((left, top, left + width, bottom), 24, palette.WHITE, 0.11)
    middle = (top + bottom) / 2
    baseline = middle + large * 0.36
    canvas.text(left + 36, baseline, figure.number, large, palette.WHITE, bold=True)
    y = middle - (len(lines) - 1) * size * 0.65 + size * 0.36
    for line in lines:
        canvas.text(left + 36 + number + 28, y, line, size, palette.WHITE)
        y += size * 1.3


def draw_fault(canvas: Canvas, box: Box, fault: Fault, kiosk: str) -> None:
    """Draw what a technician needs; in a high box, the words below the code."""
    left, top, right, bottom = box
    is_low, is_high = bottom - top < FAULT_HEIGHT, bottom - top > FAULT_HEIGHT
    canvas.panel(box, 20, palette.NIGHT, 0.85)
    if fault.qr:
        edge = 6.0 if is_low else 12.0
        side = min(bottom - top, FAULT_HEIGHT) - 2 * edge
        right -= draw_qr_code(canvas, right - edge, top + edge, side, fault.qr) + edge
    room = right - left - 64
    baseline = top + (28 if is_low else 42)
    size, heading = canvas.fit(fault.heading, (26.0, 24.0), room, 1)
    used = canvas.text(left + 32, baseline, heading[0], size, palette.SOFT)
    if canvas.text_width(kiosk, 24) <= room - used - 24:  # else it is in the bar
        canvas.text(right - 32, baseline, kiosk, 24, palette.SOFT, align=1.0)
    x, baseline = left + 32, bottom - (22 if is_low else 46)
    if fault.code:
        sizes = (36.0, 32.0, 28.0) if is_low else (60.0, 48.0, 36.0)
        size, code = canvas.fit(fault.code, sizes, room * 0.4, 1, bold=True)
        y = top + 112 if is_high else baseline
        used = canvas.text(x, y, code[0], size, palette.AMBER, bold=True) + 36
        x += 0.0 if is_high else used
    word_sizes = LOW_FAULT_SIZES if is_low else FAULT_SIZES
    size, lines = canvas.fit(fault.words, word_sizes, right - 32 - x, 2)
    rise = 0.65 if bottom - top == FAULT_HEIGHT else 1.2
    y = baseline - (len(lines) - 1) * size * rise - (0 if is_low or is_high else 10)
    for line in lines:
        canvas.text(x, y, line, size, palette.WHITE)
        y += size * 1.25


def notice_width(canvas: Canvas, notice: Notice) -> float:
    """Return how wide a badge will be."""
    size, words = _notice_words(canvas, notice)
    return canvas.text_width(words, size, bold=True) + 88


def draw_notice(canvas: Canvas, left: float, bottom: float, notice: Notice) -> float:
    """Draw a badge and return where the next one above it ends."""
    top = bottom - PILL_HEIGHT
    right = left + notice_width(canvas, notice)
    ground, ink = palette.NOTICE[notice.tone], palette.NOTICE_TEXT[notice.tone]
    canvas.panel((left, top, right, bottom), PILL_HEIGHT / 2, ground)
    middle = (top + bottom) / 2
    canvas.icon(notice.icon, left + 38, middle, 30, ink)
    size, words = _notice_words(canvas, notice)
    canvas.text(left + 62, middle + size * 0.36, words, size, ink, bold=True)
    return top - PILL_GAP


def draw_call_pill(
    canvas: Canvas, left: float, bottom: float, room: float, content: ScreenContent
) -> float:
    """
    Draw who is there, for how long and how well; return where the next one ends.

    The words about the connection stand below where there is no room beside.
    """
    # Digits of a proportional face differ: the pill must not tremble by the second.
    timer_width = canvas.text_width("0" * len(content.timer), 30, bold=True)
    most = min(420.0, room - timer_width - 170)
    size, name = canvas.fit(content.peer, (30.0, 28.0, 26.0, 24.0), most, 1, bold=True)
    name_width = canvas.text_width(name[0], size, bold=True)
    first = name_width + 44 + timer_width
    second = 30 + canvas.text_width(content.quality_words, QUALITY_SIZE)
    beside = bool(content.quality_words) and 76 + first + 48 + second + 28 <= room
    below = bool(content.quality_words) and not beside
    width = first + 48 + second if beside else max(first, second if below else 0.0)
    height = 100.0 if below else 64.0
    top, middle = bottom - height, bottom - height + 32
    right, person = left + 76 + width + 28, top + height / 2
    canvas.panel((left, top, right, bottom), 20, palette.NAVY, PILL_OPACITY)
    canvas.disc(left + 40, person, 23, palette.BLUE)
    canvas.icon(Icon.PERSON, left + 40, person, 28, palette.WHITE)
    canvas.text(left + 76, middle + 11, name[0], size, palette.WHITE, bold=True)
    x = left + 76 + name_width + 22
    canvas.panel((x, middle - 18, x + 2, middle + 18), 0, palette.OFF_RING)
    canvas.text(x + 22, middle + 11, content.timer, 30, palette.WHITE, bold=True)
    if beside:
        x = left + 76 + first + 22
        canvas.panel((x, middle - 18, x + 2, middle + 18), 0, palette.OFF_RING)
        _draw_quality(canvas, x + 26, middle, content)
    elif below:
        _draw_quality(canvas, left + 76, bottom - 29, content)
    return top - PILL_GAP


def _draw_quality(
    canvas: Canvas, left: float, middle: float, content: ScreenContent
) -> None:
    canvas.disc(left + 7, middle, 7, QUALITY_INKS[content.quality])
    words = content.quality_words
    canvas.text(left + 30, middle + 9, words, QUALITY_SIZE, palette.WHITE)


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
    size, words = canvas.fit(note, (26.0, 24.0), place.width - 16, 1)
    canvas.text(x, y + 50, words[0], size, palette.SOFT, align=0.5)


def draw_message(
    canvas: Canvas, left: float, bottom: float, width: float, text: str
) -> float:
    """Draw the newest text message; return where the next one above ends."""
    size, lines = canvas.fit(text, MESSAGE_SIZES, width - 124, 3)
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


def _notice_words(canvas: Canvas, notice: Notice) -> tuple[float, str]:
    room = canvas.width - 2 * MARGIN - 88
    size, lines = canvas.fit(notice.text, NOTICE_SIZES, room, 1, bold=True)
    return size, lines[0]
