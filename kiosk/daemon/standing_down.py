"""
Makes way for a restart of the machine: from then on no call begins.

Whoever restarts the machine asks first.  A customer who is there wins: neither a call
nor its last screen, nor the question whether the camera may open, is cut off.  Who asked
and did not restart after all is forgotten after a while, and calls go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.errors import ControlError


REASON: Final = "U003 the kiosk restarts, with a new system or its settings"

_EMPTY: Final = {State.UNCONFIGURED, State.OUT_OF_SERVICE, State.CLOSED}
_SETTLE_S: Final = 0.05
_DEADLINE_S: Final = 2.0


class StandingDown:
    """
    Args:
        state: Tells whether somebody is there.
        post: Takes the event that shows why no call begins.
        look_again: Has the service watch ask for the refusal.

    """

    def __init__(
        self,
        state: Callable[[], State],
        post: Callable[[ev.Event], None],
        look_again: Callable[[], None],
    ) -> None:
        self._state = state
        self._post = post
        self._look_again = look_again
        self._end: asyncio.TimerHandle | None = None

    @property
    def refusal(self) -> str:
        """Why no call may begin, or empty."""
        return "" if self._end is None else REASON

    async def begin(self, seconds: float) -> None:
        """
        Let no call begin for so long; on the event loop.

        Raises:
            ControlError: Somebody is there.

        """
        if self._state() not in {*_EMPTY, State.IDLE}:
            raise _somebody(self._state())
        self.give_up()
        self._end = asyncio.get_running_loop().call_later(seconds, self.give_up)
        self._post(ev.ServiceLost(REASON))
        self._look_again()
        try:
            async with asyncio.timeout(_DEADLINE_S):
                # the call button may have been pressed before, and wait in the queue
                await asyncio.sleep(_SETTLE_S)
                while self._state() is State.IDLE:  # noqa: ASYNC110 -- the machine knows no event loop
                    await asyncio.sleep(_SETTLE_S)
        finally:
            if self._state() not in _EMPTY:
                self.give_up()
        if self._state() not in _EMPTY:
            raise _somebody(self._state())

    def give_up(self) -> None:
        """Let calls begin again; safe to repeat."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
            self._look_again()


def _somebody(state: State) -> ControlError:
    return ControlError(f"somebody is at the kiosk ({state.name}); ask again later")
