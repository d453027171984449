"""The bytes between kiosk and page."""

from __future__ import annotations

import pytest

from kiosk.ports import Button, Layer, Rect
from kiosk.simulator.switches import Switch
from kiosk.simulator.wire import (
    LARGEST_INPUT,
    BadInput,
    Input,
    Kind,
    Pressed,
    RateWanted,
    Seen,
    Switched,
    message,
    read_input,
)


def test_a_message_is_sixteen_bytes_of_header_and_its_body() -> None:
    got = message(Kind.PAGE, 0x0102_0304, b"PNG", Layer.OVER, Rect(-2, 419, 1280, 301))

    assert got.hex(" ") == ("02 04 00 00 04 03 02 01 fe ff a3 01 00 05 2d 01 50 4e 47")


def test_a_sequence_that_outgrows_its_field_begins_again() -> None:
    assert message(Kind.SOUND, 0x1_0000_0001, b"")[4:8] == b"\1\0\0\0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"seen": 7}', Seen(7)),
        ('{"button": "call", "down": true}', Pressed(Button.CALL, down=True)),
        ('{"button": "mute", "down": false}', Pressed(Button.MUTE, down=False)),
        ('{"switch": "camera", "on": true}', Switched(Switch.CAMERA, on=True)),
        ('{"rate": 15}', RateWanted(15)),
    ],
)
def test_what_the_page_says_is_understood(text: str, said: Input) -> None:
    assert read_input(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[]",
        "null",
        "{}",
        '{"seen": 0}',
        '{"seen": -1}',
        '{"seen": "7"}',
        '{"seen": 7, "more": 1}',
        '{"button": "power", "down": true}',
        '{"button": "call"}',
        '{"button": "call", "down": 1}',
        '{"switch": "fuse", "on": true}',
        '{"rate": 1000}',
        "[" * 200,
        '{"seen": ' + "7" * LARGEST_INPUT + "}",
    ],
)
def test_what_no_page_of_ours_says_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_input(text)
