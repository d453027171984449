"""
A still picture asked for on one thread and taken on the camera's.

What every software camera does to take one: only its own thread may touch the
source, so whoever asks waits until that thread comes by.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import SoftFrame


STILL_S: Final = 2.0


class Shutter:
    """
    One camera's stills; thread-safe.

    Args:
        path: Names the camera in errors.

    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._asking = threading.Lock()
        self._changed = threading.Condition()
        self._is_wanted = False
        self._is_open = False
        self._taken: SoftFrame | None = None

    def open(self) -> None:
        """Let stills be asked for: the camera is open."""
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Refuse stills, also one that is waited for; safe to repeat."""
        with self._changed:
            self._is_open = self._is_wanted = False
            self._changed.notify_all()

    @property
    def is_wanted(self) -> bool:
        """Whether a still is waited for."""
        return self._is_wanted

    def press(self, within_s: float = STILL_S) -> SoftFrame:
        """
        Ask for a still and wait for it, on any thread but the camera's.

        Raises:
            DeviceStalled: The camera did not come by in time.
            DeviceError: It is not open, or was closed meanwhile.

        """
        with self._asking, self._changed:
            self._is_wanted, self._taken = self._is_open, None
            self._changed.wait_for(lambda: not self._is_wanted, within_s)
            stalled, self._is_wanted = self._is_wanted, False
            taken, self._taken = self._taken, None
            if stalled:
                raise DeviceStalled("camera", self._path, within_s)
            if taken is None:
                raise DeviceError("camera", self._path, "not open: no still")
            return taken

    @property
    def is_pressed(self) -> bool:
        """Whether somebody waits for a still."""
        return self._is_wanted

    def take(self, still: Callable[[], SoftFrame]) -> None:
        """Take the still if one is wanted; on the camera's thread, each picture."""
        if not self._is_wanted:
            return
        taken = still()
        with self._changed:
            if self._is_wanted:
                self._is_wanted, self._taken = False, taken
                self._changed.notify_all()
