"""
Several kiosks in one room, told apart by eye and ear.

Everybody wears another colour and has another tone for a voice, so that what is
on a display and in a loudspeaker says whose it is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from kiosk.codec.scene import PERSONS
from kiosk.ui.layout import Layout
from tests.fakes.branch import Branch
from tests.fakes.hearing import heard, tones_in
from tests.fakes.painted_time import painted_seconds
from tests.fakes.programs import Party


VOICES = {1: 600, 3: 900, 5: 1300, 7: 1700}
"""Hertz, by the number of a person."""

_LOOK_AT = 0.92  # of a picture's height: clothes
_GREY = 128
_COLOURFUL = 25


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What one tile of a display shows.

    Attributes:
        person: By the clothes; 0: nobody.
        age_s: Of the painted clock; None where there is none.

    """

    person: int
    age_s: float | None


class Attendee:
    """One of several in a room: a process, and who sits before it."""

    def __init__(self, party: Party, person: int) -> None:
        self.party = party
        self.person = person

    def tells(self, count: int) -> bool:
        """Whether it shows and hears so many others."""
        status = self.party.status()
        received = [peer["received"] for peer in status["peers"]]
        return received == ["picture"] * count

    def sees(self, count: int) -> list[Seen]:
        """Look at the display for so many tiles."""
        png = self.party.socket.with_suffix(".png")
        asked_at = time.monotonic()
        self.party.control.screenshot(png)
        with Image.open(png) as glass:
            return [
                _seen(glass.crop(box), asked_at)
                for box in (
                    (at.x, at.y, at.x + at.width, at.y + at.height)
                    for at in Layout(glass.size).tiles(count)
                )
            ]

    def hears(self, seconds: float = 0.5) -> set[int]:
        """Return whose voices were played last."""
        tones = tones_in(heard(self.party.speaker, seconds), VOICES.values())
        return {person for person, hertz in VOICES.items() if hertz in tones}


def attend(
    branch: Branch, person: int, *, agent: bool = False, **sections: Mapping[str, Any]
) -> Attendee:
    """Start an attendee of a small multi_room; the agent opens it."""
    start = branch.start_agent if agent else branch.start_kiosk
    merged: dict[str, dict[str, Any]] = {
        "room": {"type": "multi_room"},
        "camera": {
            "device": f"synthetic:{person}",
            "preset": "180p",
            "picture_rate": 20,
        },
        "microphone": {"device": f"tone:{VOICES[person]}"},
    }
    if agent:
        merged["room"]["create"] = True
    for section, keys in sections.items():
        merged.setdefault(section, {}).update(keys)
    return Attendee(start(f"person{person}", **merged), person)


def gather(
    branch: Branch, *people: int, **sections: Mapping[str, Any]
) -> list[Attendee]:
    """Start attendees side by side; the first opens the room, the others call."""
    everybody = [
        attend(branch, person, agent=not number, **sections)
        for number, person in enumerate(people)
    ]
    agent, *kiosks = everybody
    agent.party.wait_for("WAITING")
    for kiosk in kiosks:
        kiosk.party.wait_for("IDLE")
        kiosk.party.press("call")
    return everybody


def _seen(tile: Image.Image, now_s: float) -> Seen:
    grey = tile.convert("L").tobytes()
    painted = painted_seconds(grey, tile.width, now_s)
    return Seen(_person(tile), None if painted is None else now_s - painted)


def _person(tile: Image.Image) -> int:
    spot = tile.width // 2, round(tile.height * _LOOK_AT)
    pixel = tile.convert("YCbCr").getpixel(spot)
    assert isinstance(pixel, tuple)
    blue, red = (part - _GREY for part in pixel[1:])
    if math.hypot(blue, red) < _COLOURFUL:
        return 0
    turn = math.atan2(red, blue) / (2 * math.pi)
    return round(turn * PERSONS) % PERSONS or PERSONS
