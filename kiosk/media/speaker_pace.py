"""
How far ahead of the ear sound is written. Pure.

A speaker's own buffer, kept full, adds its whole length to the delay of the
call.  Writing just before sound is due keeps it nearly empty instead; when the
thread was once too late for that (the device ran dry), the lead grows, and
after half a minute without it shrinks again.
"""

from __future__ import annotations

from kiosk.ports import Micros


LEAST_US = 20_000
"""Late by less, the thread makes no gap."""

_MOST_US = 200_000  # the device blocks long before
_RAISE_US = 10_000
_LOWER_US = 5_000
_CLEAN_US = 30_000_000
_GAP_US = 2_000  # more between the end of a period and the next one is a gap


class SpeakerPace:
    """The lead of one open speaker."""

    def __init__(self) -> None:
        self._next_at: Micros | None = None
        self._clean_since: Micros | None = None
        self.lead_us = LEAST_US
        self.underruns = 0

    def wait_s(self, now: Micros) -> float:
        """Return how long to wait before the next period is written."""
        if self._next_at is None:
            return 0.0
        return max(0.0, (self._next_at - self.lead_us - now) / 1_000_000)

    def wrote(self, heard_at: Micros, lasts_us: int) -> None:
        """Note when what was just written will be heard, and how long."""
        if self._clean_since is None:
            self._clean_since = heard_at
        if self._next_at is not None and heard_at - self._next_at > _GAP_US:
            self.underruns += 1
            self._clean_since = heard_at
            self.lead_us = min(_MOST_US, self.lead_us + _RAISE_US)
        elif heard_at - self._clean_since >= _CLEAN_US:
            self._clean_since = heard_at
            self.lead_us = max(LEAST_US, self.lead_us - _LOWER_US)
        self._next_at = Micros(heard_at + lasts_us)
