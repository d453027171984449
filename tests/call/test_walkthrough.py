"""The calls a branch really makes, one line per step."""

from __future__ import annotations

import pytest

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.events import Standing, Timer
from kiosk.call.machine import CallMachine
from kiosk.call.states import Role, State


def idle(role: Role = Role.KIOSK) -> CallMachine:
    call = CallMachine(role)
    call.handle(ev.ServiceFound())
    return call


def publishing(role: Role = Role.KIOSK) -> CallMachine:
    call = idle(role)
    call.handle(ev.CallPressed())
    call.handle(ev.SeatFound(1))
    return call


def waiting(role: Role = Role.KIOSK) -> CallMachine:
    call = publishing(role)
    call.handle(ev.Published(1))
    call.handle(ev.SeatTaken(1))
    return call


def answered(role: Role = Role.KIOSK) -> CallMachine:
    call = waiting(role)
    call.handle(ev.PeerJoined(1, "agent"))
    return call


def in_call(role: Role = Role.KIOSK) -> CallMachine:
    call = answered(role)
    call.handle(ev.PeerStarted(1))
    return call


def reconnecting() -> CallMachine:
    call = in_call()
    call.handle(ev.PushLost(1, "M004 reset"))
    return call


def screens(todo: tuple[do.Command, ...]) -> list[do.Screen]:
    return [command.screen for command in todo if isinstance(command, do.Show)]


def test_a_call_that_is_answered() -> None:
    call = CallMachine()

    assert screens(call.handle(ev.ServiceFound())) == [do.Screen.IDLE]
    assert do.FindSeat(1) in call.handle(ev.CallPressed())
    assert do.Publish(1) in call.handle(ev.SeatFound(1))
    assert do.TakeSeat(1) in call.handle(ev.Published(1))
    assert screens(call.handle(ev.SeatTaken(1))) == [do.Screen.WAITING]
    assert do.Play("agent") in call.handle(ev.PeerJoined(1, "agent"))
    assert screens(call.handle(ev.PeerStarted(1))) == [do.Screen.IN_CALL]
    assert call.state is State.IN_CALL
    assert do.LeaveRoom() in call.handle(ev.HangupPressed())
    assert call.state is State.IDLE


def test_a_call_that_nobody_answers_says_so_and_returns() -> None:
    call = waiting()

    assert screens(call.handle(ev.TimerFired(Timer.ANSWER))) == [do.Screen.NO_ANSWER]
    assert screens(call.handle(ev.TimerFired(Timer.ENDED))) == [do.Screen.IDLE]
    assert call.state is State.IDLE


def test_a_full_room_is_queued_for_with_the_camera_closed() -> None:
    call = idle()
    call.handle(ev.CallPressed())

    todo = call.handle(ev.SeatMissing(1, "full", 3))

    assert do.Show(do.Screen.QUEUED, "full", 3) in todo
    assert do.WaitForSeat(1) in todo
    assert call.state is State.QUEUED


def test_a_new_place_in_the_queue_is_shown() -> None:
    call = idle()
    call.handle(ev.CallPressed())
    call.handle(ev.SeatMissing(1, "full", 3))

    todo = call.handle(ev.SeatMissing(1, "full", 2))

    assert todo == (do.Show(do.Screen.QUEUED, "full", 2),)


def test_a_chime_warns_before_a_queued_call_opens_the_camera() -> None:
    call = idle()
    call.handle(ev.CallPressed())
    call.handle(ev.SeatMissing(1, "full", 1))

    assert do.Chime() in call.handle(ev.SeatFreed(1))
    assert do.FindSeat(1) in call.handle(ev.TimerFired(Timer.CHIME))
    assert call.call == 1


def test_losing_the_race_for_the_seat_closes_the_camera_and_queues() -> None:
    call = publishing()
    call.handle(ev.Published(1))

    todo = call.handle(ev.SeatLost(1))

    assert do.StopMedia() in todo
    assert call.state is State.QUEUED


def test_a_call_that_was_cut_by_a_crash_goes_on_in_the_same_room() -> None:
    call = CallMachine()

    todo = call.handle(ev.Resumed("room-9", muted=True))

    assert do.FindSeat(1, "room-9") in todo
    assert screens(todo) == [do.Screen.RECONNECTING]
    assert call.muted
    assert do.Publish(1) in call.handle(ev.SeatFound(1))


def test_whoever_is_in_a_call_resumes_none() -> None:
    call = in_call()

    assert call.handle(ev.Resumed("room-9", muted=True)) == ()
    assert not call.muted


