"""The parts of the picture that are on every screen: bar, strip, self-view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image

from kiosk.ports import Button, Rect
from kiosk.ui import palette
from kiosk.ui.canvas import Canvas
from kiosk.ui.contrast import Ink
from kiosk.ui.layout import MARGIN, Layout
from kiosk.ui.screens import Branding
from kiosk.ui.signs import Icon
from kiosk.ui.strip import StripButton


BUTTON_RADIUS: Final = 33.0
LABEL_SIZES: Final = (32.0, 28.0, 26.0, 24.0)
LABEL_STEP: Final = 1.16
BANK_SIZES: Final = (30.0, 28.0, 26.0, 24.0)
KIOSK_SIZES: Final = (26.0, 24.0)
CLOCK_SIZE: Final = 32.0
WIDEST_TIME: Final = "00:00"
LOGO_HEIGHT: Final = 44.0
WIDEST_LOGO: Final = 280.0
PLATE: Final = 6.0
"""Units of white around a logo that needs a plate."""
SELF_VIEW_RADIUS: Final = 11.0
SELF_VIEW_BORDER: Final = 5.0
"""Hides the square corners of the plane: at least 0.293 of the outer radius."""
CAPTION_HEIGHT: Final = 40.0


@dataclass(frozen=True, slots=True)
class Mark:
    """
    What stands for the bank beside its name.

    Attributes:
        logo: Its own, in RGBA; ``None`` for a plain sign.
        has_plate: Whether the logo stands on white.
        ink: Of the plain sign.

    """

    logo: Image.Image | None
    has_plate: bool
    ink: Ink


def draw_bar(canvas: Canvas, layout: Layout, mark: Mark, branding: Branding) -> None:
    """Draw whose kiosk it is and where it stands, beside the clock's place."""
    middle = layout.bar / 2
    left = _draw_mark(canvas, mark, MARGIN, middle) + 16
    clock = canvas.text_width(WIDEST_TIME, CLOCK_SIZE, bold=True)
    right = canvas.width - MARGIN - clock - 26
    _draw_names(canvas, branding, (left, right), middle)


def draw_clock(canvas: Canvas, layout: Layout, wall_time: str) -> None:
    """Draw the time of day, if it is known: all that changes on a page by itself."""
    if wall_time:
        x, baseline = canvas.width - MARGIN, layout.bar / 2 + CLOCK_SIZE * 0.36
        size, ink = CLOCK_SIZE, palette.WHITE
        canvas.text(x, baseline, wall_time, size, ink, bold=True, align=1.0)


def draw_strip(
    canvas: Canvas,
    layout: Layout,
    buttons: tuple[StripButton, ...],
    opacity: float = 1.0,
) -> None:
    """Draw the buttons as they are below the display, lit or hollow."""
    top = canvas.height - layout.strip
    canvas.panel((0, top, canvas.width, canvas.height), 0, palette.NIGHT, opacity)
    cell = canvas.width / max(1, len(buttons))
    for number, button in enumerate(buttons):
        if layout.is_tall:
            _draw_upright(canvas, (number + 0.5) * cell, top, cell, button)
        else:
            _draw_button(canvas, number * cell, top, cell, button)


def draw_self_view(canvas: Canvas, place: Rect, label: str) -> None:
    """Draw the frame of the self-view and, with a label, what is there before it."""
    box = (place.x, place.y, place.x + place.width, place.y + place.height)
    if label:
        canvas.panel(box, SELF_VIEW_RADIUS, palette.NAVY)
        x, y = place.x + place.width / 2, place.y + place.height / 2
        size, lines = canvas.fit(label, (26.0, 24.0), place.width - 16, 2)
        high = len(lines) * size * LABEL_STEP
        canvas.icon(Icon.CAMERA, x, y - high / 2 - 6, 56, palette.OFF)
        for number, line in enumerate(lines):
            baseline = y + 56 - high / 2 + number * size * LABEL_STEP
            canvas.text(x, baseline, line, size, palette.SOFT, align=0.5)
    canvas.frame(box, SELF_VIEW_RADIUS, SELF_VIEW_BORDER, palette.WHITE)


