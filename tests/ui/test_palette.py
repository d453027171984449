"""Whether what is written can be read: contrast as WCAG 2.2 defines it."""

from __future__ import annotations

import pytest

from kiosk.ports import Button
from kiosk.ui import palette
from kiosk.ui.canvas import Ink
from kiosk.ui.screens import Mood, Tone


PANEL_LIGHT = 0.13


def _luminance(ink: Ink) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in ink)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: Ink, other: Ink) -> float:
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _lit_by(ink: Ink, light: float) -> Ink:
    red, green, blue = (round(part + (255 - part) * light) for part in ink)
    return red, green, blue


def test_the_measure_of_contrast_knows_its_ends() -> None:
    assert round(_contrast((0, 0, 0), (255, 255, 255)), 1) == 21.0
    assert _contrast((9, 9, 9), (9, 9, 9)) == 1.0


@pytest.mark.parametrize("mood", Mood)
def test_every_text_of_a_page_stands_out_seven_to_one(mood: Mood) -> None:
    for ground in (palette.EDGE[mood], palette.GLOW[mood]):
        assert _contrast(palette.WHITE, ground) >= 7
    for ground in (palette.EDGE[mood], palette.NIGHT, palette.NAVY):
        assert _contrast(palette.SOFT, ground) >= 7


@pytest.mark.parametrize("mood", Mood)
def test_soft_large_lines_stand_out_over_the_glow_as_well(mood: Mood) -> None:
    assert _contrast(palette.SOFT, palette.GLOW[mood]) >= 4.5


def test_white_on_a_light_panel_stands_out() -> None:
    panel = _lit_by(palette.GLOW[Mood.CALM], PANEL_LIGHT)

    assert _contrast(palette.WHITE, panel) >= 6.5


@pytest.mark.parametrize("tone", Tone)
def test_badges_are_read_from_afar(tone: Tone) -> None:
    assert _contrast(palette.NOTICE_TEXT[tone], palette.NOTICE[tone]) >= 6


@pytest.mark.parametrize("button", Button)
def test_signs_of_lit_buttons_stand_out(button: Button) -> None:
    assert _contrast(palette.WHITE, palette.BUTTON[button]) >= 4.5
    assert _contrast(palette.NAVY, palette.PALE) >= 7


def test_labels_of_buttons_that_are_off_can_still_be_read() -> None:
    assert _contrast(palette.OFF, palette.NIGHT) >= 4.5


def test_codes_of_faults_stand_out() -> None:
    assert _contrast(palette.AMBER, palette.NIGHT) >= 7
