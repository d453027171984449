"""A still picture is asked for in words, and taken by a key or not at all."""

from __future__ import annotations

import pytest

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.commands import StillRefusal
from kiosk.call.events import Timer
from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.call.still import Question


ASKED = ev.StillAsked(1, "agent")
LATER = ev.TimerFired(Timer.STILL)


def in_call() -> CallMachine:
    call = CallMachine()
    for event in (
        ev.ServiceFound(),
        ev.CallPressed(),
        ev.SeatFound(1),
        ev.Published(1),
        ev.SeatTaken(1),
        ev.PeerJoined(1, "agent"),
        ev.PeerStarted(1),
    ):
        call.handle(event)
    assert call.state is State.IN_CALL
    return call


def asked() -> CallMachine:
    call = in_call()
    call.handle(ASKED)
    return call


def taking() -> CallMachine:
    call = asked()
    call.handle(ev.CallPressed())
    return call


def refused(why: StillRefusal) -> do.RefuseStill:
    return do.RefuseStill("agent", why)


def test_the_question_is_shown_and_waits_half_a_minute() -> None:
    call = in_call()

    assert call.handle(ASKED) == (do.AskCustomer("agent"), do.SetTimer(Timer.STILL))
    assert call.question is Question.ASKED
    assert call.state is State.IN_CALL


def test_the_call_key_takes_the_still_and_nothing_else_does() -> None:
    assert do.TakeStill("agent") in asked().handle(ev.CallPressed())
    for event in (ev.MutePressed(), ev.HangupPressed(), LATER, ASKED):
        assert do.TakeStill("agent") not in asked().handle(event)


def test_the_call_key_takes_nothing_when_nobody_asked() -> None:
    call = in_call()

    assert call.handle(ev.CallPressed()) == ()


def test_one_press_takes_one_still() -> None:
    call = taking()

    assert call.handle(ev.CallPressed()) == ()
    assert call.handle(ev.StillEnded(1)) == (do.EndQuestion(),)
    assert call.handle(ev.CallPressed()) == ()


def test_the_mute_key_says_no_and_leaves_the_microphone_alone() -> None:
    call = asked()

    todo = call.handle(ev.MutePressed())

    assert refused(StillRefusal.REFUSED) in todo
    assert not call.muted
    assert call.question is Question.NONE
    assert do.SetMuted(muted=True) in call.handle(ev.MutePressed())


def test_no_press_in_time_is_told_as_that() -> None:
    call = asked()

    assert refused(StillRefusal.UNANSWERED) in call.handle(LATER)
    assert call.handle(ev.CallPressed()) == ()


def test_hanging_up_refuses_and_hangs_up() -> None:
    call = asked()

    todo = call.handle(ev.HangupPressed())

    assert refused(StillRefusal.INTERRUPTED) in todo
    assert todo.index(do.StopMedia()) < todo.index(refused(StillRefusal.INTERRUPTED))
    assert call.state is State.IDLE


@pytest.mark.parametrize(
    "event", [ev.PushLost(1, "M004"), ev.PeersSilent(1), ev.PeersHungUp(1)]
)
def test_a_question_does_not_outlive_the_sight_of_who_asked(event: ev.Event) -> None:
    call = asked()

    assert refused(StillRefusal.INTERRUPTED) in call.handle(event)
    assert do.TakeStill("agent") not in call.handle(ev.CallPressed())


def test_a_still_on_its_way_is_sent_through_a_cut_and_ends_with_the_call() -> None:
    call = taking()
    call.handle(ev.PushLost(1, "M004"))
    assert call.question is Question.TAKING

    call.handle(ev.HangupPressed())
    assert call.question is Question.NONE


@pytest.mark.parametrize("make", [asked, taking])
def test_a_second_question_is_told_to_wait(make: type[CallMachine]) -> None:
    call = make()
    before = call.question

    assert call.handle(ASKED) == (refused(StillRefusal.BUSY),)
    assert call.question is before


def test_outside_a_call_the_answer_is_not_now() -> None:
    call = CallMachine()

    assert call.handle(ev.StillAsked(0, "agent")) == (refused(StillRefusal.BUSY),)
    assert call.question is Question.NONE


def test_the_end_of_a_still_of_an_earlier_call_means_nothing() -> None:
    call = taking()
    call.handle(ev.HangupPressed())

    assert call.handle(ev.StillEnded(1)) == ()
