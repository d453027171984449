"""
Who waits, since when, and who may be answered now.  Pure: time is an argument.

Kiosks in line come in their order: of those who want the same rooms only the first
can be answered, for the seat that is opened goes to him whoever is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from kiosk.agentdesk.ports import Waiting


@dataclass(frozen=True, slots=True)
class Waiter:
    """
    One who waits, as an agent sees him.

    Attributes:
        since: Monotonic seconds; when this process first saw him.
        position: In line; 0: he opened a room and stands in none.
        is_next: Whether he can be answered now.

    """

    wait: Waiting
    since: float
    position: int
    is_next: bool


class Line:
    """
    Everybody who waits.

    Args:
        rooms: Patterns of labels (``*``, ``?``) in which waiting is for agents.

    """

    def __init__(self, rooms: Sequence[str] = ("*",)) -> None:
        self._rooms = tuple(rooms)
        self._since: dict[str, float] = {}
        self._waiting: tuple[Waiting, ...] = ()

    def look(self, waiting: Sequence[Waiting], now: float) -> bool:
        """Take in who waits now; say whether that is anything new."""
        mine = tuple(wait for wait in waiting if self._is_ours(wait))
        self._since = {wait.key: self._since.get(wait.key, now) for wait in mine}
        changed = mine != self._waiting
        self._waiting = mine
        return changed

    def find(self, key: str) -> Waiting | None:
        """Return a wait that is not over, or None."""
        return next((wait for wait in self._waiting if wait.key == key), None)

    def waiters(self, is_answered: Callable[[str], bool]) -> tuple[Waiter, ...]:
        """
        Return everybody, who waits longest first.

        Args:
            is_answered: Whether somebody is about to answer the wait of a key.

        """
        standing: dict[tuple[str, str], list[str]] = {}
        waiters: list[Waiter] = []
        for wait in self._waiting:
            position, is_next = 0, True
            if not wait.room_id:
                ahead = standing.setdefault((wait.room_type, wait.label), [])
                is_next = all(map(is_answered, ahead))
                ahead.append(wait.key)
                position = len(ahead)
            since = self._since[wait.key]
            waiters.append(Waiter(wait, since, position, is_next))
        return tuple(sorted(waiters, key=_by_time))

    def _is_ours(self, wait: Waiting) -> bool:
        return any(fnmatchcase(wait.label, pattern) for pattern in self._rooms)


def _by_time(waiter: Waiter) -> tuple[float, int]:
    return waiter.since, waiter.position


def label_to_open(wanted: str) -> str:
    """Return a label that a target means, whether it is a pattern or not."""
    return wanted.replace("*", "desk").replace("?", "0")
