"""One accent colour, and everything legible whatever it is."""

from __future__ import annotations

import pytest

from kiosk.ui import palette
from kiosk.ui.contrast import LARGE, TEXT, contrast, darkened, mixed
from kiosk.ui.screens import Mood
from kiosk.ui.theme import PLAIN, format_ink, parse_ink, theme_of


ACCENTS = ["#000000", "#ffffff", "#ffee00", "#00ff00", "#1e63b8", "#c8102e", "#808080"]


@pytest.mark.parametrize("accent", ACCENTS)
def test_whatever_the_accent_all_type_can_be_read(accent: str) -> None:
    theme = theme_of(accent)

    for ground in (theme.edge[Mood.CALM], theme.glow[Mood.CALM]):
        assert contrast(palette.WHITE, ground) >= TEXT
        assert contrast(palette.SOFT, ground) >= TEXT
        assert contrast(palette.WHITE, mixed(ground, palette.WHITE, 0.11)) >= TEXT
    assert contrast(palette.WHITE, theme.sign[Mood.CALM]) >= LARGE


def test_a_colour_that_can_be_used_is_used_as_it_is() -> None:
    theme = theme_of("#1e63b8")

    assert theme.sign[Mood.CALM] == (0x1E, 0x63, 0xB8)
    assert not theme.remark


def test_a_colour_that_is_too_light_is_darkened_and_that_is_said() -> None:
    theme = theme_of("#ffee00")

    red, green, blue = theme.sign[Mood.CALM]
    assert red > green > blue == 0
    assert "#ffee00 is too light" in theme.remark
    assert format_ink(theme.sign[Mood.CALM]) in theme.remark


def test_what_warns_or_thanks_keeps_its_colours() -> None:
    theme = theme_of("#ff00ff")

    for mood in (Mood.GOOD, Mood.GRAVE):
        assert theme.glow[mood] == PLAIN.glow[mood]


def test_without_an_accent_nothing_changes() -> None:
    assert theme_of(None) is PLAIN


def test_a_colour_is_read_as_it_is_written() -> None:
    assert format_ink(parse_ink("#0a1bff")) == "#0a1bff"


def test_what_can_never_be_reached_ends_in_black() -> None:
    assert darkened((9, 9, 9), (60, 60, 60), 21.0) == (0, 0, 0)
