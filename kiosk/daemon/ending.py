"""
When a daemon is to end: for good, or to make way for one that is configured anew.

Who makes way tells the supervisor nothing: for him the kiosk goes on.
"""

from __future__ import annotations

import asyncio

from kiosk.call.events import Event
from kiosk.call.machine import CallMachine
from kiosk.call.states import Role, State
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import Init


_RESTING = {State.UNCONFIGURED, State.OUT_OF_SERVICE, State.CLOSED, State.IDLE}


async def at_once() -> None:
    """Wait for nothing."""


class Ending:
    """
    Args:
        machine: Tells whether there is a call.
        events: What it has not heard yet.

    Attributes:
        wanted: Set once it is to end.

    """

    def __init__(
        self,
        machine: CallMachine,
        settings: DaemonSettings,
        events: asyncio.Queue[Event],
    ) -> None:
        self._machine = machine
        self._is_agents = settings.role is Role.AGENT
        self._events = events
        self._gives_way = False
        self.wanted = asyncio.Event()

    def is_at_rest(self) -> bool:
        """Whether there is no call and no press unheard: nobody would miss it."""
        state = self._machine.state
        # an agent's kiosk waits in its room all day, for nobody as yet
        rests = state in _RESTING or (self._is_agents and state is State.WAITING)
        return rests and self._events.empty()

    def give_way(self) -> None:
        """End for a successor in this process."""
        self._gives_way = True
        self.wanted.set()

    async def come(self, init: Init) -> None:
        """Return once it is to end; the supervisor knows if it is for good."""
        await self.wanted.wait()
        if not self._gives_way:
            init.stopping()
