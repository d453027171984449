"""All that can happen to a kiosk, in every order: what is seen is always what is so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.commands import Screen
from kiosk.call.events import Timer
from kiosk.call.states import CALL_STATES, DEVICES_OPEN, Role, State
from kiosk.call.table import table_of
from tests.call.seen_kiosk import steps, trigger_of


KINDS = pytest.mark.parametrize(
    ("role", "consent"),
    [(Role.KIOSK, False), (Role.KIOSK, True), (Role.AGENT, False)],
)
ENTERING = {Screen.CONNECTING, Screen.RECONNECTING}
"""Whoever goes on with a call after a crash is told that it is restored."""
SEEN: Mapping[State, set[Screen | None]] = {
    State.UNCONFIGURED: set(),
    State.OUT_OF_SERVICE: {None, Screen.OUT_OF_SERVICE},
    State.CLOSED: {Screen.CLOSED},
    State.IDLE: {Screen.IDLE},
    State.CONSENT: {Screen.CONSENT},
    State.RESERVING: {*ENTERING},
    State.QUEUED: {Screen.QUEUED},
    State.PUBLISHING: {*ENTERING},
    State.WAITING: {Screen.WAITING},
    State.ANSWERED: {Screen.CONNECTING},
    State.IN_CALL: {Screen.IN_CALL},
    State.RECONNECTING: {Screen.RECONNECTING},
    State.GRACE: {Screen.PEER_AWAY},
    State.BROADCASTING: {Screen.BROADCASTING},
    State.ENDED: {Screen.ENDED, Screen.NO_ANSWER},
}
DEADLINE: Mapping[State, Timer] = {
    State.CONSENT: Timer.CONSENT,
    State.RESERVING: Timer.RESERVE,
    State.WAITING: Timer.ANSWER,
    State.ANSWERED: Timer.PICTURE,
    State.RECONNECTING: Timer.RECONNECT,
    State.GRACE: Timer.GRACE,
    State.ENDED: Timer.ENDED,
}
"""What a customer waits for at most; an agent waits longer for picture and peer."""
PATIENT = {Timer.PICTURE, Timer.GRACE}
WITH_PEERS = {State.ANSWERED, State.IN_CALL, State.RECONNECTING, State.GRACE}


@KINDS
def test_every_row_is_taken_by_something_that_can_happen(
    role: Role, consent: bool
) -> None:
    taken = {
        (before.state, trigger_of(event)) for before, event, _ in steps(role, consent)
    }

    for state, rows in table_of(role, consent=consent).items():
        if state is not State.CONSENT or consent:
            assert {(state, trigger) for trigger in rows} <= taken


@KINDS
def test_the_screen_says_what_the_kiosk_does(role: Role, consent: bool) -> None:
    for before, event, after in steps(role, consent):
        assert after.screen in SEEN[after.state], (before.state, event)


@KINDS
def test_the_deadline_of_what_is_waited_for_runs_and_no_other(
    role: Role, consent: bool
) -> None:
    for before, event, after in steps(role, consent):
        expected = {DEADLINE[after.state]} if after.state in DEADLINE else set()
        if after.state is State.PUBLISHING:
            expected = {Timer.RESERVE if after.published else Timer.PUBLISH}
        if after.state is State.QUEUED:
            expected = after.deadlines & {Timer.CHIME}
        if role is Role.AGENT:
            expected -= PATIENT - after.deadlines
        assert after.deadlines == expected, (before.state, event)


@KINDS
def test_camera_seat_and_stream_are_what_the_state_says(
    role: Role, consent: bool
) -> None:
    for before, event, after in steps(role, consent):
        told = (before.state, event)
        assert after.sending == (after.state in DEVICES_OPEN), told
        assert after.engaged == (after.state in CALL_STATES), told
        assert after.seeking == (after.state is State.RESERVING), told
        assert after.queueing == (after.state is State.QUEUED), told
        assert after.moving == (after.state is State.RECONNECTING), told
        asking = after.state is State.PUBLISHING and after.published
        assert after.taking == asking, told
        in_room = DEVICES_OPEN - {State.PUBLISHING}
        assert after.member == (after.state in in_room), told


@KINDS
def test_whoever_is_in_the_room_is_played_under_the_newest_url(
    role: Role, consent: bool
) -> None:
    for before, event, after in steps(role, consent):
        if after.state in WITH_PEERS:
            assert after.played == after.present, (before.state, event)
            if isinstance(event, ev.PeerJoined | ev.PeerMoved):
                assert do.Play(event.user_id) in after.ordered, before.state
        else:
            assert not after.played, (before.state, event)


@KINDS
def test_hanging_up_ends_a_call_and_a_press_begins_one(
    role: Role, consent: bool
) -> None:
    for before, event, after in steps(role, consent):
        begins = before.state not in CALL_STATES and after.state in CALL_STATES
        if isinstance(event, ev.HangupPressed) and before.state in CALL_STATES:
            assert after.state is State.IDLE
        if begins and not isinstance(event, ev.Resumed):
            assert isinstance(event, ev.CallPressed)
            assert (before.state is State.CONSENT) == consent
        assert after.machine.call == before.machine.call + begins


@KINDS
def test_whoever_is_told_that_a_call_ended_is_told_why(
    role: Role, consent: bool
) -> None:
    for before, event, after in steps(role, consent):
        if before.state not in CALL_STATES or after.state is not State.ENDED:
            continue
        assert after.shown is not None
        match event:
            case ev.Failed() | ev.PushLost() | ev.RoomClosed():
                assert after.shown.reason == event.reason
            case ev.TimerFired(Timer.ANSWER):
                assert after.shown == do.Show(Screen.NO_ANSWER)
            case ev.TimerFired():
                assert after.shown.reason.split()[0] in {"R007", "M003", "M004"}
            case _:
                assert isinstance(event, ev.RoomEnded | ev.PeersHungUp), before.state
                assert after.shown == do.Show(Screen.ENDED)


@KINDS
def test_news_of_service_and_queue_are_on_the_screen_at_once(
    role: Role, consent: bool
) -> None:
    for _, event, after in steps(role, consent):
        match event, after.state:
            case ev.ServiceLost(reason), State.OUT_OF_SERVICE:
                assert after.shown == do.Show(Screen.OUT_OF_SERVICE, reason)
            case ev.SeatMissing(_, reason, place), State.QUEUED:
                assert after.shown == do.Show(Screen.QUEUED, reason, place)
            case ev.SeatFreed(), _:
                assert do.Chime() in after.ordered
                assert Timer.CHIME in after.deadlines
            case ev.Resumed(room), State.RESERVING:
                assert after.room == room or after.ordered == ()
            case _:
                pass


def test_an_agent_outlasts_its_customers() -> None:
    for before, event, after in steps(Role.AGENT, consent=False):
        match event:
            case ev.PeersHungUp() | ev.PeersExpired():
                stays = before.state in {State.WAITING, State.RECONNECTING}
                assert after.state is (before.state if stays else State.WAITING)
            case ev.TimerFired(Timer.PICTURE | Timer.GRACE):
                assert after.state is before.state
            case _:
                pass
