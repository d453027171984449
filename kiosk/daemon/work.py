"""
The tasks of the current call, and closing in the right order.

Work of a call is cancelled when the call ends. Closing is not, but that a process
which ends waits only so long for it: it is chained, each step after the one before,
and work begun later waits for it, so that a camera is closed before the next call may
open it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


Job = Callable[[], Coroutine[Any, Any, None]]
"""Begun when its turn comes; one cancelled before has opened nothing."""


class Work:
    """Tasks in ``group``, the daemon's own, told apart by whose end they serve."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._call_tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._closings: set[asyncio.Task[None]] = set()
        self._is_over = False

    def begin(self, job: Job, name: str | None = None) -> None:
        """Begin work of the call, after what is still closing; none once all is over."""
        if self._is_over:
            return  # media that would not close in time may still report
        task = self._group.create_task(_after(self._closing, job), name=name)
        self._call_tasks.add(task)
        task.add_done_callback(self._call_tasks.discard)

    def close(self, job: Job) -> None:
        """Begin closing, after what is still closing; only :meth:`closed` cancels it."""
        self._closing = task = self._group.create_task(
            _after(self._closing, job), name="closing"
        )
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)

    def cancel(self, name: str | None = None) -> None:
        """Cancel the call's work: all of it, or the one with that name."""
        for task in self._call_tasks:
            if name is None or task.get_name() == name:
                task.cancel()

    async def closed(self, timeout_s: float) -> bool:
        """
        Cancel what is under way, wait until all is closed; nothing can be begun any more.

        Returns:
            False, and the rest is given up, if that took too long.

        """
        self._is_over = True
        self.cancel()  # outside a call an announcement, for which all would wait
        if self._closing is None:
            return True
        done, _ = await asyncio.wait({self._closing}, timeout=timeout_s)
        for task in self._closings:
            task.cancel()
        return bool(done)


async def _after(closing: asyncio.Task[None] | None, job: Job) -> None:
    if closing is not None and not closing.done():
        await asyncio.wait({closing})
    await job()
