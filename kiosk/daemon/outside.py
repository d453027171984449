"""Everything the daemon needs from outside, in one value."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kiosk import ports
from kiosk.daemon.devices_open import DevicesOpen
from kiosk.daemon.television import Television
from kiosk.ports.call_record import CallArchive


@dataclass(frozen=True, slots=True)
class Outside:
    """
    The ports, and four questions that only the composition root can answer.

    Attributes:
        display: Open already, and closed by whoever opened it.
        observe: Tells which devices are open.
        progressed: Whether every running thread moved since it was asked last.
        is_open_now: Whether the branch's opening hours include this moment.
        calls: Keeps the records of the last calls.
        chime: Sounds the warning before a queued call opens the camera; may
            raise DeviceError.
        television: Plays while nobody calls, where there is one.
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
    observe: Callable[[], DevicesOpen]
    progressed: Callable[[], bool]
    is_open_now: Callable[[], bool]
    chime: Callable[[], Awaitable[None]]
    television: Television | None = None
    scatter: Callable[[], float] = random.random
