"""
What a client asks of an IM gateway (protocol 6.3), and what is answered.

A gateway is told who asks in the query of every request, by the userSig of the
room service's login first, then by the key it gave for that.  A listener's key is
the gateway's own text and is carried back as it came.  Errors name the command
and the code, never a signature or a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar, Final, Protocol, TypeVar

from kiosk.errors import RoomError, RoomProtocolError
from kiosk.room import im
from kiosk.room.answers import Account, Done
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.im_messages import Said, body_of, read_said
from kiosk.room.wire_json import MAX_ANSWER_BYTES, BadJson, Wire, parse_json


CLIENT_HOLD_S: Final = 90.0
"""How long a poll may be held; what the original client asks for."""
_MAX_KEY_BYTES: Final = 4096
_MAX_MESSAGES: Final = 256
_MAX_NOTICE_BYTES: Final = 8192
_WEB_SDK: Final = {"websdkappid": "537048168", "v": "1.7.0"}
"""The original's name and version; a gateway of the cloud looks at them."""
_MAX_REASON_CHARS: Final = 128

AnswerT = TypeVar("AnswerT")
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class ImRefused(RoomError):
    """
    The gateway answered with another code than 0.

    Attributes:
        im_code: Its number, of the IM service.

    """

    def __init__(self, route: str, im_code: int, reason: str) -> None:
        super().__init__(f"IM {route}: code {im_code}: {reason}")
        self.im_code = im_code


class ImRequest(Protocol[AnswerT_co]):
    """One command; ``SERVICE`` and ``ROUTE`` are the end of its path."""

    SERVICE: ClassVar[str]
    ROUTE: ClassVar[str]

    def to_wire(self) -> Wire:
        """Return the body."""
        ...

    def read_answer(self, fields: Fields) -> AnswerT_co:
        """Read the answer of a success."""
        ...


@dataclass(frozen=True, slots=True)
class ImLogin:
    """A login at the gateway; travels with every later command."""

    tiny_id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogIn:
    """Begin: the userSig in the query proves who asks."""

    SERVICE: ClassVar[str] = "openim"
    ROUTE: ClassVar[str] = "login"

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"State": "Online"}

    def read_answer(self, fields: Fields) -> ImLogin:
        """Read the login."""
        return ImLogin(fields.text("TinyId"), fields.text("A2Key", _MAX_KEY_BYTES))


@dataclass(frozen=True, slots=True)
class JoinGroup:
    """Come into the group of a room, which has the room's id."""

    SERVICE: ClassVar[str] = im.GROUPS
    ROUTE: ClassVar[str] = "apply_join_group"

    group_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"GroupId": self.group_id}

    def read_answer(self, fields: Fields) -> str:
        """Read the key to listen with."""
        if fields.text("JoinedStatus") != "JoinedSuccess":
            raise BadRequest("JoinedStatus", "says that we are not in the group")
        return fields.text("LongPollingKey", _MAX_KEY_BYTES)


class Notice(Enum):
    """What the server of the rooms told a group."""

    CHANGED = auto()
    """The members are others now."""
    ENDED = auto()
    """The group is no more."""


@dataclass(frozen=True, slots=True)
class TextHeard:
    """Somebody in the group said something."""

    user_id: str
    said: Said


Heard = Notice | TextHeard


@dataclass(frozen=True, slots=True)
class GroupNews:
    """What a poll brought, and where the next one begins."""

    next_seq: int
    hold_s: float
    key: str = field(repr=False)
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class ListenToGroup:
    """Wait for what is said and told in a group after a number."""

    SERVICE: ClassVar[str] = im.POLLS
    ROUTE: ClassVar[str] = "get_msg"

    group_id: str
    start_seq: int
    key: str = field(repr=False)

    def to_wire(self) -> Wire:
        """Return the body."""
        hold_s = int(CLIENT_HOLD_S)
        return {"StartSeq": self.start_seq, "HoldTime": hold_s, "Key": self.key}

    def read_answer(self, fields: Fields) -> GroupNews:
        """Read the messages; one that makes no sense is left out."""
        told = "RspMsgList"
        messages = fields.objects(told, _MAX_MESSAGES) if fields.has(told) else ()
        return GroupNews(
            fields.optional_count("NextSeq", self.start_seq),
            fields.optional_seconds("HoldTime", CLIENT_HOLD_S),
            fields.optional_text("Key", _MAX_KEY_BYTES) or self.key,
            tuple(
                heard
                for message in messages
                if (heard := _heard(message, self.group_id)) is not None
            ),
        )


