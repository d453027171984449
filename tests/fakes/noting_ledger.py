"""A ledger in memory that another life of a server can open."""

from __future__ import annotations

from typing_extensions import override

from kiosk.room.wire_json import Wire
from kiosk.roomserver.store_ledger import ForgetfulLedger, Shelf


class NotingLedger(ForgetfulLedger):
    """Keeps what is noted for :meth:`reopened`; tells its owner what it began with."""

    def __init__(self, found: dict[tuple[Shelf, str], Wire] | None = None) -> None:
        super().__init__()
        self._found = dict(found or {})
        self._now = dict(self._found)

    def reopened(self) -> NotingLedger:
        """Return what a server started after this one finds."""
        return NotingLedger(self._now)

    @override
    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        return tuple(
            (name, fact) for (on, name), fact in self._found.items() if on is shelf
        )

    @override
    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        if shelf.is_kept:
            self._now[shelf, name] = fact
        super().note(shelf, name, fact)

    @override
    def strike(self, shelf: Shelf, name: str) -> None:
        self._now.pop((shelf, name), None)
        super().strike(shelf, name)
