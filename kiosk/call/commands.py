"""What the daemon must do next. Orders, in the imperative, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from kiosk.call.events import Timer


class Screen(Enum):
    """What the customer looks at; values are the names of the screens."""

    IDLE = "idle"
    CONSENT = "consent"
    CONNECTING = "connecting"
    WAITING = "waiting"
    QUEUED = "queued"
    IN_CALL = "in_call"
    RECONNECTING = "reconnecting"
    PEER_AWAY = "peer_away"
    NO_ANSWER = "no_answer"
    ENDED = "ended"
    BROADCASTING = "broadcasting"
    CLOSED = "closed"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class FindSeat:
    """
    Log in if needed, look the rooms up, fetch a push URL.

    Attributes:
        room_id: Look into this room only: a predecessor of this process sat there.

    """

    call: int
    room_id: str = ""


@dataclass(frozen=True, slots=True)
class WaitForSeat:
    """Keep looking until a seat is free; camera and microphone stay closed."""

    call: int


@dataclass(frozen=True, slots=True)
class Publish:
    """Open camera and microphone and send them."""

    call: int


@dataclass(frozen=True, slots=True)
class TakeSeat:
    """Become a member of the room, now that the stream exists."""

    call: int


@dataclass(frozen=True, slots=True)
class MoveStream:
    """Publish under a fresh URL and tell the room; devices stay open."""

    call: int


@dataclass(frozen=True, slots=True)
class Play:
    """Receive and show a peer, under its newest URL."""

    user_id: str


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Stop receiving a peer; safe to repeat."""

    user_id: str


@dataclass(frozen=True, slots=True)
class StopMedia:
    """Close camera, microphone, speaker and all streams; safe to repeat."""


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Give the seat back, stop looking for one; safe to repeat."""


@dataclass(frozen=True, slots=True)
class SetMuted:
    """Send silence instead of the microphone, or the microphone again."""

    muted: bool


@dataclass(frozen=True, slots=True)
class Chime:
    """Warn with a sound that the camera opens in a moment."""


class StillRefusal(Enum):
    """Why a peer that asked for a still gets none."""

    REFUSED = auto()
    """The customer said no."""
    UNANSWERED = auto()
    """The customer pressed nothing in time."""
    BUSY = auto()
    """Not now: nobody is seen, or an earlier question stands."""
    INTERRUPTED = auto()
    """The call was broken or ended over the question."""


@dataclass(frozen=True, slots=True)
class AskCustomer:
    """Show that a peer asks for a still, and which key says yes."""

    user_id: str


@dataclass(frozen=True, slots=True)
class TakeStill:
    """Take a still, send it to the room, tell the peer."""

    user_id: str


@dataclass(frozen=True, slots=True)
class RefuseStill:
    """Tell the peer that there will be no still."""

    user_id: str
    why: StillRefusal


@dataclass(frozen=True, slots=True)
class EndQuestion:
    """Show no question for a still any more; safe to repeat."""


@dataclass(frozen=True, slots=True)
class Show:
    """Put a screen on the display."""

    screen: Screen
    reason: str = ""
    position: int | None = None


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Ask for one :class:`~kiosk.call.events.TimerFired`; replaces a pending one."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class ClearTimer:
    """Forget a timer; safe to repeat."""

    timer: Timer


Command = (
    FindSeat
    | WaitForSeat
    | Publish
    | TakeSeat
    | MoveStream
    | Play
    | StopPlaying
    | StopMedia
    | LeaveRoom
    | SetMuted
    | Chime
    | AskCustomer
    | TakeStill
    | RefuseStill
    | EndQuestion
    | Show
    | SetTimer
    | ClearTimer
)
"""Anything the daemon must be able to carry out."""
