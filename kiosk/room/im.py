"""
The web-IM subset that RTCRoom clients speak (protocol 6.3): a gateway's side.

A gateway reads :class:`GetMessages`, :class:`SendMessage` and the like and answers
with :func:`accepted` or :func:`failed`; what a group hears is made by
:func:`text_message`, :func:`notice` and :func:`tip`.  Groups, logins and waiting
are the business of the server.  :mod:`kiosk.room.im_messages` knows what stands
inside a message, :mod:`kiosk.room.im_requests` the client's side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from typing_extensions import override

from kiosk.room.fields import BadRequest, Fields, valid_id
from kiosk.room.im_messages import Said, body_of, read_said
from kiosk.room.wire_json import Wire, dump_json


SYSTEM: Final = "@TIM#SYSTEM"
"""Who speaks in notices and tips; the clients compare this very text."""
PUSHER_CHANGE_CMD: Final = "notifyPusherChange"
PUSHER_CHANGE: Final = dump_json({"cmd": PUSHER_CHANGE_CMD, "data": ""}).decode()
"""What servers put into a notice 255; the clients compare ``cmd``."""
GROUPS: Final = "group_open_http_svc"
POLLS: Final = "group_open_long_polling_http_noauth_svc"
"""The services of groups, and of waiting for what is said in them."""
CLIENT_POLL_S: Final = 60
_MAX_KEY_CHARS: Final = 128
_KEY = re.compile(
    r"(?P<room>(?:multi_room/|live_room/)?[A-Za-z0-9_-]{1,64})"
    r"#(?P<seq>[0-9]{1,15})(?P<closed>#closed)?"
)


class ImCode(IntEnum):
    """The numbers of the IM service that this subset uses."""

    OK = 0
    NO_SUCH_COMMAND = 10003
    BAD_PARAMETER = 10004
    NOT_ALLOWED = 10007
    NO_SUCH_GROUP = 10010
    TOO_OFTEN = 60007
    NOTHING_NEW = 60008
    BAD_SIGNATURE = 70003
    TOO_LONG = 80002
    KICKED = 91101
    """The login is void; a client stops asking when it hears this one."""


class Event(IntEnum):
    """What kind of message a group hears."""

    TEXT = 3
    TIP = 4
    SYSTEM = 5


class Report(IntEnum):
    """What a system notice says."""

    GROUP_DISBANDED = 5
    CUSTOM = 255


class Tip(IntEnum):
    """What happened to a member, for people to read."""

    JOINED = 1
    QUIT = 2


@dataclass(frozen=True, slots=True)
class PollKey:
    """
    ``LongPollingKey``: which room, and after which event a listener begins.

    The server gives it out and gets it back with every poll, so that it need
    remember no listener.  ``closed``: the listener knows the room is gone.
    """

    room_key: str
    after_seq: int
    closed: bool = False

    @override
    def __str__(self) -> str:
        """Return the text a client carries."""
        return f"{self.room_key}#{self.after_seq}{'#closed' if self.closed else ''}"

    @classmethod
    def read(cls, text: str) -> PollKey:
        """Read it; BadRequest if no server of ours made it."""
        found = _KEY.fullmatch(text)
        if found is None:
            raise BadRequest("Key", "was not given out by apply_join_group")
        return cls(found["room"], int(found["seq"]), closed=bool(found["closed"]))


@dataclass(frozen=True, slots=True)
class GetMessages:
    """``get_msg``: everything after an event of one room, or a wait for it."""

    key: PollKey
    after_seq: int

    @classmethod
    def from_wire(cls, wire: Wire) -> GetMessages:
        """Read the body; ``StartSeq`` 0 begins where the key says."""
        fields = Fields(wire)
        key = PollKey.read(fields.text("Key", _MAX_KEY_CHARS))
        start = fields.optional_count("StartSeq")
        return cls(key, start - 1 if start else key.after_seq)


@dataclass(frozen=True, slots=True)
class SendMessage:
    """``send_group_msg``."""

    group_id: str
    user_id: str
    said: Said

    @classmethod
    def from_wire(cls, wire: Wire) -> SendMessage:
        """Read the body; :exc:`TooLong` and other BadRequest name the field."""
        fields = Fields(wire)
        user_id = fields.identifier("From_Account")
        return cls(group_id(wire), user_id, read_said(wire))


def version_of(service: str) -> str:
    """Return what stands before a service in its path."""
    return "v1" if service == POLLS else "v4"


def group_id(wire: Wire) -> str:
    """Read ``GroupId``, which is a roomID; some clients send a number for it."""
    value = wire.get("GroupId")
    return valid_id("GroupId", str(value) if isinstance(value, str | int) else "")


def accepted(**fields: object) -> Wire:
    """Return a whole answer of success."""
    return {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", **fields}


def failed(code: ImCode, reason: str) -> Wire:
    """Return a whole answer of another code."""
    return {"ActionStatus": "FAIL", "ErrorCode": int(code), "ErrorInfo": reason}


def heard(key: PollKey, next_seq: int, hold_s: float, messages: list[Wire]) -> Wire:
    """Return the answer of ``get_msg``; messages oldest first."""
    return accepted(
        NextSeq=next_seq, HoldTime=int(hold_s), Key=str(key), RspMsgList=messages
    )


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every message to a group has around it."""

    group_id: str
    seq: int
    unix_s: int

    def around(self, event: Event, from_account: str, body: object) -> Wire:
        """Return one entry of ``RspMsgList``."""
        return {
            "Event": int(event),
            "ToGroupId": self.group_id,
            "From_Account": from_account,
            "MsgSeq": self.seq,
            "MsgRandom": self.seq,
            "MsgTimeStamp": self.unix_s,
            "MsgPriority": "COMMON",
            "IsPlaceMsg": 0,
            "GroupInfo": {"GroupName": self.group_id},
            "MsgBody": body,
        }


def text_message(
    around: Envelope, user_id: str, user_name: str, avatar: str, said: Said
) -> Wire:
    """Return what a member said."""
    return around.around(Event.TEXT, user_id, body_of(said, user_name, avatar))


def notice(around: Envelope, report: Report) -> Wire:
    """Return a system notice: the members changed, or the group is no more."""
    told = PUSHER_CHANGE if report is Report.CUSTOM else ""
    body: Wire = {
        "ReportType": int(report),
        "Operator_Account": SYSTEM,
        "UserDefinedField": told,
    }
    return around.around(Event.SYSTEM, SYSTEM, body)


def tip(around: Envelope, kind: Tip, user_id: str, members: int) -> Wire:
    """Return "X entered" or "X left" as the clients word it."""
    body: Wire = {
        "OpType": int(kind),
        "Operator_Account": user_id,
        "List_Account": [user_id],
        "MemberNum": members,
    }
    return around.around(Event.TIP, SYSTEM, body)
