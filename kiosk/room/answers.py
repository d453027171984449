"""
What a room server answers: the fields beside ``code`` and ``message``.

``to_wire`` gives the superset both dialects are content with (protocol section
10.1: v1 clients ignore extra keys); ``read`` is tolerant where the originals
differ: no ``mixedPlayURL``, label under either name, ``custom`` absent.
``seq``, ``epoch``, ``heartbeatS``, ``recording`` are ours and additive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from kiosk.room.fields import MAX_URL_BYTES, BadRequest, Fields
from kiosk.room.goodbye import goodbye_wire, read_goodbye
from kiosk.room.wire_json import Wire


MAX_MEMBERS = 64
MAX_ROOMS = 4096
MAX_EVENTS = 1024
_ID_BYTES = 256
_CUSTOM_BYTES = 8192
_USER_SIG_BYTES = 4096
TICKETS: Final = "v2"
"""How a form of keys is called: :mod:`kiosk.room.stream_ticket`."""
DEFAULT_HEARTBEAT_S: Final = 7.0
"""The original mini program's period; late is 20 s (protocol 7.1)."""


@dataclass(frozen=True, slots=True)
class Done:
    """Success and nothing else."""

    def to_wire(self) -> Wire:
        """Return no field."""
        return {}


class ImProvider(Enum):
    """Who carries the IM channel; ``imProvider`` is ours and additive."""

    LOCAL = "local"
    """The server itself."""
    TENCENT = "tencent"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Account:
    """A userID with its signature; ``im_provider`` is empty where nobody says."""

    user_id: str
    sdk_app_id: int
    account_type: str
    user_sig: str = field(repr=False)
    bearer: bool = False
    """Ours, additive: the server takes secrets in the Authorization header."""
    im_provider: str = ""
    tickets: bool = False
    """Ours, additive: the server gives URLs with tickets to who asks for them."""
    request_ids: bool = False
    """Ours, additive: a request repeated under its id has its effect once."""
    instances: bool = False
    """Ours, additive: a name in use by one machine is not given to another."""

    def to_wire(self) -> Wire:
        """Return the fields of get_login_info and get_im_login_info."""
        return {
            "userID": self.user_id,
            "sdkAppID": self.sdk_app_id,
            "accType": self.account_type,
            "userSig": self.user_sig,
            **({"bearer": True} if self.bearer else {}),
            **({"imProvider": self.im_provider} if self.im_provider else {}),
            **({"keys": TICKETS} if self.tickets else {}),
            **({"requestIDs": True} if self.request_ids else {}),
            **({"instances": True} if self.instances else {}),
        }

    @classmethod
    def read(cls, fields: Fields) -> Account:
        """Read an account."""
        return cls(
            fields.text("userID", _ID_BYTES),
            fields.number("sdkAppID"),
            fields.text("accType", _ID_BYTES),
            fields.text("userSig", _USER_SIG_BYTES),
            fields.optional_flag("bearer"),
            fields.optional_text("imProvider", _ID_BYTES),
            fields.optional_text("keys") == TICKETS,
            fields.optional_flag("requestIDs"),
            fields.optional_flag("instances"),
        )


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A token; v1 servers send the account with it."""

    user_id: str
    token: str = field(repr=False)
    account: Account | None = None

    def to_wire(self) -> Wire:
        """Return the fields of login."""
        account = self.account.to_wire() if self.account else {}
        return {**account, "token": self.token, "userID": self.user_id}

    @classmethod
    def read(cls, fields: Fields) -> LoggedIn:
        """Read a token."""
        account = Account.read(fields) if fields.has("userSig") else None
        token = fields.text("token", MAX_URL_BYTES)
        return cls(fields.text("userID", _ID_BYTES), token, account)


@dataclass(frozen=True, slots=True)
class PushUrl:
    """Where to publish; a secret until it expires."""

    push_url: str = field(repr=False)

    def to_wire(self) -> Wire:
        """Return the field of get_push_url."""
        return {"pushURL": self.push_url}

    @classmethod
    def read(cls, fields: Fields) -> PushUrl:
        """Read the push URL."""
        return cls(fields.text("pushURL", MAX_URL_BYTES))


@dataclass(frozen=True, slots=True)
class Seated:
    """
    One's seat: its epoch, the room's last event, the heartbeat period.

    Originals tell none of it: then epoch and seq are 0.
    """

    epoch: int = 0
    seq: int = 0
    heartbeat_s: float = DEFAULT_HEARTBEAT_S
    recording: bool = False
    """A recorder confirms that it takes a stream of the room."""

    def to_wire(self) -> Wire:
        """Return our additive fields."""
        return {
            "epoch": self.epoch,
            "seq": self.seq,
            "heartbeatS": self.heartbeat_s,
            **({"recording": True} if self.recording else {}),
        }

    @classmethod
    def read(cls, fields: Fields) -> Seated:
        """Read a seat."""
        return cls(
            fields.optional_count("epoch"),
            fields.optional_count("seq"),
            fields.optional_seconds("heartbeatS", DEFAULT_HEARTBEAT_S),
            fields.optional_flag("recording"),
        )


@dataclass(frozen=True, slots=True)
class RoomCreated:
    """The new room's id; with a seat when the creator is in it already."""

    room_id: str
    seat: Seated = Seated()

    def to_wire(self) -> Wire:
        """Return the fields of create_room."""
        return {"roomID": self.room_id, **self.seat.to_wire()}

    @classmethod
    def read(cls, fields: Fields) -> RoomCreated:
        """Read the room's id."""
        return cls(fields.text("roomID", _ID_BYTES), Seated.read(fields))


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of ``pushers``; no play URL where the asker has no right to it."""

    user_id: str
    user_name: str
    user_avatar: str
    play_url: str = field(repr=False)

    def to_wire(self) -> Wire:
        """Return the four fields of a pusher."""
        return {
            "userID": self.user_id,
            "userName": self.user_name,
            "userAvatar": self.user_avatar,
            "accelerateURL": self.play_url,
        }

    @classmethod
    def read(cls, wire: Wire) -> Member:
        """Read one pusher."""
        fields = Fields(wire)
        return cls(
            fields.text("userID", _ID_BYTES),
            fields.optional_text("userName"),
            fields.optional_text("userAvatar"),
            fields.optional_text("accelerateURL", MAX_URL_BYTES),
        )


@dataclass(frozen=True, slots=True)
class Room:
    """One room as get_pushers and get_room_list tell it, members in join order."""

    room_id: str
    label: str
    creator: str
    members: tuple[Member, ...]
    mixed_play_url: str = field(default="", repr=False)
    custom: str = "{}"
    seq: int = 0
    audience_count: int | None = None
    """Only a live_room's in a list of rooms has one."""
    recording: bool = False
    """As of :class:`Seated`; not in a list of rooms."""

    def to_wire(self) -> Wire:
        """Return the superset of both dialects."""
        counted = self.audience_count is not None
        return {
            **({"audienceCount": self.audience_count} if counted else {}),
            "roomID": self.room_id,
            "roomName": self.label,
            "roomInfo": self.label,
            "roomCreator": self.creator,
            "mixedPlayURL": self.mixed_play_url,
            "custom": self.custom,
            "pushers": [member.to_wire() for member in self.members],
            "seq": self.seq,
            **({"recording": True} if self.recording else {}),
        }

    @classmethod
    def read(cls, fields: Fields) -> Room:
        """Read a room; everything but ``pushers`` may be absent (v1)."""
        pushers = fields.objects("pushers", MAX_MEMBERS)
        label = fields.optional_text("roomName", _CUSTOM_BYTES)
        return cls(
            room_id=fields.optional_text("roomID", _ID_BYTES),
            label=label or fields.optional_text("roomInfo", _CUSTOM_BYTES),
            creator=fields.optional_text("roomCreator", _ID_BYTES),
            members=tuple(Member.read(wire) for wire in pushers),
            mixed_play_url=fields.optional_text("mixedPlayURL", MAX_URL_BYTES),
            custom=fields.optional_text("custom", _CUSTOM_BYTES) or "{}",
            seq=fields.optional_count("seq"),
            audience_count=(
                fields.number("audienceCount") if fields.has("audienceCount") else None
            ),
            recording=fields.optional_flag("recording"),
        )


