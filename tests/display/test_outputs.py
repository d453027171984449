"""Which connector and mode are chosen, for which board, wish and panel."""

from __future__ import annotations

import pytest

from kiosk.display.objects import Connector, Mode
from kiosk.display.outputs import (
    Output,
    Wish,
    choose_output,
    what_is_missing,
)


def mode(width: int, height: int, rate: float, *, preferred: bool = False) -> Mode:
    return Mode(width, height, rate, preferred, b"")


def connector(name: str, *modes: Mode, is_connected: bool = True) -> Connector:
    return Connector(32, name, is_connected, (0, 0), modes, (51,))


UHD_30 = mode(3840, 2160, 30.0, preferred=True)
FULL_HD = mode(1920, 1080, 60.0)
FULL_HD_NTSC = mode(1920, 1080, 59.94)
FULL_HD_24 = mode(1920, 1080, 24.0)
HD = mode(1280, 720, 60.0)
HD_50 = mode(1280, 720, 50.0)

HDMI = connector("HDMI-A-1", UHD_30, FULL_HD_24, FULL_HD, FULL_HD_NTSC, HD_50, HD)
EMPTY = connector("HDMI-A-2", is_connected=False)
PANEL = connector("DSI-1", mode(800, 480, 60.0))


def test_a_connector_that_nothing_can_feed_is_not_chosen() -> None:
    unfed = Connector(33, "HDMI-A-1", True, (0, 0), (HD,), ())

    assert choose_output([unfed], Wish()) is None
    assert chosen(unfed, PANEL).connector is PANEL


def chosen(*connectors: Connector, wish: Wish | None = None, board: str = "") -> Output:
    output = choose_output(connectors, wish or Wish(), board)
    assert output is not None
    return output


@pytest.mark.parametrize(
    ("board", "lit"),
    [
        ("Raspberry Pi 3 Model B Plus Rev 1.3", HD),
        ("Raspberry Pi Zero 2 W Rev 1.0", HD),
        ("Raspberry Pi 4 Model B Rev 1.5", FULL_HD),
        ("Raspberry Pi 5 Model B Rev 1.0", FULL_HD),
        ("Raspberry Pi Compute Module 4 Rev 1.0", FULL_HD),
        ("Raspberry Pi Compute Module 3 Plus Rev 1.0", HD),
        ("QEMU Virtual Machine", UHD_30),
        ("", UHD_30),
    ],
)
def test_a_board_lights_what_it_can_scan_out(board: str, lit: Mode) -> None:
    assert chosen(HDMI, board=board).mode == lit


def test_a_panel_without_the_boards_mode_gets_what_it_prefers() -> None:
    other = mode(1024, 600, 60.0, preferred=True)
    touch = connector("DSI-1", HD_50, other)

    assert chosen(touch, board="Raspberry Pi 3").mode == other


def test_a_panel_that_prefers_nothing_gets_its_first_mode() -> None:
    assert chosen(PANEL, board="Raspberry Pi 5").mode == PANEL.modes[0]


def test_a_wished_size_comes_before_the_boards_at_the_rate_nearest_to_60() -> None:
    output = chosen(HDMI, wish=Wish(size=(1280, 720)), board="Raspberry Pi 5")

    assert output == Output(HDMI, HD)


@pytest.mark.parametrize(
    ("rate", "lit"), [(24.0, FULL_HD_24), (60.0, FULL_HD), (59.94, FULL_HD_NTSC)]
)
def test_a_wished_rate_is_kept(rate: float, lit: Mode) -> None:
    assert chosen(HDMI, wish=Wish(size=(1920, 1080), rate=rate)).mode == lit


def test_a_wish_that_cannot_be_had_gives_way_and_is_named() -> None:
    wish = Wish("HDMI-A-2", (1024, 600), 75.0)

    output = chosen(HDMI, EMPTY, wish=wish, board="Raspberry Pi 4")

    assert output.mode == FULL_HD
    assert output.compromise == (
        "nothing is connected to HDMI-A-2; HDMI-A-1 has no mode 1024x600@75"
    )


def test_a_size_at_no_wished_rate_is_named_too() -> None:
    output = chosen(HDMI, wish=Wish(size=(1280, 720), rate=75.0))

    assert output.compromise == "HDMI-A-1 has no mode 1280x720@75"


def test_the_first_connector_with_a_display_is_lit_and_a_wished_one_before() -> None:
    assert chosen(EMPTY, PANEL, HDMI).connector is PANEL
    assert chosen(EMPTY, PANEL, HDMI, wish=Wish("HDMI-A-1")).connector is HDMI


@pytest.mark.parametrize(
    ("connectors", "words"),
    [
        ((), "the card has no connector for a display"),
        (
            (EMPTY, connector("HDMI-A-1", is_connected=False)),
            "no display is connected to HDMI-A-2, HDMI-A-1",
        ),
        (
            (connector("HDMI-A-1"),),
            "the display at HDMI-A-1 offers no mode",
        ),
    ],
)
def test_where_nothing_can_be_lit_it_is_said_why(
    connectors: tuple[Connector, ...], words: str
) -> None:
    assert choose_output(connectors, Wish()) is None
    assert what_is_missing(connectors) == words
