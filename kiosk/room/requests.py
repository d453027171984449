"""
What a client asks: one value per room route of ``double_room``.

``to_wire`` gives the object the client sends (as body, or as query where
``IN_QUERY``), ``from_wire`` what a server reads; it raises
:exc:`~kiosk.room.fields.BadRequest` naming the field.  Shapes: protocol
sections 3 (v1) and 4 (v2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol, TypeVar

from kiosk.room import answers
from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.fields import MAX_URL_BYTES, Fields
from kiosk.room.wire_json import Wire


MAX_LABEL_BYTES = 1024
PLACEHOLDER_AVATAR = "123"
"""What the original client sends; v1 refuses an empty avatar."""
REQUEST_ID: Final = "Kiosk-Request-Id"
"""The HTTP header under which a request comes again: ours, originals ignore it."""
MAX_REQUEST_ID_CHARS: Final = 64
HAD_ONCE: Final = frozenset(
    {
        "get_push_url",
        "create_room",
        "add_pusher",
        "delete_pusher",
        "destroy_room",
        "send_room_text_msg",
        "leave_queue",
        "merge_stream",
        "set_custom_field",
        "add_audience",
        "delete_audience",
    }
)
"""Routes with an effect that a repeated request id has once; others are read."""
_KEYS = "keys"
"""Ours: whoever asks for ``v2`` is given tickets."""

AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class Request(Protocol[AnswerT_co]):
    """What every request has; :func:`kiosk.room.messages.read_answer` needs it."""

    METHOD: ClassVar[str]
    FOLDER: ClassVar[str]
    ROUTE: ClassVar[str]
    IN_QUERY: ClassVar[bool]

    def to_wire(self) -> Wire:
        """Return the object to send."""
        ...

    def read_answer(self, fields: Fields) -> AnswerT_co:
        """Read the success answer to this request."""
        ...


@dataclass(frozen=True, slots=True)
class GetPushUrl:
    """
    Where may this user publish?

    ``tickets`` here and below: the asker understands URLs with tickets.  It is
    ours; originals ignore it and answer with their own form.
    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "get_push_url"
    IN_QUERY: ClassVar[bool] = False

    user_id: str
    room_id: str = ""
    tickets: bool = False

    def to_wire(self) -> Wire:
        """Return the body."""
        wire: Wire = {"userID": self.user_id}
        if self.room_id:
            wire["roomID"] = self.room_id
        return wire | _wish_for(tickets=self.tickets)

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> GetPushUrl:
        """Read the body."""
        fields = Fields(wire, dialect)
        user_id = fields.identifier("userID")
        room_id = fields.optional_identifier("roomID")
        return cls(user_id, room_id, _wants_tickets(wire))

    def read_answer(self, fields: Fields) -> answers.PushUrl:
        """Read the push URL."""
        return answers.PushUrl.read(fields)


@dataclass(frozen=True, slots=True)
class CreateRoom:
    """
    Open a room.

    With ``push_url`` it speaks v1: the creator is the first member.  Without,
    v2: an id is reserved, and the first ``add_pusher`` makes the creator, unless
    it is said whose the room was: it is opened again then, and stays his.
    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "create_room"
    IN_QUERY: ClassVar[bool] = False

    user_id: str
    label: str
    room_id: str = ""
    user_name: str = ""
    user_avatar: str = PLACEHOLDER_AVATAR
    push_url: str = field(default="", repr=False)
    creator: str = ""

    def to_wire(self) -> Wire:
        """Return the body in the dialect the push URL decides."""
        if not self.push_url:
            wire: Wire = {"userID": self.user_id, "roomInfo": self.label}
            if self.creator:
                wire["roomCreator"] = self.creator
        else:
            wire = {
                "userID": self.user_id,
                "roomName": self.label,
                "userName": self.user_name,
                "userAvatar": self.user_avatar,
                "pushURL": self.push_url,
            }
        if self.room_id:
            wire["roomID"] = self.room_id
        return wire

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> CreateRoom:
        """Read the body; the label may be called roomName or roomInfo."""
        fields = Fields(wire, dialect)
        user_id = fields.identifier("userID")
        name = "roomName" if fields.has("roomName") else "roomInfo"
        if dialect is Dialect.V1 and name == "roomInfo" and not fields.has(name):
            name = "roomName"
        label = fields.text(name, MAX_LABEL_BYTES, RoomCode.LABEL_TOO_LONG)
        room_id = fields.optional_identifier("roomID")
        if dialect is Dialect.V2 and not fields.optional_text("pushURL", MAX_URL_BYTES):
            creator = fields.optional_identifier("roomCreator")
            return cls(user_id, label, room_id, creator=creator)
        return cls(
            user_id,
            label,
            room_id,
            user_name=fields.text("userName"),
            user_avatar=fields.text("userAvatar"),
            push_url=fields.text("pushURL", MAX_URL_BYTES),
        )

    def read_answer(self, fields: Fields) -> answers.RoomCreated:
        """Read the room's id."""
        return answers.RoomCreated.read(fields)


