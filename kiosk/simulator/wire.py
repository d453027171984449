"""Messages between kiosk and page, as bytes. Pure; the package describes them."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from kiosk.ports import Button, Layer, Rect
from kiosk.simulator.switches import Switch


LARGEST_INPUT: Final = 256
"""Bytes of a message from the page."""
HEADER: Final = struct.Struct("<BBHIhhHH")
PLANES: Final = tuple(Layer)
NOWHERE: Final = Rect(0, 0, 0, 0)
RATES: Final = (30, 15, 5)
"""Pictures a second of each plane, at most, that a page may ask for."""


class Kind(IntEnum):
    """What a message to the page holds."""

    PICTURE = 1
    PAGE = 2
    OFF = 3
    SOUND = 4
    FACTS = 5


class BadInput(ValueError):
    """A message that no page of ours sends."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message had its effect."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button went down, or up again."""

    button: Button
    down: bool


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch was thrown."""

    switch: Switch
    on: bool


@dataclass(frozen=True, slots=True)
class RateWanted:
    """So many pictures of each plane a second, at most."""

    rate: int


Input = Seen | Pressed | Switched | RateWanted


def message(
    kind: Kind,
    sequence: int,
    body: bytes,
    layer: Layer = Layer.BASE,
    at: Rect = NOWHERE,
) -> bytes:
    """Return one message to the page."""
    plane = PLANES.index(layer)
    number = sequence & 0xFFFF_FFFF
    head = HEADER.pack(kind, plane, 0, number, at.x, at.y, at.width, at.height)
    return head + body


def read_input(text: str) -> Input:
    """
    Return what the page says.

    Raises:
        BadInput: It is nothing that it may say.

    """
    if len(text) > LARGEST_INPUT:
        raise BadInput("too long")
    try:
        match json.loads(text):
            case {"seen": int(number), **rest} if not rest and number > 0:
                return Seen(number)
            case {"button": str(name), "down": bool(down), **rest} if not rest:
                return Pressed(Button(name), down)
            case {"switch": str(name), "on": bool(on), **rest} if not rest:
                return Switched(Switch(name), on)
            case {"rate": int(rate), **rest} if not rest and rate in RATES:
                return RateWanted(rate)
            case _:
                raise BadInput("not one of ours")
    except (ValueError, RecursionError) as error:
        raise BadInput(str(error)) from error
