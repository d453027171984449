"""
Opening hours: reading ``"09:00-12:30,13:30-17:00"`` and asking whether it is open.

Pure: the caller says which weekday and minute it is, in local time.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from kiosk.config.values import formed


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 24 * 60

_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_MINUTES_PER_HOUR = 60
_MAX_SPANS = 8


def parse_hours(text: str) -> tuple[tuple[int, int], ...]:
    """
    Return the spans of one day as (first minute, minute after the last).

    Raises:
        ValueError: It is no such text, a span ends before it begins, or two
            overlap.

    """
    if text == "closed":
        return ()
    parts = text.split(",")
    if len(parts) > _MAX_SPANS:
        raise ValueError(f"takes at most {_MAX_SPANS} spans a day")
    spans = tuple(_parse_span(part.strip()) for part in parts)
    for earlier, later in itertools.pairwise(spans):
        if later[0] < earlier[1]:
            raise ValueError("the spans must follow one another without overlap")
    return spans


def is_open(week: Sequence[str | None], weekday: int, minute: int) -> bool:
    """
    Say whether a call may begin.

    Args:
        week: Hours of Monday to Sunday; ``None`` where none are configured.
            A week without any hours is always open; else such a day is closed.
        weekday: 0 is Monday.
        minute: Minutes since local midnight.

    """
    if all(day is None for day in week):
        return True
    hours = week[weekday]
    return hours is not None and any(
        start <= minute < end for start, end in parse_hours(hours)
    )


def _parse_span(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(
            'needs hours such as "09:00-17:00", "09:00-12:30,13:30-17:00" or "closed"'
        )
    start_hour, start_minute, end_hour, end_minute = (
        int(part) for part in match.groups()
    )
    start = start_hour * _MINUTES_PER_HOUR + start_minute
    end = end_hour * _MINUTES_PER_HOUR + end_minute
    if max(start_minute, end_minute) >= _MINUTES_PER_HOUR or end > MINUTES_PER_DAY:
        raise ValueError("holds a time that no clock shows (00:00 to 24:00)")
    if end <= start:
        raise ValueError(
            "must end after it begins; write hours past midnight as two days"
        )
    return start, end


def _hours(text: str) -> str:
    parse_hours(text)
    return text


Hours = Annotated[str, AfterValidator(_hours), formed(r"closed|[0-9:,\s-]+")]
