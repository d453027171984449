"""
What a desk's page and the server tell each other between media units.

Each is one text message on the same WebSocket: a JSON object whose ``say`` names
it.  From the page:

=========  ==================================================================
say        members
=========  ==================================================================
hello      ``pictures``, ``sound``: the page has a camera, a microphone
ping       ``at``: the page's clock in µs; answered at once
ack        ``sequence``: of the newest unit down that was taken in
idr        the page cannot decode what comes next without an IDR
hidden     ``hidden``: nobody sees the page: no pictures, please
=========  ==================================================================

To the page:

=========  ==================================================================
pong       ``at`` as asked, ``now``: the server's clock in µs
ack        ``sequence``: of the newest unit up that was taken in
idr        the page's next picture must be an IDR
rate       ``bps``: what pictures may take; ``hold``: no picture for now
playing    media of the peer come
silent     ``why``: no media of the peer come
published  the relay takes the page's media
unpublished  ``why``: it does not
=========  ==================================================================

Pure; raises WireError only.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from kiosk.agentdesk.framing import SEQUENCES, Codec
from kiosk.errors import WireError
from kiosk.room.wire_json import BadJson, Wire, parse_json


MAX_WORDS_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Hello:
    """
    What the page is going to send; said before any unit, and when it changes.

    Attributes:
        pictures: It has a camera.
        sound: The codec of its microphone's units, None if it has none.

    """

    pictures: bool
    sound: Codec | None


@dataclass(frozen=True, slots=True)
class Ping:
    """The page asks for the server's clock."""

    at_us: float


@dataclass(frozen=True, slots=True)
class Ack:
    """The page took in everything up to this unit."""

    sequence: int


@dataclass(frozen=True, slots=True)
class IdrWanted:
    """The page waits for a picture that needs no other."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Whether anybody sees the page."""

    hidden: bool


_SOUNDS: Final = {"opus": Codec.OPUS, "pcm": Codec.PCM}

FromPage: TypeAlias = Hello | Ping | Ack | IdrWanted | Hidden


def parse_words(text: str) -> FromPage:
    """
    Return what the page says.

    Raises:
        WireError: If it is nothing a page of ours would say.

    """
    try:
        words = parse_json(text.encode("utf-8", "replace"), MAX_WORDS_BYTES)
    except BadJson as error:
        raise WireError(f"the page says {error}") from None
    match words.get("say"):
        case "hello":
            sound = words.get("sound")
            codec = _SOUNDS.get(sound) if isinstance(sound, str) else None
            return Hello(words.get("pictures") is True, codec)
        case "ping":
            return Ping(_number(words, "at"))
        case "ack":
            return Ack(int(_number(words, "sequence")) % SEQUENCES)
        case "idr":
            return IdrWanted()
        case "hidden":
            return Hidden(words.get("hidden") is True)
        case _:
            raise WireError("the page says something unknown")


def words(say: str, **members: object) -> str:
    """Return the text message of what is said to the page."""
    return json.dumps({"say": say, **members}, separators=(",", ":"))


def _number(found: Wire, key: str) -> float:
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(f"the page says no {key}")
    if not math.isfinite(value) or value < 0:
        raise WireError(f"the page says an impossible {key}")
    return value
