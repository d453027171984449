"""
Are the devices of a call there while nobody calls? Else the kiosk says so, and waits.

1. Asked on a worker thread, and never in a call: what fails in a call, the call
   itself tells. None is opened for it but a microphone, now and then, until its first
   sound.
2. In the first seconds after power-on a device may not be there yet, or its node may
   belong to root (udev is slower than we are): so long the screen says "one moment",
   and only then what is missing.
3. A device that is back puts the kiosk back to work; nobody touches it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Never

from kiosk.call.states import CALL_STATES, State
from kiosk.daemon.faults import Faults
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import Fault


WATCHED: Final = (Fault.CAMERA, Fault.MICROPHONE, Fault.SPEAKER)
FIRST_LOOK_S: Final = 3.0
"""So long the first answer of the devices is waited for before calls may begin."""

Look = Callable[[Mapping[Fault, str]], Mapping[Fault, str]]
"""
Gets what is known to be wrong; returns what is, of each device that was asked, empty
where it is well.
"""


def all_well(_: Mapping[Fault, str]) -> Mapping[Fault, str]:
    """Look at no device."""
    return {}


class DeviceWatch:
    """
    Args:
        observe: Asks the devices; may take seconds.
        state: Tells where the call is.
        look_again: Has the service watch ask for the refusal.
        tell: Gets what is waited for, for the supervisor's one line.

    """

    def __init__(
        self,
        observe: Look,
        faults: Faults,
        settings: DaemonSettings,
        *,
        state: Callable[[], State],
        look_again: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        self._observe = observe
        self._faults = faults
        self._settings = settings
        self._state = state
        self._look_again = look_again
        self._tell = tell
        self._changed = asyncio.Event()
        self._has_looked = False
        self._no_buttons = ""
        self._patience_is_over = False

    @property
    def refusal(self) -> str:
        """Why no call may begin, with a code, or empty."""
        reasons = (self._faults.reason(fault) for fault in WATCHED)
        return next(filter(None, (self._no_buttons, *reasons)), "")

    @property
    def is_waiting(self) -> bool:
        """Whether it is too early to say that something is missing."""
        if not self._has_looked:
            return True
        return bool(self.refusal) and not self._patience_is_over

    def follow_call(self) -> None:
        """Look soon: the call may be over."""
        self._changed.set()

    async def run(self) -> Never:
        """Watch until cancelled."""
        later = asyncio.get_running_loop().call_later
        patience = later(self._settings.patience_s, self._lose_patience)
        first = later(FIRST_LOOK_S, self._settle)
        try:
            while True:
                if self._state() not in CALL_STATES:
                    known = self._faults.known
                    self._take(await asyncio.to_thread(self._observe, known))
                    self._settle()
                await self._rest()
        finally:
            patience.cancel()
            first.cancel()

    def note_buttons(self, reason: str, refuses: bool) -> None:  # noqa: FBT001 -- a fact
        """Note what is wrong with the buttons, and whether calls are refused for it."""
        was = self.refusal
        self._no_buttons = reason if refuses else ""
        self._faults.note(Fault.BUTTONS, reason)
        self._follow(was)

    def _take(self, found: Mapping[Fault, str]) -> None:
        if self._state() in CALL_STATES:
            return  # one began meanwhile, and knows better
        was = self.refusal
        for fault, reason in found.items():
            self._faults.note(fault, reason)
        self._follow(was)

    def _settle(self) -> None:
        if not self._has_looked:
            self._has_looked = True
            self._look_again()

    def _lose_patience(self) -> None:
        self._patience_is_over = True
        self._look_again()

    def _follow(self, was: str) -> None:
        refusal = self.refusal
        if refusal == was:
            return
        if refusal and not self._patience_is_over:
            self._tell(refusal)
        self._look_again()

    async def _rest(self) -> None:
        missing_s, there_s = self._settings.devices_s
        seconds = missing_s if self.refusal else there_s
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()
