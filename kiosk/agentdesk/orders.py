"""
What a page may ask for: one JSON object each, checked here, carried out by the desk.

``{"do": "answer", "id"}``, ``{"do": "hang_up"}``, ``{"do": "say", "text"}``,
``{"do": "mute", "muted", "text"}``, ``{"do": "hand_over", "to"}``, ``{"do": "take"}``,
``{"do": "decline"}``; ``{"do": "here"}`` says that the page lives, and is answered.
What is no such object ends the page's connection: a page of ours sends none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from kiosk.agentdesk.desk import Desk, Refusal
from kiosk.agentdesk.stations import Station
from kiosk.room.wire_json import BadJson, parse_json


MAX_ORDER_BYTES: Final = 16 * 1024
MAX_TEXT_CHARS: Final = 1024

Order = Mapping[str, object]


class BadOrder(ValueError):
    """It is nothing a page of ours sends."""


class Orders:
    """
    Carries out what one agent's page asks for.

    Args:
        desk: Does it.
        station: The agent's.

    """

    def __init__(self, desk: Desk, station: Station) -> None:
        self._desk = desk
        self._station = station
        self._verbs: dict[str, Callable[[Order], Awaitable[None]]] = {
            "answer": self._answer,
            "hang_up": self._hang_up,
            "say": self._say,
            "mute": self._mute,
            "hand_over": self._hand_over,
            "take": self._take,
            "decline": self._decline,
            "here": self._here,
        }

    async def carry_out(self, text: str) -> None:
        """
        Do what a page asks for, or note for it why not.

        Raises:
            BadOrder: It is nothing a page of ours sends.

        """
        order = read_order(text)
        verb = self._verbs.get(_text(order, "do"))
        if verb is None:
            raise BadOrder("asks for nothing there is")
        try:
            await verb(order)
        except Refusal as refusal:
            note = {"say": "refused", "why": refusal.why, "name": refusal.name}
            self._station.note(note)

    async def _answer(self, order: Order) -> None:
        self._desk.answer(self._station, _text(order, "id"))

    async def _hang_up(self, _order: Order) -> None:
        self._desk.hang_up(self._station)

    async def _say(self, order: Order) -> None:
        text = _text(order, "text").strip()[:MAX_TEXT_CHARS]
        if text:
            await self._desk.say(self._station, text)
            self._station.note({"say": "sent", "text": text})

    async def _mute(self, order: Order) -> None:
        muted = order.get("muted") is True
        self._station.muted = muted
        self._station.wake()
        words = _text(order, "text")[:MAX_TEXT_CHARS]
        if words and self._station.call is not None:
            # As a kiosk tells it: people read the words, programs the rest.
            await self._desk.say(self._station, words, "muted" if muted else "unmuted")

    async def _hand_over(self, order: Order) -> None:
        self._desk.hand_over(self._station, _text(order, "to"))

    async def _take(self, _order: Order) -> None:
        self._desk.take(self._station)

    async def _decline(self, _order: Order) -> None:
        self._desk.decline(self._station)

    async def _here(self, _order: Order) -> None:
        self._station.wake()  # what it is told says that the desk lives


def read_order(text: str) -> Order:
    """
    Read what a page sent, without carrying it out.

    Raises:
        BadOrder: It is no JSON object.

    """
    try:
        return parse_json(text.encode(), MAX_ORDER_BYTES)
    except BadJson as bad:
        raise BadOrder(str(bad)) from None


def _text(order: Order, name: str) -> str:
    value = order.get(name, "")
    if not isinstance(value, str):
        raise BadOrder(f"{name} is no text")
    return value
