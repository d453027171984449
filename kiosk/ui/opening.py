"""
When the branch is open, in words: for the screen of a kiosk that is closed.

Pure: the week comes from the configuration, weekday and minute from the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kiosk.config.hours import MINUTES_PER_DAY, parse_hours
from kiosk.ui.texts import Texts


_DAYS: Final = (
    "day.mon",
    "day.tue",
    "day.wed",
    "day.thu",
    "day.fri",
    "day.sat",
    "day.sun",
)
_HOUR: Final = 60
_TO: Final = "\N{EN DASH}"


def opening_lines(
    week: Sequence[str | None], weekday: int, minute: int, texts: Texts
) -> tuple[str, ...]:
    """
    Return today's hours, if there are any, and when calls are possible again.

    Args:
        week: Hours of Monday to Sunday, as the configuration has them.
        weekday: 0 is Monday.
        minute: Minutes since local midnight.
        texts: In which language.

    """
    today = _spans(week, weekday)
    said = ", ".join(f"{_clock(start)}{_TO}{_clock(end)}" for start, end in today)
    lines = (texts("closed.today", hours=said),) if said else ()
    opens = _next_opening(week, weekday, minute)
    return lines if opens is None else (*lines, _again(*opens, weekday, texts))


def _next_opening(
    week: Sequence[str | None], weekday: int, minute: int
) -> tuple[int, int] | None:
    """Return in how many days, and at which minute, the branch opens."""
    for days in range(len(_DAYS) + 1):
        for start, _ in _spans(week, (weekday + days) % len(_DAYS)):
            if days or start > minute:
                return days, start
    return None


def _again(days: int, start: int, weekday: int, texts: Texts) -> str:
    time = _clock(start)
    if days == 0:
        return texts("closed.again_today", time=time)
    if days == 1:
        return texts("closed.again_tomorrow", time=time)
    day = texts(_DAYS[(weekday + days) % len(_DAYS)])
    return texts("closed.again", day=day, time=time)


def _spans(week: Sequence[str | None], weekday: int) -> tuple[tuple[int, int], ...]:
    hours = week[weekday]
    return parse_hours(hours) if hours else ()


def _clock(minute: int) -> str:
    """Return hours and minutes; the end of a day is 24:00, as it is configured."""
    assert 0 <= minute <= MINUTES_PER_DAY, minute
    return f"{minute // _HOUR:02d}:{minute % _HOUR:02d}"
