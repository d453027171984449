"""What happens between the press and the call, as a list of steps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from kiosk.ports import ScreenName
from kiosk.ui.texts import Texts


class StepState(Enum):
    """How far one of several steps is."""

    DONE = auto()
    NOW = auto()
    AHEAD = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One of several things that happen before a call."""

    state: StepState
    text: str


KEYS: Final = ("step.service", "step.devices", "step.adviser")
"""
In the order they happen: camera and microphone open once there is a seat, and
an adviser is waited for only when they are open.
"""
_GOES_ON: Final = {ScreenName.CONNECTING: 0, ScreenName.WAITING: 2}


def steps_of(name: ScreenName, texts: Texts, *, broadcasts: bool) -> tuple[Step, ...]:
    """Return the steps of a screen before a call; none of any other."""
    now = _GOES_ON.get(name)
    if now is None or broadcasts:
        return ()
    return tuple(
        Step(_state(number, now), texts(key)) for number, key in enumerate(KEYS)
    )


def _state(number: int, now: int) -> StepState:
    if number < now:
        return StepState.DONE
    return StepState.NOW if number == now else StepState.AHEAD
