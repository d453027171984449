"""
What only ``live_room`` knows: counters, an audience, and mixing streams.

Shapes: protocol section 4; only the v2 generation has the first five routes.
The audience has no seat and sends no heartbeat; it is a list of who watches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from kiosk.room import answers
from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.fields import MAX_NAME_BYTES, MAX_NUMBER, BadRequest, Fields
from kiosk.room.wire_json import BadJson, Wire, parse_json


MAX_CUSTOM_BYTES = 8192
MAX_WATCHERS = 1024
MAX_VALUE_BYTES = 256
_CODE_NOT_JSON = RoomCode.LABEL_TOO_LONG
"""10 means "not JSON" here (protocol section 4)."""


class FieldChange(Enum):
    """What happens to a custom field; the value is the wire's ``operation``."""

    INCREASE = "inc"
    DECREASE = "dec"
    SET = "set"


@dataclass(frozen=True, slots=True)
class CustomFields:
    """The custom fields of a room, as JSON text."""

    custom: str

    def to_wire(self) -> Wire:
        """Return the field of get_custom_info and set_custom_field."""
        return {"custom": self.custom}

    @classmethod
    def read(cls, fields: Fields) -> CustomFields:
        """Read the fields."""
        return cls(fields.optional_text("custom", MAX_CUSTOM_BYTES) or "{}")


@dataclass(frozen=True, slots=True)
class Watcher:
    """One of the audience."""

    user_id: str
    user_info: str
    """Whatever the client wants the others to know."""

    def to_wire(self) -> Wire:
        """Return one entry of ``audiences``."""
        return {"userID": self.user_id, "userInfo": self.user_info}

    @classmethod
    def read(cls, wire: Wire) -> Watcher:
        """Read one entry."""
        fields = Fields(wire)
        return cls(fields.text("userID"), fields.optional_text("userInfo"))


@dataclass(frozen=True, slots=True)
class Audience:
    """Who watches; originals count more than they list."""

    count: int
    watchers: tuple[Watcher, ...]

    def to_wire(self) -> Wire:
        """Return the fields of get_audiences."""
        return {
            "audienceCount": self.count,
            "audiences": [watcher.to_wire() for watcher in self.watchers],
        }

    @classmethod
    def read(cls, fields: Fields) -> Audience:
        """Read the audience."""
        watchers = fields.objects("audiences", MAX_WATCHERS)
        return cls(
            fields.number("audienceCount"),
            tuple(Watcher.read(wire) for wire in watchers),
        )


@dataclass(frozen=True, slots=True)
class Mixed:
    """What the cloud's mixing interface said, unread."""

    result: Wire

    def to_wire(self) -> Wire:
        """Return the field of merge_stream."""
        return {"result": self.result}

    @classmethod
    def read(cls, fields: Fields) -> Mixed:
        """Read the cloud's answer."""
        return cls(fields.mapping("result"))


@dataclass(frozen=True, slots=True)
class GetCustomInfo:
    """Which custom fields has the room?"""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "live_room"
    ROUTE: ClassVar[str] = "get_custom_info"
    IN_QUERY: ClassVar[bool] = False

    room_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"roomID": self.room_id}

    @classmethod
    def from_wire(cls, wire: Wire) -> GetCustomInfo:
        """Read the body."""
        return cls(Fields(wire).identifier("roomID"))

    def read_answer(self, fields: Fields) -> CustomFields:
        """Read the fields."""
        return CustomFields.read(fields)


