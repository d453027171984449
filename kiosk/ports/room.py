"""The room service as one kiosk uses it. See the package for threads and time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Peer:
    """Another member of the room and where its stream is played."""

    user_id: str
    name: str
    play_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seat:
    """
    A place found in a room, not yet taken.

    Attributes:
        room_id: The room; empty while it is to be created under ``room_name``.
        create: Whether ``take`` creates the room.
        push_url: Where to publish before taking it.

    """

    room_id: str
    room_name: str
    create: bool
    push_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoSeat:
    """
    No place now.

    Attributes:
        reason: ``full`` or ``absent``.
        position: People ahead of us including us, where the server says so.

    """

    reason: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """A member is in the room and can be played."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerMoved:
    """A member publishes under another URL now."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """
    A member is gone.

    Attributes:
        hung_up: False when the server removed it for silence.

    """

    user_id: str
    hung_up: bool = True


@dataclass(frozen=True, slots=True)
class PeerStreamLost:
    """A member is still in the room but its stream ended at the relay."""

    user_id: str


@dataclass(frozen=True, slots=True)
class RoomClosed:
    """
    The room is gone, or we are no longer in it and could not return.

    Attributes:
        reason: In words.
        room_ended: Whether whoever made the room ended it: a hang-up.

    """

    reason: str
    room_ended: bool = False


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A member sent a text message; ``cmd`` names one that nobody typed."""

    user_id: str
    name: str
    text: str
    cmd: str = ""


@dataclass(frozen=True, slots=True)
class StreamForgotten:
    """The room service takes our stream for nobody's: it is to be moved to a new URL."""


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """A recorder acknowledges now that it takes a stream of the room, or no longer."""

    is_on: bool


RoomNotice = (
    PeerJoined
    | PeerMoved
    | PeerLeft
    | PeerStreamLost
    | RoomClosed
    | TextReceived
    | StreamForgotten
    | RecordingChanged
)
"""What a room tells its member; delivered in order, at least once."""


class RoomService(Protocol):
    """
    The room service, as one kiosk uses it.

    Every coroutine has its own total deadline and raises only ``RoomError``.
    """

    async def log_in(self) -> str:
        """
        Log in, unless already logged in, and return our user_id.

        Raises:
            RoomError: Unreachable, refused, or nonsense.

        """
        ...

    async def find_seat(self) -> Seat | NoSeat:
        """
        Look the configured rooms up in order and fetch a push URL for one.

        A server that keeps a queue lines us up, and keeps the seat it gives us
        for some seconds.  Others reserve nothing: ``take_seat`` can still find
        the room full.
        """
        ...

    async def seat_in(self, room_id: str) -> Seat:
        """
        Return a seat in one room: the one that a predecessor of ours had, or another.

        Raises:
            RoomNotFound: There is no such room any more.
            RoomFull: It has no free seat.

        """
        ...

    async def wait_turn(self) -> NoSeat | None:
        """
        Wait in line for some seconds, after ``find_seat`` found no seat.

        Returns:
            None once ``find_seat`` is worth asking; else where we stand now,
            the same as before if nothing moved.

        Raises:
            RoomError: The service did not answer; no time may have passed.

        """
        ...

    async def take_seat(
        self, seat: Seat, on_notice: Callable[[RoomNotice], None]
    ) -> str:
        """
        Join (or create) the room; the stream must already be published.

        From here on heartbeats are sent and notices delivered on the event
        loop, first a :class:`PeerJoined` for every member already there.

        Returns:
            The room_id.

        Raises:
            RoomFull: Somebody was faster.

        """
        ...

    async def new_push_url(self) -> str:
        """Return a fresh push URL (next epoch) for the seat we hold."""
        ...

    async def move_stream(self, push_url: str) -> None:
        """Announce that our stream is now published at ``push_url``."""
        ...

    async def play_url(self, user_id: str) -> str:
        """
        Return a fresh URL to play a peer at: that in :class:`Peer` may be used up.

        Raises:
            RoomError: No answer, or there is no such peer any more.

        """
        ...

    async def send_text(self, text: str, cmd: str = "") -> None:
        """Send a text message to the others; ``cmd`` names one not typed."""
        ...

    async def send_still(self, jpeg: bytes) -> None:
        """
        Leave a still picture for the others; the total deadline is the caller's.

        Raises:
            RoomError: It was not taken, or not in time.

        """
        ...

    async def still_of(self, user_id: str) -> bytes:
        """
        Return the still picture a peer left, a JPEG; the caller's deadline again.

        Raises:
            RoomError: There is none.

        """
        ...

    async def leave(self) -> None:
        """
        Give the seat back and leave the queue.

        Success also when both are already gone.
        """
        ...

    async def leave_seat(self, room_id: str) -> None:
        """
        Give back the seat that a predecessor of ours had in a room.

        Success also when it is gone; only while we have none ourselves.
        """
        ...

    async def check(self) -> None:
        """
        Ask whether the service is there, while idle.

        Raises:
            RoomError: It is not.

        """
        ...

    async def close(self) -> None:
        """Leave, if needed, and close all connections."""
        ...
