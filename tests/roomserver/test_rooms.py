from __future__ import annotations

import pytest

from kiosk.room.answers import EventKind
from kiosk.room.codes import RoomCode
from kiosk.room.im_messages import Said
from kiosk.roomserver.attendance import Attendance, Patience
from kiosk.roomserver.rooms import (
    CreatorLeaves,
    Entrant,
    RoomProblem,
    RoomRules,
    Rooms,
)
from kiosk.roomserver.store import MemoryStore, RoomRecord, Seat


class Table:
    """A room table with one room, ``desk``, and the memory of what it told."""

    def __init__(
        self, rules: RoomRules | None = None, store: MemoryStore | None = None
    ) -> None:
        self.store = MemoryStore() if store is None else store
        self.told: list[str] = []
        self.released: list[str] = []
        self.rooms = Rooms(
            rules or RoomRules(), self.store, self.told.append, self.released.append
        )

    def open(self, *users: str) -> None:
        self.rooms.reserve("desk", users[0], "Desk", 0.0)
        for user in users:
            self.rooms.join("desk", entrant(user), 0.0)

    def members(self) -> list[str]:
        record = self.rooms.find("desk")
        return [seat.user_id for seat in record.seats] if record else []


def entrant(user: str, stream: str = "") -> Entrant:
    return Entrant(user, user, "", stream or f"{user}-1", 0)


def code_of(problem: pytest.ExceptionInfo[RoomProblem]) -> RoomCode:
    return problem.value.code


def test_of_two_for_the_last_seat_exactly_one_gets_it() -> None:
    table = Table()
    table.open("agent")

    table.rooms.join("desk", entrant("ann"), 0.0)
    with pytest.raises(RoomProblem) as problem:
        table.rooms.join("desk", entrant("bob"), 0.0)

    assert code_of(problem) is RoomCode.ROOM_FULL
    assert table.members() == ["agent", "ann"]


def test_nobody_is_removed_before_20_s_of_silence() -> None:
    table = Table()
    table.open("agent", "kiosk")
    for now in (5.0, 10.0, 15.0, 20.0):
        table.rooms.sweep(now)

    assert table.members() == ["agent", "kiosk"]


def test_a_sweep_that_was_late_evicts_nobody_at_once() -> None:
    table = Table()
    table.open("agent", "kiosk")
    table.rooms.sweep(5.0)
    table.rooms.sweep(40.0)
    assert table.members() == ["agent", "kiosk"]

    table.rooms.heartbeat("desk", "agent", 41.0)
    for now in (45.0, 50.0, 55.0):
        table.rooms.sweep(now)
    assert table.members() == ["agent"]


def test_a_first_sweep_that_is_late_evicts_nobody_either() -> None:
    table = Table()
    table.open("agent", "kiosk")

    table.rooms.sweep(40.0)

    assert table.members() == ["agent", "kiosk"]
    for now in (45.0, 50.0, 55.0, 60.0):
        table.rooms.sweep(now)
    assert table.store.get("desk") is None


def test_a_grace_never_reaches_into_the_future() -> None:
    attendance = Attendance(Patience())
    attendance.begin_sweep(0.0)
    attendance.heard("desk", "kiosk", 100.0)
    attendance.begin_sweep(100.0)

    assert not attendance.is_late("desk", "kiosk", 120.0)
    assert attendance.is_late("desk", "kiosk", 120.1)


def test_after_a_restart_members_have_the_whole_grace_again() -> None:
    store = MemoryStore()
    Table(store=store).open("agent", "kiosk")
    table = Table(store=store)

    table.rooms.sweep(1000.0)
    table.rooms.sweep(1005.0)
    assert table.members() == ["agent", "kiosk"]
    for now in (1010.0, 1015.0, 1020.0, 1025.0):
        table.rooms.sweep(now)
    assert table.members() == []


def test_a_room_closed_by_its_creators_silence_takes_the_others_with_it() -> None:
    table = Table()
    table.open("agent", "kiosk")
    for now in (5.0, 10.0, 15.0, 20.0, 25.0):
        table.rooms.heartbeat("desk", "kiosk", now)
        table.rooms.sweep(now)

    assert table.members() == []
    assert table.released == ["agent-1", "kiosk-1"]
    (last,) = table.rooms.events_after("desk", "kiosk", 2).events
    assert last.kind is EventKind.ROOM_CLOSED


def test_an_empty_room_is_gone_even_where_rooms_outlive_their_creator() -> None:
    table = Table(RoomRules(creator_leaves=CreatorLeaves.STAY))
    table.open("agent", "kiosk")
    table.rooms.leave("desk", "agent")
    table.rooms.leave("desk", "kiosk")

    assert len(table.store) == 0


