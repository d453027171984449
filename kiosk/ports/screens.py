"""What the customer sees. See the package for threads and time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from kiosk.ports.values import Layer, Micros


class ScreenName(Enum):
    """What the customer reads."""

    STARTING = "starting"
    IDLE = "idle"
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
    UNCONFIGURED = "unconfigured"
    OUT_OF_SERVICE = "out_of_service"


class Received(Enum):
    """What comes from a peer at the moment."""

    NOTHING_YET = "nothing yet"
    PICTURE = "picture"
    SOUND = "sound"
    """Without a picture."""
    SILENCE = "silence"
    """Not even that any more."""


@dataclass(frozen=True, slots=True)
class Tile:
    """
    Where on the display a peer is, and what can be said of it.

    Attributes:
        name: Who it is.
        layer: Where the media show its picture.
        is_loudest: Whether it talks, and of all the others loudest.

    """

    name: str
    layer: Layer
    received: Received
    is_loudest: bool = False


class StillScene(Enum):
    """What a call's screen says about a still picture."""

    NONE = "none"
    ASKED = "asked"
    SENDING = "sending"


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """
    All that a screen may depend on beside its name and the configuration.

    Attributes:
        peer_name: Who is on the other side, or empty.
        reason: Code and words of what went wrong, or empty.
        position: Place in the queue, where known.
        muted: Whether our sound is off.
        insecure: Whether plain HTTP or RTMP leaves this machine.
        text: The newest text message, or empty.
        since: When this screen began.
        with_picture: False when only sound comes from the peer.
        tiles: The others who are being played, in the order they came.
        still: Whether the customer is asked for a still picture, or one is sent.
        asked_by: Who asks, or empty.
        is_poor: Whether sound was missing, or our pictures held back, just now.
        broadcasts: Whether the call button goes on air.
        television: Whether a live stream is to be seen while nobody calls.

    """

    peer_name: str = ""
    reason: str = ""
    position: int | None = None
    muted: bool = False
    insecure: bool = False
    text: str = ""
    since: Micros = Micros(0)
    with_picture: bool = True
    tiles: tuple[Tile, ...] = ()
    still: StillScene = StillScene.NONE
    asked_by: str = ""
    is_poor: bool = False
    broadcasts: bool = False
    television: bool = False


class Screens(Protocol):
    """Draws screens on the display's page and overlay layers."""

    def show(self, name: ScreenName, facts: ScreenFacts) -> None:
        """Put a screen on the display within 50 ms."""
        ...

    def tick(self) -> None:
        """Redraw what changes with time; called once a second."""
        ...
