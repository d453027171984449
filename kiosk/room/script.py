"""
Conversations with a room server as scripts: pure generators of steps.

A script yields what is to be done next and is sent what came of it, together
with the time.  So the rules of the protocol (what to ask, what to repeat, how
long to wait) are tested without a socket and without waiting, and whoever
carries a script out (:mod:`kiosk.roomclient`) decides nothing.

A script may be closed at any ``yield``; it then undoes what it holds.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from kiosk.errors import RoomError, RoomUnreachable
from kiosk.room.im_requests import ImRequest
from kiosk.room.messages import Bearer, Credentials, Member, Request, RoomType


class ServerBusy(RoomUnreachable):
    """
    The room service is overloaded or broken and said so with an HTTP status.

    Attributes:
        retry_after_s: How long it asks us to stay away; 0 where it said nothing.

    """

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LinesBusy(ServerBusy):
    """The room service has too many callers just now (HTTP 429)."""


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """A member is in the room."""

    member: Member


@dataclass(frozen=True, slots=True)
class MemberMoved:
    """A member is to be played from another URL."""

    member: Member


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """A member is gone; ``expired`` when the server removed it for silence."""

    user_id: str
    expired: bool = False


@dataclass(frozen=True, slots=True)
class MemberStreamLost:
    """A member keeps its seat but its stream ended."""

    user_id: str


@dataclass(frozen=True, slots=True)
class TextArrived:
    """A member sent a text message; ``cmd`` names one that nobody typed."""

    user_id: str
    user_name: str
    text: str
    cmd: str = ""


@dataclass(frozen=True, slots=True)
class SeatLost:
    """
    The room is gone or we are out of it for good; nothing follows.

    Attributes:
        reason: In words.
        room_ended: Whether the room itself was ended, by whoever made it.

    """

    reason: str
    room_ended: bool = False


@dataclass(frozen=True, slots=True)
class StreamForgotten:
    """
    The server lost its memory and takes our stream for nobody's.

    The media server may go on with it all the same: it is to be published under
    another URL, or there is no way back to our seat.
    """


@dataclass(frozen=True, slots=True)
class RecordingTold:
    """The server says that a recorder takes a stream of the room, or no longer."""

    is_on: bool


Fact = (
    MemberJoined
    | MemberMoved
    | MemberLeft
    | MemberStreamLost
    | TextArrived
    | SeatLost
    | StreamForgotten
    | RecordingTold
)


@dataclass(frozen=True, slots=True)
class Ask:
    """
    Send a request.

    Attributes:
        request: What to ask.
        credentials: Go along in the query or a header, as the server takes them.
        deadline_s: From the first byte sent to the last byte read.
        room_type: Whose routes are asked, where every type has the route.
        request_id: The same for a request that comes again; empty for none.

    """

    request: Request[object]
    credentials: Credentials | Bearer | None = field(repr=False)
    deadline_s: float
    room_type: RoomType = RoomType.DOUBLE
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class AskGateway:
    """
    Send a command to the IM gateway.

    Attributes:
        request: What to ask.
        query: Who asks; a secret.
        deadline_s: As of an :class:`Ask`.

    """

    request: ImRequest[object]
    query: Mapping[str, str] = field(repr=False)
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Report a fact."""

    fact: Fact


Step: TypeAlias = Ask | AskGateway | Pause | Tell


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of a step.

    Attributes:
        at: Monotonic seconds when it was done.
        answer: What :func:`~kiosk.room.messages.read_answer` read; only after
            an :class:`Ask` or an :class:`AskGateway` without an error.
        error: Why there is no answer.

    """

    at: float
    answer: object = None
    error: RoomError | None = None


T = TypeVar("T")

Script: TypeAlias = Generator[Step, Outcome, T]
