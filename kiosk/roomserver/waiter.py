"""
One who waits in line for a seat: his clocks, and what is noted of him elsewhere.

Values and their wire form; who comes next is decided by :mod:`kiosk.roomserver.queue`.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.room.fields import Fields
from kiosk.room.room_types import RoomType
from kiosk.room.targets import HuntGroup
from kiosk.room.wire_json import Wire


@dataclass(slots=True)
class Waiter:
    """One who waits for a seat, and what is kept of him; :mod:`.queue` moves him."""

    room_type: RoomType
    user_id: str
    group: HuntGroup
    number: int
    """Counts arrivals: who comes back is somebody else."""
    ahead: frozenset[int]
    """Numbers of those who were there before and may take the same seats."""
    silent_at: float = 0.0
    name: str = ""
    """What people call him."""
    address: str = ""
    """Where he asked from without a login, which is all he is; empty: he has one."""
    told: int = 0
    """The position he knows, if this process told it."""
    kept: str = ""
    """The key of the room where a seat is kept."""
    kept_until: float = 0.0
    kept_at_most_until: float = 0.0

    def is_late(self, now: float) -> bool:
        """Say whether he fell silent, or did not come for his seat."""
        return now > (self.kept_until if self.kept else self.silent_at)

    def fact(self, now: float) -> Wire:
        """Return what is kept of him; clocks are told by what is left."""
        return {
            "type": self.room_type.value,
            "user": self.user_id,
            "targets": list(self.group.targets),
            "number": self.number,
            "address": self.address,
            "name": self.name,
            "silentS": max(0.0, self.silent_at - now),
            "kept": self.kept,
            "keptS": max(0.0, self.kept_until - now),
            "keptAtMostS": max(0.0, self.kept_at_most_until - now),
        }

    def take_in(self, fields: Fields, now: float) -> None:
        """Be as a fact says."""
        self.address = fields.optional_text("address")
        self.name = fields.optional_text("name")
        self.kept = fields.text("kept")
        self.silent_at = now + fields.optional_seconds("silentS", 0.0)
        kept_s = fields.optional_seconds("keptS", 0.0)
        self.kept_until = now + kept_s if kept_s else 0.0
        self.kept_at_most_until = now + fields.optional_seconds("keptAtMostS", 0.0)
