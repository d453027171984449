"""
The technician's page: two buttons held together show what device this is and how it fares.

1. It lies over the screen of a kiosk that is not in a call, and never in one: a
   call that begins takes it away.
2. Any press only takes it away, and so does a minute.
3. It is filled in when the answers are there; nothing waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES
from kiosk.daemon.door import Door
from kiosk.daemon.face import Face
from kiosk.daemon.faults import FLASHES, Faults
from kiosk.daemon.outside import Outside
from kiosk.ports import Inspected, Inspection, Probe


Begin = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


async def look(outside: Outside, face: Face, faults: Faults, door: Door) -> Inspection:
    """Find out all that a technician wants to know, within some seconds."""
    rows = dict(await outside.inspect(face.last_reason))
    last = rows.pop(Inspected.LAST_ERROR, Probe("-"))
    if door.is_open is not None:
        rows[Inspected.DOOR] = _of_door(is_open=door.is_open)
    rows[Inspected.FAULTS] = _of_faults(faults)
    return (*rows.items(), (Inspected.LAST_ERROR, last))


def _of_door(*, is_open: bool) -> Probe:
    if not is_open:
        return Probe("closed")
    return Probe("open", "open", "close it, or see to its contact")


def _of_faults(faults: Faults) -> Probe:
    """Return the faults with the flashes of the lamp; without any, the whole code."""
    code = ", ".join(f"{number} {fault.value}" for fault, number in FLASHES.items())
    found = f"none; the lamp flashes {code}"
    wrong = ", ".join(f"{FLASHES[fault]} {fault.value}" for fault in faults.known)
    return Probe(found, wrong and f"the lamp flashes {wrong}", "see their rows")


class TechnicianPage:
    """
    Args:
        inspect: See :func:`look`.
        begin: Begins a task that its owner waits for.
        stay_s: After so long it goes away by itself.

    """

    def __init__(
        self,
        machine: CallMachine,
        face: Face,
        inspect: Callable[[], Awaitable[Inspection]],
        begin: Begin,
        stay_s: float,
    ) -> None:
        self._machine = machine
        self._face = face
        self._inspect = inspect
        self._begin = begin
        self._stay_s = stay_s
        self._end: asyncio.TimerHandle | None = None
        self._filling: asyncio.Task[None] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether it lies over the screen."""
        return self._face.is_covered

    def may_open(self) -> bool:
        """Whether there is no call it would cover."""
        return self._machine.state not in CALL_STATES

    def open(self) -> None:
        """Show it, without answers at first."""
        self.close()  # what is left of one that a call took away
        self._face.cover(())
        later = asyncio.get_running_loop().call_later
        self._end = later(self._stay_s, self.close)
        filling = self._fill_in()
        try:
            self._filling = self._begin(filling)
        except RuntimeError:  # its owner is on the way out, and so are we
            filling.close()

    def close(self) -> None:
        """Take it away; safe to repeat."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if self._filling is not None:
            self._filling.cancel()
            self._filling = None
        self._face.uncover()

    async def _fill_in(self) -> None:
        found = await self._inspect()
        if self.is_shown:
            self._face.cover(found)
