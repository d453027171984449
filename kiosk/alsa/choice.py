"""
From the text of the configuration to the card that is meant.

``alsa`` alone is the first card that fits, in the order of
:func:`kiosk.alsa.cards.cards_of`; ``alsa:NAME`` names one: a card's id (``Device``),
its USB port (``usb:1-1.3``, which two cards of one model never share), one of its
devices in ALSA's words (``hw:CARD=Device,DEV=1``), or any name of ALSA's own
configuration (``pcm:pipewire``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from kiosk.alsa.cards import Card, Direction, Kind, cards_of
from kiosk.alsa.machine import SoundMachine


_CARD_IN_NAME = re.compile(r"(?:plug)?hw:(?:CARD=)?([^,]+)(?:,(?:DEV=)?(\d+))?.*")
_USB, _ALSAS = "usb:", "pcm:"


class NoSuchCard(LookupError):
    """
    No card fits; the text says which there are.

    Attributes:
        cure: What a technician does about it.

    """

    def __init__(self, wrong: str, cure: str) -> None:
        super().__init__(wrong)
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What is to be opened.

    Attributes:
        direct: ALSA's name of the card itself; empty where only the converted
            one is of use.
        converted: The same with ALSA's conversion of formats before it.
        card: The card, where it is one.
        device: Of the card.

    """

    direct: str
    converted: str
    card: Card | None = None
    device: int = 0

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.direct or self.converted

    @override
    def __str__(self) -> str:
        return self.name if self.card is None else f"{self.card}: {self.name}"


def choose(wanted: str, direction: Direction, machine: SoundMachine) -> Choice:
    """
    Return what to open.

    Args:
        wanted: What follows the colon in the configuration, or empty.
        direction: Whether it is to be heard or to hear.
        machine: Has the cards.

    Raises:
        NoSuchCard: There is none that fits.

    """
    if wanted.startswith(_ALSAS):
        name = wanted.removeprefix(_ALSAS)
        return Choice(name, f"plug:'{name}'")
    cards = cards_of(machine)
    fitting = [card for card in cards if card.devices(direction)]
    if not wanted:
        if not fitting:
            raise _none_of(cards, direction)
        return _of_card(fitting[0], direction)
    if wanted.startswith(_USB):
        port = wanted.removeprefix(_USB)
        by_port = (card for card in fitting if card.usb_port == port)
        return _found(next(by_port, None), f"on USB port {port}", cards, direction)
    if re.fullmatch(r"[A-Za-z0-9_-]+", wanted):
        by_id = (card for card in fitting if card.id == wanted)
        return _found(next(by_id, None), f"called {wanted}", cards, direction)
    return _of_name(wanted, cards, direction)


def _found(
    card: Card | None, meant: str, cards: Sequence[Card], direction: Direction
) -> Choice:
    if card is None:
        raise _none_of(cards, direction, meant)
    return _of_card(card, direction)


def _of_card(card: Card, direction: Direction) -> Choice:
    device = card.devices(direction)[0]
    if card.kind is Kind.HDMI:  # takes IEC 958 frames, which only ALSA's hdmi makes
        return Choice("", f"plug:'hdmi:CARD={card.id},DEV={device}'", card, device)
    name = f"hw:CARD={card.id},DEV={device}"
    return Choice(name, f"plug{name}", card, device)


def _of_name(name: str, cards: Sequence[Card], direction: Direction) -> Choice:
    match = _CARD_IN_NAME.fullmatch(name)
    if match is None:
        return Choice(name, f"plug:'{name}'")
    card = next((card for card in cards if card.id == match[1]), None)
    device = int(match[2] or 0)
    if card is None or device not in card.devices(direction):
        raise _none_of(cards, direction, f"that has {name}")
    if name.startswith("plug"):
        return Choice("", name, card, device)
    return Choice(name, f"plug{name}", card, device)


def _none_of(
    cards: Sequence[Card], direction: Direction, meant: str = ""
) -> NoSuchCard:
    records = direction is Direction.CAPTURE
    what = "a microphone" if records else "a loudspeaker"
    fitting = ", ".join(str(card) for card in cards if card.devices(direction))
    wrong = f"no sound card {meant or 'with ' + what}"
    if fitting:
        return NoSuchCard(f"{wrong}; there are: {fitting}", "name one of these")
    if not cards:
        wrong += "; there is no sound card at all"
    return NoSuchCard(wrong, f"plug {what} in")
