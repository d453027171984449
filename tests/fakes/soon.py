"""Waiting on an event loop for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.fakes.patience import PATIENCE_S


async def soon(is_true: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Return when it is true; looks every five milliseconds, fails when time is up."""
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 -- what a test waits for has no Event
            await asyncio.sleep(0.005)