def test_an_answer_to_a_call_already_hung_up_is_dropped() -> None:
    call = idle()
    call.handle(ev.CallPressed())
    call.handle(ev.HangupPressed())
    call.handle(ev.CallPressed())

    assert call.handle(ev.SeatFound(1)) == ()
    assert do.Publish(2) in call.handle(ev.SeatFound(2))


def test_an_answer_that_comes_after_the_end_means_nothing() -> None:
    call = in_call()
    call.handle(ev.HangupPressed())

    assert call.handle(ev.SeatFound(1)) == ()


def test_mute_is_a_flag_of_the_call() -> None:
    call = in_call()

    assert call.handle(ev.MutePressed()) == (do.SetMuted(muted=True),)
    assert call.muted
    assert call.handle(ev.MutePressed()) == (do.SetMuted(muted=False),)
    assert not call.muted


def test_mute_pressed_while_entering_holds_when_the_call_begins() -> None:
    call = idle()
    call.handle(ev.CallPressed())
    call.handle(ev.MutePressed())
    call.handle(ev.SeatFound(1))
    call.handle(ev.Published(1))

    assert call.muted


def test_mute_means_nothing_outside_a_call() -> None:
    call = idle()

    assert call.handle(ev.MutePressed()) == ()
    assert not call.muted


def test_the_next_call_begins_unmuted() -> None:
    call = in_call()
    call.handle(ev.MutePressed())
    call.handle(ev.HangupPressed())
    call.handle(ev.CallPressed())

    assert not call.muted
    assert call.call == 2


@pytest.mark.parametrize(
    ("standing", "state", "screen"),
    [
        (Standing.ALONE, State.WAITING, do.Screen.WAITING),
        (Standing.UNSEEN, State.ANSWERED, do.Screen.CONNECTING),
        (Standing.SILENT, State.GRACE, do.Screen.PEER_AWAY),
        (Standing.SEEN, State.IN_CALL, do.Screen.IN_CALL),
        (Standing.ON_AIR, State.BROADCASTING, do.Screen.BROADCASTING),
    ],
)
def test_a_moved_stream_returns_to_where_the_call_was(
    standing: Standing, state: State, screen: do.Screen
) -> None:
    call = reconnecting()

    todo = call.handle(ev.StreamMoved(1, standing))

    assert call.state is state
    assert screens(todo) == [screen]


def test_a_stream_lost_again_while_moving_is_moved_again() -> None:
    call = reconnecting()

    assert call.handle(ev.PushLost(1, "M004 reset")) == (do.MoveStream(1),)


@pytest.mark.parametrize(
    ("timer", "make"),
    [
        (Timer.RECONNECT, reconnecting),
        (Timer.PUBLISH, publishing),
        (Timer.PICTURE, answered),
    ],
)
def test_a_deadline_that_ends_a_call_says_which(timer: Timer, make: object) -> None:
    call = make()  # type: ignore[operator]

    todo = call.handle(ev.TimerFired(timer))

    (shown,) = [command for command in todo if isinstance(command, do.Show)]
    assert shown.screen is do.Screen.ENDED
    assert shown.reason.startswith("M003")


def test_a_peer_that_falls_silent_is_waited_for_and_comes_back() -> None:
    call = in_call()

    assert screens(call.handle(ev.PeersSilent(1))) == [do.Screen.PEER_AWAY]
    assert screens(call.handle(ev.PeersResumed(1))) == [do.Screen.IN_CALL]


def test_a_silent_peer_that_is_back_while_another_joins_is_shown() -> None:
    call = in_call()
    call.handle(ev.PeersSilent(1))
    call.handle(ev.PeerJoined(1, "second"))

    assert screens(call.handle(ev.PeersResumed(1))) == [do.Screen.IN_CALL]


def test_a_silent_peer_is_waited_for_again_when_the_newcomer_leaves() -> None:
    call = in_call()
    call.handle(ev.PeersSilent(1))
    call.handle(ev.PeerJoined(1, "second"))

    assert screens(call.handle(ev.PeersSilent(1))) == [do.Screen.PEER_AWAY]


def test_a_peer_that_does_not_come_back_ends_the_call() -> None:
    call = in_call()
    call.handle(ev.PeersSilent(1))

    assert screens(call.handle(ev.TimerFired(Timer.GRACE))) == [do.Screen.ENDED]


def test_a_peer_that_left_and_another_that_joined() -> None:
    call = in_call()

    assert call.handle(ev.PeerLeft(1, "agent")) == (do.StopPlaying("agent"),)
    assert call.handle(ev.PeerJoined(1, "agent2")) == (do.Play("agent2"),)


