"""What the customer sees. See the package for threads and time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from kiosk.ports.values import Layer, Micros, Probe


class ScreenName(Enum):
    """What the customer reads."""

    STARTING = "starting"
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
    UNCONFIGURED = "unconfigured"
    OUT_OF_SERVICE = "out_of_service"
    TECHNICIAN = "technician"


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


class Inspected(Enum):
    """What a technician wants to know of a kiosk."""

    VERSION = "version"
    SERIAL = "serial"
    ROOM = "room"
    NETWORK = "network"
    SERVER = "server"
    CLOCK = "clock"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    DISPLAY = "display"
    BUTTONS = "buttons"
    LAMPS = "lamps"
    DOOR = "door"
    FAULTS = "faults"
    LAST_ERROR = "last error"


Inspection = tuple[tuple[Inspected, Probe], ...]
"""What was found, in the order it is read; empty while it is not known yet."""


class StillScene(Enum):
    """What a call's screen says about a still picture."""

    NONE = "none"
    ASKED = "asked"
    SENDING = "sending"


class Quality(Enum):
    """How well a call's sound and pictures come through; the worst of both ways."""

    GOOD = "good"
    FAIR = "fair"
    """A little was missing, some seconds ago at most."""
    WEAK = "weak"
    """Sound is missing, or our pictures are held back, just now."""


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """
    All that a screen may depend on beside its name and the configuration.

    Attributes:
        peer_name: Who is on the other side, or empty.
        reason: Code and words of what went wrong, or empty.
        position: Place in the queue, where known.
        muted: Whether our sound is off.
        camera_lost, microphone_lost, speaker_lost: Whether it failed within the call.
        insecure: Whether plain HTTP or RTMP leaves this machine.
        text: The newest text message, or empty.
        since: When this screen began.
        with_picture: False when only sound comes from the peer.
        tiles: The others who are being played, in the order they came.
        still: Whether the customer is asked for a still picture, or one is sent.
        asked_by: Who asks, or empty.
        quality: Of the call's connection, for the customer.
        broadcasts: Whether the call button goes on air.
        television: Whether a live stream is to be seen while nobody calls.
        recording: Whether a recorder acknowledged that it takes this call.
        reference: What names the call to whoever asks about it, or empty.
        talked_us: How long the call that ended had lasted; 0 without one.
        inspection: For the technician's page.
        volume: Of the loudspeaker, just after it was turned: the step, counted from
            1, and how many there are.
        language: Which the customer chose; empty is the kiosk's own.

    """

    peer_name: str = ""
    reason: str = ""
    position: int | None = None
    muted: bool = False
    camera_lost: bool = False
    microphone_lost: bool = False
    speaker_lost: bool = False
    insecure: bool = False
    text: str = ""
    since: Micros = Micros(0)
    with_picture: bool = True
    tiles: tuple[Tile, ...] = ()
    still: StillScene = StillScene.NONE
    asked_by: str = ""
    quality: Quality = Quality.GOOD
    broadcasts: bool = False
    television: bool = False
    recording: bool = False
    reference: str = ""
    talked_us: Micros = Micros(0)
    inspection: Inspection = ()
    volume: tuple[int, int] | None = None
    language: str = ""


class Screens(Protocol):
    """Draws screens on the display's page and overlay layers."""

    def show(self, name: ScreenName, facts: ScreenFacts) -> None:
        """Put a screen on the display within 50 ms."""
        ...

    def tick(self) -> None:
        """Redraw what changes with time; called once a second."""
        ...
