"""Lives of a server on each of the stores, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger
from kiosk.roomserver.store_sqlite import open_ledger


Life: TypeAlias = Callable[[], AbstractAsyncContextManager[Ledger]]
"""Begins one life of a server on a store; ending it is a clean stop."""

DURABLE = ("sqlite",)
STORES = ("memory", *DURABLE)


@contextmanager
def life_on(store: str) -> Iterator[Life]:
    """Make a store of that kind; it is gone at the end."""
    if store == "memory":
        yield _in_memory
        return
    with tempfile.TemporaryDirectory(prefix="kiosk-store-") as folder:
        path = Path(folder, "rooms.db")

        @asynccontextmanager
        async def on_disk() -> AsyncGenerator[Ledger]:
            ledger = open_ledger(path, lambda: "era")
            async with ledger.writing():
                yield ledger

        yield on_disk


@asynccontextmanager
async def _in_memory() -> AsyncGenerator[Ledger]:
    yield ForgetfulLedger("era")
