"""
Back into the same call after a crash.

While a seat is held, it is noted once a second where; the next process finds it and
asks for that seat again, as soon as the room service answers.

1. Only within the time a vanished party may take to return: later nobody waits, and a
   camera must not open for somebody who has left.  Then the seat is left first, for
   the others wait in vain for whoever is not coming back.
2. Only a few times in one call: what comes from the other side may be what kills us.
3. Muted stays muted, and who switches off on the way back is muted as well.
4. Who presses hang-up while we are away has hung up.
5. Being on air is not gone on with: that only the button begins.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from kiosk.call.events import Resumed, Timer
from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, State
from kiosk.daemon.outside import Outside
from kiosk.daemon.scope import CallScope
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports.held_call import HeldCall


MOST_RETURNS: Final = 3
"""Into one call."""
_HELD: Final = {
    State.WAITING,
    State.ANSWERED,
    State.IN_CALL,
    State.RECONNECTING,
    State.GRACE,
}

log = logging.getLogger(__name__)


class Resumption:
    """
    Args:
        outside: Has what outlives this process, and the clock.
        machine: Tells whether there is a call, and whether it is muted.
        settings: How long a vanished party may take to return.

    """

    def __init__(
        self, outside: Outside, machine: CallMachine, settings: DaemonSettings
    ) -> None:
        self._memory = outside.memory
        self._clock = outside.clock
        self._machine = machine
        grace_s = settings.durations_s[Timer.GRACE] or 0.0
        self._grace_us = round(grace_s * 1_000_000)
        self._broadcasts = settings.broadcasts
        self._left = self._memory.recall()
        self._behind = ""
        self._taken: HeldCall | None = None
        self._is_noted = False
        self._returns = 0

    def take(self) -> Resumed | None:
        """Return the call that the predecessor was in, if it is not too late; once."""
        left, self._left = self._left, None
        if left is None:
            return None
        silent_us = self._clock.now() - left.at
        facts = {"silent_s": round(silent_us / 1_000_000, 1), "returns": left.returns}
        # before its time is of another start of the machine: a clock that began anew
        is_in_time = 0 <= silent_us <= self._grace_us
        if not is_in_time or left.returns >= MOST_RETURNS:
            log.warning("call not resumed", extra=facts)
            self._behind = left.room_id
            self._memory.forget()
            return None
        log.warning("call resumed", extra=facts)
        self._returns = left.returns + 1
        self._taken = replace(left, returns=self._returns)
        self._memory.keep(self._taken)
        return Resumed(left.room_id, left.muted)

    def left_behind(self) -> str:
        """Return the room in which a seat of ours is to be left, once; or nothing."""
        behind, self._behind = self._behind, ""
        return behind

    def give_up(self) -> None:
        """Forget the call that nobody went on with yet: it was hung up."""
        left, self._left = self._left, None
        if left is not None:
            log.warning("call not resumed, it was hung up")
            self._behind = left.room_id
            self._memory.forget()

    def note(self, scope: CallScope | None, user_id: str) -> None:
        """Note where we sit; that the call is over, once it is."""
        state = self._machine.state
        if state in _HELD and scope is not None and not self._broadcasts:
            self._is_noted, self._taken = True, None
            muted, now = self._machine.muted, self._clock.now()
            self._memory.keep(
                HeldCall(scope.room_id, user_id, muted, self._returns, now)
            )
        elif state in CALL_STATES:
            self._note_way_back()
        elif self._is_noted:
            self._is_noted, self._taken = False, None
            self._returns = 0
            self._memory.forget()

    def _note_way_back(self) -> None:
        """Without a seat yet: only whether the customer is muted is news."""
        taken = self._taken
        if taken is None:
            return
        self._is_noted = True
        if taken.muted is not self._machine.muted:
            self._taken = replace(taken, muted=self._machine.muted)
            self._memory.keep(self._taken)
