"""Waiting on the event loop for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.fakes.patience import PATIENCE_S


async def eventually(is_true: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Return when it is true; fail after the deadline."""
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 -- what is waited for rings no bell
            await asyncio.sleep(0.001)
