"""
The promise that camera and microphone are open in a call alone, watched all the time.

``with devices_watched(kiosk, agent):`` around a fault fails when a party's devices
stay open for longer than closing them may take in a state that is no call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kiosk.call.states import DEVICES_OPEN, State
from kiosk.errors import ControlError
from tests.fakes.programs import Party


CLOSES_WITHIN_S = 2.5
"""A second is promised; the machine of a test may be busy."""
_LOOK_S = 0.1
_CLOSED = ("camera_open", "microphone_open")

Status = Callable[[], Mapping[str, Any]]


class DeviceWatch:
    """Looks at one party until it is ended."""

    def __init__(self, name: str, status: Status) -> None:
        self._name = name
        self._status = status
        self._is_over = threading.Event()
        self._since: float | None = None
        self.looks = 0
        self.breaches: list[str] = []
        self._thread = threading.Thread(target=self._look_on, name="device watch")
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._is_over.wait(_LOOK_S):
            try:
                self._look(self._status(), time.monotonic())
            except ControlError:
                self._since = None  # killed by the test, or not up yet

    def _look(self, status: Mapping[str, Any], now: float) -> None:
        self.looks += 1
        state = State[status["state"]]
        is_open = [name for name in _CLOSED if status["devices"][name]]
        if not is_open or state in DEVICES_OPEN:
            self._since = None
            return
        self._since = self._since or now
        if now - self._since > CLOSES_WITHIN_S:
            self.breaches.append(f"{self._name}: {is_open} in {state.name}")


@contextmanager
def devices_watched(*parties: Party) -> Iterator[tuple[DeviceWatch, ...]]:
    """Fail at the end if a device of a party was open without a call."""
    watches = tuple(DeviceWatch(party.name, party.status) for party in parties)
    try:
        yield watches
    finally:
        for watch in watches:
            watch.end()
    assert [breach for watch in watches for breach in watch.breaches] == []
