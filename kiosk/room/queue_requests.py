"""
Our additive routes for a queue that the server keeps, first come, first served.

Originals do not know them (a client sees ``RouteUnknown``) and leave everybody
to look for a free seat by himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kiosk.room import answers
from kiosk.room.codes import Dialect
from kiosk.room.event_requests import MAX_HOLD_S
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.goodbye import goodbye_wire, read_goodbye
from kiosk.room.targets import MAX_TARGETS
from kiosk.room.wire_json import Wire


MAX_TARGET_BYTES = 1024
_ID_BYTES = 256
_NAME_BYTES = 512
_LABEL_BYTES = 8192


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """
    Where one stands in the queue.

    Attributes:
        room_id: Where a seat is kept for us; empty while it is not our turn.
        label: What people call that room.
        position: 1 for whoever is next; 0 when it is our turn, or when the
            server's queue is full and we do not stand in it.
        ahead: How many come before us.
        reason: Why there is no seat: ``full``, or ``absent`` when no room is
            one of ours.
        retry_ms: Not 0 where the server stops: to be asked again after so long.

    """

    room_id: str = ""
    label: str = ""
    position: int = 0
    ahead: int = 0
    reason: str = ""
    retry_ms: int = 0

    def to_wire(self) -> Wire:
        """Return the fields of queue_seat."""
        return {
            "roomID": self.room_id,
            "roomName": self.label,
            "position": self.position,
            "ahead": self.ahead,
            "reason": self.reason,
            **goodbye_wire(self.retry_ms),
        }

    @classmethod
    def read(cls, fields: Fields) -> QueuePlace:
        """Read a place; a reason of a later version reads as ``full``."""
        reason = fields.optional_text("reason")
        return cls(
            fields.optional_text("roomID", _ID_BYTES),
            fields.optional_text("roomName", _LABEL_BYTES),
            fields.count("position"),
            fields.optional_count("ahead"),
            reason if reason in ("", "absent") else "full",
            read_goodbye(fields),
        )


@dataclass(frozen=True, slots=True)
class QueueSeat:
    """
    Ours: line up for the first free seat of some rooms, or ask how far we are.

    Attributes:
        targets: The rooms, in order of preference; see :mod:`kiosk.room.targets`.
        position: What we know; another one is answered at once.
        hold_s: How long the server may wait with its answer, in seconds.
        user_name: Shown to who answers; originals have no queue, nor this.

    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "queue_seat"
    IN_QUERY: ClassVar[bool] = False

    user_id: str
    targets: tuple[str, ...]
    position: int = 0
    hold_s: float = 0.0
    user_name: str = ""

    def to_wire(self) -> Wire:
        """Return the body."""
        return {
            "userID": self.user_id,
            "targets": list(self.targets),
            "position": self.position,
            "holdS": self.hold_s,
            "userName": self.user_name,
        }

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> QueueSeat:
        """Read the body; the hold is cut to ``MAX_HOLD_S``."""
        fields = Fields(wire, dialect)
        targets = fields.texts("targets", MAX_TARGETS, MAX_TARGET_BYTES)
        if not targets or not all(targets):
            raise BadRequest("targets", "names no room, or one without a name")
        return cls(
            fields.identifier("userID"),
            targets,
            fields.optional_count("position"),
            min(fields.optional_seconds("holdS", 0.0), MAX_HOLD_S),
            fields.optional_text("userName", _NAME_BYTES),
        )

    def read_answer(self, fields: Fields) -> QueuePlace:
        """Read the place."""
        return QueuePlace.read(fields)


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Ours: do not wait any longer; a seat kept for us is free again."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "leave_queue"
    IN_QUERY: ClassVar[bool] = False

    user_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"userID": self.user_id}

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> LeaveQueue:
        """Read the body."""
        return cls(Fields(wire, dialect).identifier("userID"))

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()
