"""Signs, and the badges that carry one: what screens say in few words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Icon(Enum):
    """A sign that says the same as the words beside it."""

    ARROW_DOWN = auto()
    CAMERA = auto()
    CHECK = auto()
    CLOCK = auto()
    HANDSET = auto()
    HANDSET_DOWN = auto()
    LOCK_OPEN = auto()
    MESSAGE = auto()
    MICROPHONE = auto()
    MICROPHONE_OFF = auto()
    PERSON = auto()
    RECORDING = auto()
    SHIELD = auto()
    SPEAKER = auto()
    WARNING = auto()


class Tone(Enum):
    """How urgent a notice is."""

    PLAIN = auto()
    WARNING = auto()
    ALARM = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """A badge with a sign and few words."""

    tone: Tone
    icon: Icon
    text: str
