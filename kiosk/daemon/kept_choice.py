"""
What a customer chose is kept while there is one, and forgotten some time after.

Whatever the kiosk shows by then: closed for the night, or out of service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, State


_WITH_CUSTOMER: Final = CALL_STATES | {State.CONSENT, State.ENDED}
"""In which whoever chose is still there."""


class KeptChoice:
    """
    Args:
        keep_s: For so long after the choice, and then until there is no customer.
        machine: Tells whether there is one.
        forget: Goes back to what is configured.

    """

    def __init__(
        self, keep_s: float, machine: CallMachine, forget: Callable[[], None]
    ) -> None:
        self._keep_s = keep_s
        self._machine = machine
        self._forget = forget
        self._end: asyncio.TimerHandle | None = None

    def keep(self) -> None:
        """Begin the time anew: something was chosen."""
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self._keep_s, self._is_over)

    def _is_over(self) -> None:
        self._end = None
        if self._machine.state in _WITH_CUSTOMER:
            self.keep()
        else:
            self._forget()
