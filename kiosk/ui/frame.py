"""The parts of the picture that are on every screen: bar, strip, self-view."""

from __future__ import annotations

from typing import Final

from kiosk.ports import Button, Rect
from kiosk.ui import palette
from kiosk.ui.canvas import Canvas
from kiosk.ui.layout import MARGIN, STRIP
from kiosk.ui.screens import Branding, Icon
from kiosk.ui.strip import StripButton


BUTTON_RADIUS: Final = 33.0
LABEL_SIZES: Final = (32.0, 28.0, 24.0)
BAR_BASELINE: Final = 57.0
SELF_VIEW_RADIUS: Final = 11.0
SELF_VIEW_BORDER: Final = 5.0
"""Hides the square corners of the plane: at least 0.293 of the outer radius."""


def draw_bar(canvas: Canvas, branding: Branding, wall_time: str) -> None:
    """Draw whose kiosk it is, where it stands, and the clock."""
    canvas.panel((MARGIN, 26, MARGIN + 40, 66), 10, palette.WHITE)
    canvas.ring(MARGIN + 20, 46, 13, 5, palette.BLUE)
    canvas.disc(MARGIN + 20, 46, 4, palette.BLUE)
    right = canvas.width - MARGIN
    if wall_time:
        right -= canvas.text(
            right, BAR_BASELINE, wall_time, 32, palette.WHITE, bold=True, align=1.0
        )
        right -= 26
    room = right - (MARGIN + 56)
    _, bank = canvas.fit(branding.bank, (30,), room * 0.55, 1, bold=True)
    used = canvas.text(MARGIN + 56, BAR_BASELINE, bank[0], 30, palette.WHITE, bold=True)
    _, kiosk = canvas.fit(branding.kiosk, (26,), room - used - 24, 1)
    canvas.text(right, BAR_BASELINE, kiosk[0], 26, palette.SOFT, align=1.0)


def draw_strip(
    canvas: Canvas, buttons: tuple[StripButton, ...], opacity: float = 1.0
) -> None:
    """Draw the buttons as they are below the display, lit or hollow."""
    top = canvas.height - STRIP
    canvas.panel((0, top, canvas.width, canvas.height), 0, palette.NIGHT, opacity)
    cell = canvas.width / max(1, len(buttons))
    for number, button in enumerate(buttons):
        _draw_button(canvas, number * cell, cell, button)


def draw_self_view(canvas: Canvas, place: Rect, label: str) -> None:
    """Draw the frame of the self-view and, with a label, what is there before it."""
    box = (place.x, place.y, place.x + place.width, place.y + place.height)
    if label:
        canvas.panel(box, SELF_VIEW_RADIUS, palette.NAVY)
        x, y = place.x + place.width / 2, place.y + place.height / 2
        canvas.icon(Icon.CAMERA, x, y - 22, 56, palette.OFF)
        canvas.text(x, y + 46, label, 26, palette.SOFT, align=0.5)
    canvas.frame(box, SELF_VIEW_RADIUS, SELF_VIEW_BORDER, palette.WHITE)


def _draw_button(
    canvas: Canvas, left: float, width: float, button: StripButton
) -> None:
    gap = 18.0
    room = width - 2 * BUTTON_RADIUS - gap - 24
    size, label = canvas.fit(button.label, LABEL_SIZES, room, 1, bold=button.lit)
    used = canvas.text_width(label[0], size, bold=button.lit)
    y = canvas.height - STRIP / 2
    x = left + (width - 2 * BUTTON_RADIUS - gap - used) / 2 + BUTTON_RADIUS
    ground = palette.PALE if button.engaged else palette.BUTTON[button.button]
    ink = palette.NAVY if button.engaged else palette.WHITE
    if button.lit:
        canvas.disc(x, y, BUTTON_RADIUS, ground)
    else:
        canvas.ring(x, y, BUTTON_RADIUS - 3, 2.5, palette.OFF_RING)
        ink = palette.OFF_RING
    canvas.icon(_icon(button), x, y, 34, ink)
    words = palette.WHITE if button.lit else palette.OFF
    baseline = y + size * 0.36
    text_left = x + BUTTON_RADIUS + gap
    canvas.text(text_left, baseline, label[0], size, words, bold=button.lit)


def _icon(button: StripButton) -> Icon:
    if button.button is Button.MUTE:
        return Icon.MICROPHONE_OFF if button.engaged else Icon.MICROPHONE
    return Icon.HANDSET if button.button is Button.CALL else Icon.HANDSET_DOWN