@dataclass(frozen=True, slots=True)
class SetCustomField:
    """Count one of the room's custom fields up or down, or set it."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "live_room"
    ROUTE: ClassVar[str] = "set_custom_field"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    name: str
    change: FieldChange
    value: int | str = 0
    """Of ``SET`` only: a whole number, or a text of up to 256 bytes."""

    def to_wire(self) -> Wire:
        """Return the body."""
        wire: Wire = {
            "roomID": self.room_id,
            "fieldName": self.name,
            "operation": self.change.value,
        }
        return {**wire, "value": self.value} if self.change is FieldChange.SET else wire

    @classmethod
    def from_wire(cls, wire: Wire) -> SetCustomField:
        """Read the body; an empty value sets nothing, as in the original."""
        fields = Fields(wire)
        room_id = fields.identifier("roomID")
        name = fields.identifier("fieldName")
        operation = fields.text("operation")
        if operation not in {change.value for change in FieldChange}:
            raise BadRequest("operation", "must be inc, dec or set")
        change = FieldChange(operation)
        value = _value(fields, wire) if change is FieldChange.SET else 0
        return cls(room_id, name, change, value)

    def read_answer(self, fields: Fields) -> CustomFields:
        """Read the fields after the change."""
        return CustomFields.read(fields)


@dataclass(frozen=True, slots=True)
class AddAudience:
    """Watch a room, or tell something else about oneself."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "live_room"
    ROUTE: ClassVar[str] = "add_audience"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    user_info: str = ""

    def to_wire(self) -> Wire:
        """Return the body."""
        wire: Wire = {"roomID": self.room_id, "userID": self.user_id}
        return {**wire, "userInfo": self.user_info}

    @classmethod
    def from_wire(cls, wire: Wire) -> AddAudience:
        """Read the body."""
        fields = Fields(wire)
        return cls(
            fields.identifier("roomID"),
            fields.identifier("userID"),
            fields.text("userInfo", MAX_NAME_BYTES),
        )

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


@dataclass(frozen=True, slots=True)
class DeleteAudience:
    """Watch no longer."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "live_room"
    ROUTE: ClassVar[str] = "delete_audience"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"roomID": self.room_id, "userID": self.user_id}

    @classmethod
    def from_wire(cls, wire: Wire) -> DeleteAudience:
        """Read the body."""
        fields = Fields(wire)
        return cls(fields.identifier("roomID"), fields.identifier("userID"))

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


@dataclass(frozen=True, slots=True)
class GetAudiences:
    """Who watches?"""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "live_room"
    ROUTE: ClassVar[str] = "get_audiences"
    IN_QUERY: ClassVar[bool] = False

    room_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"roomID": self.room_id}

    @classmethod
    def from_wire(cls, wire: Wire) -> GetAudiences:
        """Read the body."""
        return cls(Fields(wire).identifier("roomID"))

    def read_answer(self, fields: Fields) -> Audience:
        """Read the audience."""
        return Audience.read(fields)


@dataclass(frozen=True, slots=True)
class MergeStream:
    """Have the cloud mix the streams of a room into one (both generations)."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "live_room"
    ROUTE: ClassVar[str] = "merge_stream"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    params: Wire = field(hash=False)
    """The cloud's own format, protocol section 5."""

    def to_wire(self) -> Wire:
        """Return the body."""
        return {
            "roomID": self.room_id,
            "userID": self.user_id,
            "mergeParams": self.params,
        }

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> MergeStream:
        """Read the body; the parameters are an object, or JSON text (clients send that)."""
        fields = Fields(wire, dialect)
        room_id = fields.identifier("roomID")
        user_id = fields.identifier("userID")
        given = wire.get("mergeParams")
        if given is None or (dialect is Dialect.V1 and not given):
            raise BadRequest("mergeParams", "is missing")
        if not isinstance(given, str):
            return cls(room_id, user_id, fields.mapping("mergeParams"))
        try:
            return cls(room_id, user_id, parse_json(given.encode("utf-8")))
        except BadJson as error:
            raise BadRequest("mergeParams", str(error), _CODE_NOT_JSON) from None

    def read_answer(self, fields: Fields) -> Mixed:
        """Read the cloud's answer."""
        return Mixed.read(fields)


def _value(fields: Fields, wire: Wire) -> int | str:
    value = wire.get("value")
    if not value and value != 0:
        raise BadRequest("value", "is missing")
    if isinstance(value, str):
        return fields.text("value", MAX_VALUE_BYTES)
    number = fields.number("value")
    if abs(number) > MAX_NUMBER:
        raise BadRequest("value", "is out of range")
    return number
