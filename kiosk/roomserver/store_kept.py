"""
Rooms that outlive the process: the memory store, noting every change.

A fact that cannot be read (a damaged or foreign row) is left out and logged: one
lost room is better than a server that does not start.
"""

from __future__ import annotations

import logging
from typing import Final

from pydantic import TypeAdapter, ValidationError
from typing_extensions import override

from kiosk.room.wire_json import Wire
from kiosk.roomserver.store import MemoryStore, RoomRecord
from kiosk.roomserver.store_ledger import Ledger, Shelf


log = logging.getLogger(__name__)

_RECORD: Final = TypeAdapter(RoomRecord)


def fact_of(record: RoomRecord) -> Wire:
    """Return a record as a fact."""
    fact: Wire = _RECORD.dump_python(record)
    return fact


def record_of(room_id: str, fact: Wire) -> RoomRecord | None:
    """Return the record a fact is; None, and a line in the log, if it is none."""
    try:
        return _RECORD.validate_python(fact)
    except ValidationError:
        log.error("room left out", extra={"room": room_id})  # noqa: TRY400 -- its text would quote the room
        return None


class KeptRooms(MemoryStore):
    """
    Room records in memory and in a ledger.

    Args:
        ledger: Read once, here; told each change after that.

    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        for room_id, fact in ledger.facts(Shelf.ROOM):
            self.take_in(room_id, fact)

    def take_in(self, room_id: str, fact: Wire | None) -> None:
        """Keep a record as it was noted elsewhere; None: forget it."""
        record = record_of(room_id, fact) if fact is not None else None
        if record is None:
            super().remove(room_id)
        else:
            super().put(record)

    @override
    def put(self, record: RoomRecord) -> None:
        """Keep a record."""
        super().put(record)
        self._ledger.note(Shelf.ROOM, record.room_id, fact_of(record))

    @override
    def remove(self, room_id: str) -> None:
        """Forget a record."""
        super().remove(room_id)
        self._ledger.strike(Shelf.ROOM, room_id)
