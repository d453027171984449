"""
The life of a call, as a table.

Rule 1: every change of state is a row here. No other module assigns a state.
Rule 2: a row builds its commands from the event and the call's ordinal alone:
no clock, no configuration, no memory.
Rule 3: what means nothing in a state is listed in :mod:`kiosk.call.ignored`. A missing
row is then a failing test, not a silence in a branch.
Rule 4: a row's key is the kind of event or, for a timer, which one fired and,
for a moved stream, how far the call had come.

Camera and microphone are open exactly in :data:`kiosk.call.states.DEVICES_OPEN`. RECONNECTING
belongs to it: closing a sensor for a cut of a second would cost the next
second and make the lamp lie about who is looking.

The diagram in docs/developer.md is generated from :data:`KIOSK` and :data:`CONSENT_FIRST`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kiosk.call import events as ev
from kiosk.call import rows
from kiosk.call.events import Standing, Timer
from kiosk.call.rows import Commands
from kiosk.call.states import Role, State


Trigger = type[ev.Event] | Timer | Standing


class Row(NamedTuple):
    """Build the commands from (event, ordinal), then be in ``target``."""

    build: Callable[[Any, int], Commands]
    target: State


Table = Mapping[State, Mapping[Trigger, Row]]


END = Row(rows.end, State.IDLE)
EXPLAIN = Row(rows.explain, State.ENDED)
PEER_HUNG_UP = Row(rows.say_ended, State.ENDED)
RECONNECT = Row(rows.reconnect, State.RECONNECTING)
RESUME = Row(rows.resume, State.RESERVING)

KIOSK: Table = {
    State.UNCONFIGURED: {},
    State.OUT_OF_SERVICE: {
        ev.ServiceFound: Row(rows.show_idle, State.IDLE),
        ev.ServiceLost: Row(rows.show_fault, State.OUT_OF_SERVICE),
        ev.HoursEnded: Row(rows.show_closed, State.CLOSED),
        ev.Resumed: RESUME,
    },
    State.CLOSED: {
        ev.Resumed: RESUME,
        ev.HoursBegan: Row(rows.show_idle, State.IDLE),
    },
    State.IDLE: {
        ev.CallPressed: Row(rows.reserve, State.RESERVING),
        ev.ServiceLost: Row(rows.show_fault, State.OUT_OF_SERVICE),
        ev.HoursEnded: Row(rows.show_closed, State.CLOSED),
    },
    State.CONSENT: {
        ev.CallPressed: Row(rows.reserve, State.RESERVING),
        ev.HangupPressed: Row(rows.dismiss, State.IDLE),
        ev.ServiceLost: Row(rows.show_fault, State.OUT_OF_SERVICE),
        ev.HoursEnded: Row(rows.show_closed, State.CLOSED),
        Timer.CONSENT: Row(rows.dismiss, State.IDLE),
    },
    State.RESERVING: {
        ev.SeatFound: Row(rows.publish, State.PUBLISHING),
        ev.SeatMissing: Row(rows.queue, State.QUEUED),
        ev.HangupPressed: END,
        ev.Failed: EXPLAIN,
        Timer.RESERVE: EXPLAIN,
    },
    State.QUEUED: {
        ev.SeatMissing: Row(rows.show_queue, State.QUEUED),
        ev.SeatFreed: Row(rows.chime, State.QUEUED),
        Timer.CHIME: Row(rows.reserve, State.RESERVING),
        ev.HangupPressed: END,
        ev.Failed: EXPLAIN,
    },
    State.PUBLISHING: {
        ev.Published: Row(rows.take_seat, State.PUBLISHING),
        ev.SeatTaken: Row(rows.wait, State.WAITING),
        ev.SeatLost: Row(rows.requeue, State.QUEUED),
        ev.OnAir: Row(rows.broadcast, State.BROADCASTING),
        ev.HangupPressed: END,
        ev.PushLost: EXPLAIN,
        ev.Failed: EXPLAIN,
        Timer.PUBLISH: EXPLAIN,
        Timer.RESERVE: EXPLAIN,
    },
    State.WAITING: {
        ev.PeerJoined: Row(rows.answer, State.ANSWERED),
        ev.PeerMoved: Row(rows.answer, State.ANSWERED),
        ev.HangupPressed: END,
        ev.PushLost: RECONNECT,
        ev.RoomEnded: PEER_HUNG_UP,
        ev.RoomClosed: EXPLAIN,
        ev.Failed: EXPLAIN,
        Timer.ANSWER: Row(rows.say_no_answer, State.ENDED),
    },
    State.ANSWERED: {
        ev.PeerStarted: Row(rows.show_peer, State.IN_CALL),
        ev.PeersResumed: Row(rows.show_peer, State.IN_CALL),
        ev.PeersSilent: Row(rows.hold, State.GRACE),
        ev.PeerJoined: Row(rows.play, State.ANSWERED),
        ev.PeerMoved: Row(rows.play, State.ANSWERED),
        ev.PeerLeft: Row(rows.stop_playing, State.ANSWERED),
        ev.PeersHungUp: PEER_HUNG_UP,
        ev.PeersExpired: Row(rows.hold, State.GRACE),
        ev.HangupPressed: END,
        ev.PushLost: RECONNECT,
        ev.RoomEnded: PEER_HUNG_UP,
        ev.RoomClosed: EXPLAIN,
        ev.Failed: EXPLAIN,
        Timer.PICTURE: EXPLAIN,
    },
    State.IN_CALL: {
        ev.PeerJoined: Row(rows.play, State.IN_CALL),
        ev.PeerMoved: Row(rows.play, State.IN_CALL),
        ev.PeerLeft: Row(rows.stop_playing, State.IN_CALL),
        ev.PeerStarted: Row(rows.show_peer, State.IN_CALL),
        ev.PeersSilent: Row(rows.hold, State.GRACE),
        ev.PeersExpired: Row(rows.hold, State.GRACE),
        ev.PeersHungUp: PEER_HUNG_UP,
        ev.HangupPressed: END,
        ev.PushLost: RECONNECT,
        ev.RoomEnded: PEER_HUNG_UP,
        ev.RoomClosed: EXPLAIN,
        ev.Failed: EXPLAIN,
    },
    State.RECONNECTING: {
        Standing.ALONE: Row(rows.moved_alone, State.WAITING),
        Standing.UNSEEN: Row(rows.moved_unseen, State.ANSWERED),
        Standing.SILENT: Row(rows.hold, State.GRACE),
        Standing.SEEN: Row(rows.show_peer, State.IN_CALL),
        Standing.ON_AIR: Row(rows.broadcast, State.BROADCASTING),
        ev.PushLost: Row(rows.move_again, State.RECONNECTING),
        ev.PeerJoined: Row(rows.play, State.RECONNECTING),
        ev.PeerMoved: Row(rows.play, State.RECONNECTING),
        ev.PeerLeft: Row(rows.stop_playing, State.RECONNECTING),
        ev.PeersHungUp: PEER_HUNG_UP,
        ev.HangupPressed: END,
        ev.RoomEnded: PEER_HUNG_UP,
        ev.RoomClosed: EXPLAIN,
        ev.Failed: EXPLAIN,
        Timer.RECONNECT: EXPLAIN,
    },
    State.GRACE: {
        ev.PeersResumed: Row(rows.show_peer, State.IN_CALL),
        ev.PeerStarted: Row(rows.show_peer, State.IN_CALL),
        ev.PeerJoined: Row(rows.answer, State.ANSWERED),
        ev.PeerMoved: Row(rows.answer, State.ANSWERED),
        ev.PeerLeft: Row(rows.stop_playing, State.GRACE),
        ev.PeersHungUp: PEER_HUNG_UP,
        ev.HangupPressed: END,
        ev.PushLost: RECONNECT,
        ev.RoomEnded: PEER_HUNG_UP,
        ev.RoomClosed: EXPLAIN,
        ev.Failed: EXPLAIN,
        Timer.GRACE: EXPLAIN,
    },
    State.BROADCASTING: {
        ev.HangupPressed: END,
        ev.PushLost: RECONNECT,
        ev.RoomEnded: PEER_HUNG_UP,
        ev.RoomClosed: EXPLAIN,
        ev.Failed: EXPLAIN,
    },
    State.ENDED: {
        ev.CallPressed: Row(rows.reserve, State.RESERVING),
        ev.HangupPressed: Row(rows.dismiss, State.IDLE),
        ev.ServiceLost: Row(rows.show_fault, State.OUT_OF_SERVICE),
        ev.HoursEnded: Row(rows.show_closed, State.CLOSED),
        Timer.ENDED: Row(rows.dismiss, State.IDLE),
    },
}
"""The customer's kiosk."""

