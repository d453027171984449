"""
The tables of a process that shares a memory, told what becomes of facts.

Whatever a table makes of a fact, the next one is told: one that a later version
of the program wrote must not end this server.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from kiosk.room.fields import Fields
from kiosk.roomserver.store_ledger import Shelf, Tables
from kiosk.roomserver.valkey_mirror import Change


log = logging.getLogger(__name__)


class ToldTables:
    """
    Tables, once they are there.

    Attributes:
        boot: Era and count of openings, by whichever process.

    """

    def __init__(self) -> None:
        self.boot = ""
        self._tables: Tables | None = None
        self._recent: tuple[Change, ...] = ()

    def begin(self, recent: tuple[Change, ...]) -> None:
        """Remember what was told of rooms lately, for the tables to come."""
        self._recent = recent

    def serve(self, tables: Tables) -> None:
        """Tell these from now on."""
        self._tables = tables
        self.take_in(self._recent)

    def take_in(self, changes: Iterable[Change]) -> None:
        """Tell what was noted elsewhere, or is void."""
        tables = self._tables
        if tables is None:
            return
        for change in changes:
            try:
                tables.take_in(*change)
            except Exception:
                log.exception("fact not taken in", extra={"shelf": change[0].value})

    def follow_up(self, changes: Iterable[Change]) -> None:
        """Tell what is written."""
        for shelf, name, fact in changes:
            if shelf is Shelf.MARK and name == "boot" and fact is not None:
                fields = Fields(fact)
                self.boot = f"{fields.text('era')}.{fields.count('count')}"
            if self._tables is None:
                continue
            try:
                self._tables.follow_up(shelf, name, fact)
            except Exception:
                # It is written; whatever it leads to must not end the server.
                log.exception("fact not followed up", extra={"shelf": shelf.value})

    def missed(self) -> None:
        """Tell that something was only told, and not to us."""
        if self._tables is not None:
            self._tables.missed()
