"""
The result codes of RTCRoom and the texts the original servers send with them.

Numbers are law (clients act on them); texts are a courtesy to people reading a
trace.  Source: protocol sections 3 and 4, recorded from both originals.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final

from kiosk.errors import LoginRefused, NotAMember, RoomFull, RoomNotFound, RoomRefused


class Dialect(Enum):
    """Which generation of the original a request speaks (protocol section 1)."""

    V1 = "v1"
    """Without login; a required field is present and not empty."""
    V2 = "v2"
    """``?userID=&token=`` on each call; a required field is present."""

    __hash__ = object.__hash__
    """There is one of each; Enum's own hash is a call in Python."""


class RoomCode(IntEnum):
    """The ``code`` of an answer."""

    EXCEPTION = -1
    OK = 0
    BAD_PARAMETER = 1
    ROOM_EXISTS = 2
    NO_SUCH_ROOM = 3
    MEMBER_EXISTS = 4
    NOT_A_MEMBER = 5
    SERVER_ERROR = 6
    AUTH_FAILED = 7
    LABEL_TOO_LONG = 10
    """Also: merge_stream's parameters are no JSON."""
    ROOM_ID_TAKEN = 11
    ROOM_FULL = 5001


NOT_LOGGED_IN: Final = 3
"""Of code 7: there is no login of that user, or it is too old."""

_V1: dict[RoomCode, str] = {
    RoomCode.EXCEPTION: "服务器异常",
    RoomCode.OK: "请求成功",
    RoomCode.BAD_PARAMETER: "请求参数错误",
    RoomCode.ROOM_EXISTS: "您请求的房间已经存在",
    RoomCode.NO_SUCH_ROOM: "您请求的房间不存在",
    RoomCode.MEMBER_EXISTS: "您请求的房间和成员已经存在",
    RoomCode.NOT_A_MEMBER: "您请求的房间成员不存在",
    RoomCode.SERVER_ERROR: "服务器内部错误",
    RoomCode.AUTH_FAILED: "鉴权失败",
    RoomCode.LABEL_TOO_LONG: "roomInfo 字符串字节长度不能超过1024字节",
    RoomCode.ROOM_ID_TAKEN: "房间已经存在",
    RoomCode.ROOM_FULL: "超出房间人数上限",
}
_V2: dict[RoomCode, str] = {
    **_V1,
    RoomCode.BAD_PARAMETER: "参数不全",
    RoomCode.NO_SUCH_ROOM: "请求的房间不存在",
    RoomCode.NOT_A_MEMBER: "不是房间成员",
}
_V2_BY_ROUTE: dict[tuple[str, RoomCode], str] = {
    ("destroy_room", RoomCode.NO_SUCH_ROOM): "不是房间主人，无法销毁房间",  # noqa: RUF001
    ("merge_stream", RoomCode.LABEL_TOO_LONG): (
        "mergeParams 不是合法的JSON格式的字符串"
    ),
    ("delete_pusher", RoomCode.NOT_A_MEMBER): "退出房间失败，不是房间成员",  # noqa: RUF001
}
_REFUSALS: dict[int, type[RoomRefused]] = {
    RoomCode.ROOM_FULL: RoomFull,
    RoomCode.NO_SUCH_ROOM: RoomNotFound,
    RoomCode.NOT_A_MEMBER: NotAMember,
    RoomCode.AUTH_FAILED: LoginRefused,
}


def text_of(code: RoomCode, route: str = "", dialect: Dialect = Dialect.V1) -> str:
    """Return the original's text for a code, as that dialect words it."""
    if dialect is Dialect.V1:
        return _V1[code]
    return _V2_BY_ROUTE.get((route, code), _V2[code])


def refusal(route: str, code: int, message: str) -> RoomRefused:
    """Return the client-side error for a code other than 0."""
    return _REFUSALS.get(code, RoomRefused)(route, code, message)


def token_refusal(number: int, text: str) -> str:
    """Return what originals say of a token, by their number of what is wrong with it."""
    return f"鉴权失败 错误码:{number} 错误信息:{text}"


def tells_of_no_login(refused: LoginRefused) -> bool:
    """
    Say whether a server knows no login of ours, and not another one in its place.

    The number is a part of the text alone (protocol section 4).
    """
    return token_refusal(NOT_LOGGED_IN, "") in str(refused)
