"""
The history as it is written: one JSON object, and the last step for people to read.

What is no such object is told from what was never written: a file that is damaged may
have said that the reboots are used up.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final, cast

from kiosk.ladder.rungs import CLEAN, MOST_REBOOTS, REBOOT_AT, SPENT, History, Rung


FORMAT: Final = 1
LONGEST: Final = 4096
"""Bytes; a record is a few hundred."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    A history, and what was done last.

    Attributes:
        rung: The last one; None before the first failure.
        code: Of the failure, as the safe screen shows it.
        why: In the words of systemd.
        is_damaged: Whether the history is a guess.

    """

    history: History = CLEAN
    rung: Rung | None = None
    code: str = ""
    why: str = ""
    is_damaged: bool = False


DAMAGED: Final = Record(SPENT, is_damaged=True)


def to_text(record: Record) -> str:
    """Return what is written."""
    history = record.history
    content = {
        "format": FORMAT,
        "failures": [round(age, 1) for age in history.failures],
        "reboots": [round(age, 1) for age in history.reboots],
        "boot": history.boot,
        "counted_to": round(history.counted_to, 3),
        "rung": "" if record.rung is None else record.rung.value,
        "code": record.code,
        "why": record.why,
    }
    return json.dumps(content, indent=1) + "\n"


def from_text(text: str) -> Record:
    """Return what was written; :data:`DAMAGED` if it is nothing of ours."""
    try:
        content = json.loads(text)
        return _record(content)
    except (ValueError, TypeError, KeyError, RecursionError):
        return DAMAGED


def _record(content: dict[str, object]) -> Record:
    if content["format"] != FORMAT:
        raise ValueError("of another program")
    rung = _text(content["rung"])
    return Record(
        History(
            _ages(content["failures"], REBOOT_AT),
            _ages(content["reboots"], MOST_REBOOTS),
            _text(content["boot"]),
            _number(content["counted_to"]),
        ),
        Rung(rung) if rung else None,
        _text(content["code"]),
        _text(content["why"]),
    )


def _ages(value: object, most: int) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise TypeError("no list")
    ages = cast("list[object]", value)
    return tuple(_number(age) for age in ages[-most:])


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError("no number")
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError("no time")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
