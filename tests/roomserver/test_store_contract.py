"""What every ledger keeps to, and what one that outlives the process keeps besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kiosk.room.answers import EventKind, RoomEvent
from kiosk.room.live_requests import Watcher
from kiosk.room.queue_requests import QueuePlace, QueueSeat
from kiosk.room.room_types import RoomType
from kiosk.roomserver.event_log import EventLog
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.queue import QueueRules, SeatQueue
from kiosk.roomserver.rooms import RoomRules, Rooms
from kiosk.roomserver.sessions import Sessions, TokenRefused
from kiosk.roomserver.store import MemoryStore, RoomRecord, Seat
from kiosk.roomserver.store_kept import KeptRooms
from kiosk.roomserver.store_ledger import Ledger, Shelf, StoreLoad
from tests.fakes.lives import DURABLE, STORES, Life, life_on
from tests.fakes.noting_tables import NotingTables


def room(room_id: str, *users: str, seq: int = 0) -> RoomRecord:
    seats = tuple(
        Seat(user, f"{user} \N{SNOWMAN}", "1", f"s-{user}", number + 1, 1_800_000_000)
        for number, user in enumerate(users)
    )
    return RoomRecord(room_id, "Desk", "ann", users[0] if users else "", seats, seq)


def rooms_on(ledger: Ledger) -> list[RoomRecord]:
    return list(KeptRooms(ledger))


@pytest.fixture(params=STORES)
def life(request: pytest.FixtureRequest) -> Iterator[Life]:
    with life_on(request.param) as there:
        yield there


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest) -> Iterator[Life]:
    with life_on(request.param) as there:
        yield there


async def test_what_was_put_is_found_and_what_was_removed_is_not(life: Life) -> None:
    async with life() as ledger:
        store = KeptRooms(ledger)

        def change() -> None:
            store.put(room("a", "ann"))
            store.put(room("b"))
            store.remove("b")
            store.remove("never")

        await ledger.turn(change)

        assert store.get("a") == room("a", "ann")
        assert store.get("b") is None
        assert len(store) == 1


async def test_rooms_come_in_the_order_they_were_created(life: Life) -> None:
    async with life() as ledger:
        store = KeptRooms(ledger)

        def change() -> None:
            for name in "abc":
                store.put(room(name))
            store.put(room("a", "ann", seq=9))
            store.remove("b")
            store.put(room("b"))

        await ledger.turn(change)

        assert [record.room_id for record in store] == ["a", "c", "b"]


async def test_a_walk_survives_changes(life: Life) -> None:
    async with life() as ledger:
        store = KeptRooms(ledger)
        seen: list[str] = []

        def change() -> None:
            store.put(room("a"))
            store.put(room("b"))
            for record in store:
                store.remove("b")
                seen.append(record.room_id)

        await ledger.turn(change)

        assert seen == ["a", "b"]


async def test_a_boot_is_named_by_era_and_count(life: Life) -> None:
    async with life() as ledger:
        assert ledger.boot == "era.1"
        assert not ledger.is_late
        assert not ledger.is_away


async def test_a_turn_hands_out_what_was_returned_or_raised(life: Life) -> None:
    async with life() as ledger:
        assert await ledger.turn(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await ledger.turn(lambda: 1 // 0)
        ran: list[int] = []
        ledger.post(lambda: ran.append(8))
        await ledger.turn(lambda: None)

        assert ran == [8]
        assert ledger.load == StoreLoad()


async def test_what_a_change_means_outside_is_told_once_in_order(life: Life) -> None:
    async with life() as ledger:
        tables = NotingTables()
        ledger.serve(tables)

        def change() -> None:
            ledger.note(Shelf.ROOM, "a", {"x": 1})
            ledger.note(Shelf.EVENT, "a", {"seq": 1})
            ledger.note(Shelf.EVENT, "a", {"seq": 2})
            ledger.strike(Shelf.ROOM, "a")

        await ledger.turn(change)

        assert tables.taken_in == []
        assert [name for _, name, _ in tables.followed] == ["a"] * len(tables.followed)
        events = [fact for shelf, _, fact in tables.followed if shelf is Shelf.EVENT]
        assert events == [{"seq": 1}, {"seq": 2}]
        assert tables.struck(Shelf.ROOM) == ["a"]


async def test_the_plain_memory_store_keeps_the_same_contract() -> None:
    store = MemoryStore()
    store.put(room("a"))
    store.remove("a")

    assert (store.get("a"), len(store), list(store)) == (None, 0, [])


async def test_rooms_of_an_earlier_life_are_the_same_rooms(durable: Life) -> None:
    async with durable() as ledger:
        store = KeptRooms(ledger)

        def open_three() -> None:
            store.put(room("a"))
            store.put(room("b", "bob", "cyd", seq=7))
            store.put(room("c"))
            store.put(room("a", "ann", seq=3))
            store.remove("c")

        def close_and_open() -> None:
            store.remove("b")
            store.put(room("b", "bob"))  # closed and opened anew: now the youngest
            store.put(room("d"))

        await ledger.turn(open_three)
        await ledger.turn(close_and_open)

    async with durable() as ledger:
        assert rooms_on(ledger) == [
            room("a", "ann", seq=3),
            room("b", "bob"),
            room("d"),
        ]
        assert ledger.boot == "era.2"


async def test_order_outlives_a_room_closed_and_opened_anew(durable: Life) -> None:
    async with durable() as ledger:
        store = KeptRooms(ledger)

        def open_anew() -> None:
            store.remove("a")
            store.put(room("a"))

        await ledger.turn(lambda: [store.put(room(name)) for name in "ab"])
        await ledger.turn(open_anew)

    async with durable() as ledger:
        assert [record.room_id for record in rooms_on(ledger)] == ["b", "a"]


async def test_grants_of_an_earlier_life_may_still_be_used(durable: Life) -> None:
    names = iter(("s1", "s2", "s3", "s4"))
    async with durable() as ledger:
        grants = PushGrants(lambda: next(names), ledger)

        def issue() -> None:
            seated, orphan, _unused, over = (
                grants.issue("ann", "::1", 0.0) for _ in "1234"
            )
            assert seated
            assert orphan
            assert over
            grants.bind(seated, "a")
            grants.bind(seated, "a")
            grants.bind(orphan, "gone")
            grants.revoke(over.stream)

        await ledger.turn(issue)

    async with durable() as ledger:
        again = PushGrants(lambda: "s5", ledger)
        await ledger.turn(lambda: again.recall(50.0, lambda one: one.room_id == "a"))
        found = again.find("s1", 1e9)

        assert found
        assert (found.user_id, found.room_id) == ("ann", "a")
        assert again.find("s2", 50.0) is None
        assert again.find("s3", 169.0) is not None
        assert again.find("s3", 171.0) is None
        assert again.find("s4", 50.0) is None
        assert again.has_from("::1")


async def test_a_login_outlives_the_process(durable: Life) -> None:
    async with durable() as ledger:
        sessions = Sessions(1, "2", lambda count: b"\xab" * count, ledger)

        def log_in() -> str:
            token = sessions.open("ann", 0.0)
            sessions.open("cyd", 0.0, "10.0.0.1")
            sessions.open("bob", 0.0)
            sessions.close("bob")
            sessions.close("bob")
            return token

        token = await ledger.turn(log_in)
        kept = repr(ledger.facts(Shelf.SESSION))

    assert token.split("*", maxsplit=1)[0] not in kept
    async with durable() as ledger:
        sessions = Sessions(1, "2", lambda count: b"\xcd" * count, ledger)
        sessions.recall(100.0)
        sessions.check("ann", token, 100.0)
        with pytest.raises(TokenRefused):
            sessions.check("bob", token, 100.0)
        places = [sessions.address_of(user, 100.0) for user in ("ann", "cyd", "bob")]
        assert places == ["", "10.0.0.1", None]


async def test_numbers_and_last_words_outlive_the_process(durable: Life) -> None:
    async with durable() as ledger:
        log = EventLog(ledger)

        def close() -> None:
            log.append("a", RoomEvent(7, EventKind.LEFT, "cyd"))
            log.close(room("a", "ann", "bob", seq=7))
            log.close(room("b", seq=3))

        await ledger.turn(close)

    async with durable() as ledger:
        log = EventLog(ledger)
        last = log.farewell("a", "bob", 7)

        assert log.highest == 8
        assert last
        assert [event.kind.value for event in last.events] == ["room_closed"]
        assert log.farewell("a", "cyd", 7) is None

        def a_minute_later() -> None:
            for _ in range(12):
                log.forget_farewells()

        await ledger.turn(a_minute_later)

    async with durable() as ledger:
        assert ledger.facts(Shelf.FAREWELL) == ()
        assert EventLog(ledger).highest == 8


async def test_what_a_live_room_counts_and_who_watches_it_comes_back(
    durable: Life,
) -> None:
    watched = replace(
        room("live_room/show", "host"),
        custom='{"likes":1}',
        audience=(Watcher("viewer", "柜台"),),
    )
    async with durable() as ledger:
        store = KeptRooms(ledger)
        await ledger.turn(lambda: store.put(watched))

    async with durable() as ledger:
        assert rooms_on(ledger) == [watched]


async def test_the_line_outlives_the_process_in_order(durable: Life) -> None:
    def line(ledger: Ledger) -> SeatQueue:
        rooms = Rooms(RoomRules(), MemoryStore(), lambda _: None, lambda _: None)
        return SeatQueue(QueueRules(), rooms, ledger)

    def ask(queue: SeatQueue, user: str) -> QueuePlace:
        asked = QueueSeat(user, ("desk",), 0, 25.0)
        return queue.line_up(RoomType.DOUBLE, asked, 0.0)

    async with durable() as ledger:
        queue = line(ledger)
        for user in ("ann", "bob", "cyd"):
            await ledger.turn(lambda user=user: ask(queue, user))  # type: ignore[misc]
        await ledger.turn(lambda: queue.leave(RoomType.DOUBLE, "ann", 0.0))
        await ledger.turn(lambda: ask(queue, "bob"))

    async with durable() as ledger:
        queue = line(ledger)
        queue.recall(0.0)

        places = [(await ledger.turn(lambda: ask(queue, "dan"))).position]
        places += [(await ledger.turn(lambda: ask(queue, "cyd"))).position]
        places += [(await ledger.turn(lambda: ask(queue, "bob"))).position]

    assert places == [3, 2, 1]


async def test_what_is_only_told_is_kept_by_nobody(durable: Life) -> None:
    told = (Shelf.EVENT, Shelf.HEARD, Shelf.REPORT, Shelf.BELL, Shelf.CUT)
    async with durable() as ledger:

        def tell() -> None:
            for shelf in told:
                ledger.note(shelf, "a", {})

        await ledger.turn(tell)

    async with durable() as ledger:
        assert [ledger.facts(shelf) for shelf in told] == [()] * len(told)
