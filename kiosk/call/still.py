"""
May a still picture be taken? Asked by the other side, answered by a key, in a call.

Beside the call's table, as mute is: it changes no state of the call.

Rule 1: nothing is taken but by the call key, pressed while the question is shown.
Rule 2: a question stands only while the peer is seen (IN_CALL); whatever leads
away withdraws it.
Rule 3: every question is answered, also one that comes at the wrong time.
Hanging up means what it always means, and refuses besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.commands import Command, StillRefusal
from kiosk.call.events import Event, Timer
from kiosk.call.states import DEVICES_OPEN, State


class Question(Enum):
    """How far a question for a still has come."""

    NONE = auto()
    ASKED = auto()
    TAKING = auto()


Commands = tuple[Command, ...]
_Trigger = type[Event] | Timer


class _Row(NamedTuple):
    """Build the commands from (event, who asked), then be at ``target``."""

    build: Callable[[Any, str], Commands]
    target: Question


def _ask(event: ev.StillAsked, _: str) -> Commands:
    return (do.AskCustomer(event.user_id), do.SetTimer(Timer.STILL))


def _turn_away(event: ev.StillAsked, _: str) -> Commands:
    return (do.RefuseStill(event.user_id, StillRefusal.BUSY),)


def _take(_: object, user_id: str) -> Commands:
    return (do.ClearTimer(Timer.STILL), do.TakeStill(user_id))


def _refuse(_: object, user_id: str) -> Commands:
    refused = do.RefuseStill(user_id, StillRefusal.REFUSED)
    return (do.ClearTimer(Timer.STILL), refused, do.EndQuestion())


def _give_up(_: object, user_id: str) -> Commands:
    return (do.RefuseStill(user_id, StillRefusal.UNANSWERED), do.EndQuestion())


def _end(_: object, __: str) -> Commands:
    return (do.EndQuestion(),)


def _withdraw(user_id: str) -> Commands:
    withdrawn = do.RefuseStill(user_id, StillRefusal.INTERRUPTED)
    return (do.ClearTimer(Timer.STILL), withdrawn, do.EndQuestion())


_ROWS: Mapping[Question, Mapping[_Trigger, _Row]] = {
    Question.NONE: {
        ev.StillAsked: _Row(_ask, Question.ASKED),
    },
    Question.ASKED: {
        ev.CallPressed: _Row(_take, Question.TAKING),
        ev.MutePressed: _Row(_refuse, Question.NONE),
        Timer.STILL: _Row(_give_up, Question.NONE),
        ev.StillAsked: _Row(_turn_away, Question.ASKED),
    },
    Question.TAKING: {
        ev.StillEnded: _Row(_end, Question.NONE),
        ev.StillAsked: _Row(_turn_away, Question.TAKING),
    },
}


class StillQuestion:
    """The question of one kiosk; :class:`~kiosk.call.machine.CallMachine` owns it."""

    def __init__(self) -> None:
        self._question = Question.NONE
        self._asked_by = ""

    @property
    def question(self) -> Question:
        """How far it has come."""
        return self._question

    def handle(self, event: Event, state: State) -> Commands | None:
        """Return what to do about ``event``; None: it is the call's own."""
        if isinstance(event, ev.StillAsked) and state is not State.IN_CALL:
            return _turn_away(event, "")
        trigger = event.timer if isinstance(event, ev.TimerFired) else type(event)
        row = _ROWS[self._question].get(trigger)
        if row is None:
            return () if isinstance(event, ev.StillEnded) else None
        asked_by = self._asked_by
        if self._question is Question.NONE:
            asked_by = getattr(event, "user_id", "")
        commands = row.build(event, asked_by)
        self._question, self._asked_by = row.target, asked_by
        return commands

    def after(self, state: State) -> tuple[Commands, Question]:
        """Return what a new state of the call means, and how the question stands then."""
        if self._question is Question.ASKED and state is not State.IN_CALL:
            return _withdraw(self._asked_by), Question.NONE
        if self._question is Question.TAKING and state not in DEVICES_OPEN:
            return (), Question.NONE
        return (), self._question

    def stand(self, question: Question) -> None:
        """Let it be as :meth:`after` told."""
        self._question = question
