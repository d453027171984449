"""
How a bundle proves itself: the kiosk is healthy with it, or it is taken back.

What healthy means is :mod:`kiosk.health`'s; here is only what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.health import Verdict
from kiosk.provision.outcome import Outcome
from kiosk.provision.provisioning import Provisioning, TrialOver


PATIENCE_S: Final = 900.0
"""So long a kiosk may take; without a network it is healthy after ten minutes."""

Wait = Callable[[float], Verdict]


def try_out(provisioning: Provisioning, wait: Wait) -> Outcome | None:
    """
    Wait until the set on trial has proved itself, or take it back.

    Without an earlier one that was good it stays, and is waited for as long as it
    takes: the room server may be the last thing of a new branch that is switched on.

    Args:
        provisioning: Of this machine.
        wait: Waits until the kiosk is healthy, at most so many seconds.

    Returns:
        What became of it; None where nothing is on trial any more.

    """
    wanted = provisioning.record.trial
    while wanted:
        verdict = wait(PATIENCE_S)
        try:
            if verdict.is_healthy:
                return provisioning.commit(wanted)
            if provisioning.can_give_back:
                return provisioning.give_back(_late(verdict), wanted)
            provisioning.tell_unhealthy(_late(verdict), wanted)
        except TrialOver:
            return None  # another took its place, perhaps while we waited for the lock
    return None


def _late(verdict: Verdict) -> str:
    return f"not healthy within {PATIENCE_S / 60:.0f} minutes: {verdict.reason}"
