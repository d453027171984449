"""
Our additive routes: waiting for numbered events, and text messages.

Originals do not know them (a client sees ``RouteUnknown``) and carry both over
their IM channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kiosk.room import answers
from kiosk.room.codes import Dialect
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.wire_json import Wire


MAX_TEXT_CHARS = 1024
MAX_HOLD_S = 25.0
_ALLOWED_CONTROLS = "\n\t"
_CONTROLS = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_REFUSED = _CONTROLS.difference(_ALLOWED_CONTROLS)


@dataclass(frozen=True, slots=True)
class WaitEvents:
    """Ours: wait up to ``hold_s`` for events after ``after_seq`` (members only)."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "wait_events"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    after_seq: int
    hold_s: float = MAX_HOLD_S

    def to_wire(self) -> Wire:
        """Return the body."""
        return {
            "roomID": self.room_id,
            "userID": self.user_id,
            "afterSeq": self.after_seq,
            "holdS": self.hold_s,
        }

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> WaitEvents:
        """Read the body; the hold is cut to ``MAX_HOLD_S``."""
        fields = Fields(wire, dialect)
        return cls(
            fields.identifier("roomID"),
            fields.identifier("userID"),
            fields.count("afterSeq"),
            min(fields.optional_seconds("holdS", MAX_HOLD_S), MAX_HOLD_S),
        )

    def read_answer(self, fields: Fields) -> answers.Events:
        """Read the events."""
        return answers.Events.read(fields)


@dataclass(frozen=True, slots=True)
class SendRoomTextMsg:
    """
    Ours: a text message to everybody else in the room.

    Attributes:
        cmd: What kind of text it is, for programs; empty for a typed one.
        custom: Between programs only; the text may then be empty.

    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "send_room_text_msg"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    text: str
    cmd: str = ""
    custom: bool = False

    def to_wire(self) -> Wire:
        """Return the body."""
        wire: Wire = {"roomID": self.room_id, "userID": self.user_id, "text": self.text}
        if self.cmd:
            wire["cmd"] = self.cmd
        if self.custom:
            wire["custom"] = True
        return wire

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> SendRoomTextMsg:
        """Read the body; the text is printable and, but for a custom one, not empty."""
        fields = Fields(wire, dialect)
        custom = fields.optional_flag("custom")
        if custom:
            text = fields.optional_text("text", 4 * MAX_TEXT_CHARS)
        else:
            text = fields.text("text", 4 * MAX_TEXT_CHARS)
        if not (text or custom) or len(text) > MAX_TEXT_CHARS:
            raise BadRequest("text", f"is not 1 to {MAX_TEXT_CHARS} characters")
        if not _REFUSED.isdisjoint(text):
            raise BadRequest("text", "holds a control character")
        return cls(
            fields.identifier("roomID"),
            fields.identifier("userID"),
            text,
            fields.optional_identifier("cmd"),
            custom,
        )

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()
