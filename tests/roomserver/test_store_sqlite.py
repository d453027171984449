"""The file under the rooms: who may have it, what spoils it, what a bad disk does."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.roomserver.store_kept import KeptRooms
from kiosk.roomserver.store_ledger import Shelf
from kiosk.roomserver.store_sqlite import DiskPatience, SqliteLedger, open_ledger
from tests.fakes.eventually import eventually


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = open_ledger(path, lambda: "era")
    async with ledger.writing():
        yield ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rooms.db"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def spoil(path: Path, start: int, length: int) -> None:
    whole = bytearray(path.read_bytes() if path.exists() else b"")
    whole[start : start + length] = b"\xff" * length
    path.write_bytes(whole)


def rows(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT shelf, name FROM facts").fetchall()
    finally:
        connection.close()


async def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    async with opened(path):
        assert mode_of(path) == 0o600


async def test_one_server_at_a_time_has_the_file(path: Path) -> None:
    async with opened(path):
        told = r"store .*rooms\.db: database is locked; .* its own \[store\] path"
        with pytest.raises(OSError, match=told):
            open_ledger(path, lambda: "era", DiskPatience(locked_s=0.05))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"store .*none/rooms\.db: No such file"):
        open_ledger(tmp_path / "none" / "rooms.db", lambda: "era")


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()

    with pytest.raises(OSError, match="written by a later version"):
        open_ledger(path, lambda: "era")


async def test_a_file_that_is_none_is_put_aside(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(path, 0, 4096)

    async with opened(path) as ledger:
        assert ledger.boot == "era.1"

    assert path.with_name("rooms.db.damaged").exists()
    assert "store is damaged" in caplog.text


async def test_a_file_with_a_hole_is_put_aside(path: Path) -> None:
    async with opened(path) as ledger:
        for number in range(200):
            ledger.note(Shelf.KEY, f"k{number}", {"hex": "ab" * 200})
    spoil(path, 8192, 8192)

    async with opened(path) as ledger:
        assert ledger.facts(Shelf.KEY) == ()

    assert path.with_name("rooms.db.damaged").exists()


async def test_facts_that_cannot_be_read_are_left_out(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path) as ledger:
        ledger.note(Shelf.ROOM, "fine", {"room_id": "fine", "label": "", "owner": "a"})
        ledger.note(Shelf.ROOM, "odd", {"room_id": 7})
    connection = sqlite3.connect(path)
    for shelf, fact in (("later", b"{}"), ("room", b"{")):
        connection.execute(
            "INSERT INTO facts (shelf, name, fact) VALUES (?, 'x', ?)", (shelf, fact)
        )
    connection.commit()
    connection.close()

    async with opened(path) as ledger:
        assert [record.room_id for record in KeptRooms(ledger)] == ["fine"]

    assert caplog.text.count("left out") == 3


async def test_a_settled_fact_is_in_the_file_before_the_end(path: Path) -> None:
    async with opened(path) as ledger:
        ledger.note(Shelf.KEY, "push", {"hex": "00"})
        await ledger.settled()

        copy = path.with_name("copy.db")  # what a kill would leave behind
        for ending in ("", "-wal"):
            copied = path.with_name(path.name + ending).read_bytes()
            copy.with_name(copy.name + ending).write_bytes(copied)

        assert ("key", "push") in rows(copy)


class BadDisk:
    """Stands in front of a connection and refuses to begin, while told so."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.is_bad = True
        self.tries = 0
        self.named: set[str] = set()
        """What the last whole try was about."""
        self._naming: set[str] = set()

    def execute(self, sql: str, *values: tuple[str, ...]) -> sqlite3.Cursor:
        self._naming.update(values[0][1:2] if values else ())
        if sql.startswith("COMMIT"):
            self.named, self._naming = self._naming, set()
            self.tries += 1
        if self.is_bad and sql.startswith("COMMIT"):
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(sql, *values)

    def close(self) -> None:
        self._connection.close()


async def test_a_failing_disk_delays_nobody_and_is_caught_up_with(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    ledger = open_ledger(path, lambda: "era", DiskPatience(retry_s=0.01))
    disk = BadDisk(ledger._connection)
    ledger._connection = disk  # type: ignore[assignment]
    async with ledger.writing():
        ledger.note(Shelf.KEY, "push", {"hex": "00"})
        await ledger.settled()
        assert ledger.is_late
        ledger.note(Shelf.KEY, "play", {"hex": "00"})
        ledger.strike(Shelf.KEY, "push")
        ledger.note(Shelf.KEY, "push", {"hex": "01"})
        ledger.strike(Shelf.KEY, "usersig")
        await ledger.settled()

        disk.is_bad = False
        await eventually(lambda: not ledger.is_late)

    async with opened(path) as again:
        assert again.facts(Shelf.KEY) == (
            ("play", {"hex": "00"}),
            ("push", {"hex": "01"}),
        )
    assert caplog.text.count("store is late") == 1
    assert "store has caught up" in caplog.text


async def test_what_comes_and_goes_while_a_disk_fails_is_not_tried_for_ever(
    path: Path,
) -> None:
    ledger = open_ledger(path, lambda: "era", DiskPatience(retry_s=0.01))
    disk = BadDisk(ledger._connection)
    ledger._connection = disk  # type: ignore[assignment]
    disk.is_bad = False
    async with ledger.writing():
        for name in ("push", "play"):
            ledger.note(Shelf.KEY, name, {"hex": "00"})
        await ledger.settled()
        disk.is_bad = True
        ledger.note(Shelf.KEY, "brief", {"hex": "00"})
        ledger.note(Shelf.KEY, "again", {"hex": "00"})
        await tried_anew(disk)
        assert disk.named == {"brief", "again"}

        for name in ("push", "brief", "again"):
            ledger.strike(Shelf.KEY, name)
        ledger.note(Shelf.KEY, "again", {"hex": "01"})
        await tried_anew(disk)
        assert disk.named == {"push", "again"}
        disk.is_bad = False
        await eventually(lambda: not ledger.is_late)

    async with opened(path) as found:
        assert found.facts(Shelf.KEY) == (
            ("play", {"hex": "00"}),
            ("again", {"hex": "01"}),
        )


async def tried_anew(disk: BadDisk) -> None:
    """Return when what gathered before has been tried and taken back."""
    goal = disk.tries + 3
    await eventually(lambda: disk.tries >= goal)


async def test_an_end_with_a_failing_disk_is_an_end(path: Path) -> None:
    ledger = open_ledger(path, lambda: "era")
    ledger._connection = BadDisk(ledger._connection)  # type: ignore[assignment]

    async with ledger.writing():
        pass

    assert ledger.is_late


async def test_an_answer_waits_for_a_slow_disk_but_not_for_ever(path: Path) -> None:
    ledger = open_ledger(path, lambda: "era", DiskPatience(answer_s=0.01))
    ledger.note(Shelf.KEY, "push", {"hex": "00"})

    await ledger.settled()  # nobody writes yet

    assert ledger.is_late
    async with ledger.writing():
        await eventually(lambda: not ledger.is_late)


async def test_changes_gather_while_a_transaction_is_under_way(path: Path) -> None:
    async with opened(path) as ledger:
        for number in range(50):
            ledger.note(Shelf.KEY, f"k{number}", {"hex": "00"})
            await asyncio.sleep(0)

        await ledger.settled()

    assert len(rows(path)) == 51
