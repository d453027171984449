"""
The lamps of the kiosk: each tells what is observed at that moment, none what is ordered.

1. ``camera_open`` and ``microphone_open`` are what the adapters say; a camera that
   does not close keeps its lamp.
2. ``muted`` is lit while silence is really what is encoded in place of the microphone,
   and neither before the first of it nor on somebody's word.
3. ``fault`` flashes the first of the faults (:mod:`kiosk.daemon.faults`).
4. A lamp that cannot be switched costs nothing but itself: it is logged once, told in
   the status, and tried again every second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Never

from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, State
from kiosk.daemon.faults import Faults, is_flashing
from kiosk.daemon.outside import Outside
from kiosk.errors import DeviceError, KioskError
from kiosk.ports import Indicator, Micros


log = logging.getLogger(__name__)

BEAT_S: Final = 0.1
"""While something flashes, or a call is on in which a lamp must not lag."""
REST_S: Final = 1.0
_RETRY_US: Final = 1_000_000


class Lamps:
    """
    Args:
        is_silenced: Whether silence is sent in place of the microphone.

    Attributes:
        wrong: Why a lamp could not be switched at the last try, or empty.

    """

    def __init__(
        self,
        outside: Outside,
        machine: CallMachine,
        faults: Faults,
        is_silenced: Callable[[], bool],
    ) -> None:
        self._indicators = outside.indicators
        self._observe = outside.observe
        self._clock = outside.clock
        self._machine = machine
        self._faults = faults
        self._is_silenced = is_silenced
        self._failed: dict[Indicator, tuple[Micros, str]] = {}
        self.wrong = ""

    async def run(self) -> Never:
        """Keep the lamps true until cancelled."""
        while True:
            self.light()
            is_busy = self._faults.first or self._machine.state in CALL_STATES
            await asyncio.sleep(BEAT_S if is_busy else REST_S)

    def light(self) -> None:
        """Set every lamp to what is so; one that just failed has a rest."""
        now = self._clock.now()
        for indicator, lit in self._truths(now).items():
            failed_at, _ = self._failed.get(indicator, (None, ""))
            if failed_at is not None and now - failed_at < _RETRY_US:
                continue
            self._failed.pop(indicator, None)
            try:
                self._indicators.set(indicator, lit=lit)
            except (KioskError, OSError) as exc:
                wrong = f"{getattr(exc, 'code', DeviceError.code)} {exc}"
                self._failed[indicator] = (now, wrong)
        self._note(next((wrong for _, wrong in self._failed.values()), ""))

    def close(self) -> None:
        """Switch them off, unless somebody could be filmed in their dark."""
        seen = self._observe()
        if seen.camera or seen.microphone:
            log.error("lamps left on, a device is still open", extra={"code": "K002"})
            return
        self._indicators.close()

    def _truths(self, now: Micros) -> dict[Indicator, bool]:
        seen = self._observe()
        state = self._machine.state
        fault = self._faults.first
        return {
            Indicator.CAMERA_OPEN: seen.camera,
            Indicator.MICROPHONE_OPEN: seen.microphone,
            Indicator.MUTED: self._is_silenced(),
            Indicator.IN_CALL: state is State.IN_CALL,
            Indicator.FAULT: fault is not None and is_flashing(fault, now),
            Indicator.ON_AIR: state is State.BROADCASTING,
        }

    def _note(self, wrong: str) -> None:
        if bool(wrong) is not bool(self.wrong):
            if wrong:
                log.warning("lamps fail", extra={"reason": wrong})
            else:
                log.info("lamps work again")
        self.wrong = wrong
