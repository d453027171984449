"""What every store of rooms keeps to, and what one on disk keeps besides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from kiosk.room.live_requests import Watcher
from kiosk.roomserver.event_log import EventLog
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.sessions import Sessions, TokenRefused
from kiosk.roomserver.store import MemoryStore, RoomRecord, RoomStore, Seat
from kiosk.roomserver.store_kept import KeptRooms
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf
from kiosk.roomserver.store_sqlite import open_ledger


Life: TypeAlias = Callable[[], AbstractAsyncContextManager[Ledger]]
"""Begins one life of a server on a store; ending it is a clean stop."""


def room(room_id: str, *users: str, seq: int = 0) -> RoomRecord:
    seats = tuple(
        Seat(user, f"{user} \N{SNOWMAN}", "1", f"s-{user}", number + 1, 1_800_000_000)
        for number, user in enumerate(users)
    )
    return RoomRecord(room_id, "Desk", "ann", users[0] if users else "", seats, seq)


@pytest.fixture(params=["memory", "sqlite"])
def life(request: pytest.FixtureRequest, tmp_path: Path) -> Life:
    @asynccontextmanager
    async def on_disk() -> AsyncIterator[Ledger]:
        ledger = open_ledger(tmp_path / "rooms.db", lambda: "era")
        async with ledger.writing():
            yield ledger

    @asynccontextmanager
    async def in_memory() -> AsyncIterator[Ledger]:
        yield ForgetfulLedger("era")

    return {"memory": in_memory, "sqlite": on_disk}[request.param]


@pytest.fixture
def durable(tmp_path: Path) -> Life:
    @asynccontextmanager
    async def on_disk() -> AsyncIterator[Ledger]:
        ledger = open_ledger(tmp_path / "rooms.db", lambda: "era")
        async with ledger.writing():
            yield ledger

    return on_disk


async def test_what_was_put_is_found_and_what_was_removed_is_not(life: Life) -> None:
    async with life() as ledger:
        store: RoomStore = KeptRooms(ledger)
        store.put(room("a", "ann"))
        store.put(room("b"))
        store.remove("b")
        store.remove("never")
        await ledger.settled()

        assert store.get("a") == room("a", "ann")
        assert store.get("b") is None
        assert len(store) == 1


async def test_rooms_come_in_the_order_they_were_created(life: Life) -> None:
    async with life() as ledger:
        store = KeptRooms(ledger)
        for name in "abc":
            store.put(room(name))
        store.put(room("a", "ann", seq=9))
        store.remove("b")
        store.put(room("b"))

        assert [record.room_id for record in store] == ["a", "c", "b"]


async def test_a_walk_survives_changes(life: Life) -> None:
    async with life() as ledger:
        store = KeptRooms(ledger)
        store.put(room("a"))
        store.put(room("b"))
        seen: list[str] = []

        for record in store:
            store.remove("b")
            seen.append(record.room_id)

        assert seen == ["a", "b"]


async def test_a_boot_is_named_by_era_and_count(life: Life) -> None:
    async with life() as ledger:
        assert ledger.boot == "era.1"


async def test_the_plain_memory_store_keeps_the_same_contract() -> None:
    store = MemoryStore()
    store.put(room("a"))
    store.remove("a")

    assert (store.get("a"), len(store), list(store)) == (None, 0, [])


async def test_rooms_of_an_earlier_life_are_the_same_rooms(durable: Life) -> None:
    async with durable() as ledger:
        store = KeptRooms(ledger)
        store.put(room("a"))
        store.put(room("b", "bob", "cyd", seq=7))
        store.put(room("c"))
        store.put(room("a", "ann", seq=3))
        store.remove("c")
        await ledger.settled()
        store.remove("b")
        store.put(room("b", "bob"))  # closed and opened anew: now the youngest
        store.put(room("d"))

    async with durable() as ledger:
        assert list(KeptRooms(ledger)) == [
            room("a", "ann", seq=3),
            room("b", "bob"),
            room("d"),
        ]
        assert ledger.boot == "era.2"


async def test_order_outlives_a_room_closed_and_opened_anew(durable: Life) -> None:
    async with durable() as ledger:
        store = KeptRooms(ledger)
        store.put(room("a"))
        store.put(room("b"))
        await ledger.settled()
        store.remove("a")
        store.put(room("a"))

    async with durable() as ledger:
        assert [record.room_id for record in KeptRooms(ledger)] == ["b", "a"]


async def test_grants_of_an_earlier_life_may_still_be_used(durable: Life) -> None:
    names = iter(("s1", "s2", "s3", "s4"))
    revoked: list[str] = []
    async with durable() as ledger:
        grants = PushGrants(lambda: next(names), revoked.append, ledger)
        seated, orphan, unused, over = (grants.issue("ann", "::1", 0.0) for _ in "1234")
        assert seated
        assert orphan
        assert unused
        assert over
        grants.bind(seated, "a")
        grants.bind(seated, "a")
        grants.bind(orphan, "gone")
        grants.revoke(over.stream)

    async with durable() as ledger:
        again = PushGrants(lambda: "s5", revoked.append, ledger)
        again.recall(50.0, lambda grant: grant.room_id == "a")
        found = again.find("s1", 1e9)

        assert found
        assert (found.user_id, found.room_id) == ("ann", "a")
        assert again.find("s2", 50.0) is None
        assert again.find("s3", 169.0) is not None
        assert again.find("s3", 171.0) is None
        assert again.find("s4", 50.0) is None
        assert again.has_from("::1")


async def test_a_login_outlives_the_process_and_its_token_is_not_in_the_file(
    durable: Life, tmp_path: Path
) -> None:
    async with durable() as ledger:
        sessions = Sessions(1, "2", lambda count: b"\xab" * count, ledger)
        token = sessions.open("ann", 0.0)
        sessions.open("bob", 0.0)
        sessions.close("bob")
        sessions.close("bob")

    assert token.split("*", maxsplit=1)[0] not in (tmp_path / "rooms.db").read_text(
        "latin-1"
    )
    async with durable() as ledger:
        sessions = Sessions(1, "2", lambda count: b"\xcd" * count, ledger)
        sessions.recall(100.0)
        sessions.check("ann", token, 100.0)
        with pytest.raises(TokenRefused):
            sessions.check("bob", token, 100.0)


async def test_numbers_and_last_words_outlive_the_process(durable: Life) -> None:
    async with durable() as ledger:
        log = EventLog(ledger)
        log.close(room("a", "ann", "bob", seq=7))
        log.close(room("b", seq=3))

    async with durable() as ledger:
        log = EventLog(ledger)
        last = log.farewell("a", "bob", 7)

        assert log.highest == 8
        assert last
        assert [event.kind.value for event in last.events] == ["room_closed"]
        assert log.farewell("a", "cyd", 7) is None
        for _ in range(12):
            log.forget_farewells()

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
        KeptRooms(ledger).put(watched)

    async with durable() as ledger:
        assert list(KeptRooms(ledger)) == [watched]
