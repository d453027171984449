"""Stretches of time in which something stood still: added up, nothing twice."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Spans:
    """
    Any stretches, in monotonic seconds; those that overlap count once.

    Args:
        stretches: Begin and end of each.

    """

    def __init__(self, stretches: Iterable[tuple[float, float]]) -> None:
        merged: list[tuple[float, float]] = []
        for begin, end in sorted(stretches):
            if merged and begin <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((begin, end))
        self._begins = [begin for begin, _ in merged]
        self._ends = [end for _, end in merged]
        lengths = (end - begin for begin, end in merged)
        self._before = [0.0, *accumulate(lengths)]

    @property
    def total_s(self) -> float:
        """How long all of them are."""
        return self._before[-1]

    def within(self, begin: float, end: float) -> float:
        """Return how much of them lies between two moments."""
        first, last = bisect_right(self._ends, begin), bisect_left(self._begins, end)
        if first >= last:
            return 0.0
        whole = self._before[last] - self._before[first]
        early = max(0.0, begin - self._begins[first])
        return whole - early - max(0.0, self._ends[last - 1] - end)
