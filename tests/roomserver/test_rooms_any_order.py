"""Whatever is asked in whatever order: the promises about rooms hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.room import messages as msg
from kiosk.room.im_messages import Said
from kiosk.roomserver.rooms import (
    CreatorLeaves,
    Entrant,
    RoomProblem,
    RoomRules,
    Rooms,
)
from kiosk.roomserver.store import MemoryStore, RoomRecord
from tests.fakes.members_told import follow


USERS = st.sampled_from(["ann", "bob", "cyd", "dan"])
ROOMS = st.sampled_from(["one", "two"])
GHOST_S = 26.0
LATE_S = 20.0


class AnyOrder(RuleBasedStateMachine):
    """Calls everything a room table offers, sweeping every five seconds."""

    creator_leaves = CreatorLeaves.DISBAND

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.released: list[str] = []
        rules = RoomRules(creator_leaves=self.creator_leaves)
        self.rooms = Rooms(rules, self.store, lambda _: None, self.released.append)
        self.now = 0.0
        self.next_sweep = 5.0
        self.streams = 0
        self.heard: dict[tuple[str, str], float] = {}
        self.seen: dict[tuple[str, str], int] = {}
        self.known: dict[tuple[str, str], set[str]] = {}
        self.epochs: dict[str, int] = {}
        self.talkers: dict[str, set[str]] = {"one": set(), "two": set()}

    @rule(room=ROOMS, user=USERS)
    def reserve(self, room: str, user: str) -> None:
        self._try(lambda: self.rooms.reserve(room, user, room, self.now))

    @rule(room=ROOMS, user=USERS, fresh=st.booleans())
    def join(self, room: str, user: str, fresh: bool) -> None:
        self.streams += fresh
        stream = f"{user}{room}{self.streams if fresh else 0}"
        if not fresh and stream in self.released:
            return
        entrant = Entrant(user, user, "", stream, int(self.now))
        before = self.store.get(room)
        if self._try(lambda: self.rooms.join(room, entrant, self.now)):
            self.heard[room, user] = self.now
            record = self.store.get(room)
            assert record is not None
            if before is None or before.seat_of(user) is None:
                self.seen[room, user] = record.seq
                self.known[room, user] = {seat.user_id for seat in record.seats}

    @rule(room=ROOMS, user=USERS)
    def leave(self, room: str, user: str) -> None:
        self._try(lambda: self.rooms.leave(room, user))

    @rule(room=ROOMS, user=USERS)
    def destroy(self, room: str, user: str) -> None:
        self._try(lambda: self.rooms.destroy(room, user))

    @rule(room=ROOMS, user=USERS)
    def beat(self, room: str, user: str) -> None:
        if self._try(lambda: self.rooms.heartbeat(room, user, self.now)):
            self.heard[room, user] = self.now

    @rule(room=ROOMS, user=USERS)
    def say(self, room: str, user: str) -> None:
        if self._try(lambda: self.rooms.say(room, user, Said("hello"))):
            self.talkers[room].add(user)

    @rule(room=ROOMS, user=USERS, live=st.booleans())
    def stream(self, room: str, user: str, live: bool) -> None:
        record = self.store.get(room)
        seat = record.seat_of(user) if record else None
        if seat is not None:
            self.rooms.stream_is(room, user, seat.stream, live=live)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 7.0]))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self.next_sweep <= end:
            self.now = self.next_sweep
            before = tuple(self.store)
            self.rooms.sweep(self.now)
            self._refuse_false_evictions(before)
            self.next_sweep += 5.0
        self.now = end

    @rule(room=ROOMS, user=USERS)
    def look_for_events(self, room: str, user: str) -> None:
        record = self.store.get(room)
        if record is None:
            self._hear_the_end(room, user)
        if record is None or record.seat_of(user) is None:
            return
        seen = self.seen[room, user]
        events = self.rooms.events_after(room, user, seen)
        numbers = [event.seq for event in events.events]
        assert not events.resync
        assert numbers == sorted(set(numbers))
        assert all(number > seen for number in numbers)
        assert events.seq == record.seq
        known = self.known[room, user]
        follow(events.events, known)
        assert known == {seat.user_id for seat in record.seats}
        self.seen[room, user] = events.seq

    def _refuse_false_evictions(self, before: tuple[RoomRecord, ...]) -> None:
        """A sweep takes nobody heard within 20 s, but with the end of a room."""
        for room in before:
            kept = self.store.get(room.room_id)
            ended = self.rooms.rules.ends_with_creator(room.room_id)
            if kept is None and ended and self._is_late(room.room_id, room.creator):
                continue
            for seat in room.seats:
                if kept is None or kept.seat_of(seat.user_id) is None:
                    assert self._is_late(room.room_id, seat.user_id)

    def _is_late(self, room: str, user: str) -> bool:
        return self.now - self.heard.get((room, user), -1000.0) >= LATE_S

    def _hear_the_end(self, room: str, user: str) -> None:
        """Who sat in a room when it ended hears every number up to its end."""
        try:
            last = self.rooms.events_after(room, user, self.seen.get((room, user), 0))
        except RoomProblem:
            return  # it had left, or the end is long ago
        numbers = [event.seq for event in last.events]
        closings = [event.kind is msg.EventKind.ROOM_CLOSED for event in last.events]
        said = [event.user_id for event in last.events if event.text]
        assert numbers == sorted(set(numbers))
        assert not last.events or closings == [False] * (len(closings) - 1) + [True]
        assert user not in said
        if user not in self.talkers[room]:
            assert numbers == list(range(self.seen[room, user] + 1, last.seq + 1))
        self.seen[room, user] = last.seq

    @invariant()
    def never_above_capacity_and_nobody_twice(self) -> None:
        for record in self.store:
            users = [seat.user_id for seat in record.seats]
            assert len(users) <= self.rooms.rules.capacity
            assert len(set(users)) == len(users)

    @invariant()
    def no_ghost(self) -> None:
        for record in self.store:
            for seat in record.seats:
                silence = self.now - self.heard[record.room_id, seat.user_id]
                assert silence <= GHOST_S

    @invariant()
    def a_released_stream_holds_no_seat(self) -> None:
        for record in self.store:
            for seat in record.seats:
                assert seat.stream not in self.released

    @invariant()
    def event_numbers_never_run_backwards(self) -> None:
        for record in self.store:
            assert record.seq >= self.epochs.get(record.room_id, 0)
            self.epochs[record.room_id] = record.seq

    def _try(self, ask: object) -> bool:
        assert callable(ask)
        try:
            ask()
        except RoomProblem:
            return False
        return True


class AnyOrderWhereRoomsOutliveTheirCreator(AnyOrder):
    creator_leaves = CreatorLeaves.STAY


TestRoomsThatEndWithTheirCreator = AnyOrder.TestCase
TestRoomsThatOutliveTheirCreator = AnyOrderWhereRoomsOutliveTheirCreator.TestCase
for case in (TestRoomsThatEndWithTheirCreator, TestRoomsThatOutliveTheirCreator):
    case.settings = settings(stateful_step_count=40)
