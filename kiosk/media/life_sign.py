"""
Whether a connection lives on which nothing comes: ours is the next word.

Pure.  TCP says nothing of a peer that it only listens to.  So a player sends a
sign after a moment of silence, and it must be acknowledged by the other side's
kernel: that tells a network that is away from a sender that pauses.

A pusher is acknowledged all the time, but perhaps by a box half-way whose other
half is gone.  So it asks the relay itself; one that never answers is not judged.
"""

from __future__ import annotations

from collections import deque

from kiosk.media.flow import Reading
from kiosk.ports import Micros


_OPEN_MOST = 16


class LifeSign:
    """
    When to send signs on one connection, and what became of them.

    Args:
        quiet_s: After so long without media a sign is sent.
        arrives_s: A sign that is under way for longer is lost.

    """

    def __init__(self, quiet_s: float, arrives_s: float) -> None:
        self._quiet_us = quiet_s * 1_000_000
        self._arrives_us = arrives_s * 1_000_000
        self._sent_at: Micros | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether there is a sign to look for."""
        return self._sent_at is not None

    def media_came(self) -> None:
        """Forget the sign: it lives."""
        self._sent_at = None

    def is_due(self, quiet_since: Micros, now: Micros) -> bool:
        """Say once that a sign should be sent now."""
        if self.is_under_way or now - quiet_since <= self._quiet_us:
            return False
        self._sent_at = now
        return True

    def is_lost(self, reading: Reading, now: Micros) -> bool:
        """Say whether the sign had its time and did not arrive."""
        allowed_us = max(self._arrives_us, 2 * reading.rtt_us)
        if self._sent_at is None or now - self._sent_at <= allowed_us:
            return False
        self._sent_at = None
        return reading.backlog_bytes > 0


class Pings:
    """
    Questions to the relay of one connection.

    Args:
        every_s: From one to the next.
        answered_s: An older question without an answer means nobody is there.

    """

    def __init__(self, every_s: float = 1.0, answered_s: float = 3.0) -> None:
        self._every_us = every_s * 1_000_000
        self._answered_us = answered_s * 1_000_000
        self._asked_at: Micros | None = None
        self._open: deque[Micros] = deque(maxlen=_OPEN_MOST)
        self._answers = 0

    def is_due(self, now: Micros) -> bool:
        """Say whether to ask now; then it counts as asked."""
        if self._asked_at is not None and now - self._asked_at < self._every_us:
            return False
        self._asked_at = now
        self._open.append(now)
        return True

    def is_lost(self, answers: int, now: Micros) -> bool:
        """Say whether a relay that answered before, so often in all, is gone."""
        while self._answers < answers and self._open:
            self._open.popleft()
            self._answers += 1
        is_overdue = bool(self._open) and now - self._open[0] > self._answered_us
        return is_overdue and self._answers > 0
