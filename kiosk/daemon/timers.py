"""
The timers of the call machine on the event loop.

A timer that was cleared or replaced after it fired, but before its event was
handled, must not count: :meth:`Timers.take` says whether it still does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from kiosk.call.events import Timer, TimerFired


class Timers:
    """
    One pending deadline per :class:`~kiosk.call.events.Timer`.

    Args:
        durations_s: Length of each in seconds; ``None`` never fires.
        post: Gets a :class:`TimerFired` on the event loop.

    """

    def __init__(
        self,
        durations_s: Mapping[Timer, float | None],
        post: Callable[[TimerFired], None],
    ) -> None:
        self._durations_s = durations_s
        self._post = post
        self._pending: dict[Timer, asyncio.TimerHandle] = {}
        self._fired: set[Timer] = set()

    def set(self, timer: Timer) -> None:
        """Begin a deadline; replaces a pending one."""
        self.clear(timer)
        length = self._durations_s[timer]
        if length is not None:
            loop = asyncio.get_running_loop()
            self._pending[timer] = loop.call_later(length, self._fire, timer)

    def clear(self, timer: Timer) -> None:
        """Forget a deadline; safe to repeat."""
        self._fired.discard(timer)
        handle = self._pending.pop(timer, None)
        if handle is not None:
            handle.cancel()

    def clear_all(self) -> None:
        """Forget every deadline."""
        for timer in Timer:
            self.clear(timer)

    def take(self, timer: Timer) -> bool:
        """Say whether a fired timer still counts, and forget it."""
        counts = timer in self._fired
        self._fired.discard(timer)
        return counts

    def _fire(self, timer: Timer) -> None:
        del self._pending[timer]
        self._fired.add(timer)
        self._post(TimerFired(timer))
