"""
What people do with the buttons, made of the edges that the buttons report.

1. A press counts when the finger comes down, wherever holding that button means
   nothing: no call waits for a finger to be lifted, and a hang-up is at once.
2. Where holding means something (the call button of an idle kiosk with several
   languages), a press counts when the finger leaves, and a long one as soon as it
   is long: people see that it was understood while they still hold.
3. Two buttons held together have a meaning of their own after some seconds, beside
   that of each; only those count that went down where it may be so, and within two
   seconds of each other.  Who leans on the panel does not mean it: a third finger
   takes it away until all have left.

Everything happens on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from kiosk.ports import Button, ButtonEdge, Micros


BOTH: Final = frozenset({Button.MUTE, Button.HANGUP})
"""Held together; outside a call neither does anything by itself."""
TOGETHER_US: Final = 2_000_000


def press_for(
    turn: Callable[[ButtonEdge], None],
    button: Button,
    held_s: float,
    now: Callable[[], Micros],
) -> None:
    """Give the edges of a button that is pressed and let go, at once or after a while."""

    def lift() -> None:
        turn(ButtonEdge(button, is_down=False, at=now()))

    turn(ButtonEdge(button, is_down=True, at=now()))
    if held_s:
        asyncio.get_running_loop().call_later(held_s, lift)
    else:
        lift()


class Presses:
    """
    Args:
        press: A button was pressed.
        hold: The button was held for ``hold_s``, where it may be.
        may_hold: Whether holding this button means something now.
        hold_both: Both of :data:`BOTH` were held for ``both_s``.
        may_hold_both: Whether holding both means something now.

    """

    def __init__(
        self,
        *,
        press: Callable[[Button], None],
        hold: Callable[[Button], None],
        may_hold: Callable[[Button], bool],
        hold_s: float,
        hold_both: Callable[[], None],
        may_hold_both: Callable[[], bool],
        both_s: float,
    ) -> None:
        self._press = press
        self._hold = hold
        self._may_hold = may_hold
        self._hold_s = hold_s
        self._hold_both = hold_both
        self._may_hold_both = may_hold_both
        self._both_s = both_s
        self._fingers: set[Button] = set()
        self._held: dict[Button, Micros] = {}
        self._is_leant_on = False
        self._both: asyncio.TimerHandle | None = None
        self._undecided: dict[Button, asyncio.TimerHandle] = {}

    def turn(self, edge: ButtonEdge) -> None:
        """Take an edge; one that says what is so already begins a new press."""
        was_undecided = self._drop(edge.button)
        if edge.is_down:
            self._down(edge.button, edge.at)
        elif was_undecided:
            self._press(edge.button)

    def _down(self, button: Button, at: Micros) -> None:
        later = asyncio.get_running_loop().call_later
        self._fingers.add(button)
        if len(self._fingers) > len(BOTH):
            self._is_leant_on = True
        if self._is_leant_on:
            self._forget_both()
        elif button in BOTH and self._may_hold_both():
            self._held[button] = at
            if self._are_held_together():
                self._both = later(self._both_s, self._both_held)
        if self._may_hold(button):
            self._undecided[button] = later(self._hold_s, self._held_long, button)
        else:
            self._press(button)

    def _drop(self, button: Button) -> bool:
        self._fingers.discard(button)
        if not self._fingers:
            self._is_leant_on = False
        if self._held.pop(button, None) is not None:
            self._forget_both()
        undecided = self._undecided.pop(button, None)
        if undecided is not None:
            undecided.cancel()
        return undecided is not None

    def _are_held_together(self) -> bool:
        times = self._held.values()
        return self._held.keys() >= BOTH and max(times) - min(times) <= TOGETHER_US

    def _forget_both(self) -> None:
        if self._both is not None:
            self._both.cancel()
            self._both = None

    def _held_long(self, button: Button) -> None:
        del self._undecided[button]
        self._hold(button)

    def _both_held(self) -> None:
        self._both = None
        if self._may_hold_both():
            self._hold_both()