def test_the_agent_hanging_up_ends_the_kiosks_call_politely() -> None:
    call = in_call()

    assert screens(call.handle(ev.PeersHungUp(1))) == [do.Screen.ENDED]


def test_a_room_ended_by_its_creator_reads_like_a_hang_up() -> None:
    call = in_call()

    todo = call.handle(ev.RoomEnded(1))

    assert do.Show(do.Screen.ENDED) in todo
    assert call.state is State.ENDED


@pytest.mark.parametrize("gone", [ev.PeersHungUp(1), ev.PeersExpired(1)])
def test_the_agent_stays_in_its_room_for_the_next_customer(gone: ev.Event) -> None:
    call = in_call(Role.AGENT)

    assert screens(call.handle(gone)) == [do.Screen.WAITING]
    assert call.state is State.WAITING


def test_an_agent_goes_on_waiting_for_a_silent_customer() -> None:
    call = in_call(Role.AGENT)
    call.handle(ev.PeersSilent(1))

    assert call.handle(ev.TimerFired(Timer.GRACE)) == ()
    assert screens(call.handle(ev.PeersExpired(1))) == [do.Screen.WAITING]


def test_a_broadcast_begins_and_ends() -> None:
    call = publishing()

    assert screens(call.handle(ev.OnAir(1))) == [do.Screen.BROADCASTING]
    assert do.StopMedia() in call.handle(ev.HangupPressed())


def test_a_lost_service_puts_the_kiosk_out_of_service_and_back() -> None:
    call = idle()

    todo = call.handle(ev.ServiceLost("R007 no answer"))

    assert do.Show(do.Screen.OUT_OF_SERVICE, "R007 no answer") in todo
    assert screens(call.handle(ev.ServiceFound())) == [do.Screen.IDLE]


def test_the_branch_closes_and_opens() -> None:
    call = idle()

    assert screens(call.handle(ev.HoursEnded())) == [do.Screen.CLOSED]
    assert call.handle(ev.CallPressed()) == ()
    assert screens(call.handle(ev.HoursBegan())) == [do.Screen.IDLE]


def test_a_kiosk_that_is_not_set_up_does_nothing() -> None:
    call = CallMachine(start=State.UNCONFIGURED)

    assert call.handle(ev.CallPressed()) == ()
    assert call.state is State.UNCONFIGURED


def test_an_end_can_be_dismissed_or_called_again_from() -> None:
    call = waiting()
    call.handle(ev.RoomClosed(1, "R005 the room is gone"))

    assert do.FindSeat(2) in call.handle(ev.CallPressed())
    call.handle(ev.Failed(2, "D001 camera gone"))
    assert screens(call.handle(ev.HangupPressed())) == [do.Screen.IDLE]


def test_a_customer_who_is_asked_agrees_and_only_then_is_called_for() -> None:
    call = CallMachine(start=State.IDLE, consent=True)

    asked = call.handle(ev.CallPressed())
    assert (call.state, call.call) == (State.CONSENT, 0)
    assert do.Show(do.Screen.CONSENT) in asked
    assert do.SetTimer(Timer.CONSENT) in asked

    agreed = call.handle(ev.CallPressed())
    assert call.state is State.RESERVING
    assert agreed.index(do.ClearTimer(Timer.CONSENT)) < agreed.index(do.FindSeat(1))


@pytest.mark.parametrize(
    "no", [ev.HangupPressed(), ev.TimerFired(Timer.CONSENT)], ids=["key", "silence"]
)
def test_a_customer_who_does_not_agree_is_back_at_the_beginning(no: ev.Event) -> None:
    call = CallMachine(start=State.IDLE, consent=True)
    call.handle(ev.CallPressed())

    todo = call.handle(no)

    assert call.state is State.IDLE
    assert todo[-1] == do.Show(do.Screen.IDLE)
    assert call.call == 0


def test_each_further_call_asks_again() -> None:
    call = CallMachine(start=State.ENDED, consent=True)

    call.handle(ev.CallPressed())

    assert call.state is State.CONSENT


def test_a_question_gives_way_to_a_lost_service_and_to_closing_time() -> None:
    for event, state in (
        (ev.ServiceLost("R007 gone"), State.OUT_OF_SERVICE),
        (ev.HoursEnded(), State.CLOSED),
    ):
        call = CallMachine(start=State.CONSENT, consent=True)

        assert do.ClearTimer(Timer.CONSENT) in call.handle(event)
        assert call.state is state