def test_the_word_of_a_closed_room_is_kept_for_its_members_a_minute() -> None:
    table = Table()
    table.open("agent", "kiosk")
    table.rooms.destroy("desk", "agent")
    assert table.rooms.events_after("desk", "kiosk", 3).events == ()
    with pytest.raises(RoomProblem):
        table.rooms.events_after("desk", "stranger", 0)

    for sweep in range(12):
        assert table.rooms.events_after("desk", "kiosk", 2).events
        table.rooms.sweep(5.0 * sweep)

    with pytest.raises(RoomProblem) as problem:
        table.rooms.events_after("desk", "kiosk", 2)
    assert code_of(problem) is RoomCode.NO_SUCH_ROOM


def test_only_so_many_closed_rooms_are_remembered() -> None:
    table = Table()
    for number in range(257):
        table.rooms.reserve(f"room{number}", "agent", "", 0.0)
        table.rooms.join(f"room{number}", entrant("agent"), 0.0)
        table.rooms.leave(f"room{number}", "agent")

    with pytest.raises(RoomProblem):
        table.rooms.events_after("room0", "agent", 0)
    assert table.rooms.events_after("room1", "agent", 0).events


def test_who_missed_too_many_events_is_told_to_look_for_himself() -> None:
    table = Table()
    table.open("agent", "kiosk")
    for _ in range(130):
        table.rooms.say("desk", "agent", Said("x"))

    old = table.rooms.events_after("desk", "kiosk", 2)
    recent = table.rooms.events_after("desk", "kiosk", 4)
    future = table.rooms.events_after("desk", "kiosk", 1000)

    assert (old.resync, old.events, old.seq) == (True, (), 132)
    assert (recent.resync, len(recent.events)) == (False, 128)
    assert future.resync


def test_without_a_log_after_a_restart_only_the_last_number_is_current() -> None:
    store = MemoryStore()
    Table(store=store).open("agent", "kiosk")
    rooms = Table(store=store).rooms

    assert not rooms.events_after("desk", "kiosk", 2).resync
    assert rooms.events_after("desk", "kiosk", 1).resync


def test_rooms_are_bounded_in_all() -> None:
    table = Table(RoomRules(max_rooms=2))
    table.rooms.reserve("one", "ann", "", 0.0)
    table.rooms.reserve("two", "bob", "", 0.0)

    with pytest.raises(RoomProblem) as problem:
        table.rooms.reserve("three", "cyd", "", 0.0)

    assert code_of(problem) is RoomCode.SERVER_ERROR


def test_a_room_that_is_opened_again_ends_with_whose_it_was() -> None:
    table = Table(RoomRules(capacity=3))
    table.rooms.reserve("desk", "ann", "Desk", 0.0, creator="agent")
    for user in ("ann", "agent", "bob"):
        table.rooms.join("desk", entrant(user), 0.0)

    table.rooms.leave("desk", "ann")
    assert table.members() == ["agent", "bob"]

    table.rooms.leave("desk", "agent")
    assert table.members() == []


def test_a_room_that_ended_counts_for_its_owner_no_more() -> None:
    table = Table(RoomRules(max_rooms_per_owner=1))
    for _ in range(3):
        table.rooms.reserve("desk", "agent", "", 0.0)
        table.rooms.sweep(0.0)
        table.rooms.sweep(100.0)

    assert table.rooms.known("desk") is None


def test_a_new_name_is_told_and_keeps_the_seats_epoch() -> None:
    table = Table()
    table.open("agent")
    record, seat = table.rooms.join(
        "desk", Entrant("agent", "A2", "", "agent-1", 9), 1.0
    )

    assert (seat.user_name, seat.epoch, seat.taken_at_unix) == ("A2", 1, 0)
    assert record.seq == 2


def test_news_of_a_stream_that_is_not_a_seats_are_ignored() -> None:
    table = Table()
    table.open("agent")
    before = list(table.told)

    table.rooms.stream_is("desk", "agent", "other", live=False)
    table.rooms.stream_is("desk", "kiosk", "kiosk-1", live=False)
    table.rooms.stream_is("nowhere", "agent", "agent-1", live=False)
    table.rooms.stream_is("desk", "agent", "agent-1", live=True)

    assert table.told == before


def test_a_store_keeps_the_order_of_creation_through_changes() -> None:
    store = MemoryStore()
    for room_id in ("b", "a", "c"):
        store.put(RoomRecord(room_id, "", "ann"))
    store.put(RoomRecord("b", "", "ann", seats=(Seat("u", "", "", "s", 1, 0),)))
    store.remove("c")
    store.remove("c")

    assert [record.room_id for record in store] == ["b", "a"]
