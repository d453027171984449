"""
From the history of a kiosk's failures to what is done about the newest one.

systemd's own start limit knows two ends, to reboot whatever it costs or to stay dead,
and forgets both over a reboot.  This ladder has four rungs:

1. restart after a second: a call survives it;
2. the safe screen, and another start ten seconds later, so that people read where to
   go and a mended cause brings the kiosk back by itself;
3. a reboot, from which the kiosk comes back to rung 2 at its next failure;
4. after three reboots none more: the safe screen stays, and a start is tried every
   minute.

Time here is *service*: seconds in which the kiosk was ready.  Nothing else makes a
failure or a reboot older: neither a clock that jumps, nor a night without power, nor
the time spent on the safe screen.  So "three reboots within an hour" holds on a board
without a clock, and a kiosk that never gets ready is never rebooted a fourth time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final


SAFE_AT: Final = 5
"""The how-manieth failure within the window puts the safe screen up."""
REBOOT_AT: Final = 10
"""The how-manieth orders a reboot."""
WINDOW_S: Final = 600.0
"""So much service makes a failure forgotten."""
MOST_REBOOTS: Final = 3
REBOOTS_WINDOW_S: Final = 3600.0
"""So much service makes a reboot forgotten."""


class Rung(Enum):
    """What is done about a failure; the value is its name in the journal."""

    RESTART = "restart"
    SAFE_SCREEN = "safe screen"
    REBOOT = "reboot"
    STAY = "stay on the safe screen"


@dataclass(frozen=True, slots=True)
class History:
    """
    What went wrong lately.

    Attributes:
        failures: How long ago each was, in seconds of service; the newest last.
        reboots: The same of the reboots this ladder ordered.
        boot: Which boot ``counted_to`` is of, by the kernel's boot id.
        counted_to: Until when, in seconds of this boot, service is in those ages.

    """

    failures: tuple[float, ...] = ()
    reboots: tuple[float, ...] = ()
    boot: str = ""
    counted_to: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.failures and not self.reboots


CLEAN: Final = History()
SPENT: Final = History(reboots=(0.0,) * MOST_REBOOTS)
"""What is assumed of a history that cannot be read: no reboot is ordered on a guess."""


@dataclass(frozen=True, slots=True)
class Step:
    """The rung to take, and the history with it; write that down before acting."""

    rung: Rung
    history: History


def served(history: History, boot: str, since: float, until: float) -> History:
    """
    Return the history after a time in which the kiosk was ready.

    Args:
        history: As it was written.
        boot: The kernel's id of this boot.
        since: When the kiosk got ready, in seconds of this boot.
        until: When that ended, or now.

    """
    if history.boot == boot:
        since = max(since, history.counted_to)
    passed = max(0.0, until - since)
    return History(
        _aged(history.failures, passed, WINDOW_S),
        _aged(history.reboots, passed, REBOOTS_WINDOW_S),
        boot,
        until,
    )


def failed(history: History, *, may_reboot: bool = True) -> Step:
    """
    Return what is done about one more failure.

    Args:
        history: With the service until then in it, see :func:`served`.
        may_reboot: False where the history would not outlive a reboot.

    """
    failures = (*history.failures, 0.0)[-REBOOT_AT:]
    history = replace(history, failures=failures)
    if len(failures) < SAFE_AT:
        return Step(Rung.RESTART, history)
    if len(failures) < REBOOT_AT:
        return Step(Rung.SAFE_SCREEN, history)
    if not may_reboot or len(history.reboots) >= MOST_REBOOTS:
        return Step(Rung.STAY, history)
    rebooted = replace(
        history,
        failures=(0.0,) * (SAFE_AT - 1),
        reboots=(*history.reboots, 0.0),
    )
    return Step(Rung.REBOOT, rebooted)


def _aged(ages: tuple[float, ...], passed: float, window: float) -> tuple[float, ...]:
    return tuple(age + passed for age in ages if age + passed < window)
