"""
A bit rate over a whole call, in memory that does not grow.

Pure.  One look a second; seconds of about the same rate are one span, and when
there are too many spans neighbours become one: the history gets coarser, and
its bytes stay right.  A look that comes out of turn is too short for a rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.call.record_bounds import MOST_SPANS
from kiosk.ports import Micros
from kiosk.ports.call_record import RateSpan


LEAST_US = 500_000
"""What a rate is taken over at least: of less it would be one picture's."""

_LIKE_SHARE, _LIKE_KBPS = 0.25, 40


@dataclass(slots=True)
class _Span:
    began: Micros
    ended: Micros
    size_bytes: int
    aimed_kbps: int | None

    @property
    def kbps(self) -> float:
        return self.size_bytes * 8_000 / (self.ended - self.began)

    def goes_on_as(self, other: _Span) -> bool:
        apart = abs(other.kbps - self.kbps)
        same_aim = self.aimed_kbps == other.aimed_kbps
        is_next = self.ended == other.began
        return is_next and same_aim and apart <= _LIKE_SHARE * self.kbps + _LIKE_KBPS

    def take_in(self, later: _Span) -> None:
        if self.aimed_kbps is not None and later.aimed_kbps is not None:
            ours, theirs = self.ended - self.began, later.ended - later.began
            aimed = self.aimed_kbps * ours + later.aimed_kbps * theirs
            self.aimed_kbps = round(aimed / (ours + theirs))
        self.size_bytes += later.size_bytes
        self.ended = later.ended


class RateHistory:
    """
    Of one stream.

    Attributes:
        newest_kbps: Between the last two looks that counted; None before.

    """

    def __init__(self) -> None:
        self._spans: list[_Span] = []
        self._looked_at: Micros | None = None
        self._size_bytes = 0
        self._rest: tuple[Micros, int] | None = None
        self.newest_kbps: int | None = None

    def look(self, size_bytes: int, now: Micros, aimed_kbps: int | None = None) -> None:
        """
        Note how much passed until now.

        Args:
            size_bytes: Since the beginning of the call.
            now: :data:`LEAST_US` after the last look that counted, or there is
                no rate: the next look has it, or the last span in the end.
            aimed_kbps: What the encoder is told at this moment.

        """
        since, before = self._looked_at, self._size_bytes
        if since is not None and now - since < LEAST_US:
            self._rest = now, size_bytes
            return
        self._looked_at, self._size_bytes, self._rest = now, size_bytes, None
        if since is None:
            return
        fresh = _Span(since, now, size_bytes - before, aimed_kbps)
        self.newest_kbps = round(fresh.kbps)
        if self._spans and self._spans[-1].goes_on_as(fresh):
            self._spans[-1].take_in(fresh)
            return
        self._spans.append(fresh)
        if len(self._spans) > MOST_SPANS:
            self.coarsen()

    def pause(self) -> None:
        """Leave the time until the next look out: the stream is away."""
        self._take_rest()
        self._looked_at = self.newest_kbps = None

    def spans(self, began: Micros) -> tuple[RateSpan, ...]:
        """Return the history, in milliseconds since the call began."""
        self._take_rest()
        return tuple(
            RateSpan(
                at_ms=(span.began - began) // 1_000,
                for_ms=(span.ended - span.began) // 1_000,
                kbps=round(span.kbps),
                aimed_kbps=span.aimed_kbps,
            )
            for span in self._spans
        )

    @property
    def n_spans(self) -> int:
        """How many spans the history has."""
        return len(self._spans)

    def coarsen(self) -> None:
        """Make one of every two neighbours."""
        for first, second in zip(self._spans[::2], self._spans[1::2], strict=False):
            first.take_in(second)
        self._spans = self._spans[::2]

    def _take_rest(self) -> None:
        """Give the last span what passed since: too short for one of its own."""
        rest, since = self._rest, self._looked_at
        if rest is None or since is None or not self._spans:
            return
        last = self._spans[-1]
        (now, size_bytes), before = rest, self._size_bytes
        if last.ended == since:
            last.take_in(_Span(since, now, size_bytes - before, last.aimed_kbps))
        self._looked_at, self._size_bytes, self._rest = now, size_bytes, None