@dataclass(frozen=True, slots=True)
class SayToGroup:
    """Say something to everybody in the group."""

    SERVICE: ClassVar[str] = im.GROUPS
    ROUTE: ClassVar[str] = "send_group_msg"

    group_id: str
    user_id: str
    user_name: str
    avatar: str
    said: Said
    random: int
    """Tells a repeated message from another with the same words."""

    def to_wire(self) -> Wire:
        """Return the body."""
        return {
            "GroupId": self.group_id,
            "From_Account": self.user_id,
            "Random": self.random,
            "MsgBody": body_of(self.said, self.user_name, self.avatar),
            "MsgPriority": "COMMON",
        }

    def read_answer(self, fields: Fields) -> Done:
        """Nothing but success."""
        return Done()


@dataclass(frozen=True, slots=True)
class QuitGroup:
    """Leave the group."""

    SERVICE: ClassVar[str] = im.GROUPS
    ROUTE: ClassVar[str] = "quit_group"

    group_id: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"GroupId": self.group_id}

    def read_answer(self, fields: Fields) -> Done:
        """Nothing but success."""
        return Done()


def gateway_path(request: ImRequest[object]) -> str:
    """Return the path below the gateway's address, with its leading slash."""
    return f"/{im.version_of(request.SERVICE)}/{request.SERVICE}/{request.ROUTE}"


def gateway_query(account: Account, login: ImLogin | None) -> dict[str, str]:
    """Return who asks; without a login by the account's userSig. A secret."""
    if login is None:
        who = {"identifier": account.user_id, "usersig": account.user_sig}
    else:
        who = {"tinyid": login.tiny_id, "a2": login.key}
    return {
        **_WEB_SDK,
        **who,
        "contenttype": "json",
        "sdkappid": str(account.sdk_app_id),
        "accounttype": account.account_type,
        "apn": "1",
    }


def read_gateway_answer(request: ImRequest[AnswerT], body: bytes) -> AnswerT:
    """
    Read what a gateway answered to ``request``.

    Raises:
        ImRefused: If the code is not 0.
        RoomProtocolError: If it is not an answer, naming the wrong field.

    """
    try:
        fields = Fields(parse_json(body, MAX_ANSWER_BYTES))
        status = fields.text("ActionStatus")
        code = fields.optional_count("ErrorCode")
        if status != "OK" or code:
            reason = fields.optional_text("ErrorInfo", MAX_ANSWER_BYTES)
            raise ImRefused(request.ROUTE, code, _plain(reason))
        return request.read_answer(fields)
    except (BadJson, BadRequest) as error:
        raise RoomProtocolError(f"IM {request.ROUTE}: {error}") from None


def _heard(message: Wire, group_id: str) -> Heard | None:
    fields = Fields(message)
    try:
        if fields.optional_text("ToGroupId") not in ("", group_id):
            return None
        event = fields.number("Event")
        if event == im.Event.TEXT:
            return TextHeard(fields.text("From_Account"), read_said(message))
        if event == im.Event.SYSTEM:
            return _notice(Fields(fields.mapping("MsgBody")))
    except (BadRequest, BadJson):
        return None  # whoever wrote it, the others are heard on
    return None


def _notice(fields: Fields) -> Notice | None:
    report = fields.number("ReportType")
    if report == im.Report.GROUP_DISBANDED:
        return Notice.ENDED
    if report != im.Report.CUSTOM:
        return None
    told = fields.text("UserDefinedField", _MAX_NOTICE_BYTES)
    wire = parse_json(told.encode("utf-8"), _MAX_NOTICE_BYTES)
    changed = wire.get("cmd") == im.PUSHER_CHANGE_CMD
    return Notice.CHANGED if changed else None


def _plain(reason: str) -> str:
    kept = "".join(char if char.isprintable() else "?" for char in reason)
    return kept[:_MAX_REASON_CHARS] or "no reason given"
