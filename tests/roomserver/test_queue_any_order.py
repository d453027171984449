"""Whoever comes and goes in whatever order: turns are given in order of arrival."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.room.queue_requests import QueuePlace, QueueSeat
from kiosk.room.room_types import RoomType
from kiosk.room.targets import HuntGroup
from kiosk.roomserver.queue import QueueRules, SeatQueue, bell_of
from kiosk.roomserver.rooms import Entrant, RoomProblem, RoomRules, Rooms
from kiosk.roomserver.store import MemoryStore, RoomRecord


USERS = st.sampled_from(["ann", "bob", "cyd", "dan", "eve"])
ROOMS = st.sampled_from(["desk-1", "desk-2", "loans"])
GROUPS = st.sampled_from([("desk-*",), ("loans",), ("desk-2", "loans"), ("*",)])
RULES = QueueRules(turn_s=10.0, longest_turn_s=30.0, patience_s=5.0)
HOLD_S = 10.0
SWEEP_S = 1.0
DOUBLE = RoomType.DOUBLE


class AnyQueue(RuleBasedStateMachine):
    """
    Live waiters poll without a pause and take their seat when they like.

    ``line`` is who waits, in order of arrival, as an onlooker would note it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.streams = 0
        self.rooms = Rooms(RoomRules(), MemoryStore(), self._changed, lambda _: None)
        self.queue = SeatQueue(RULES, self.rooms)
        self.line: dict[str, tuple[str, ...]] = {}
        self.crashed: dict[str, float] = {}
        self.called: set[str] = set()
        """Whose turn has come; he may have lost the seat again, with its room."""

    def _changed(self, key: str) -> None:
        self.queue.room_changed(key, self.now)

    @rule(room=ROOMS)
    def an_agent_opens(self, room: str) -> None:
        try:
            self.rooms.reserve(room, f"agent-{room}", room, self.now)
        except RoomProblem:
            return
        self._sit(room, f"agent-{room}")

    @rule(room=ROOMS)
    def an_agent_closes(self, room: str) -> None:
        if self.rooms.find(room) is not None:
            self.rooms.destroy(room, f"agent-{room}")

    @rule(user=USERS, wish=GROUPS)
    def a_kiosk_calls(self, user: str, wish: tuple[str, ...]) -> None:
        if user in self.line or self._is_seated(user):
            return
        self.line[user] = wish
        self._poll(user)

    @rule(user=USERS)
    def a_kiosk_takes_its_seat(self, user: str) -> None:
        if user not in self.line or user in self.crashed:
            return
        place = self._poll(user)
        if place.room_id:
            assert self.queue.may_sit(self._record(place.room_id), user)
            self._sit(place.room_id, user)
            del self.line[user]

    @rule(user=USERS)
    def a_customer_leaves(self, user: str) -> None:
        for record in self.rooms.listed(DOUBLE):
            if record.seat_of(user) is not None:
                self.rooms.leave(record.room_id, user)
        if user in self.line and user not in self.crashed:
            del self.line[user]
            self.queue.leave(DOUBLE, user, self.now)

    @rule(user=USERS)
    def a_kiosk_crashes(self, user: str) -> None:
        if user in self.line:
            self.crashed.setdefault(user, self.now)

    @rule(room=ROOMS, user=USERS)
    def a_stranger_tries(self, room: str, user: str) -> None:
        record = self.rooms.find(room)
        if record is None or user in self.line:
            return
        if self.queue.may_sit(record, user) and record.seat_of(user) is None:
            kept = [name for name in self.line if self._kept_for(name) == room]
            assert len(record.seats) + len(kept) < self.rooms.rules.capacity
            self._sit(room, user)

    @rule(seconds=st.sampled_from([0.5, 3.0, 8.0]))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + SWEEP_S)
            self.queue.sweep(self.now)
            for user in tuple(self.line):
                if user in self.crashed:
                    self._forget_when_late(user)
                else:
                    self._poll(user)

    @invariant()
    def never_above_capacity(self) -> None:
        for record in self.rooms.listed(DOUBLE):
            kept = [
                name for name in self.line if self._kept_for(name) == record.room_id
            ]
            assert len(record.seats) + len(kept) <= self.rooms.rules.capacity

    @invariant()
    def nobody_waits_for_a_seat_that_is_free(self) -> None:
        for user, targets in self.line.items():
            if self._kept_for(user):
                continue
            for record in self._wanted(targets):
                assert not self.queue.may_sit(record, user), (user, record)

    @invariant()
    def nobody_is_served_before_who_came_earlier(self) -> None:
        """Look at the seats kept now: none was wanted by an earlier one as well."""
        waiting: list[str] = []
        self.called &= set(self.line)
        for user in self.line:
            kept = self._kept_for(user)
            if not kept:
                waiting += [user] if user not in self.called else []
                continue
            self.called.add(user)
            record = self._record(kept)
            for earlier in waiting:
                assert record not in self._wanted(self.line[earlier]), (earlier, user)

    @invariant()
    def positions_count_up_in_order_of_arrival(self) -> None:
        everything = [user for user, targets in self.line.items() if targets == ("*",)]
        places = [self.queue.place_of(bell_of(DOUBLE, user)) for user in everything]
        numbers = [place.position for place in places if place.position]
        assert numbers == sorted(set(numbers))

    def _poll(self, user: str) -> QueuePlace:
        asked = QueueSeat(user, self.line[user], 0, HOLD_S)
        before = self.queue.place_of(bell_of(DOUBLE, user))
        place = self.queue.line_up(DOUBLE, asked, self.now)
        if before.position == 0 and not before.room_id:
            # It was not in line any more (it did not come for its seat): the end.
            self.line[user] = self.line.pop(user)
            self.called.discard(user)
        return place

    def _forget_when_late(self, user: str) -> None:
        """A crashed one holds up nobody for longer than promised."""
        place = self.queue.place_of(bell_of(DOUBLE, user))
        gone = not place.room_id and not place.position
        silent = self.now - self.crashed[user]
        longest = HOLD_S + RULES.patience_s + RULES.turn_s + SWEEP_S
        assert gone or silent <= longest, (user, silent)
        if gone:
            del self.line[user], self.crashed[user]

    def _kept_for(self, user: str) -> str:
        return self.queue.place_of(bell_of(DOUBLE, user)).room_id

    def _wanted(self, targets: tuple[str, ...]) -> list[RoomRecord]:
        group = HuntGroup(targets)
        return [
            record
            for record in self.rooms.listed(DOUBLE)
            if group.wants(record.room_id, record.label, lambda _: True)
        ]

    def _is_seated(self, user: str) -> bool:
        listed = self.rooms.listed(DOUBLE)
        return any(record.seat_of(user) is not None for record in listed)

    def _record(self, room: str) -> RoomRecord:
        record = self.rooms.find(room)
        assert record is not None
        return record

    def _sit(self, room: str, user: str) -> None:
        self.streams += 1
        entrant = Entrant(user, user, "", f"s{self.streams}", 0)
        self.rooms.join(room, entrant, self.now)


TestAnyQueue = AnyQueue.TestCase
