"""
What a page is told: everything it shows, as one JSON object.  Pure.

Times are milliseconds that have passed, for a page has its own clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.agentdesk.calls import DeskCall
from kiosk.agentdesk.desk import Desk
from kiosk.agentdesk.line import Waiter
from kiosk.agentdesk.stations import Note, Station


def state_of(desk: Desk, station: Station) -> Note:
    """Return what an agent's page shows now."""
    return {
        "say": "state",
        "agent": _agent(station),
        "agents": [_colleague(one) for one in desk.stations if one is not station],
        "blind": desk.is_blind,
        "waiting": [_waiter(desk, waiter) for waiter in _waiters(desk)],
        "call": None if station.call is None else _call(desk, station, station.call),
        "offer": None if station.offer is None else _offer(station.offer),
    }


def counts_of(desk: Desk) -> Mapping[str, float]:
    """Return how many agents are here, and how many of them have a call."""
    return {
        "here": sum(one.is_open for one in desk.stations),
        "in_call": sum(one.call is not None for one in desk.stations),
    }


def _waiters(desk: Desk) -> tuple[Waiter, ...]:
    return desk.line.waiters(lambda key: desk.answered_by(key) is not None)


def _agent(station: Station) -> Note:
    return {"id": station.agent.agent_id, "name": station.agent.name}


def _colleague(station: Station) -> Note:
    return {**_agent(station), "free": station.is_free}


def _waiter(desk: Desk, waiter: Waiter) -> Note:
    wait, by = waiter.wait, desk.answered_by(waiter.wait.key)
    return {
        "id": wait.key,
        "name": wait.name or wait.user_id,
        "branch": wait.branch,
        "waitedMs": _passed_ms(desk, waiter.since),
        "position": waiter.position,
        "answerable": waiter.is_next and by is None,
        "answeredBy": by.name if by else "",
    }


def _call(desk: Desk, station: Station, call: DeskCall) -> Note:
    is_mine = call.holder.agent == station.agent
    offered = call.offered_to or (call.taker.agent if call.taker else None)
    return {
        "id": call.call_id,
        "kiosk": call.wait.name or call.wait.user_id,
        "branch": call.wait.branch,
        "stage": call.stage.value if is_mine else "connecting",
        "muted": station.muted,
        "kioskMuted": call.kiosk_muted,
        "trouble": call.trouble,
        "recorded": call.is_recorded,
        "passingTo": offered.name if is_mine and offered else "",
    }


def _offer(call: DeskCall) -> Note:
    return {
        "kiosk": call.wait.name or call.wait.user_id,
        "branch": call.wait.branch,
        "from": call.holder.agent.name,
    }


def _passed_ms(desk: Desk, since: float) -> int:
    return max(0, round((desk.now() - since) * 1000))
