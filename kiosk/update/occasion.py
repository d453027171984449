"""
Whether now is the time to update without being asked. Pure.

Who cannot trust the clock does not know whether it is night: then nothing is done by
itself, and a person may still order it.
"""

from __future__ import annotations

from datetime import datetime

from kiosk.config.hours import parse_hours


_MINUTES_PER_HOUR = 60


def why_not(window: str, now: datetime, *, is_right: bool) -> str:
    """
    Return why nothing is updated now, or nothing.

    Args:
        window: As ``[update] window`` has it.
        now: Local time.
        is_right: Whether a time server vouches for it.

    """
    if not is_right:
        return "no time server has set the clock since the start"
    minute = now.hour * _MINUTES_PER_HOUR + now.minute
    if not any(start <= minute < end for start, end in parse_hours(window)):
        return f"{now:%H:%M} is outside of [update] window, {window}"
    return ""
