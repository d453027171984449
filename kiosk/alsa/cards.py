"""
The sound cards of a machine, by names that stay. Opens none of them.

A card's number changes with the order in which drivers find it, so it is used to
read ``/proc`` and ``/sys`` and for nothing else.  The order of :func:`cards_of` is
that of preference: USB first (what a kiosk is built with), then boards on the
header, the headphone socket, HDMI (silent while the screen is off), and last cards
that are only made of software.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path

from typing_extensions import override

from kiosk.alsa.machine import SoundMachine


_PCM = re.compile(r"pcmC\d+D(\d+)([cp])")
_USB_PORT = re.compile(r"(\d+-\d+(?:\.\d+)*):\d+\.\d+")
_SOFTWARE = {"snd_aloop", "snd_dummy"}
_LISTED = re.compile(r"\s*(\d+) \[[^\]]*\]: \S+ - (.*)")


class Direction(Enum):
    """The letter is the kernel's."""

    CAPTURE = "c"
    PLAYBACK = "p"


class Kind(IntEnum):
    """What a card is, the preferred ones first."""

    USB = 0
    BOARD = 1
    HEADPHONES = 2
    HDMI = 3
    SOFTWARE = 4


@dataclass(frozen=True, slots=True)
class Card:
    """
    A sound card.

    Attributes:
        number: The kernel's, of this moment.
        id: Its short name, such as ``Device`` or ``Loopback``.
        name: Its long one, for people; may be empty.
        usb_port: Where it is plugged in, such as ``1-1.3``; empty for others.
        records, plays: Numbers of its devices, ascending.

    """

    number: int
    id: str
    name: str
    kind: Kind
    usb_port: str
    records: tuple[int, ...]
    plays: tuple[int, ...]

    def devices(self, direction: Direction) -> tuple[int, ...]:
        """Return the numbers of its devices of a direction."""
        return self.records if direction is Direction.CAPTURE else self.plays

    @override
    def __str__(self) -> str:
        where = f", USB port {self.usb_port}" if self.usb_port else ""
        return f"{self.id} ({self.name or 'sound card'}{where})"


def cards_of(machine: SoundMachine) -> Sequence[Card]:
    """Return the cards there are, the preferred ones first."""
    try:
        places = [
            place
            for place in machine.sysfs.iterdir()
            if re.fullmatch(r"card\d+", place.name)
        ]
    except OSError:
        return ()
    names = _names(machine)
    cards = [card for place in places if (card := _card(place, names))]
    return sorted(cards, key=lambda card: (card.kind, card.usb_port, card.id))


def _card(place: Path, names: dict[int, str]) -> Card | None:
    number = int(place.name.removeprefix("card"))
    try:
        short = (place / "id").read_text("utf-8").strip()
        found = [_PCM.fullmatch(child.name) for child in place.iterdir()]
    except OSError:  # it was unplugged just now
        return None
    devices = [(match[2], int(match[1])) for match in found if match]
    parent = (place / "device").resolve()
    port = _USB_PORT.fullmatch(parent.name)
    return Card(
        number,
        short,
        names.get(number, ""),
        _kind(short, (parent / "driver").resolve().name, is_usb=port is not None),
        port[1] if port else "",
        tuple(sorted(n for letter, n in devices if letter == "c")),
        tuple(sorted(n for letter, n in devices if letter == "p")),
    )


def _kind(short: str, driver: str, *, is_usb: bool) -> Kind:
    if is_usb:
        return Kind.USB
    if driver in _SOFTWARE:
        return Kind.SOFTWARE
    if "hdmi" in short.lower():
        return Kind.HDMI
    return Kind.HEADPHONES if short == "Headphones" else Kind.BOARD


def _names(machine: SoundMachine) -> dict[int, str]:
    try:
        text = (machine.proc / "asound/cards").read_text("utf-8")
    except OSError:
        return {}
    found = (_LISTED.fullmatch(line) for line in text.splitlines())
    return {int(match[1]): match[2].strip() for match in found if match}