@dataclass(frozen=True, slots=True)
class RoomList:
    """A stretch of the list of rooms, in the order they were created."""

    rooms: tuple[Room, ...]

    @classmethod
    def read(cls, fields: Fields) -> RoomList:
        """Read the rooms; each needs an id."""
        rooms = [Room.read(Fields(wire)) for wire in fields.objects("rooms", MAX_ROOMS)]
        if not all(room.room_id for room in rooms):
            raise BadRequest("roomID", "is missing")
        return cls(tuple(rooms))


class EventKind(Enum):
    """What happened in a room; the value is the wire's ``kind``."""

    PUSHERS_CHANGED = "pushers_changed"
    """Somebody joined or came back with a new stream: read get_pushers."""
    LEFT = "left"
    EXPIRED = "expired"
    """A member's heartbeats stopped; it is no longer in the room."""
    STREAM_LOST = "stream_lost"
    """A member's stream ended; its seat is kept until the heartbeat runs out."""
    TEXT = "text"
    CUSTOM = "custom"
    """A message between programs; people are not shown it."""
    ROOM_CLOSED = "room_closed"


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """
    One numbered event; ``user_id`` is whom it is about (empty: the room).

    ``cmd`` says what kind of text a text is, for programs (``muted``); empty
    for one that somebody typed.
    """

    seq: int
    kind: EventKind
    user_id: str = ""
    epoch: int = 0
    text: str = ""
    cmd: str = ""

    def to_wire(self) -> Wire:
        """Return one entry of ``events``."""
        wire: Wire = {
            "seq": self.seq,
            "kind": self.kind.value,
            "userID": self.user_id,
            "epoch": self.epoch,
        }
        if self.kind in (EventKind.TEXT, EventKind.CUSTOM):
            wire["text"] = self.text
        if self.cmd:
            wire["cmd"] = self.cmd
        return wire

    @classmethod
    def read(cls, wire: Wire) -> RoomEvent:
        """Read one event; a kind of a later version reads as a change."""
        fields = Fields(wire)
        kind = fields.text("kind", _ID_BYTES)
        known = kind in {one.value for one in EventKind}
        return cls(
            fields.count("seq"),
            EventKind(kind) if known else EventKind.PUSHERS_CHANGED,
            fields.optional_text("userID", _ID_BYTES),
            fields.optional_count("epoch"),
            fields.optional_text("text", _CUSTOM_BYTES),
            fields.optional_text("cmd", _ID_BYTES),
        )


@dataclass(frozen=True, slots=True)
class Events:
    """
    The answer of wait_events.

    ``seq`` is what to wait after next time.  With ``resync`` events are missing
    (or the room began anew): read get_pushers and compare.  ``digest`` names
    the member set, see :func:`kiosk.room.roster.digest`.  ``retry_ms`` is not 0
    where the server stops: to be asked again after so long, when another may be
    there, and no earlier.
    """

    events: tuple[RoomEvent, ...]
    seq: int
    digest: str = ""
    resync: bool = False
    retry_ms: int = 0

    def to_wire(self) -> Wire:
        """Return the fields of wait_events."""
        return {
            "events": [event.to_wire() for event in self.events],
            "seq": self.seq,
            "digest": self.digest,
            "resync": self.resync,
            **goodbye_wire(self.retry_ms),
        }

    @classmethod
    def read(cls, fields: Fields) -> Events:
        """Read the events."""
        events = fields.objects("events", MAX_EVENTS)
        return cls(
            tuple(RoomEvent.read(wire) for wire in events),
            fields.count("seq"),
            fields.optional_text("digest", _ID_BYTES),
            fields.optional_flag("resync"),
            read_goodbye(fields),
        )