_AGENT: Table = {
    State.ANSWERED: {
        ev.PeersHungUp: Row(rows.wait_again, State.WAITING),
        ev.PeersExpired: Row(rows.wait_again, State.WAITING),
        Timer.PICTURE: Row(rows.nothing, State.ANSWERED),
    },
    State.IN_CALL: {
        ev.PeersHungUp: Row(rows.wait_again, State.WAITING),
        ev.PeersExpired: Row(rows.wait_again, State.WAITING),
    },
    State.GRACE: {
        ev.PeersHungUp: Row(rows.wait_again, State.WAITING),
        ev.PeersExpired: Row(rows.wait_again, State.WAITING),
        Timer.GRACE: Row(rows.nothing, State.GRACE),
    },
    State.RECONNECTING: {
        ev.PeersHungUp: Row(rows.nothing, State.RECONNECTING),
    },
}

AGENT: Table = {state: {**KIOSK[state], **_AGENT.get(state, {})} for state in State}
"""The agent's: whoever leaves, the agent stays in the room for the next one."""

TABLES: Mapping[Role, Table] = {Role.KIOSK: KIOSK, Role.AGENT: AGENT}
"""Which table a kiosk runs by."""

CONSENT_FIRST: Table = {
    State.IDLE: {ev.CallPressed: Row(rows.ask_consent, State.CONSENT)},
    State.ENDED: {ev.CallPressed: Row(rows.ask_consent, State.CONSENT)},
}
"""In the place of those rows where customers are asked before each call."""


def table_of(role: Role, *, consent: bool) -> Table:
    """Return the table of a kiosk that asks for consent, or does not."""
    table = TABLES[role]
    asking: Table = CONSENT_FIRST if consent else {}
    return {state: {**table[state], **asking.get(state, {})} for state in State}
