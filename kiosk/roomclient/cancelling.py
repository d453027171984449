"""
Ending an httpx request early without losing its connection.

httpx 0.28 (httpcore 1.0) shields the closing of a response against anyio's
cancellation only: a plain asyncio cancel that lands there leaves the pooled
connection active for ever, and after some hundred hang-ups the pool is empty.
So the work runs in a task of its own within an anyio scope; whoever is
cancelled outside cancels that scope and waits until the work has closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio


T = TypeVar("T")


async def within(deadline_s: float, work: Callable[[], Awaitable[T]]) -> T:
    """
    Return what ``work`` returns, or raise what it raises.

    Args:
        deadline_s: Seconds until it is given up.
        work: Uses httpx; begun once.

    Raises:
        TimeoutError: Not done in time.

    """
    run = _Run(deadline_s, work)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run.to_its_end())
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            run.scope.cancel()
            await asyncio.wait({task})
            raise
    return run.outcome()


class _Run(Generic[T]):
    """The work in its scope; keeps its end for whoever waits outside."""

    def __init__(self, deadline_s: float, work: Callable[[], Awaitable[T]]) -> None:
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + deadline_s)
        self._work = work
        self._results: list[T] = []
        self._error: Exception | None = None

    async def to_its_end(self) -> None:
        """Do the work; never raises, so that the task group stays whole."""
        with self.scope:
            try:
                self._results.append(await self._work())
            except Exception as error:  # noqa: BLE001 -- handed to whoever waits
                self._error = error

    def outcome(self) -> T:
        """Return or raise what the work did."""
        if self._error is not None:
            raise self._error
        if not self._results:
            raise TimeoutError
        return self._results[0]
