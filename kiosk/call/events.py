"""
What can happen to a call. Facts, in the past tense, without behaviour.

Every answer to something the machine asked for carries ``call``, the ordinal
of the call it belongs to; the machine drops answers of an earlier call, so a
late one can never switch a camera on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Timer(Enum):
    """Deadlines the machine may ask for; their lengths are configuration."""

    CONSENT = auto()
    RESERVE = auto()
    PUBLISH = auto()
    ANSWER = auto()
    PICTURE = auto()
    RECONNECT = auto()
    GRACE = auto()
    CHIME = auto()
    STILL = auto()
    ENDED = auto()


class Standing(Enum):
    """How far the call had come when our stream was moved to a new URL."""

    ALONE = auto()
    """Nobody else is in the room."""
    UNSEEN = auto()
    """A peer is there; nothing of it was shown yet."""
    SILENT = auto()
    """A peer was shown before and is silent now."""
    SEEN = auto()
    """A peer is being shown."""
    ON_AIR = auto()
    """We broadcast; there are no peers to wait for."""


@dataclass(frozen=True, slots=True)
class CallPressed:
    """Somebody pressed the call button (an agent's kiosk presses it itself)."""


@dataclass(frozen=True, slots=True)
class HangupPressed:
    """Somebody pressed the hang-up button."""


@dataclass(frozen=True, slots=True)
class MutePressed:
    """Somebody pressed the mute button."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The service answers, and this process follows one that died in a call."""

    room_id: str
    muted: bool


@dataclass(frozen=True, slots=True)
class ServiceFound:
    """The room service answers and lets us log in."""


@dataclass(frozen=True, slots=True)
class ServiceLost:
    """The room service, or something every call needs, is absent."""

    reason: str


@dataclass(frozen=True, slots=True)
class HoursBegan:
    """The branch's opening hours began."""


@dataclass(frozen=True, slots=True)
class HoursEnded:
    """The branch's opening hours ended."""


@dataclass(frozen=True, slots=True)
class SeatFound:
    """A room with a free seat was found and a push URL fetched."""

    call: int


@dataclass(frozen=True, slots=True)
class SeatMissing:
    """No configured room has a free seat, or none exists."""

    call: int
    reason: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class SeatFreed:
    """While we queued, a seat became free."""

    call: int


@dataclass(frozen=True, slots=True)
class Published:
    """The relay takes our stream (push event 1002)."""

    call: int


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """We are a member of the room."""

    call: int


@dataclass(frozen=True, slots=True)
class SeatLost:
    """Somebody was faster: the room refused us as full (5001)."""

    call: int


@dataclass(frozen=True, slots=True)
class OnAir:
    """We are a member of a live_room and broadcast."""

    call: int


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """A peer is in the room and can be played."""

    call: int
    user_id: str


@dataclass(frozen=True, slots=True)
class PeerMoved:
    """A peer publishes under another URL now."""

    call: int
    user_id: str


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """A peer is no longer a member."""

    call: int
    user_id: str


@dataclass(frozen=True, slots=True)
class PeersHungUp:
    """The last peer left of its own will."""

    call: int


@dataclass(frozen=True, slots=True)
class PeersExpired:
    """The last peer was removed because it was silent."""

    call: int


@dataclass(frozen=True, slots=True)
class PeerStarted:
    """A peer is shown (or, without a picture, heard)."""

    call: int


@dataclass(frozen=True, slots=True)
class PeersSilent:
    """No peer's media move any more."""

    call: int


@dataclass(frozen=True, slots=True)
class PeersResumed:
    """A silent peer's media are back."""

    call: int


@dataclass(frozen=True, slots=True)
class PushLost:
    """Our own stream broke."""

    call: int
    reason: str


@dataclass(frozen=True, slots=True)
class StreamMoved:
    """Our stream flows again under a new URL and the room knows it."""

    call: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class RoomEnded:
    """Whoever made the room ended it: an ordinary hang-up."""

    call: int


@dataclass(frozen=True, slots=True)
class RoomClosed:
    """We are no longer in the room and could not return."""

    call: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something the call depends on is gone."""

    call: int
    reason: str


@dataclass(frozen=True, slots=True)
class StillAsked:
    """A peer asks for a still picture of the customer."""

    call: int
    user_id: str


@dataclass(frozen=True, slots=True)
class StillEnded:
    """A still was sent, or could not be; the peer was told which."""

    call: int


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A deadline set with :class:`~kiosk.call.commands.SetTimer` passed."""

    timer: Timer


Event = (
    CallPressed
    | HangupPressed
    | MutePressed
    | Resumed
    | ServiceFound
    | ServiceLost
    | HoursBegan
    | HoursEnded
    | SeatFound
    | SeatMissing
    | SeatFreed
    | Published
    | SeatTaken
    | SeatLost
    | OnAir
    | PeerJoined
    | PeerMoved
    | PeerLeft
    | PeersHungUp
    | PeersExpired
    | PeerStarted
    | PeersSilent
    | PeersResumed
    | PushLost
    | StreamMoved
    | RoomEnded
    | RoomClosed
    | Failed
    | StillAsked
    | StillEnded
    | TimerFired
)
"""Anything :meth:`kiosk.call.machine.CallMachine.handle` accepts."""
