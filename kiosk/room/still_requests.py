"""
Our additive routes for one still picture, sent in parts to a member's room.

Originals do not know them (a client sees ``RouteUnknown``).  A still is a JPEG of
the whole sensor, larger than any request may be, so it goes up and down in parts;
a part that comes twice changes nothing.  It has no name: a member has at most one
still, his newest.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Final

from kiosk.room import answers
from kiosk.room.codes import Dialect
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.wire_json import Wire


MAX_STILL_BYTES: Final = 3 * 1024 * 1024
PUT_BYTES: Final = 45_000
"""Of one part on its way up: with base64 it is within a request's 64 KiB."""
GET_BYTES: Final = 120_000
"""Of one part on its way down, within what clients read of an answer."""
ROOM_IN_QUERY: Final = frozenset({"put_still", "get_still"})
"""
Routes a client sends the ``roomID`` of the body along with in the query.

One of several servers holds a still, in memory: a load balancer, which reads no
bodies, finds it by that name.  The server goes by the body.
"""
_BASE64_CHARS: Final = GET_BYTES // 3 * 4


class StillWord(Enum):
    """
    What the two sides of a still tell each other; the ``cmd`` of a text.

    The text itself says the same to people, in whatever language.
    """

    ASKED = "still_asked"
    """May I have a still?  All others are answers to this one."""
    AGREED = "still_agreed"
    """A key was pressed; it is being taken and sent."""
    SENT = "still_sent"
    """It is there for ``get_still``."""
    REFUSED = "still_refused"
    UNANSWERED = "still_unanswered"
    BUSY = "still_busy"
    INTERRUPTED = "still_interrupted"
    FAILED = "still_failed"


ANSWER_S: Final = 30.0
"""How long a customer has for a key."""
DELIVERY_S: Final = 60.0
"""How long a still may take from the key to the server."""


@dataclass(frozen=True, slots=True)
class StillPart:
    """
    Some bytes of a still.

    Attributes:
        size: Of the whole still.
        offset: Where these bytes stand in it.

    """

    size: int
    offset: int
    data: bytes = field(repr=False)

    def to_wire(self) -> Wire:
        """Return the fields of put_still and of get_still's answer."""
        text = base64.b64encode(self.data).decode("ascii")
        return {"size": self.size, "offset": self.offset, "data": text}

    @classmethod
    def read(cls, fields: Fields) -> StillPart:
        """Read a part, which lies within the still and holds something."""
        size = fields.count("size", MAX_STILL_BYTES)
        offset = fields.count("offset", MAX_STILL_BYTES)
        text = fields.text("data", _BASE64_CHARS)
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("data", "is not base64") from None
        if not data or offset + len(data) > size:
            raise BadRequest("data", "is no part of a still of that size")
        return cls(size, offset, data)


@dataclass(frozen=True, slots=True)
class PutStill:
    """Ours: keep a part of my still for the members of the room, for a short while."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "put_still"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    part: StillPart

    def to_wire(self) -> Wire:
        """Return the body."""
        names = {"roomID": self.room_id, "userID": self.user_id}
        return {**names, **self.part.to_wire()}

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> PutStill:
        """Read the body."""
        fields = Fields(wire, dialect)
        room_id, user_id = fields.identifier("roomID"), fields.identifier("userID")
        return cls(room_id, user_id, StillPart.read(fields))

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


@dataclass(frozen=True, slots=True)
class GetStill:
    """
    Ours: give me, a member, a part of another member's still.

    Attributes:
        sender: Whose still; wire ``senderID``.
        offset: Where the part begins.

    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "get_still"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    sender: str
    offset: int = 0

    def to_wire(self) -> Wire:
        """Return the body."""
        return {
            "roomID": self.room_id,
            "userID": self.user_id,
            "senderID": self.sender,
            "offset": self.offset,
        }

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> GetStill:
        """Read the body."""
        fields = Fields(wire, dialect)
        return cls(
            fields.identifier("roomID"),
            fields.identifier("userID"),
            fields.identifier("senderID"),
            fields.count("offset", MAX_STILL_BYTES),
        )

    def read_answer(self, fields: Fields) -> StillPart:
        """Read the part."""
        return StillPart.read(fields)