@dataclass(frozen=True, slots=True)
class AddPusher:
    """Become a member, or refresh one's seat with a new push URL."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "add_pusher"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    user_name: str
    push_url: str = field(repr=False)
    user_avatar: str = PLACEHOLDER_AVATAR
    label: str = ""

    def to_wire(self) -> Wire:
        """Return the body; v2 clients add the room's label."""
        wire: Wire = {
            "roomID": self.room_id,
            "userID": self.user_id,
            "userName": self.user_name,
            "userAvatar": self.user_avatar,
            "pushURL": self.push_url,
        }
        if self.label:
            wire["roomInfo"] = self.label
        return wire

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> AddPusher:
        """Read the body."""
        fields = Fields(wire, dialect)
        return cls(
            room_id=fields.identifier("roomID"),
            user_id=fields.identifier("userID"),
            user_name=fields.text("userName"),
            user_avatar=fields.text("userAvatar"),
            push_url=fields.text("pushURL", MAX_URL_BYTES),
            label=fields.optional_text("roomInfo", MAX_LABEL_BYTES),
        )

    def read_answer(self, fields: Fields) -> answers.Seated:
        """Read the seat's epoch, where the server tells it."""
        return answers.Seated.read(fields)


@dataclass(frozen=True, slots=True)
class DeletePusher:
    """
    Leave a room.

    ``epoch`` here and below: of the seat that is meant; 0 means whichever there is.
    It is ours; originals ignore it.
    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "delete_pusher"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    epoch: int = 0

    def to_wire(self) -> Wire:
        """Return the body."""
        return _of_seat(self.room_id, self.user_id, self.epoch)

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> DeletePusher:
        """Read the body."""
        return cls(*_room_and_user(wire, dialect), _epoch_of(wire))

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


@dataclass(frozen=True, slots=True)
class DestroyRoom:
    """End a room; only its creator may."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "destroy_room"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"roomID": self.room_id, "userID": self.user_id}

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> DestroyRoom:
        """Read the body."""
        return cls(*_room_and_user(wire, dialect))

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


@dataclass(frozen=True, slots=True)
class PusherHeartbeat:
    """Still here, in the seat with an epoch."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "pusher_heartbeat"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    user_id: str
    epoch: int = 0

    def to_wire(self) -> Wire:
        """Return the body."""
        return _of_seat(self.room_id, self.user_id, self.epoch)

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> PusherHeartbeat:
        """Read the body."""
        return cls(*_room_and_user(wire, dialect), _epoch_of(wire))

    def read_answer(self, fields: Fields) -> answers.Seated:
        """Read the seat's epoch, where the server tells it."""
        return answers.Seated.read(fields)


@dataclass(frozen=True, slots=True)
class GetPushers:
    """Who is in the room?"""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "get_pushers"
    IN_QUERY: ClassVar[bool] = False

    room_id: str
    tickets: bool = False

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"roomID": self.room_id} | _wish_for(tickets=self.tickets)

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> GetPushers:
        """Read the body."""
        room_id = Fields(wire, dialect).identifier("roomID")
        return cls(room_id, _wants_tickets(wire))

    def read_answer(self, fields: Fields) -> answers.Room:
        """Read the room; v1 servers tell only its members."""
        return answers.Room.read(fields)


@dataclass(frozen=True, slots=True)
class GetRoomList:
    """Which rooms are there? ``index`` counts rooms, not pages."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "get_room_list"
    IN_QUERY: ClassVar[bool] = False

    count: int = 20
    index: int = 0
    tickets: bool = False

    def to_wire(self) -> Wire:
        """Return the body."""
        page: Wire = {"cnt": self.count, "index": self.index}
        return page | _wish_for(tickets=self.tickets)

    @classmethod
    def from_wire(cls, wire: Wire) -> GetRoomList:
        """Read the body; text numbers and 0 are fine in both dialects."""
        fields = Fields(wire)
        count, index = fields.paging_count("cnt"), fields.paging_count("index")
        return cls(count, index, _wants_tickets(wire))

    def read_answer(self, fields: Fields) -> answers.RoomList:
        """Read the rooms."""
        return answers.RoomList.read(fields)


def _wish_for(*, tickets: bool) -> Wire:
    return {_KEYS: answers.TICKETS} if tickets else {}


def _wants_tickets(wire: Wire) -> bool:
    return wire.get(_KEYS) == answers.TICKETS


def _room_and_user(wire: Wire, dialect: Dialect) -> tuple[str, str]:
    fields = Fields(wire, dialect)
    return fields.identifier("roomID"), fields.identifier("userID")


def _of_seat(room_id: str, user_id: str, epoch: int) -> Wire:
    wire: Wire = {"roomID": room_id, "userID": user_id}
    return wire | ({"epoch": epoch} if epoch else {})


def _epoch_of(wire: Wire) -> int:
    return Fields(wire).optional_count("epoch")
