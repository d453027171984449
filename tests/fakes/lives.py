"""Lives of a server on each of the stores, one after the other."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger
from kiosk.roomserver.store_sqlite import open_ledger
from kiosk.roomserver.store_valkey import shared_ledger
from kiosk.roomserver.valkey_turns import ValkeyPatience
from tests.fakes.redis_process import RedisProcess


Life: TypeAlias = Callable[[], AbstractAsyncContextManager[Ledger]]
"""Begins one life of a server on a store; ending it is a clean stop."""

DURABLE = ("sqlite", "redis")
STORES = ("memory", *DURABLE)

HASTY = ValkeyPatience(empty_s=0.0, poll_s=0.2, longest_pause_s=0.2, claims_s=0.3)
_names = itertools.count()


def new_name() -> str:
    """Return a name nobody else in this test run has."""
    return f"name-{next(_names)}"


@contextmanager
def life_on(store: str) -> Iterator[Life]:
    """Make a store of that kind; it is gone at the end."""
    match store:
        case "memory":
            yield _in_memory
        case "sqlite":
            with tempfile.TemporaryDirectory(prefix="kiosk-store-") as folder:
                yield lambda: on_disk(Path(folder, "rooms.db"))
        case _:
            with RedisProcess() as redis:
                yield lambda: shared_ledger(redis.url, "era", new_name, HASTY)


@asynccontextmanager
async def _in_memory() -> AsyncGenerator[Ledger]:
    yield ForgetfulLedger("era")


@asynccontextmanager
async def on_disk(path: Path) -> AsyncGenerator[Ledger]:
    ledger = open_ledger(path, lambda: "era")
    async with ledger.writing():
        yield ledger
