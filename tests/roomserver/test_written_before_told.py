"""A key that opens a stream once is used up on the disk before the relay says yes."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from typing_extensions import override

from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Refusal
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway, Turns
from kiosk.roomserver.store_sqlite import SqliteLedger, open_ledger
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import Publishing, Refused
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.room_core import FakeCore
from tests.fakes.rtmp_sockets import SocketClient, dialled


T = TypeVar("T")


class HeldDisk:
    """Stands in front of a connection and keeps a commit waiting, while told so."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.takes = threading.Event()
        self.takes.set()

    def execute(self, sql: str, *values: tuple[str, ...]) -> sqlite3.Cursor:
        if sql.startswith("COMMIT"):
            self.takes.wait(5.0)
        return self._connection.execute(sql, *values)

    def close(self) -> None:
        self._connection.close()


@asynccontextmanager
async def opened(path: Path) -> AsyncGenerator[tuple[SqliteLedger, HeldDisk]]:
    ledger = open_ledger(path, lambda: "era")
    disk = HeldDisk(ledger._connection)
    ledger._connection = disk  # type: ignore[assignment]
    async with ledger.writing():
        try:
            yield ledger, disk
        finally:
            disk.takes.set()


@asynccontextmanager
async def relay_of(core: FakeCore, turns: Turns) -> AsyncGenerator[int]:
    relay = Relay(
        authorize_publish=core.core.gate.authorize_publish,
        authorize_play=core.core.gate.authorize_play,
        on_stream_started=core.core.gate.on_stream_started,
        on_stream_ended=core.core.gate.on_stream_ended,
        turns=turns,
    )
    async with relay.serve("127.0.0.1", 0) as (_, port):
        yield port


@asynccontextmanager
async def pushing(url: str, port: int) -> AsyncGenerator[SocketClient]:
    parsed = RtmpUrl.parse(url.replace(":1935/", f":{port}/"))
    client = PublishClient(parsed, secrets.token_bytes(RANDOM_BYTES))
    async with dialled(client, parsed) as wired:
        yield wired


def url_of_a_kiosk(core: FakeCore) -> str:
    """Return where a member of a room pushes, with a key that is used once."""
    core.create("agent")
    core.log_in("kiosk")
    url = core.push_url("kiosk", "desk", tickets=True)
    core.join_at(url, "kiosk")
    return url


async def test_the_relay_says_yes_when_the_used_key_is_on_the_disk(
    tmp_path: Path,
) -> None:
    path, copy = tmp_path / "rooms.db", tmp_path / "killed.db"
    async with opened(path) as (ledger, disk):
        core = FakeCore(ledger=ledger)
        url = await ledger.turn(lambda: url_of_a_kiosk(core))
        async with relay_of(core, ledger) as port, pushing(url, port) as kiosk:
            disk.takes.clear()
            with pytest.raises(TimeoutError):
                await kiosk.wait_for(Publishing, 0.3)
            assert kiosk.count(Refused) == 0

            disk.takes.set()
            await kiosk.wait_for(Publishing)
            for ending in ("", "-wal"):  # what a kill now would leave behind
                shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    async with opened(copy) as (later, _):
        gate = FakeCore(ledger=later).core.gate
        asked = RtmpUrl.parse(url)
        again = gate.authorize_publish(asked.app, asked.name, asked.query)

        assert again == Refusal("the key was used before")


class Away(ForgetfulLedger):
    """A store that is out of reach for who asks."""

    @override
    async def turn(self, act: Callable[[], T]) -> T:
        raise StoreAway("the store is away")


async def test_who_wants_to_push_without_a_store_is_told_so_at_once() -> None:
    core = FakeCore()
    url = url_of_a_kiosk(core)
    async with relay_of(core, Away()) as port, pushing(url, port) as kiosk:
        refused = await kiosk.wait_for(Refused)

        assert isinstance(refused, Refused)
        assert refused.description == "the store is away: try again"
    asked = RtmpUrl.parse(url)
    admitted = core.core.gate.authorize_publish(asked.app, asked.name, asked.query)
    assert not isinstance(admitted, Refusal)


class Failing(ForgetfulLedger):
    """A store with a mistake in it, the first time it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self._failed = False

    @override
    async def turn(self, act: Callable[[], T]) -> T:
        if not self._failed:
            self._failed = True
            raise ZeroDivisionError
        return await super().turn(act)


async def test_a_decision_that_fails_ends_one_connection_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    core = FakeCore()
    url = url_of_a_kiosk(core)
    async with relay_of(core, Failing()) as port:
        async with pushing(url, port) as kiosk, asyncio.timeout(5.0):
            await kiosk.wait_for_end()
        async with pushing(url, port) as kiosk:
            await kiosk.wait_for(Publishing)

    assert "decision failed" in caplog.text
