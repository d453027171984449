"""
The contacts at the front of a kiosk, judged together.

Every button is judged by itself: one that is pressed while others are held counts as
it would alone, so that a hand that leans on one button cannot keep another from
hanging up.  What several held together mean the daemon decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from kiosk.contacts.contact import Contact, Moved, Rules, Said
from kiosk.ports import Button, ButtonEdge, ButtonFault, ButtonTrouble, Micros


WORDS: Final = {
    ButtonTrouble.STUCK: "is held and held: does something lean on it, is it jammed, "
    "or its cable shorted?",
    ButtonTrouble.STORM: "opens and closes without end: is its cable loose, its "
    "contact worn out?",
    ButtonTrouble.GONE: "is gone",
}


@dataclass(frozen=True, slots=True)
class Place:
    """
    A contact and where it is.

    Attributes:
        where: For messages, e.g. ``GPIO 17``.
        rules: How it is judged.

    """

    where: str
    rules: Rules = field(default_factory=Rules)


class Front:
    """
    Judges the contacts of a kiosk.

    Args:
        places: The buttons.
        closed: Those that are closed as they are found.
        at: When they were.

    """

    def __init__(
        self, places: Mapping[Button, Place], closed: Iterable[Button], at: Micros
    ) -> None:
        self._places = places
        found = frozenset(closed)
        self._contacts = {
            button: Contact(place.rules, is_closed=button in found, at=at)
            for button, place in places.items()
        }

    @property
    def due(self) -> Micros | None:
        """When :meth:`pass_time` has something to do, if nothing happens before."""
        soonest: Micros | None = None
        for contact in self._contacts.values():  # asked at every edge
            due = contact.due
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    @property
    def closed(self) -> frozenset[Button]:
        """The contacts whose last edge closed them."""
        return frozenset(
            button for button, contact in self._contacts.items() if contact.is_closed
        )

    @property
    def is_storming(self) -> bool:
        """Whether one of them is, so that its edges are of no use to anybody."""
        return any(contact.is_storming for contact in self._contacts.values())

    def storms(self, button: Button) -> bool:
        """Whether that one is."""
        return self._contacts[button].is_storming

    def turn(
        self, button: Button, *, is_closed: bool, at: Micros
    ) -> list[ButtonEdge | ButtonFault]:
        """Take an edge of a button; say what came of it."""
        said = self._contacts[button].turn(is_closed, at)
        return list(self._told(button, said))

    def pass_time(self, now: Micros) -> list[ButtonEdge | ButtonFault]:
        """Say what became of the buttons up to ``now``, oldest first."""
        told: list[ButtonEdge | ButtonFault] = []
        for button, contact in self._contacts.items():
            told += self._told(button, contact.pass_time(now))
        return sorted(told, key=lambda each: each.at)

    def lift(self, at: Micros) -> list[ButtonEdge | ButtonFault]:
        """Take every finger off, and forget every fault: the buttons are gone."""
        told: list[ButtonEdge | ButtonFault] = []
        for button, contact in self._contacts.items():
            told += self._told(button, contact.lift(at))
        return told

    def _told(
        self, button: Button, said: Iterable[Said]
    ) -> Iterator[ButtonEdge | ButtonFault]:
        for each in said:
            if isinstance(each, Moved):
                yield ButtonEdge(button, each.is_down, each.at)
            else:
                where = self._places[button].where
                ails = "is well again" if each.is_over else WORDS[each.trouble]
                words = f"button {button.value} ({where}) {ails}"
                yield ButtonFault(button, each.trouble, words, each.is_over, each.at)
