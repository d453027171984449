"""Of a call: who sits at a desk, how far it has come, how it ends, how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final


MUTES: Final = {"muted": True, "unmuted": False}
TROUBLES: Final = {
    "reconnecting": True,
    "camera_lost": True,
    "camera_back": False,
    "microphone_lost": True,
    "microphone_back": False,
    "speaker_lost": True,
    "speaker_back": False,
    "back": False,
}


class Stage(Enum):
    """How far a call has come; the value is what the page reads."""

    CONNECTING = "connecting"
    """Our stream is not up yet: the kiosk knows nothing of us."""
    COMING = "coming"
    """We have a seat; the kiosk has none beside us yet."""
    IN_CALL = "in_call"
    INTERRUPTED = "interrupted"
    """The kiosk's stream was lost; it has some seconds to come back."""


class End(Enum):
    """Why a call is over; the value is what the page reads."""

    HUNG_UP = "hung_up"
    """By the agent."""
    KIOSK_HUNG_UP = "kiosk_hung_up"
    KIOSK_LOST = "kiosk_lost"
    TAKEN = "taken"
    """Somebody elsewhere answered first."""
    GONE = "gone"
    """Whoever waited does not wait any more."""
    NO_STREAM = "no_stream"
    """Our own picture and sound did not come in time."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Patience:
    """
    For how long things are waited for, in seconds.

    Attributes:
        stream_s: An agent's first stream, also of who takes a call over.
        kiosk_s: A kiosk, once we have a seat.
        faults_s: A room service that takes no other stream of a seat we have.

    """

    stream_s: float = 30.0
    kiosk_s: float = 30.0
    faults_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Agent:
    """
    Who sits at a desk; the name is what customers read.

    Attributes:
        fingerprint: Of the password he came in by; empty: a proxy named him.

    """

    agent_id: str
    name: str
    fingerprint: bytes = field(default=b"", repr=False, compare=False)


class Fault:
    """
    One that comes again and again, until it is over or has lasted too long.

    Args:
        patience_s: What is too long.

    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: float | None = None

    def lasts(self, now: float) -> bool:
        """Note that it came; say whether it has lasted too long."""
        if self._since is None:
            self._since = now
        return now - self._since > self._patience_s

    def is_over(self) -> None:
        """Note that all is well."""
        self._since = None
