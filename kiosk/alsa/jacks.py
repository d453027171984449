"""
Whether something is plugged into a card's socket, where the card can tell.

A card on the board's header often stays there for ever while the headset in its
socket comes and goes; the kernel then has an input device for the socket, with a switch.
A card without one, or whose switch this user may not read (group ``input``), counts as
plugged: it being there is all that is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kiosk.alsa.cards import Card
from kiosk.alsa.machine import SoundMachine


_HEADPHONE, _LINE_OUT = 0x02, 0x06  # SW_HEADPHONE_INSERT, SW_LINEOUT_INSERT
SOCKETS = 1 << _HEADPHONE | 1 << _LINE_OUT


def is_plugged(card: Card, machine: SoundMachine) -> bool:
    """Say whether there is something in a socket that sound comes out of."""
    states = list(_states(card, machine))
    return any(states) if states else True


def _states(card: Card, machine: SoundMachine) -> Iterator[bool]:
    place = machine.sysfs / f"card{card.number}"
    for node in sorted(place.glob("input*/event*")):
        sockets = _bits_of(node.parent / "capabilities" / "sw") & SOCKETS
        if sockets:
            with suppress(OSError):
                yield bool(machine.switches(node.name) & sockets)


def _bits_of(path: Path) -> int:
    """Return a bit mask as sysfs writes it: words of 64 bits, the lowest last."""
    try:
        return int(path.read_text("ascii").split()[-1], 16)
    except (OSError, ValueError, IndexError):
        return 0
