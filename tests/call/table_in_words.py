"""The call's tables as text: each row with where it leads and all it orders."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.events import Timer
from kiosk.call.states import Role, State
from kiosk.call.table import Row, Trigger, table_of


_SAMPLES: dict[type, object] = {
    ev.SeatMissing: ev.SeatMissing(7, "full", 2),
    ev.ServiceLost: ev.ServiceLost("R007 no answer"),
    ev.PushLost: ev.PushLost(7, "M004 reset"),
    ev.RoomClosed: ev.RoomClosed(7, "R005 room gone"),
    ev.Failed: ev.Failed(7, "D001 camera gone"),
    ev.PeerJoined: ev.PeerJoined(7, "peer"),
    ev.PeerMoved: ev.PeerMoved(7, "peer"),
    ev.PeerLeft: ev.PeerLeft(7, "peer"),
    ev.Resumed: ev.Resumed("room-1", muted=True),
}
_TABLES = (
    ("kiosk", Role.KIOSK, False),
    ("kiosk, asking", Role.KIOSK, True),
    ("agent", Role.AGENT, False),
)


def built(trigger: Trigger, row: Row) -> tuple[do.Command, ...]:
    """Return what a row orders in the seventh call."""
    event: Any = ev.TimerFired(trigger) if isinstance(trigger, Timer) else trigger
    if isinstance(trigger, type):
        event = _SAMPLES.get(trigger, trigger)
    return row.build(event, 7)


def name_of(trigger: Trigger) -> str:
    """Return what a row is keyed by, in a word."""
    if isinstance(trigger, Enum):
        return f"{type(trigger).__name__}.{trigger.name}"
    return trigger.__name__


def table_in_words() -> Iterator[str]:
    """Yield a line for each row of each table, and each of its orders below."""
    for name, role, consent in _TABLES:
        table = table_of(role, consent=consent)
        for state in State:
            for trigger, row in table[state].items():
                yield f"{name}: {state.name}, {name_of(trigger)}: {row.target.name}"
                yield from (f"    {command}" for command in built(trigger, row))
