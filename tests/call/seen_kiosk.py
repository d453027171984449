"""What a branch sees of a call: a kiosk that carries orders out, and what can befall it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cache

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.events import Standing, Timer
from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, Role, State
from kiosk.call.table import Trigger


PEER = "agent"


@dataclass
class SeenKiosk:
    """
    A kiosk without parts: it remembers what its orders have made of it.

    Attributes:
        ordered: What the last event led to.
        room: The only room it looks into, if it looks into one.
        engaged: Whether the room service knows of us, or may.
        seeking: Whether it looks for a seat now.
        queueing: Whether it keeps looking for one.
        published: Whether the relay has its stream.
        taking: Whether it becomes a member of the room now.
        member: Whether it is one.
        moving: Whether its stream is being moved.
        present: The peers in the room.

    """

    machine: CallMachine
    ordered: tuple[do.Command, ...] = ()
    shown: do.Show | None = None
    deadlines: set[Timer] = field(default_factory=set)
    room: str = ""
    engaged: bool = False
    seeking: bool = False
    queueing: bool = False
    sending: bool = False
    published: bool = False
    taking: bool = False
    member: bool = False
    on_air: bool = False
    moving: bool = False
    present: set[str] = field(default_factory=set)
    played: set[str] = field(default_factory=set)

    def after(self, event: ev.Event, without: int | None = None) -> SeenKiosk:
        """Return it as it is once something has happened, less one of its orders."""
        later = replace(
            self,
            machine=copy(self.machine),
            deadlines=set(self.deadlines),
            present=set(self.present),
            played=set(self.played),
        )
        later._meet(event, without)
        return later

    @property
    def state(self) -> State:
        return self.machine.state

    @property
    def screen(self) -> do.Screen | None:
        return self.shown.screen if self.shown else None

    @property
    def situation(self) -> tuple[object, ...]:
        """All that decides what can happen next."""
        return (
            self.state,
            self.screen,
            frozenset(self.deadlines),
            (self.engaged, self.seeking, self.queueing),
            (self.sending, self.published),
            (self.taking, self.member, self.on_air, self.moving),
            frozenset(self.present),
            frozenset(self.played),
        )

    def _meet(self, event: ev.Event, without: int | None) -> None:
        self._befall(event)
        self.ordered = self.machine.handle(event)
        for number, command in enumerate(self.ordered):
            if number != without:
                self._carry_out(command)

    def _befall(self, event: ev.Event) -> None:
        match event:
            case ev.TimerFired(timer):
                self.deadlines.discard(timer)
            case ev.SeatFound() | ev.SeatMissing():
                self.seeking = False
            case ev.Published():
                self.published = True
            case ev.SeatTaken() | ev.SeatLost() | ev.OnAir():
                self.taking = False
                self.member = not isinstance(event, ev.SeatLost)
                self.on_air = isinstance(event, ev.OnAir)
            case ev.PeerJoined(_, user_id) | ev.PeerMoved(_, user_id):
                self.present.add(user_id)
            case ev.PeerLeft(_, user_id):
                self.present.discard(user_id)
            case ev.PushLost() | ev.StreamMoved():
                self.moving = False
            case _:
                pass

    def _carry_out(self, command: do.Command) -> None:
        match command:
            case do.Show():
                self.shown = command
            case do.SetTimer(timer):
                self.deadlines.add(timer)
            case do.ClearTimer(timer):
                self.deadlines.discard(timer)
            case do.Play(user_id):
                self.played.add(user_id)
            case do.StopPlaying(user_id):
                self.played.discard(user_id)
            case do.StopMedia():
                self.sending = self.published = self.moving = False
                self.played.clear()
            case do.LeaveRoom():
                self.engaged = self.seeking = self.queueing = self.taking = False
                self.member = self.on_air = False
                self.present.clear()
            case _:
                self._begin(command)

    def _begin(self, command: do.Command) -> None:
        match command:
            case do.FindSeat(_, room):
                self.engaged, self.seeking, self.queueing = True, True, False
                self.room = room
            case do.WaitForSeat():
                self.engaged = self.queueing = True
            case do.Publish():
                self.sending = True
            case do.TakeSeat():
                self.taking = True
            case do.MoveStream():
                self.moving = True
            case _:
                pass

    # -- what can happen -------------------------------------------------------------

    def possible(self) -> Iterator[ev.Event]:
        """Yield what can happen to this kiosk now, in a real branch."""
        call = self.machine.call
        yield from (ev.CallPressed(), ev.HangupPressed())
        yield from (ev.ServiceFound(), ev.ServiceLost("R007 gone"))
        yield from (ev.HoursBegan(), ev.HoursEnded(), ev.Resumed("room-9", muted=False))
        yield from (ev.TimerFired(timer) for timer in self.deadlines)
        yield from self._answers(call)
        if self.member:
            yield from self._in_room(call)
        if self.moving:
            yield from (ev.StreamMoved(call, one) for one in self._standings())
        if self.sending:
            yield ev.PushLost(call, "M004 reset")
        if self.state in CALL_STATES:
            yield ev.Failed(call, "D001 camera gone")

    def _answers(self, call: int) -> Iterator[ev.Event]:
        if self.seeking:
            yield ev.SeatFound(call)
        if self.seeking or self.queueing:
            yield from (ev.SeatMissing(call, "full", place) for place in (2, 1))
        if self.queueing:
            yield ev.SeatFreed(call)
        if self.sending and not self.published:
            yield ev.Published(call)
        if self.taking:
            yield from (ev.SeatTaken(call), ev.SeatLost(call), ev.OnAir(call))

    def _in_room(self, call: int) -> Iterator[ev.Event]:
        yield from (ev.RoomEnded(call), ev.RoomClosed(call, "R005 room gone"))
        if self.on_air:
            return
        yield ev.PeerMoved(call, PEER)
        if self.present:
            yield from (ev.PeerLeft(call, PEER), ev.PeerStarted(call))
            yield from (ev.PeersSilent(call), ev.PeersResumed(call))
        else:
            yield from (ev.PeerJoined(call, PEER), ev.PeersHungUp(call))
            yield ev.PeersExpired(call)

    def _standings(self) -> Iterator[Standing]:
        if self.on_air:
            yield Standing.ON_AIR
        elif self.present:
            yield from (Standing.UNSEEN, Standing.SILENT, Standing.SEEN)
        else:
            yield Standing.ALONE


Step = tuple[SeenKiosk, ev.Event, SeenKiosk]
"""How it was, what happened, how it is."""


@cache
def steps(role: Role, consent: bool) -> Sequence[Step]:
    """Take each step that is possible, from each situation there can be, once."""
    return tuple(_steps(role, consent))


def _steps(role: Role, consent: bool) -> Iterator[Step]:
    first = SeenKiosk(CallMachine(role, consent=consent))
    known, waiting = {first.situation}, deque([first])
    while waiting:
        before = waiting.popleft()
        for event in before.possible():
            after = before.after(event)
            yield before, event, after
            if after.situation not in known:
                known.add(after.situation)
                waiting.append(after)


def trigger_of(event: ev.Event) -> Trigger:
    match event:
        case ev.TimerFired(timer):
            return timer
        case ev.StreamMoved(_, standing):
            return standing
        case _:
            return type(event)
