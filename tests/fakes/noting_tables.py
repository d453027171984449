"""Stands where a ledger's tables are and notes what follows from written facts."""

from __future__ import annotations

from kiosk.room.wire_json import Wire
from kiosk.roomserver.store_ledger import ForgetfulLedger, Shelf


class NotingTables:
    """Notes every change it is told, in order."""

    def __init__(self) -> None:
        self.taken_in: list[tuple[Shelf, str, Wire | None]] = []
        self.followed: list[tuple[Shelf, str, Wire | None]] = []
        self.missed_times = 0

    def take_in(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        self.taken_in.append((shelf, name, fact))

    def follow_up(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        self.followed.append((shelf, name, fact))

    def missed(self) -> None:
        self.missed_times += 1

    def struck(self, wanted: Shelf) -> list[str]:
        """Return the names of what was struck from a shelf."""
        return [
            name
            for shelf, name, fact in self.followed
            if (shelf, fact) == (wanted, None)
        ]

    def told(self, wanted: Shelf) -> list[str]:
        """Return the names of what was told on a shelf."""
        return [
            name
            for shelf, name, fact in self.followed
            if (shelf, fact is None) == (wanted, False)
        ]


def noting_ledger() -> tuple[ForgetfulLedger, NotingTables]:
    """Return a ledger that keeps nothing, and who is told by it."""
    ledger, tables = ForgetfulLedger(), NotingTables()
    ledger.serve(tables)
    return ledger, tables
