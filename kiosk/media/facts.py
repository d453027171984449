"""
From media threads to the event loop: facts, and nothing but facts.

A few a second at most; each runs on the loop, in the order of posting, and
none after the owner closed the post.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from kiosk.ports import MediaFact


class FactPost:
    """Delivers facts of one pusher or player to its daemon."""

    def __init__(self, on_fact: Callable[[MediaFact], None]) -> None:
        self._on_fact = on_fact
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    def __call__(self, fact: MediaFact) -> None:
        """Post a fact; any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._loop.call_soon_threadsafe(self._deliver, fact)

    def close(self) -> None:
        """Deliver nothing more; on the event loop."""
        self._is_closed = True

    def _deliver(self, fact: MediaFact) -> None:
        if not self._is_closed:
            self._on_fact(fact)
