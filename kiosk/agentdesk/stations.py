"""
An agent's place: his open page, what it is to be told, and the call he has.

What a page shows is one value, told whole whenever it changed, so that a page that was
away, or slow, is right again with the next one; only texts and refusals are told once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

from kiosk.agentdesk.call_values import Agent
from kiosk.agentdesk.calls import DeskCall


MAX_NOTES: Final = 64
"""Of a page that takes nothing the oldest are lost."""

Note = Mapping[str, object]


class Station:
    """
    One agent's.

    Attributes:
        call: The one he has, or is about to have.
        offer: One that somebody wants to hand over to him.
        muted: Whether his microphone is off.
        is_open: Whether a page of his is connected.
        page: Counts his pages: only the newest is told anything.

    """

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.call: DeskCall | None = None
        self.offer: DeskCall | None = None
        self.muted = False
        self.is_open = False
        self.page = 0
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)
        self._woken = asyncio.Event()

    @property
    def is_free(self) -> bool:
        """Whether he could take a call."""
        return self.is_open and self.call is None and self.offer is None

    def note(self, note: Note) -> None:
        """Have something told once."""
        self._notes.append(note)
        self._woken.set()

    def wake(self) -> None:
        """Have everything told anew."""
        self._woken.set()

    async def news(self, page: int) -> tuple[Note, ...] | None:
        """
        Wait until there is something to tell a page; return what is told once.

        None: the agent has another page now, or none.
        """
        await self._woken.wait()
        if page != self.page:
            return None
        self._woken.clear()
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def sit_down(self) -> int:
        """Open a page; return its number.  One that was open learns of it."""
        self.page += 1
        self.is_open = True
        self.wake()
        return self.page

    def get_up(self) -> None:
        """Close the page that is open."""
        self.page += 1
        self.is_open = False
        self.wake()


class Stations:
    """Those of all agents who are here, or are waited for."""

    def __init__(self) -> None:
        self._by_agent: dict[str, Station] = {}

    @property
    def all(self) -> tuple[Station, ...]:
        """All of them, as they came."""
        return tuple(self._by_agent.values())

    def find(self, agent_id: str) -> Station | None:
        """Return an agent's, if he has one."""
        return self._by_agent.get(agent_id)

    def of(self, agent: Agent) -> Station:
        """Return an agent's, a new one if he has none."""
        return self._by_agent.setdefault(agent.agent_id, Station(agent))

    def forget(self, station: Station) -> None:
        """Keep it no longer."""
        if self.find(station.agent.agent_id) is station:
            del self._by_agent[station.agent.agent_id]

    def tell(self, agent: Agent, note: Note) -> None:
        """Have an agent told something once, if he is here."""
        station = self.find(agent.agent_id)
        if station is not None:
            station.note(note)

    def wake(self) -> None:
        """Have everybody told everything anew."""
        for station in self.all:
            station.wake()
