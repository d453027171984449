"""
Whatever is asked of processes on one store, in whatever order: it is one server.

The machine of random steps behind the promises; who uses it says how a process
begins and what is left of it when it is killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.room.fields import Fields
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.store_ledger import Ledger
from tests.fakes.members_told import follow
from tests.fakes.room_core import FakeCore, HandClock, Json


T = TypeVar("T")
NAMES = ("ann", "bob", "cyd")
PLACES = ("one", "two")
USERS = st.sampled_from(NAMES)
ROOMS = st.sampled_from(("one", "one", "one", "two"))
SIDES = st.sampled_from((0, 1))
GHOST_S, LATE_S, SWEEP_S = 26.0, 20.0, 5.0
SETTINGS = ServerSettings(creator_leaves=CreatorLeaves.STAY)
EXAMPLES = max(20, settings().max_examples // 5)
"""A step of real stores costs more than one of tables."""


@dataclass
class Process:
    """One process: its tables, its ledger and a clock that nobody else has."""

    ledger: Ledger
    core: FakeCore
    open: AsyncExitStack
    began: float
    next_sweep: float


class ServersInAnyOrder(RuleBasedStateMachine):
    """Desks on one store; any may be killed and come again."""

    boots: tuple[float, ...]
    """What the clock of each process shows at the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.heard: dict[tuple[str, str], float] = {}
        self.seen: dict[tuple[str, str], int] = {}
        self.known: dict[tuple[str, str], set[str]] = {}
        self.forgotten: set[tuple[str, str]] = set()
        """Whose events nobody knows any more."""
        self.sides = [self._begin(boot) for boot in self.boots]
        self.tokens = self.sides[0].core.tokens
        for side in self.sides:
            side.core.tokens = self.tokens
        for user in NAMES:
            self._at(0, lambda core, user=user: core.log_in(user))  # type: ignore[misc]

    @override
    def teardown(self) -> None:
        for side in self.sides:
            self._do(side.open.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    @initialize()
    def rooms_are_open(self) -> None:
        """Begin with something going on, whatever else is drawn."""
        for place in PLACES:
            self.create(0, place, "ann")
            self.join(0, 1, place, "ann")
            self.join(1, 0, place, "bob")

    @rule(side=SIDES, room=ROOMS, user=USERS)
    def create(self, side: int, room: str, user: str) -> None:
        wish = msg.CreateRoom(user, room, room).to_wire()
        self._ask(side, "create_room", wish, user)

    @rule(side=SIDES, other=SIDES, room=ROOMS, user=USERS)
    def join(self, side: int, other: int, room: str, user: str) -> None:
        url = self._at(side, lambda core: core.push_url(user))
        wish = msg.AddPusher(room, user, user, url).to_wire()
        before = self._record(room)
        answer = self._ask(other, "add_pusher", wish, user)
        if answer["code"] == 0:
            self.heard[room, user] = self.now
            record = self._record(room)
            assert record is not None
            if before is None or before.seat_of(user) is None:
                self._know(room, user, record)

    @rule(side=SIDES, room=ROOMS, user=USERS)
    def leave(self, side: int, room: str, user: str) -> None:
        wish = msg.DeletePusher(room, user).to_wire()
        if self._ask(side, "delete_pusher", wish, user)["code"] == 0:
            self.heard.pop((room, user))

    @rule(side=SIDES, room=ROOMS, user=USERS)
    def destroy(self, side: int, room: str, user: str) -> None:
        wish = msg.DestroyRoom(room, user).to_wire()
        if self._ask(side, "destroy_room", wish, user)["code"] == 0:
            self.heard = {key: at for key, at in self.heard.items() if key[0] != room}

    @rule(side=SIDES, times=st.integers(1, 6), room=ROOMS, user=USERS)
    def beat(self, side: int, times: int, room: str, user: str) -> None:
        """Live on for a while, heard by one of the two only."""
        wish = msg.PusherHeartbeat(room, user).to_wire()
        for _ in range(times):
            if self._ask(side, "pusher_heartbeat", wish, user)["code"] == 0:
                self.heard[room, user] = self.now
            self.time_passes(7.0)
            self.no_ghost_and_no_false_eviction()

    @rule(side=SIDES, room=ROOMS, user=USERS)
    def say(self, side: int, room: str, user: str) -> None:
        wish = msg.SendRoomTextMsg(room, user, "hello").to_wire()
        self._ask(side, "send_room_text_msg", wish, user)

    @rule(room=ROOMS, user=USERS, live=st.booleans())
    def stream(self, room: str, user: str, live: bool) -> None:
        record = self._record(room)
        seat = record.seat_of(user) if record else None
        if seat is not None:
            gate = self.sides[0].core.core.gate
            (gate.on_stream_started if live else gate.on_stream_ended)(seat.stream)

    @rule(seconds=st.sampled_from([0.5, 3.0, 7.0]))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            side = min(self.sides, key=lambda one: one.next_sweep)
            if side.next_sweep > end:
                break
            self._move(side.next_sweep)
            side.next_sweep += SWEEP_S
            self._do(side.ledger.turn(side.core.sweep))
        self._move(end)

    @rule(side=SIDES)
    def a_process_is_killed_and_comes_again(self, side: int) -> None:
        side %= len(self.sides)
        before = self._at(side, facts_of_rooms)
        killed = self.sides[side]
        self.kill(killed)
        self.sides[side] = self._begin(killed.core.clock.monotonic + 7.0)
        self.sides[side].core.tokens = self.tokens
        if len(self.sides) == 1:
            self.forgotten = set(self.seen)
        assert self._at(side, facts_of_rooms) == before

    @rule(side=SIDES, room=ROOMS, user=USERS)
    def look_for_events(self, side: int, room: str, user: str) -> None:
        record = self._record(room)
        if record is None or record.seat_of(user) is None:
            return
        after = self.seen[room, user]
        wish = msg.WaitEvents(room, user, after, 0.0)
        answer = self._ask(side, "wait_events", wish.to_wire(), user)
        events = msg.Events.read(Fields(answer))
        numbers = [event.seq for event in events.events]
        if events.resync:
            assert (room, user) in self.forgotten
            self._know(room, user, record)
            return
        self.forgotten.discard((room, user))
        assert numbers == sorted(set(numbers))
        assert all(number > after for number in numbers)
        known = self.known[room, user]
        follow(events.events, known)
        assert known == {seat.user_id for seat in record.seats}
        assert events.seq == record.seq
        self.seen[room, user] = events.seq

    @invariant()
    def all_know_the_same_and_no_room_is_too_full(self) -> None:
        here, *others = (self._at(side, _records) for side in range(len(self.sides)))
        assert all(there == here for there in others)
        for record in here:
            users = [seat.user_id for seat in record.seats]
            assert len(users) <= SETTINGS.capacity
            assert len(set(users)) == len(users)

    @invariant()
    def no_ghost_and_no_false_eviction(self) -> None:
        for room in PLACES:
            record = self._record(room)
            seated = {seat.user_id for seat in record.seats} if record else set()
            patient_since = min(side.began for side in self.sides)
            for user in NAMES:
                heard = self.heard.get((room, user), -1e9)
                if user in seated:
                    assert self.now - max(heard, patient_since) <= GHOST_S
                elif self.now - heard <= LATE_S:
                    raise AssertionError(f"{user} was put out of {room} too early")

    def _know(self, room: str, user: str, record: RoomRecord) -> None:
        """Have a member looked at his room: from now on events tell him all."""
        self.seen[room, user] = record.seq
        self.known[room, user] = {seat.user_id for seat in record.seats}
        self.forgotten.discard((room, user))

    def life(self) -> AbstractAsyncContextManager[Ledger]:
        """Begin one life of a process on the store."""
        raise NotImplementedError

    def kill(self, process: Process) -> None:
        """End a process, and let nothing be written any more."""
        self._do(process.open.aclose())

    def _begin(self, monotonic: float) -> Process:
        async def begin() -> Process:
            stack = AsyncExitStack()
            ledger = await stack.enter_async_context(self.life())
            clock = HandClock(monotonic)
            core = await ledger.turn(lambda: FakeCore(SETTINGS, clock, ledger))
            return Process(ledger, core, stack, self.now, self.now + SWEEP_S)

        return self._do(begin())

    def _move(self, to: float) -> None:
        for side in self.sides:
            side.core.wait(to - self.now)
        self.now = to

    def _record(self, room: str) -> RoomRecord | None:
        return self._at(0, lambda core: core.core.rooms.known(room))

    def _ask(self, side: int, route: str, wish: Json, user: str) -> Json:
        return self._at(side, lambda core: core.ask(route, wish, user=user))

    def _at(self, side: int, act: Callable[[FakeCore], T]) -> T:
        process = self.sides[side % len(self.sides)]
        return self._do(process.ledger.turn(lambda: act(process.core)))

    def _do(self, work: Coroutine[None, None, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 10.0))


def _records(core: FakeCore) -> list[RoomRecord]:
    rooms = core.core.rooms
    return [record for name in PLACES if (record := rooms.known(name))]


def facts_of_rooms(core: FakeCore) -> list[tuple[object, ...]]:
    """Return who sits where under which number: what no restart may change."""
    return [
        (room.room_id, room.owner, room.creator, room.seq, _seats(room))
        for room in _records(core)
    ]


def _seats(room: RoomRecord) -> tuple[tuple[str, str, int], ...]:
    return tuple((seat.user_id, seat.stream, seat.epoch) for seat in room.seats)
