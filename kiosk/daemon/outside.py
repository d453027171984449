"""Everything the daemon needs from outside, in one value."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kiosk import ports
from kiosk.daemon.clock_watch import ClockFacts
from kiosk.daemon.device_watch import Look, all_well
from kiosk.daemon.devices_open import DevicesOpen
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.daemon.television import Television
from kiosk.daemon.volume import Volume
from kiosk.errors import RoomError
from kiosk.ports import ScreenName
from kiosk.ports.call_record import CallArchive
from kiosk.ports.held_call import CallMemory


class Announce(Protocol):
    """What belongs to a screen, in a language; empty is the kiosk's own."""

    async def __call__(self, screen: ScreenName, language: str) -> None:
        """
        Play it; cancelled, it gives the speaker back.

        Raises:
            DeviceError: The speaker is absent or busy.

        """
        ...

    async def sound(self, screen: ScreenName, language: str) -> bytes:
        """Return its samples: signed 16 bit, mono."""
        ...


async def its_own_words(error: RoomError) -> str:
    """Return what an error says of itself."""
    return f"{error.code} {error}"


@dataclass(frozen=True, slots=True)
class Outside:
    """
    The ports, and the questions that only the composition root can answer.

    Attributes:
        display: Open already, and closed by whoever opened it.
        observe: Tells which devices are open.
        look_at_devices: Asks the devices of a call what is wrong; on a worker thread.
        look_at_display: Tells whether there is a display that people can see.
        look_at_clock: Tells whether the time of this machine can be right.
        explain_silence: Finds out why the room service does not answer; gets its error.
        progressed: Whether every running thread moved since it was asked last.
        is_open_now: Whether the branch's opening hours include this moment.
        calls: Keeps the records of the last calls.
        memory: Keeps what a successor must know of the call; gone at its end.
        inspect: Finds out what a technician wants to know; gets the last reason.
        chime: Sounds the warning before a queued call opens the camera; may
            raise DeviceError.
        announce: What is heard with a screen, where that is wanted.
        television: Plays while nobody calls, where there is one.
        volume: Of the loudspeaker; what is played outside a call asks it.
        look_at_machine: Tells of the system below, for the status; quick.
        scatter: Returns a number from 0 to 1; spreads the pauses of many kiosks.

    """

    clock: ports.Clock
    room: ports.RoomService
    media: ports.Media
    screens: ports.Screens
    display: ports.Display
    buttons: ports.Buttons
    indicators: ports.Indicators
    init: ports.Init
    calls: CallArchive
    memory: CallMemory
    observe: Callable[[], DevicesOpen]
    progressed: Callable[[], bool]
    is_open_now: Callable[[], bool]
    inspect: Callable[[str], Awaitable[ports.Inspection]]
    chime: Callable[[], Awaitable[None]]
    announce: Announce | None = None
    television: Television | None = None
    volume: Volume = field(default_factory=Volume)
    look_at_devices: Look = all_well
    look_at_display: Callable[[], DisplayFacts] = DisplayFacts
    look_at_clock: Callable[[], ClockFacts] = ClockFacts
    explain_silence: Callable[[RoomError], Awaitable[str]] = its_own_words
    look_at_machine: Callable[[], Mapping[str, Any]] = dict
    scatter: Callable[[], float] = random.random
