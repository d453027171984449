"""
The ledger as one SQLite file, written by a thread, never by the event loop.

Changes gather while a transaction is being synced to the disk and go together
into the next one: a slow disk makes larger transactions, not a slow server.
The file holds keys: it is made for its owner alone, and one process at a time
has it.  A damaged file is moved aside (clients build their rooms again within
seconds); one that cannot be opened ends the start, naming the cause.

When the disk fails later, the server goes on from memory: calls matter more
than their record.  The log says so, answers no longer wait, and everything that
changed meanwhile is written as soon as the disk takes it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kiosk.room.fields import Fields
from kiosk.room.wire_json import BadJson, Wire, dump_json, parse_json
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.store_ledger import Shelf, StoreLoad, T, Tables


log = logging.getLogger(__name__)

CURE = 'name another file in [store] path, or "off" to keep nothing'
"""What helps where a file cannot be had."""

_FORMAT = 1
_IN_USE = "another server has it: give each its own [store] path"
_MAX_FACT_BYTES = 1024 * 1024
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS facts (number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " shelf TEXT NOT NULL, name TEXT NOT NULL, fact BLOB NOT NULL,"
    " UNIQUE (shelf, name))"
)
_STRIKE = "DELETE FROM facts WHERE shelf = ? AND name = ?"
_NOTE = (
    "INSERT INTO facts (shelf, name, fact) VALUES (?, ?, ?)"
    " ON CONFLICT (shelf, name) DO UPDATE SET fact = excluded.fact"
)

_Found = dict[Shelf, list[tuple[str, Wire]]]
_Batch = dict[tuple[Shelf, str], tuple[bool, bytes | None]]
"""For each name: whether what was there goes first, and what comes, if anything."""


@dataclass(frozen=True, slots=True)
class DiskPatience:
    """
    How long a disk is waited for, in seconds.

    Attributes:
        answer_s: By an answer that tells something not yet written.
        retry_s: Between two tries to write.
        close_s: At the end, for the last transaction.
        locked_s: At the opening, for a server that is just ending.

    """

    answer_s: float = 1.0
    retry_s: float = 1.0
    close_s: float = 5.0
    locked_s: float = 2.0


_PATIENT = DiskPatience()


class SqliteLedger:
    """Facts in a file; made by :func:`open_ledger`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        found: _Found,
        era: str,
        patience: DiskPatience = _PATIENT,
    ) -> None:
        self._connection = connection
        self._patience = patience
        self._found = found
        marks = Fields(dict(found[Shelf.MARK]).get("boot", {}))
        count = marks.optional_count("count") + 1
        era = marks.optional_text("era") or era
        self._boot = f"{era}.{count}"
        self._tables: Tables | None = None
        self._batch: _Batch = {}
        self._in_file = {(shelf, name) for shelf in found for name, _ in found[shelf]}
        self._noted = 0
        self._written = 0
        self._is_late = False
        self._is_closing = False
        self._wake = asyncio.Event()
        self._turned = asyncio.Event()
        self.note(Shelf.MARK, "boot", {"era": era, "count": count})

    @property
    def boot(self) -> str:
        """Return era and count of openings."""
        return self._boot

    @property
    def is_away(self) -> bool:
        """Say no: without its disk the server goes on from memory."""
        return False

    @property
    def load(self) -> StoreLoad:
        """Return how many changes are not on the disk; nobody is ever refused."""
        return StoreLoad(waiting=self._noted - self._written)

    @property
    def is_late(self) -> bool:
        """Whether the disk fails to keep up: a crash now would lose something."""
        return self._is_late

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return what was found at the opening, oldest first."""
        return tuple(self._found.get(shelf, ()))

    def serve(self, tables: Tables) -> None:
        """Tell these tables what was noted, at once: one process has the file."""
        self._tables = tables

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Keep a fact."""
        if shelf.is_kept:
            self._put((shelf, name), dump_json(fact))
        if self._tables is not None:
            self._tables.follow_up(shelf, name, fact)

    def strike(self, shelf: Shelf, name: str) -> None:
        """Forget a fact."""
        if shelf.is_kept:
            self._put((shelf, name), None)
        if self._tables is not None:
            self._tables.follow_up(shelf, name, None)

    async def turn(self, act: Callable[[], T]) -> T:
        """Run it, and return when what others changed before is written as well."""
        try:
            return act()
        finally:
            await self.settled()

    def at_once(self, act: Callable[[], T]) -> T | Pending[T]:
        """Run it; what it tells is pending while anything is unwritten."""
        result = act()
        if self._written >= self._noted:  # as mostly: only changes are noted
            return result
        return Pending(partial(self._told, result))

    async def _told(self, result: T) -> T:
        await self.settled()
        return result

    def post(self, act: Callable[[], object]) -> None:
        """Run it; nobody who posts tells a client anything."""
        act()

    async def settled(self) -> None:
        """Return when all noted so far is on the disk, or the disk is known late."""
        goal = self._noted
        if self._written >= goal:
            return
        try:
            async with asyncio.timeout(self._patience.answer_s):
                while self._written < goal and not self._is_late:
                    await self._turned.wait()
        except TimeoutError:
            self._fall_behind("the disk takes too long")

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[None]:
        """Write while the context lives; all is written when it ends."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._write_on(), name="store")
            try:
                yield
            finally:
                self._is_closing = True
                self._wake.set()
                done, _ = await asyncio.wait({task}, timeout=self._patience.close_s)
                if done:
                    self._connection.close()

    def _put(self, key: tuple[Shelf, str], fact: bytes | None) -> None:
        strikes, before = self._batch.get(key, (False, b""))
        if fact is None or before is None:  # gone, or come again: its place is last
            self._batch.pop(key, None)
            strikes = True
        self._batch[key] = (strikes, fact)
        self._noted += 1
        self._wake.set()

    async def _write_on(self) -> None:
        while self._batch or not self._is_closing:
            await self._wake.wait()
            self._wake.clear()
            batch, self._batch, goal = self._batch, {}, self._noted
            try:
                await asyncio.to_thread(self._write, batch)
            except sqlite3.Error as error:
                self._take_back(batch)
                self._fall_behind(str(error))
                if self._is_closing:
                    return
                await asyncio.sleep(self._patience.retry_s)
            else:
                self._catch_up(batch, goal)

    def _write(self, batch: _Batch) -> None:
        with suppress(sqlite3.OperationalError):  # no transaction: the usual case
            self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN IMMEDIATE")
        for (shelf, name), (strikes, fact) in batch.items():
            if strikes:
                self._connection.execute(_STRIKE, (shelf.value, name))
            if fact is not None:
                self._connection.execute(_NOTE, (shelf.value, name, fact))
        self._connection.execute("COMMIT")

    def _take_back(self, batch: _Batch) -> None:
        newer, self._batch = self._batch, batch
        for key, (strikes, fact) in newer.items():
            if strikes:
                self._put(key, None)
            if fact is not None:
                self._put(key, fact)
        # What came and went meanwhile is nothing to be written, or the batch grows
        # as long as the disk fails.
        self._batch = {
            key: (strikes, fact)
            for key, (strikes, fact) in self._batch.items()
            if fact is not None or key in self._in_file
        }
        self._wake.set()

    def _fall_behind(self, reason: str) -> None:
        if not self._is_late:
            log.error(
                "store is late: a crash now loses rooms", extra={"reason": reason}
            )
        self._is_late = True
        self._turn()

    def _catch_up(self, batch: _Batch, goal: int) -> None:
        for key, (_, fact) in batch.items():
            if fact is None:
                self._in_file.discard(key)
            else:
                self._in_file.add(key)
        self._written = goal
        if self._is_late and not self._batch:
            log.warning("store has caught up")
            self._is_late = False
        self._turn()

    def _turn(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()


def open_ledger(
    path: Path, new_era: Callable[[], str], patience: DiskPatience = _PATIENT
) -> SqliteLedger:
    """
    Open the file, or make it; blocks, so call it from a thread.

    Args:
        path: The file; its directory must exist.
        new_era: Names a new memory.
        patience: How long the disk is waited for.

    Raises:
        OSError: It cannot be opened, another process has it, or a later version
            wrote it; the text names the file.

    """
    try:
        try:
            return _open(path, new_era, patience)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGED:
                raise
            _put_aside(path)
            return _open(path, new_era, patience)
    except sqlite3.Error as error:
        is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        cure = _IN_USE if is_busy else CURE
        raise OSError(errno.EIO, f"store {path}: {error}; {cure}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"store {path}: {reason}; {CURE}") from error


def _open(
    path: Path, new_era: Callable[[], str], patience: DiskPatience
) -> SqliteLedger:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(
        path, timeout=patience.locked_s, isolation_level=None, check_same_thread=False
    )
    try:
        return SqliteLedger(connection, _read(connection), new_era(), patience)
    except BaseException:
        connection.close()
        raise


def _read(connection: sqlite3.Connection) -> _Found:
    for pragma in (
        "locking_mode = EXCLUSIVE",
        "journal_mode = WAL",
        "synchronous = FULL",
        "journal_size_limit = 4194304",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, _FORMAT):
        raise OSError(
            errno.EINVAL, "written by a later version: run that, or move the file away"
        )
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok":
        damaged = sqlite3.DatabaseError(verdict)
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_SCHEMA)
    connection.execute(f"PRAGMA user_version = {_FORMAT}")
    connection.execute("COMMIT")
    found: _Found = {shelf: [] for shelf in Shelf if shelf.is_kept}
    by_name = {shelf.value: shelf for shelf in found}
    rows = connection.execute("SELECT shelf, name, fact FROM facts ORDER BY number")
    for shelf, name, fact in rows:
        try:
            found[by_name[shelf]].append((name, parse_json(fact, _MAX_FACT_BYTES)))
        except (KeyError, BadJson) as error:
            # Of a later version, or spoilt: one fact less, the server starts.
            reason = type(error).__name__
            log.error("fact left out", extra={"shelf": shelf, "reason": reason})  # noqa: TRY400 -- the reason is the whole story
    return found


def _put_aside(path: Path) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    log.error("store is damaged: starting empty", extra={"moved_to": str(aside)})
