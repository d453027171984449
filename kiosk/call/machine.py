"""
Runs the table in :mod:`kiosk.call.table`. The only keeper of a state.

Beside the state it keeps three things: the ordinal of the call, so that answers
to an earlier call are dropped, whether the microphone is muted, and whether a
still picture is asked for.
"""

from __future__ import annotations

from kiosk.call.commands import Command, SetMuted
from kiosk.call.events import Event, MutePressed, Resumed, StreamMoved, TimerFired
from kiosk.call.ignored import IGNORED
from kiosk.call.states import CALL_STATES, Role, State
from kiosk.call.still import Question, StillQuestion
from kiosk.call.table import Trigger, table_of


class CallMachine:
    """
    Sans-I/O state machine of the one call a kiosk can have.

    Give it facts with :meth:`handle` and carry out the commands it returns,
    in order. It never waits, reads no clock and does nothing by itself. With
    ``consent`` a call begins only after the customer agreed to it.
    """

    def __init__(
        self,
        role: Role = Role.KIOSK,
        start: State = State.OUT_OF_SERVICE,
        *,
        consent: bool = False,
    ) -> None:
        self._rows = table_of(role, consent=consent)
        self._ignored = IGNORED[role]
        self._state = start
        self._call = 0
        self._muted = False
        self._still = StillQuestion()

    @property
    def state(self) -> State:
        """Where the call is now."""
        return self._state

    @property
    def call(self) -> int:
        """Ordinal of the current or last call; 0 before the first."""
        return self._call

    @property
    def muted(self) -> bool:
        """Whether the customer switched the sound off in this call."""
        return self._muted

    @property
    def question(self) -> Question:
        """Whether the customer is asked for a still picture."""
        return self._still.question

    def handle(self, event: Event) -> tuple[Command, ...]:
        """Return what to do about ``event``; nothing, if it came too late."""
        if getattr(event, "call", self._call) != self._call:
            return ()
        about_still = self._still.handle(event, self._state)
        if about_still is not None:
            return about_still
        if isinstance(event, MutePressed):
            return self._toggle_mute()
        trigger = _trigger(event)
        row = self._rows[self._state].get(trigger)
        if row is None:
            assert trigger in self._ignored[self._state], (self._state, event)
            return ()
        begins = self._state not in CALL_STATES and row.target in CALL_STATES
        call = self._call + begins
        muted = self._muted and row.target in CALL_STATES
        if isinstance(event, Resumed):
            muted = event.muted
        # All of it or, for want of memory, nothing: no state without its commands.
        about_still, question = self._still.after(row.target)
        commands = (*row.build(event, call), *about_still)
        self._state, self._call, self._muted = row.target, call, muted
        self._still.stand(question)
        return commands

    def _toggle_mute(self) -> tuple[Command, ...]:
        if self._state not in CALL_STATES:
            return ()
        muted = not self._muted
        commands = (SetMuted(muted),)
        self._muted = muted
        return commands


def _trigger(event: Event) -> Trigger:
    if isinstance(event, TimerFired):
        return event.timer
    if isinstance(event, StreamMoved):
        return event.standing
    return type(event)
