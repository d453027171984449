"""
The display of a kiosk whose configuration changes while it is lit.

1. The same ``[display]`` is the same display: nothing is set anew.
2. Another mode, connector or rotation on the same card goes the way of a crash: the
   successor inherits the descriptor, and its first commit covers what is there.  Dark
   is only what a monitor needs to take another mode.
3. Another card, or none, is a display that goes out and one that is lit.
"""

from __future__ import annotations

import os
from dataclasses import replace

from kiosk.app.first_display import (
    KEPT_AS,
    DisplayPlan,
    FirstDisplay,
    open_first_display,
)
from kiosk.ports import Init


def relit(
    first: FirstDisplay | None,
    plan: DisplayPlan | None,
    init: Init,
    *,
    is_service: bool,
) -> FirstDisplay | None:
    """
    Return the display for another plan, lit; on the event loop.

    Args:
        first: What is lit now; closed unless it is what is returned.
        plan: What is configured now; None where no card is.
        init: Keeps the card's descriptor.
        is_service: Whether the terminal below is ours to take.

    """
    if plan is None:
        if first is not None:
            first.display.close()
            first.terminal.give_back()
            init.forget(KEPT_AS)
        return None
    if first is None:
        lit = open_first_display(plan, {})
        if lit is not None and is_service:
            lit.terminal.take()
            lit.have_kept(init)
        return lit
    if replace(first.plan, is_certain=True) == plan:
        return first
    again = open_first_display(plan, _left(first, plan), first.kernels)
    if again is not None:
        again.terminal = first.terminal
        if not again.is_inherited:
            init.forget(KEPT_AS)
            again.have_kept(init)
    return again


def _left(first: FirstDisplay, plan: DisplayPlan) -> dict[str, int]:
    """Let go of a display; return its card's descriptor where that is still wanted."""
    kernel = first.card.kernel
    is_same = (first.plan.path, first.plan.driver) == (plan.path, plan.driver)
    if kernel is None or not is_same:
        first.display.close()
        return {}
    kept = {KEPT_AS: os.dup(kernel.fileno())}
    first.card.close(stay_lit=True)
    return kept
