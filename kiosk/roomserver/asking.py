"""
One request on its way to a route: what was asked, by whom, and how it may end.

Values only; :mod:`kiosk.roomserver.identity` fills in the caller,
:mod:`kiosk.roomserver.http` reads the request off the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from kiosk.room.answers import Done
from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.event_requests import WaitEvents
from kiosk.room.room_types import RoomType
from kiosk.room.wire_json import Wire, dump_json
from kiosk.roomserver.spaces import key_of


_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request, understood as far as HTTP goes."""

    method: str
    path: str
    query: dict[str, str] = field(repr=False)
    body: Wire = field(repr=False)
    address: str
    """The client's IP address."""
    authorization: str = field(default="", repr=False)
    """The HTTP header of that name."""
    request_id: str = ""
    """The HTTP header ``Kiosk-Request-Id``: the same for a request that comes again."""
    from_page: bool = False
    """Whether a page in a browser asks: it may be anybody's."""

    def route(self) -> tuple[str, str]:
        """Return folder and route; double slashes count once (protocol 2)."""
        return _route_of(self.path)

    @property
    def bearer(self) -> str:
        """The secret in the ``Authorization`` header, or empty."""
        if not self.authorization:
            return ""
        scheme, _, secret = self.authorization.partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""

    def query_wire(self) -> Wire:
        """Return the query as a wire object."""
        return dict(self.query)


@lru_cache(maxsize=128)
def _route_of(path: str) -> tuple[str, str]:
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["weapp", folder, route]:
            return folder, route
        case _:
            return "", ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and in which space. Without a login (v1) he is his address."""

    dialect: Dialect
    address: str
    user_id: str = ""
    room_type: RoomType = RoomType.DOUBLE

    def key(self, room_id: str) -> str:
        """Return the key of the room an id means here."""
        return key_of(self.room_type, room_id)


def only_oneself(caller: Caller, user_id: str) -> None:
    """
    Refuse to act for anybody but the token's user (``reliability.md`` S01).

    Whom a caller without a token may act for was seen to when he was let in.

    Raises:
        Refused: AUTH_FAILED.

    """
    if caller.dialect is Dialect.V2 and caller.user_id != user_id:
        raise Refused(RoomCode.AUTH_FAILED)


@dataclass(frozen=True, slots=True)
class Hold:
    """
    No answer yet: wait for the room's next event, then ask ``finish``.

    The wait's ``room_id`` is the room's key.
    """

    caller: Caller
    wait: WaitEvents


@dataclass(frozen=True, slots=True)
class CloudCall:
    """
    No answer yet: send this to the cloud and give what it said to ``finish``.

    Attributes:
        url: Where to, signed: a secret.
        body: What to POST; empty to GET.
        finish: Takes the answer's body, or None where there was none.
        settle: Takes what was answered, in a turn.

    """

    url: str = field(repr=False)
    body: bytes
    finish: Callable[[bytes | None], Wire]
    settle: Callable[[Wire], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Written:
    """A whole success that is JSON text already."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """An answer for people, which is no JSON object."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


def retry_after(seconds: float) -> tuple[tuple[str, str]]:
    """Return the header that tells a client how long to stay away."""
    return (("Retry-After", str(max(1, math.ceil(seconds)))),)


class TooOften(Exception):
    """
    Somebody asks, or guesses, too often.

    Attributes:
        wait_s: How long he is to stay away.

    """

    def __init__(self, wait_s: float) -> None:
        super().__init__("too often")
        self.wait_s = wait_s

    def page(self) -> Page:
        """Return the answer: HTTP says it, and RTCRoom's code for who only reads that."""
        wire: Wire = {"code": int(RoomCode.SERVER_ERROR), "message": "too often"}
        headers = retry_after(self.wait_s)
        return Page(dump_json(wire), "application/json", _TOO_MANY, headers)


class RouteAbsent(Exception):
    """For who asks there is no such route."""


class Refused(Exception):
    """A route says no: the whole of what it answers."""

    def __init__(
        self, code: RoomCode, message: str = "", extra: Wire | None = None
    ) -> None:
        super().__init__(code.name)
        self.code = code
        self.message = message
        self.extra = extra or {}


@dataclass(frozen=True, slots=True)
class ServerClock:
    """Both clocks a room server needs, in seconds."""

    monotonic: Callable[[], float]
    unix: Callable[[], float]


DONE = Done().to_wire()
