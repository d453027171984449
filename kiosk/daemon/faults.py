"""
What is wrong with this kiosk now, by kind: for its lamp, its status, its technician.

The lamp tells the first of several, in as many flashes as :data:`FLASHES` says and a
pause: whoever stands before a dark screen can count. Nothing is remembered here that
is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from kiosk.ports import Fault, Micros


log = logging.getLogger(__name__)

FLASHES: Final[Mapping[Fault, int]] = {
    fault: number for number, fault in enumerate(Fault, start=1)
}
FLASH_US: Final = 600_000
"""A flash and the darkness after it, half of it each."""
PAUSE_US: Final = 1_500_000


def is_flashing(fault: Fault, now: Micros) -> bool:
    """Say whether the lamp of a fault is on at a moment."""
    flashes_us = FLASHES[fault] * FLASH_US
    at = now % (flashes_us + PAUSE_US)
    return at < flashes_us and at % FLASH_US < FLASH_US // 2


class Faults:
    """
    Args:
        on_change: Called when a fault begins, is over, or has another reason.

    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._reasons: dict[Fault, str] = {}

    def note(self, fault: Fault, reason: str) -> None:
        """Note why something does not work, with a code; empty: it works."""
        was = self._reasons.get(fault, "")
        if reason == was:
            return
        if reason:
            self._reasons[fault] = reason
        else:
            del self._reasons[fault]
        told = {"fault": fault.value}
        if not reason:
            log.info("fault over", extra=told)
        else:
            log.warning("fault", extra={**told, "reason": reason})
        self._on_change()

    def reason(self, fault: Fault) -> str:
        """Return why something does not work, or nothing."""
        return self._reasons.get(fault, "")

    @property
    def first(self) -> Fault | None:
        """Which one the lamp tells."""
        return next((fault for fault in Fault if fault in self._reasons), None)

    @property
    def known(self) -> Mapping[Fault, str]:
        """All, with their reasons, in the order of the lamp."""
        return {
            fault: self._reasons[fault] for fault in Fault if fault in self._reasons
        }
