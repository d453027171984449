"""
The switches of the page: which plugs are pulled.

Read by devices on their own threads, thrown by the page on its loop; what is to happen
at that very moment is told to those who asked for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum


class Switch(Enum):
    """
    A fault that can be switched on.

    ``BUSY`` seats another customer with the agent; ``CLOCK`` puts the wall clock half
    a year ahead; the others unplug what they name.
    """

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN = "screen"
    NETWORK = "network"
    BUSY = "busy"
    CLOCK = "clock"


DEVICE_FAULTS: tuple[Switch, ...] = (
    Switch.CAMERA,
    Switch.MICROPHONE,
    Switch.SCREEN,
    Switch.CLOCK,
)
"""Those that need nothing but the devices of the kiosk itself."""


class Switches:
    """All switches, off at first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: frozenset[Switch] = frozenset()
        self._listeners: list[Callable[[Switch, bool], None]] = []

    @property
    def on(self) -> frozenset[Switch]:
        """Those that are on."""
        return self._on

    def is_on(self, switch: Switch) -> bool:
        """Whether a fault is there."""
        return switch in self._on

    def listen(self, on_throw: Callable[[Switch, bool], None]) -> None:
        """Call ``on_throw`` at every change, on the thread that throws."""
        self._listeners.append(on_throw)

    def throw(self, switch: Switch, *, on: bool) -> None:
        """Switch a fault on or off; what is so already changes nothing."""
        with self._lock:
            if on is self.is_on(switch):
                return
            self._on = self._on ^ {switch}
        for listener in self._listeners:
            listener(switch, on)
