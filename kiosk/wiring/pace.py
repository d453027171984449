"""When steps are taken: when they are due, or at once when one is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from kiosk.ports import Clock, Micros


JOIN_S: Final = 2.0
MICROS: Final = 1_000_000


class Pace(Protocol):
    """Lets a step be taken whenever it is due."""

    def start(self, step: Callable[[], Micros]) -> None:
        """Take steps from now on; each says when the next is due at the latest."""
        ...

    def wake(self) -> None:
        """Take one now; any thread."""
        ...

    def stop(self) -> None:
        """Take none any more once this returned, but for one that calls this."""
        ...


class ThreadPace:
    """
    Takes steps on a thread of its own.

    Args:
        clock: What "due" refers to.

    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._is_woken = False
        self._thread: threading.Thread | None = None

    def start(self, step: Callable[[], Micros]) -> None:
        """Begin."""
        self._is_woken = False
        self._thread = threading.Thread(
            target=self._run, args=(step,), name="buttons", daemon=True
        )
        self._thread.start()

    def wake(self) -> None:
        """Take a step now."""
        with self._changed:
            self._is_woken = True
            self._changed.notify()

    def stop(self) -> None:
        """End; safe to repeat, and from a step."""
        thread, self._thread = self._thread, None
        self.wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_S)

    def _run(self, step: Callable[[], Micros]) -> None:
        while self._thread is threading.current_thread():
            due = step()
            with self._changed:
                wait_s = (due - self._clock.now()) / MICROS
                if not self._is_woken and wait_s > 0:
                    self._changed.wait(wait_s)
                self._is_woken = False
