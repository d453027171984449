"""
What a room server writes down so that it outlives the process, by shelves.

A fact is one small JSON object under a name.  The tables (rooms, grants,
sessions) stay in memory and are the truth; they note each change here and read
everything back once, at the start.  Noting never blocks: whoever tells a change
to the outside awaits :meth:`Ledger.settled` first, so nothing is ever
acknowledged that a restart would not know.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from kiosk.room.wire_json import Wire


class Shelf(Enum):
    """What a fact is about; the value is how a store names it for good."""

    ROOM = "room"
    GRANT = "grant"
    SESSION = "session"
    KEY = "key"
    FAREWELL = "farewell"
    MARK = "mark"


class Ledger(Protocol):
    """Keeps facts; all methods belong to the event loop."""

    @property
    def boot(self) -> str:
        """
        ``<era>.<count>``: which memory this is, and how often it was opened.

        A larger count of the same era is a restart that forgot nothing; another
        era has forgotten everything.
        """
        ...

    @property
    def is_late(self) -> bool:
        """Whether it fails to keep up: a crash now would lose something."""
        ...

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return what was found at the opening, oldest first."""
        ...

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Keep a fact; one of the same name is replaced in its place."""
        ...

    def strike(self, shelf: Shelf, name: str) -> None:
        """Forget a fact; unknown ones are fine."""
        ...

    async def settled(self) -> None:
        """Return when everything noted so far is written, or cannot be soon."""
        ...


class ForgetfulLedger:
    """Keeps nothing: for a server whose rooms may die with it."""

    def __init__(self, era: str = "memory") -> None:
        self._boot = f"{era}.1"

    @property
    def boot(self) -> str:
        """Return an era that nothing outlives."""
        return self._boot

    @property
    def is_late(self) -> bool:
        """Say no: nothing is ever waited for."""
        return False

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return nothing."""
        return ()

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Forget it."""

    def strike(self, shelf: Shelf, name: str) -> None:
        """Have nothing to forget."""

    async def settled(self) -> None:
        """Return at once."""
