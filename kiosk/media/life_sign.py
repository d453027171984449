"""
Whether a connection lives on which nothing comes: ours is the next word.

Pure.  TCP says nothing of a peer that it only listens to.  So a sign is sent
after a moment of silence, and must be acknowledged by the other side's kernel:
that tells a network that is away from a sender that pauses.
"""

from __future__ import annotations

from kiosk.media.flow import Reading
from kiosk.ports import Micros


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
