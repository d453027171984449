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
from dataclasses import dataclass

from kiosk.media.flow import Reading
from kiosk.ports import Micros


_OPEN_MOST = 16
_ANSWERED_ROUND_TRIPS = 2.5  # as long as the link waits for what was lost


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

    A question may wait for seconds in a queue on its way.  So its time begins when
    the other side's kernel has acknowledged it; that nothing at all is acknowledged
    is noticed elsewhere (:meth:`kiosk.media.link.Link.measure`).

    Args:
        every_s: From one to the next.
        answered_s: A question without an answer for longer, and for longer than two
            and a half round trips, means nobody is there.

    """

    def __init__(self, every_s: float = 1.0, answered_s: float = 3.0) -> None:
        self._every_us = every_s * 1_000_000
        self._answered_us = answered_s * 1_000_000
        self._asked_at: Micros | None = None
        self._open: deque[_Question] = deque(maxlen=_OPEN_MOST)
        self._answers = 0

    def is_due(self, now: Micros) -> bool:
        """Say whether to ask now; whoever does calls :meth:`asked`."""
        return self._asked_at is None or now - self._asked_at >= self._every_us

    def asked(self, reading: Reading, now: Micros) -> None:
        """Note that a question was written, and what had arrived by then."""
        self._asked_at = now
        ends_at = reading.acked_bytes + reading.backlog_bytes
        self._open.append(_Question(ends_at))

    def is_lost(self, answers: int, reading: Reading, now: Micros) -> bool:
        """Say whether a relay that answered before, so often in all, is gone."""
        while self._answers < answers and self._open:
            self._open.popleft()
            self._answers += 1
        for question in self._open:
            if question.arrived_at is None and reading.acked_bytes >= question.ends_at:
                question.arrived_at = now
        oldest = self._open[0].arrived_at if self._open else None
        if oldest is None or self._answers == 0:
            return False
        allowed_us = max(self._answered_us, _ANSWERED_ROUND_TRIPS * reading.rtt_us)
        return now - oldest > allowed_us


@dataclass(slots=True)
class _Question:
    """One ping: where its last byte is in what we sent, and when that arrived."""

    ends_at: int
    arrived_at: Micros | None = None
