"""
Asking for an IDR: not too often, for each is a burst; but a wish is never lost. Pure.

Whoever cannot go on without one wants it; a moment after another was asked for it
is due with the next unit that comes.
"""

from __future__ import annotations


class IdrWish:
    """One who may be asked. Times are microseconds."""

    def __init__(self, apart_us: int) -> None:
        self._apart_us = apart_us
        self._asked_at: int | None = None
        self._is_wanted = False

    def want(self) -> None:
        """Note that nothing goes on without an IDR."""
        self._is_wanted = True

    def is_due(self, now: int) -> bool:
        """Say whether to ask now, once for each wish."""
        asked_at = self._asked_at
        is_soon = asked_at is not None and now - asked_at < self._apart_us
        if not self._is_wanted or is_soon:
            return False
        self._is_wanted = False
        self._asked_at = now
        return True
