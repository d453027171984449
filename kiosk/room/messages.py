"""
The wire of RTCRoom, whole: this module and those it gathers know its names.

Nobody else spells ``roomID``, ``pushURL`` or ``accelerateURL``.  A client sends
``request.to_wire()`` to :func:`path_of` and gives the body of the answer to
:func:`read_answer`; a server reads with ``Request.from_wire`` and writes
:func:`success` or :func:`failure`.  The modules: ``login_requests``,
``requests``, ``live_requests``, ``event_requests``,
``queue_requests``, ``answers``, ``codes``,
``fields``, ``room_text``, ``wire_json``.
"""

from __future__ import annotations

from typing import TypeVar

from kiosk.errors import RoomProtocolError
from kiosk.room.answers import (
    DEFAULT_HEARTBEAT_S,
    Account,
    Done,
    EventKind,
    Events,
    LoggedIn,
    Member,
    PushUrl,
    Room,
    RoomCreated,
    RoomEvent,
    RoomList,
    Seated,
)
from kiosk.room.codes import Dialect, RoomCode, refusal, text_of
from kiosk.room.event_requests import (
    MAX_HOLD_S,
    MAX_TEXT_CHARS,
    SendRoomTextMsg,
    WaitEvents,
)
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.fleet_report import FleetReport
from kiosk.room.live_requests import (
    AddAudience,
    Audience,
    CustomFields,
    DeleteAudience,
    FieldChange,
    GetAudiences,
    GetCustomInfo,
    MergeStream,
    Mixed,
    SetCustomField,
    Watcher,
)
from kiosk.room.login_requests import (
    Bearer,
    Credentials,
    GetImLoginInfo,
    GetLoginInfo,
    Login,
    Logout,
)
from kiosk.room.queue_requests import LeaveQueue, QueuePlace, QueueSeat
from kiosk.room.requests import (
    HAD_ONCE,
    MAX_LABEL_BYTES,
    PLACEHOLDER_AVATAR,
    REQUEST_ID,
    AddPusher,
    CreateRoom,
    DeletePusher,
    DestroyRoom,
    GetPushers,
    GetPushUrl,
    GetRoomList,
    PusherHeartbeat,
    Request,
)
from kiosk.room.room_text import RoomText, list_fields
from kiosk.room.room_types import RoomType
from kiosk.room.still_requests import GetStill, PutStill, StillPart
from kiosk.room.wire_json import (
    MAX_ANSWER_BYTES,
    MAX_REQUEST_BYTES,
    BadJson,
    Wire,
    dump_json,
    parse_json,
)


__all__ = [
    "DEFAULT_HEARTBEAT_S",
    "HAD_ONCE",
    "MAX_ANSWER_BYTES",
    "MAX_HOLD_S",
    "MAX_LABEL_BYTES",
    "MAX_REQUEST_BYTES",
    "MAX_TEXT_CHARS",
    "PLACEHOLDER_AVATAR",
    "REQUEST_ID",
    "Account",
    "AddAudience",
    "AddPusher",
    "Audience",
    "BadJson",
    "BadRequest",
    "Bearer",
    "CreateRoom",
    "Credentials",
    "CustomFields",
    "DeleteAudience",
    "DeletePusher",
    "DestroyRoom",
    "Dialect",
    "Done",
    "EventKind",
    "Events",
    "FieldChange",
    "GetAudiences",
    "GetCustomInfo",
    "GetImLoginInfo",
    "GetLoginInfo",
    "GetPushUrl",
    "GetPushers",
    "GetRoomList",
    "GetStill",
    "LeaveQueue",
    "LoggedIn",
    "Login",
    "Logout",
    "Member",
    "MergeStream",
    "Mixed",
    "PushUrl",
    "PusherHeartbeat",
    "PutStill",
    "QueuePlace",
    "QueueSeat",
    "Request",
    "Room",
    "RoomCode",
    "RoomCreated",
    "RoomEvent",
    "RoomList",
    "RoomText",
    "RoomType",
    "RouteUnknown",
    "Seated",
    "SendRoomTextMsg",
    "SetCustomField",
    "StillPart",
    "WaitEvents",
    "Watcher",
    "Wire",
    "dump_json",
    "exception",
    "failure",
    "list_fields",
    "parse_json",
    "path_of",
    "read_answer",
    "success",
    "success_text",
    "text_of",
]

_MAX_MESSAGE_CHARS = 256

AnswerT = TypeVar("AnswerT")


class RouteUnknown(RoomProtocolError):
    """The server does not know the route: it is not one of ours."""


def path_of(request: Request[object], room_type: RoomType = RoomType.DOUBLE) -> str:
    """
    Return the path below the server's address, with its leading slash.

    A request whose ``FOLDER`` is that of ``double_room`` exists in every room
    type; it is asked in the folder of ``room_type``.  A kiosk's reports are not
    RTCRoom's, and live beside ``/weapp``.
    """
    if request.FOLDER == FleetReport.FOLDER:
        return f"/{request.FOLDER}/{request.ROUTE}"
    everywhere = RoomType.DOUBLE.value == request.FOLDER
    folder = room_type.value if everywhere else request.FOLDER
    return f"/weapp/{folder}/{request.ROUTE}"


def read_answer(request: Request[AnswerT], body: bytes) -> AnswerT:
    """
    Read what a server answered to ``request``.

    Raises:
        RoomRefused: (or the subclass of its code) if the code is not 0.
        RouteUnknown: If the server answered as originals do to any unknown
            route, ``{"code":0,"data":{}}``.
        RoomProtocolError: If it is not an answer, naming the wrong field.

    """
    try:
        wire = parse_json(body, MAX_ANSWER_BYTES)
        fields = Fields(wire)
        code = fields.number("code")
        if code != RoomCode.OK:
            raise refusal(request.ROUTE, code, _message_of(wire))
        if "data" in wire and "message" not in wire:
            raise RouteUnknown(f"{request.ROUTE}: the server does not know this route")
        return request.read_answer(fields)
    except (BadJson, BadRequest) as error:
        raise RoomProtocolError(f"{request.ROUTE}: {error}") from None


def success(fields: Wire, dialect: Dialect = Dialect.V1) -> Wire:
    """Return a whole answer of code 0 with these fields."""
    return {"code": 0, "message": text_of(RoomCode.OK, dialect=dialect), **fields}


def success_text(fields: bytes, dialect: Dialect = Dialect.V1) -> bytes:
    """Return :func:`success` as JSON text, its fields written already."""
    return b"%b,%b}" % (_SUCCESS[dialect], fields)


def failure(code: RoomCode, message: str) -> Wire:
    """Return a whole answer of another code."""
    return {"code": int(code), "message": message}


def exception(text: str) -> Wire:
    """Return what originals answer when their code threw: no ``message``."""
    return {"code": int(RoomCode.EXCEPTION), "error": text}


_SUCCESS = {dialect: dump_json(success({}, dialect))[:-1] for dialect in Dialect}


def _message_of(wire: Wire) -> str:
    for name in ("message", "error"):
        text = wire.get(name)
        if isinstance(text, str):
            plain = "".join(char if char.isprintable() else "?" for char in text)
            return plain[:_MAX_MESSAGE_CHARS]
    return "no message"
