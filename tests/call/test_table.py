"""The call table is complete, and every call ends."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.events import Standing, Timer
from kiosk.call.ignored import IGNORED, TRIGGERS
from kiosk.call.states import CALL_STATES, DEVICES_OPEN, Role, State
from kiosk.call.table import Row, Table, table_of
from tests.call.table_in_words import table_in_words


KINDS = pytest.mark.parametrize(
    ("role", "consent"),
    [(Role.KIOSK, False), (Role.KIOSK, True), (Role.AGENT, False)],
)
FLAGS = {ev.MutePressed, ev.StillAsked, ev.StillEnded}
"""They change no state of the call."""
EVENT_TYPES = set(get_args(ev.Event)) - {ev.TimerFired, ev.StreamMoved, *FLAGS}
SAMPLE: dict[type, object] = {
    ev.SeatMissing: ev.SeatMissing(1, "full", 2),
    ev.ServiceLost: ev.ServiceLost("R007 no answer"),
    ev.PushLost: ev.PushLost(1, "M004 reset"),
    ev.RoomClosed: ev.RoomClosed(1, "R005 room gone"),
    ev.Failed: ev.Failed(1, "D001 camera gone"),
    ev.PeerJoined: ev.PeerJoined(1, "agent"),
    ev.PeerMoved: ev.PeerMoved(1, "agent"),
    ev.PeerLeft: ev.PeerLeft(1, "agent"),
    ev.Resumed: ev.Resumed("room-1", muted=False),
}


def all_rows(table: Table) -> list[tuple[State, object, Row]]:
    return [(s, t, row) for s, found in table.items() for t, row in found.items()]


def build(trigger: object, row: Row) -> tuple[do.Command, ...]:
    event = ev.TimerFired(trigger) if isinstance(trigger, Timer) else trigger
    if isinstance(trigger, type):
        event = SAMPLE.get(trigger, trigger)
    return row.build(event, 1)


def test_the_triggers_are_all_events_timers_and_standings() -> None:
    assert {*EVENT_TYPES, *Timer, *Standing} == TRIGGERS


@KINDS
@pytest.mark.parametrize("state", State)
def test_every_trigger_has_a_row_or_is_ignored_on_purpose(
    role: Role, consent: bool, state: State
) -> None:
    rows, ignored = (
        set(table_of(role, consent=consent)[state]),
        set(IGNORED[role][state]),
    )

    assert rows | ignored == TRIGGERS
    assert not rows & ignored


@KINDS
@pytest.mark.parametrize("state", [s for s in State if s in CALL_STATES])
def test_hang_up_reaches_idle_from_every_state_of_a_call(
    role: Role, consent: bool, state: State
) -> None:
    row = table_of(role, consent=consent)[state][ev.HangupPressed]

    assert row.target is State.IDLE
    assert do.LeaveRoom() in build(ev.HangupPressed, row)


@KINDS
def test_leaving_the_states_with_open_devices_stops_media_before_the_room(
    role: Role, consent: bool
) -> None:
    for state, trigger, row in all_rows(table_of(role, consent=consent)):
        todo = build(trigger, row)
        if state in DEVICES_OPEN and row.target not in DEVICES_OPEN:
            assert do.StopMedia() in todo, (state, trigger)
            if do.LeaveRoom() in todo:
                assert todo.index(do.StopMedia()) < todo.index(do.LeaveRoom())
        elif row.target in DEVICES_OPEN:
            assert do.StopMedia() not in todo, (state, trigger)


@KINDS
def test_the_camera_opens_only_on_the_way_into_publishing(
    role: Role, consent: bool
) -> None:
    for state, trigger, row in all_rows(table_of(role, consent=consent)):
        opens = do.Publish(1) in build(trigger, row)

        assert opens == (row.target is State.PUBLISHING and state is State.RESERVING)


@KINDS
def test_every_state_with_a_deadline_says_what_happens_when_it_passes(
    role: Role, consent: bool
) -> None:
    table = table_of(role, consent=consent)
    for state, trigger, row in all_rows(table):
        for command in build(trigger, row):
            if isinstance(command, do.SetTimer) and row.target is not state:
                assert command.timer in table[row.target], (state, trigger, command)


@KINDS
def test_every_state_can_be_reached(role: Role, consent: bool) -> None:
    reached = {row.target for _, _, row in all_rows(table_of(role, consent=consent))}

    never = {State.UNCONFIGURED} if consent else {State.UNCONFIGURED, State.CONSENT}
    assert reached == set(State) - never


def test_with_consent_a_call_begins_from_the_question_or_is_gone_on_with() -> None:
    table = table_of(Role.KIOSK, consent=True)

    begins = {
        (state, trigger)
        for state, trigger, row in all_rows(table)
        if state not in CALL_STATES and row.target in CALL_STATES
    }

    assert begins == {
        (State.CONSENT, ev.CallPressed),
        (State.OUT_OF_SERVICE, ev.Resumed),
        (State.CLOSED, ev.Resumed),
    }


@KINDS
def test_ending_a_call_clears_every_timer(role: Role, consent: bool) -> None:
    for state, trigger, row in all_rows(table_of(role, consent=consent)):
        if state in CALL_STATES and row.target not in CALL_STATES:
            todo = build(trigger, row)
            cleared = {c.timer for c in todo if isinstance(c, do.ClearTimer)}
            assert cleared == set(Timer), (state, trigger)


def test_every_row_leads_and_orders_what_was_agreed() -> None:
    """Read the difference as a reviewer would; ``make goldens`` takes it over."""
    agreed = Path(__file__).with_name("agreed_table.txt").read_text(encoding="utf-8")

    assert list(table_in_words()) == agreed.splitlines()