def _draw_names(
    canvas: Canvas, branding: Branding, place: tuple[float, float], middle: float
) -> None:
    """Draw bank and kiosk in one row, or in two where they are too long for it."""
    left, right = place
    room = right - left
    bank = canvas.text_width(branding.bank, BANK_SIZES[0], bold=True)
    kiosk = canvas.text_width(branding.kiosk, KIOSK_SIZES[0])
    in_one_row = bank + kiosk + 24 <= room or not (branding.bank and branding.kiosk)
    if branding.bank:
        sizes = BANK_SIZES if in_one_row else BANK_SIZES[2:]
        size, words = canvas.fit(branding.bank, sizes, room, 1, bold=True)
        baseline = middle + (10.8 if in_one_row else -5)
        canvas.text(left, baseline, words[0], size, palette.WHITE, bold=True)
    if branding.kiosk:
        size, words = canvas.fit(
            branding.kiosk, KIOSK_SIZES if in_one_row else KIOSK_SIZES[1:], room, 1
        )
        if in_one_row:
            x, baseline, align = right, middle + 10.8, 1.0
        else:
            x, baseline, align = left, middle + 25, 0.0
        canvas.text(x, baseline, words[0], size, palette.SOFT, align=align)


def _draw_mark(canvas: Canvas, mark: Mark, left: float, middle: float) -> float:
    """Draw the logo, or a plain sign, and return its right edge."""
    if mark.logo is None:
        canvas.panel((left, middle - 20, left + 40, middle + 20), 10, palette.WHITE)
        canvas.arc(left + 20, middle, 13, 5, mark.ink, start=40, end=320)
        canvas.disc(left + 20, middle, 4, mark.ink)
        return left + 40
    plate = PLATE if mark.has_plate else 0.0
    scale = min(
        (LOGO_HEIGHT - 2 * plate) / mark.logo.height, WIDEST_LOGO / mark.logo.width
    )
    width, height = mark.logo.width * scale, mark.logo.height * scale
    box = (left + plate, middle - height / 2, left + plate + width, middle + height / 2)
    if mark.has_plate:
        around = (left, box[1] - plate, box[2] + plate, box[3] + plate)
        canvas.panel(around, 8, palette.WHITE)
    canvas.picture(mark.logo, box, 0 if mark.has_plate else 6)
    return box[2] + plate


def _draw_button(
    canvas: Canvas, left: float, top: float, width: float, button: StripButton
) -> None:
    gap = 18.0
    room = width - 2 * BUTTON_RADIUS - gap - 40
    size, label = canvas.fit(button.label, LABEL_SIZES, room, 2, bold=button.lit)
    used = max(canvas.text_width(line, size, bold=button.lit) for line in label)
    y = (top + canvas.height) / 2
    x = left + (width - 2 * BUTTON_RADIUS - gap - used) / 2 + BUTTON_RADIUS
    _draw_key(canvas, x, y, button)
    words = palette.WHITE if button.lit else palette.OFF
    baseline = y + size * 0.36 - (len(label) - 1) * size * LABEL_STEP / 2
    text_left = x + BUTTON_RADIUS + gap
    for line in label:
        canvas.text(text_left, baseline, line, size, words, bold=button.lit)
        baseline += size * LABEL_STEP


def _draw_upright(
    canvas: Canvas, x: float, top: float, width: float, button: StripButton
) -> None:
    """Draw a button whose words are below it: there is no room beside."""
    _draw_key(canvas, x, top + 20 + BUTTON_RADIUS, button)
    size, label = canvas.fit(
        button.label, LABEL_SIZES[1:], width - 40, 2, bold=button.lit
    )
    words = palette.WHITE if button.lit else palette.OFF
    baseline = top + 126 - (len(label) - 1) * 6
    for line in label:
        canvas.text(x, baseline, line, size, words, bold=button.lit, align=0.5)
        baseline += size * LABEL_STEP


def _draw_key(canvas: Canvas, x: float, y: float, button: StripButton) -> None:
    ink = palette.NAVY if button.engaged else palette.WHITE
    if button.lit:
        ground = palette.PALE if button.engaged else palette.BUTTON[button.button]
        canvas.disc(x, y, BUTTON_RADIUS + 3, palette.WHITE, 0.16)
        canvas.disc(x, y, BUTTON_RADIUS, ground)
    else:
        canvas.ring(x, y, BUTTON_RADIUS - 3, 2.5, palette.OFF_RING)
        ink = palette.OFF_RING
    canvas.icon(_icon(button), x, y, 34, ink)


def _icon(button: StripButton) -> Icon:
    if button.button is Button.MUTE:
        return Icon.MICROPHONE_OFF if button.engaged else Icon.MICROPHONE
    return Icon.HANDSET if button.button is Button.CALL else Icon.HANDSET_DOWN
