"""
Which rooms an entry of ``target`` means: an id, a label, or a pattern of both.

Both ends use it: the client where it has to choose by itself, the server for
its queue.  ``*`` stands for any text and ``?`` for one character; a target with
neither is compared with the ids first, and with the labels only when no id is
equal.  Upper and lower case differ.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar


MAX_TARGETS: Final = 16
_WILDCARDS: Final = frozenset("*?")


class Named(Protocol):
    """A room, as far as targets look at it."""

    @property
    def room_id(self) -> str:
        """Its id."""
        ...

    @property
    def label(self) -> str:
        """What people call it; several rooms may bear one."""
        ...


RoomT = TypeVar("RoomT", bound=Named)


def is_pattern(target: str) -> bool:
    """Say whether a target may mean several rooms by their names."""
    return not _WILDCARDS.isdisjoint(target)


def matching(target: str, rooms: Sequence[RoomT]) -> list[RoomT]:
    """Return the rooms a target means, in the order given."""
    if is_pattern(target):
        fits = re.compile(_expression(target)).fullmatch
        return [room for room in rooms if fits(room.room_id) or fits(room.label)]
    found = [room for room in rooms if room.room_id == target]
    return found or [room for room in rooms if room.label == target]


class HuntGroup:
    """
    An ordered list of targets, made ready for many looks.

    Attributes:
        targets: As given.

    """

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = tuple(targets)
        self._names = frozenset(t for t in targets if not is_pattern(t))
        # One expression for all: the pieces are atomic, so none can be slow.
        patterns = "|".join(map(_expression, filter(is_pattern, targets)))
        self._fits = re.compile(patterns).fullmatch if patterns else None

    def wants(self, room_id: str, label: str, is_an_id: Callable[[str], bool]) -> bool:
        """
        Say whether one of the targets means a room.

        Args:
            room_id: The room's id.
            label: The room's label.
            is_an_id: Whether there is a room with such an id.

        """
        if room_id in self._names or self._means((room_id, label)):
            return True
        return label in self._names and not is_an_id(label)

    def overlaps(self, other: HuntGroup) -> bool:
        """
        Say whether both wait for the same rooms, as far as the targets tell.

        Two patterns count as different unless they are equal.
        """
        if not {*self.targets}.isdisjoint(other.targets):
            return True
        return self._means(other._names) or other._means(self._names)

    def _means(self, names: Iterable[str]) -> bool:
        fits = self._fits
        return fits is not None and any(fits(name) for name in names)


def _expression(target: str) -> str:
    return fnmatch.translate(target.replace("[", "[[]"))
