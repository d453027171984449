"""Where a call can be, and in which of these states the devices are open."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Where the call is. A kiosk has at most one."""

    UNCONFIGURED = auto()
    OUT_OF_SERVICE = auto()
    CLOSED = auto()
    IDLE = auto()
    CONSENT = auto()
    """The customer is asked whether the camera may open; nothing is open yet."""
    RESERVING = auto()
    QUEUED = auto()
    PUBLISHING = auto()
    WAITING = auto()
    ANSWERED = auto()
    IN_CALL = auto()
    RECONNECTING = auto()
    GRACE = auto()
    BROADCASTING = auto()
    ENDED = auto()


class Role(Enum):
    """Whose kiosk it is: the agent's returns to its room after each call."""

    KIOSK = "kiosk"
    AGENT = "agent"


DEVICES_OPEN = frozenset(
    {
        State.PUBLISHING,
        State.WAITING,
        State.ANSWERED,
        State.IN_CALL,
        State.RECONNECTING,
        State.GRACE,
        State.BROADCASTING,
    }
)
"""The states in which camera and microphone are open; in no other."""

CALL_STATES = DEVICES_OPEN | {State.RESERVING, State.QUEUED}
"""The states in which mute means something."""
