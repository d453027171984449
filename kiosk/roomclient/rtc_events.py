"""
RTCRoom's events and numbers, as its programs know them (protocol 7.3, 7.4).

Values only.  The names are the original's; what a number means to whom stands
beside it.  :mod:`kiosk.rtcroom` sends them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum

from kiosk.errors import (
    DeviceError,
    KioskError,
    MediaError,
    RoomError,
    RoomRefused,
    RoomUnreachable,
    StreamRefused,
)
from kiosk.ports import Peer
from kiosk.room.still_requests import StillWord


class PushCode(IntEnum):
    """What happens to our own stream."""

    BEGIN = 1002
    """Published; again after each reconnection."""
    RECONNECTING = 1102


class PlayCode(IntEnum):
    """What happens to a peer's stream."""

    FIRST_PICTURE = 2003
    BEGIN = 2004
    END = 2006
    """The peer is still in the room, its stream is not."""
    LOADING = 2007
    """Nothing came for a second; ``BEGIN`` follows when it does."""
    RECONNECTING = 2103


class ErrorCode(IntEnum):
    """Failures; codes of the room server (3, 5, 7, 5001 ...) pass unchanged."""

    TIMEOUT = -1
    CREATE_ROOM = -3
    """Creating the room, or asking where to publish, failed."""
    ADD_PUSHER = -4
    LOGIN = -999
    PUSH_REFUSED = 3004
    """The relay closed our stream: wrong or expired signature."""
    CAMERA = -1301
    MICROPHONE = -1302
    PUSH_LOST = -1307
    """The network was lost and all reconnections failed."""
    PLAY_LOST = -2301
    """A peer's stream cannot be played; the player goes on trying."""


@dataclass(frozen=True, slots=True)
class OnGetPusherList:
    """We are in a room; these members were there before us."""

    room_id: str
    pushers: tuple[Peer, ...]


@dataclass(frozen=True, slots=True)
class OnPusherJoin:
    """A member joined; its stream is being played."""

    pusher: Peer


@dataclass(frozen=True, slots=True)
class OnPusherQuit:
    """A member is gone."""

    user_id: str


@dataclass(frozen=True, slots=True)
class OnRoomClosed:
    """The call is over without our doing; the devices are closed."""

    room_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OnRecvRoomTextMsg:
    """A member sent a text message."""

    room_id: str
    user_id: str
    user_name: str
    text: str


@dataclass(frozen=True, slots=True)
class OnStill:
    """A member said something about a still picture; ``SENT``: it can be fetched."""

    room_id: str
    user_id: str
    word: StillWord


@dataclass(frozen=True, slots=True)
class OnPushEvent:
    """Something happened to our own stream."""

    code: PushCode


@dataclass(frozen=True, slots=True)
class OnPlayEvent:
    """Something happened to a peer's stream."""

    user_id: str
    code: PlayCode


@dataclass(frozen=True, slots=True)
class OnError:
    """Something failed by itself; a failed call raises instead."""

    code: int
    text: str


Event = (
    OnGetPusherList
    | OnPusherJoin
    | OnPusherQuit
    | OnRoomClosed
    | OnRecvRoomTextMsg
    | OnStill
    | OnPushEvent
    | OnPlayEvent
    | OnError
)


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """One room of the list."""

    room_id: str
    room_name: str
    pushers: tuple[Peer, ...]


class RTCRoomError(RoomError):
    """
    A call of the API failed; the cause is the error of :mod:`kiosk.errors`.

    Attributes:
        rtc_code: Of :class:`ErrorCode`, or the room server's own.

    """

    def __init__(self, rtc_code: int, message: str) -> None:
        super().__init__(message)
        self.rtc_code = rtc_code


@asynccontextmanager
async def coded(step: ErrorCode) -> AsyncGenerator[None, None]:
    """Turn every error on purpose into one with the original's number."""
    try:
        yield
    except RTCRoomError:
        raise
    except KioskError as error:
        raise RTCRoomError(rtc_code_of(error, step), str(error)) from error


def rtc_code_of(error: KioskError, step: ErrorCode) -> int:
    """Return the original's number for an error that ended a step."""
    match error:
        case RoomRefused():
            return error.room_code
        case RoomUnreachable():
            return ErrorCode.TIMEOUT
        case DeviceError():
            return device_code(error.device)
        case StreamRefused():
            return ErrorCode.PUSH_REFUSED
        case MediaError():
            return ErrorCode.PUSH_LOST
        case _:
            return step


def device_code(device: str) -> ErrorCode:
    """Return the number of a capture device that failed."""
    return ErrorCode.MICROPHONE if device == "microphone" else ErrorCode.CAMERA
