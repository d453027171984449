"""
The threads on which pages' pictures and sound are coded, so that no loop waits.

A few for all desks together: a page has one unit at work at a time, and what it
cannot have coded in time it drops.  Closing joins them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self, TypeVar


T = TypeVar("T")

_MOST: Final = 4


class CodecThreads:
    """An async context manager; ``run`` may be called while it is open."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(_MOST, os.cpu_count() or 1)
        self._pool: ThreadPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        """Be ready; a thread begins with the first work for it."""
        self._pool = ThreadPoolExecutor(self._threads, "desk-codec")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for what is at work (milliseconds) and end the threads."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, done on one of the threads."""
        assert self._pool is not None, "work comes while it is open"
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
