"""Whether what is written can be read: contrast as WCAG 2.2 defines it."""

from __future__ import annotations

import pytest

from kiosk.ports import Button
from kiosk.ui import palette
from kiosk.ui.contrast import contrast, mixed
from kiosk.ui.screens import Mood
from kiosk.ui.signs import Tone


PANEL_LIGHT = 0.11


def test_the_measure_of_contrast_knows_its_ends() -> None:
    assert round(contrast((0, 0, 0), (255, 255, 255)), 1) == 21.0
    assert contrast((9, 9, 9), (9, 9, 9)) == 1.0


@pytest.mark.parametrize("mood", Mood)
def test_every_text_of_a_page_stands_out_seven_to_one(mood: Mood) -> None:
    both = palette.EDGE[mood], palette.GLOW[mood]
    for ground in both:
        assert contrast(palette.WHITE, ground) >= 7
    for ground in (*both, palette.NIGHT, palette.NAVY):
        assert contrast(palette.SOFT, ground) >= 7


def test_white_on_a_light_panel_stands_out() -> None:
    panel = mixed(palette.GLOW[Mood.CALM], palette.WHITE, PANEL_LIGHT)

    assert contrast(palette.WHITE, panel) >= 7


@pytest.mark.parametrize("tone", Tone)
def test_badges_are_read_from_afar(tone: Tone) -> None:
    assert contrast(palette.NOTICE_TEXT[tone], palette.NOTICE[tone]) >= 7


@pytest.mark.parametrize("button", [Button.CALL, Button.MUTE, Button.HANGUP])
def test_signs_of_lit_buttons_stand_out(button: Button) -> None:
    assert contrast(palette.WHITE, palette.BUTTON[button]) >= 4.5
    assert contrast(palette.NAVY, palette.PALE) >= 7


def test_labels_of_buttons_that_are_off_can_still_be_read() -> None:
    assert contrast(palette.OFF, palette.NIGHT) >= 7


def test_codes_of_faults_stand_out() -> None:
    assert contrast(palette.AMBER, palette.NIGHT) >= 7
