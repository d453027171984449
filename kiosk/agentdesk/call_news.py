"""What agents are told of their calls: texts, hand-overs, ends."""

from __future__ import annotations

import logging

from kiosk.agentdesk.call_values import Agent, End
from kiosk.agentdesk.calls import DeskCall
from kiosk.agentdesk.stations import Note, Stations


log = logging.getLogger(__name__)


class CallNews:
    """
    Tells whom a call's changes concern: its :class:`~kiosk.agentdesk.calls.CallWatch`.

    Args:
        stations: Of all agents.

    """

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    def changed(self, call: DeskCall) -> None:
        """Tell everybody: who is busy, and how far he is."""
        self._stations.wake()

    def said(self, call: DeskCall, name: str, text: str) -> None:
        """Show a text of the kiosk to who has the call."""
        self._stations.tell(
            call.holder.agent, {"say": "text", "name": name, "text": text}
        )

    def passed(self, call: DeskCall, before: Agent) -> None:
        """Free who handed a call over."""
        log.info(
            "desk call handed over",
            extra={"call": call.call_id, "agent": call.holder.agent.agent_id},
        )
        station = self._stations.find(before.agent_id)
        if station is not None and station.call is call:
            station.call = None
        name = call.holder.agent.name
        self._stations.tell(
            before, {"say": "notice", "why": "handed_over", "name": name}
        )
        self._stations.wake()

    def not_taken(self, call: DeskCall, taker: Agent) -> None:
        """Free who could not take a call over, and tell both."""
        holder = call.holder.agent
        facts = {"call": call.call_id, "agent": taker.agent_id}
        log.info("desk call not taken over", extra=facts)
        station = self._stations.find(taker.agent_id)
        if station is not None and station.call is call:
            station.call = None
        not_yours = {"say": "notice", "why": "not_taken", "name": holder.name}
        still_yours = {"say": "notice", "why": "taker_failed", "name": taker.name}
        self._stations.tell(taker, not_yours)
        self._stations.tell(holder, still_yours)
        self._stations.wake()


def ended(end: End) -> Note:
    """Return what an agent is told whose call is over."""
    return {"say": "ended", "why": end.value, "name": ""}


def ended_for(agent: Agent, call: DeskCall, end: End) -> Note:
    """Return what an agent is told; who only was to take it over did not hang up."""
    holder = call.holder.agent
    if end is End.HUNG_UP and agent != holder:
        return {"say": "notice", "why": "hung_up", "name": holder.name}
    return ended(end)
