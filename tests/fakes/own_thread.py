"""An asynchronous context held open on a thread of its own, for tests that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

from tests.fakes.patience import PATIENCE_S


T = TypeVar("T")


@contextmanager
def on_its_own_thread(
    name: str, make: Callable[[], AbstractAsyncContextManager[T]]
) -> Iterator[tuple[asyncio.AbstractEventLoop, T]]:
    """Yield the thread's loop and what the context made there gave."""
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    is_ready = threading.Event()
    made: list[T] = []

    async def hold() -> None:
        async with make() as one:
            made.append(one)
            is_ready.set()
            await over.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(hold())

    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        assert is_ready.wait(PATIENCE_S)
        yield loop, made[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
