"""
What means nothing in a state, on purpose.

Spelt out beside the table so that a deleted row is a failing test: rows and
ignored triggers of a state must be disjoint and together be all triggers.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from kiosk.call import events as ev
from kiosk.call.events import Standing, Timer
from kiosk.call.states import Role, State
from kiosk.call.table import Trigger


_Triggers = AbstractSet[Trigger]

_SERVICE: _Triggers = {ev.ServiceFound, ev.ServiceLost}
_HOURS: _Triggers = {ev.HoursBegan, ev.HoursEnded}
_RESUMED: _Triggers = {ev.Resumed}
_PRESSES: _Triggers = {ev.CallPressed, ev.HangupPressed}
_SEATS: _Triggers = {ev.SeatFound, ev.SeatMissing, ev.SeatFreed}
_JOINING: _Triggers = {ev.Published, ev.SeatTaken, ev.SeatLost, ev.OnAir}
_PEERS: _Triggers = {
    ev.PeerJoined,
    ev.PeerMoved,
    ev.PeerLeft,
    ev.PeersHungUp,
    ev.PeersExpired,
    ev.PeerStarted,
    ev.PeersSilent,
    ev.PeersResumed,
}
_ENDS: _Triggers = {ev.PushLost, ev.RoomEnded, ev.RoomClosed, ev.Failed}
_ANSWERS: _Triggers = {*_SEATS, *_JOINING, *_PEERS, *_ENDS, *Standing}

TRIGGERS: _Triggers = {
    *_ANSWERS,
    *_SERVICE,
    *_HOURS,
    *_PRESSES,
    *_RESUMED,
    *Timer,
}
"""Every key a row may have. Mute has none: it is a flag, not a state."""

_IN_CALL: _Triggers = {*_SERVICE, *_HOURS, *_RESUMED, ev.CallPressed}
_IN_ROOM: _Triggers = {*_IN_CALL, *_SEATS, *_JOINING, *Standing}


def _timers_but(*wanted: Timer) -> _Triggers:
    return set(Timer) - set(wanted)


_KIOSK: Mapping[State, _Triggers] = {
    State.UNCONFIGURED: TRIGGERS,
    State.OUT_OF_SERVICE: {*_ANSWERS, *_PRESSES, ev.HoursBegan, *Timer},
    State.CLOSED: {*_ANSWERS, *_PRESSES, *_SERVICE, ev.HoursEnded, *Timer},
    State.IDLE: {
        *_ANSWERS,
        *_RESUMED,
        ev.HangupPressed,
        ev.ServiceFound,
        ev.HoursBegan,
        *Timer,
    },
    State.CONSENT: {
        *_ANSWERS,
        *_RESUMED,
        ev.ServiceFound,
        ev.HoursBegan,
        *_timers_but(Timer.CONSENT),
    },
    State.RESERVING: {
        *_IN_CALL,
        *_JOINING,
        *_PEERS,
        ev.SeatFreed,
        ev.PushLost,
        ev.RoomEnded,
        ev.RoomClosed,
        *Standing,
        *_timers_but(Timer.RESERVE),
    },
    State.QUEUED: {
        *_IN_CALL,
        *_JOINING,
        *_PEERS,
        ev.SeatFound,
        ev.PushLost,
        ev.RoomEnded,
        ev.RoomClosed,
        *Standing,
        *_timers_but(Timer.CHIME),
    },
    State.PUBLISHING: {
        *_IN_CALL,
        *_SEATS,
        *_PEERS,
        ev.RoomEnded,
        ev.RoomClosed,
        *Standing,
        *_timers_but(Timer.PUBLISH, Timer.RESERVE),
    },
    State.WAITING: {
        *_IN_ROOM,
        *(_PEERS - {ev.PeerJoined, ev.PeerMoved}),
        *_timers_but(Timer.ANSWER),
    },
    State.ANSWERED: {
        *_IN_ROOM,
        *_timers_but(Timer.PICTURE),
    },
    State.IN_CALL: {*_IN_ROOM, ev.PeersResumed, *Timer},
    State.RECONNECTING: {
        *_IN_CALL,
        *_SEATS,
        *_JOINING,
        ev.PeerStarted,
        ev.PeersSilent,
        ev.PeersResumed,
        ev.PeersExpired,
        *_timers_but(Timer.RECONNECT),
    },
    State.GRACE: {
        *_IN_ROOM,
        ev.PeersSilent,
        ev.PeersExpired,
        *_timers_but(Timer.GRACE),
    },
    State.BROADCASTING: {*_IN_ROOM, *_PEERS, *Timer},
    State.ENDED: {
        *_ANSWERS,
        *_RESUMED,
        ev.ServiceFound,
        ev.HoursBegan,
        *_timers_but(Timer.ENDED),
    },
}

IGNORED: Mapping[Role, Mapping[State, _Triggers]] = {
    Role.KIOSK: _KIOSK,
    Role.AGENT: {**_KIOSK, State.GRACE: _KIOSK[State.GRACE] - {ev.PeersExpired}},
}
"""By whose kiosk it is, then by state."""
