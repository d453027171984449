"""Whatever is asked of two processes on one store, in whatever order: it is one server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from redis import Redis
from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.room.fields import Fields
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.store_valkey import ValkeyLedger, shared_ledger
from tests.fakes.lives import HASTY, new_name
from tests.fakes.redis_process import RedisProcess
from tests.fakes.room_desk import FakeDesk, HandClock, Json


T = TypeVar("T")
NAMES = ("ann", "bob", "cyd")
PLACES = ("one", "two")
USERS = st.sampled_from(NAMES)
ROOMS = st.sampled_from(("one", "one", "one", "two"))
SIDES = st.sampled_from((0, 1))
GHOST_S, LATE_S, SWEEP_S = 26.0, 20.0, 5.0
SETTINGS = ServerSettings(creator_leaves=CreatorLeaves.STAY)


@dataclass
class Process:
    """One process: its tables, its ledger and a clock that nobody else has."""

    ledger: ValkeyLedger
    desk: FakeDesk
    open: AsyncExitStack
    began: float
    next_sweep: float


class TwoProcesses(RuleBasedStateMachine):
    """Two desks that share a memory; either may be killed and come again."""

    redis: ClassVar[RedisProcess]

    def __init__(self) -> None:
        super().__init__()
        client = Redis.from_url(self.redis.url)
        client.flushall()
        client.close()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.heard: dict[tuple[str, str], float] = {}
        self.seen: dict[tuple[str, str], int] = {}
        self.known: dict[tuple[str, str], set[str]] = {}
        self.sides = [self._begin(1000.0), self._begin(5000.0)]
        self.tokens = self.sides[0].desk.tokens
        self.sides[1].desk.tokens = self.tokens
        for user in NAMES:
            self._at(0, lambda desk, user=user: desk.log_in(user))  # type: ignore[misc]

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
        url = self._at(side, lambda desk: desk.push_url(user))
        wish = msg.AddPusher(room, user, user, url).to_wire()
        before = self._record(room)
        answer = self._ask(other, "add_pusher", wish, user)
        if answer["code"] == 0:
            self.heard[room, user] = self.now
            record = self._record(room)
            assert record is not None
            if before is None or before.seat_of(user) is None:
                self.seen[room, user] = record.seq
                self.known[room, user] = {seat.user_id for seat in record.seats}

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
            gate = self.sides[0].desk.desk.gate
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
            self._do(side.ledger.turn(side.desk.sweep))
        self._move(end)

    @rule(side=SIDES)
    def a_process_is_killed_and_comes_again(self, side: int) -> None:
        self._do(self.sides[side].open.aclose())
        self.sides[side] = self._begin(self.sides[side].desk.clock.monotonic + 7.0)
        self.sides[side].desk.tokens = self.tokens

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
        assert not events.resync
        assert numbers == sorted(set(numbers))
        assert all(number > after for number in numbers)
        known = self.known[room, user]
        for event in events.events:
            if event.kind in (msg.EventKind.LEFT, msg.EventKind.EXPIRED):
                known.discard(event.user_id)
            elif event.kind is msg.EventKind.PUSHERS_CHANGED:
                known.add(event.user_id)
        assert known == {seat.user_id for seat in record.seats}
        assert events.seq == record.seq
        self.seen[room, user] = events.seq

    @invariant()
    def both_know_the_same_and_no_room_is_too_full(self) -> None:
        here, there = (self._at(side, _records) for side in (0, 1))
        assert here == there
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

    def _begin(self, monotonic: float) -> Process:
        async def begin() -> Process:
            stack = AsyncExitStack()
            shared = shared_ledger(self.redis.url, "era", new_name, HASTY)
            ledger = await stack.enter_async_context(shared)
            clock = HandClock(monotonic)
            desk = await ledger.turn(lambda: FakeDesk(SETTINGS, clock, ledger))
            return Process(ledger, desk, stack, self.now, self.now + SWEEP_S)

        return self._do(begin())

    def _move(self, to: float) -> None:
        for side in self.sides:
            side.desk.wait(to - self.now)
        self.now = to

    def _record(self, room: str) -> RoomRecord | None:
        return self._at(0, lambda desk: desk.desk.rooms.known(room))

    def _ask(self, side: int, route: str, wish: Json, user: str) -> Json:
        return self._at(side, lambda desk: desk.ask(route, wish, user=user))

    def _at(self, side: int, act: Callable[[FakeDesk], T]) -> T:
        process = self.sides[side]
        return self._do(process.ledger.turn(lambda: act(process.desk)))

    def _do(self, work: Coroutine[None, None, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 10.0))


def _records(desk: FakeDesk) -> list[RoomRecord]:
    rooms = desk.desk.rooms
    return [record for name in PLACES if (record := rooms.known(name))]


@pytest.fixture(scope="module", autouse=True)
def redis() -> Iterator[RedisProcess]:
    with RedisProcess() as running:
        TwoProcesses.redis = running
        yield running


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=20, stateful_step_count=20)
