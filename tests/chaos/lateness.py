"""
Who had to wait for the machine: servers, their store, and whoever asks them.

A promise of a time is one of a machine that runs.  So what it took is measured and
noted as a fault ``starved`` of whom it befell, by a process of its own
(:mod:`tests.chaos.canary`) and, for the clients, by their own loop.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

from tests.chaos.history import Fault, History
from tests.fakes.programs import ROOT


_TICK_S, _LATE_S = 0.05, 0.1
Processes = Callable[[], Mapping[str, int]]


@asynccontextmanager
async def lateness_noted(
    history: History, processes: Processes
) -> AsyncGenerator[None]:
    """
    Note every wait while the context lives.

    Args:
        history: Where it is noted.
        processes: Returns numbers by names; a server that came back has another.

    """
    canary = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.canary"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert canary.stdin is not None
    assert canary.stdout is not None
    async with asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(_hear(canary.stdout, history))
        telling = tasks.create_task(_tell(canary.stdin, processes))
        looking = tasks.create_task(_look_at_this_loop(history))
        try:
            yield
        finally:
            telling.cancel()
            looking.cancel()
            canary.stdin.close()
            await hearing
            await canary.wait()


async def _tell(canary: asyncio.StreamWriter, processes: Processes) -> None:
    told: dict[str, int] = {}
    while True:
        for name, pid in processes().items():
            if told.get(name) != pid:
                told[name] = pid
                canary.write(f"{name} {pid}\n".encode())
        await asyncio.sleep(_TICK_S)


async def _hear(canary: asyncio.StreamReader, history: History) -> None:
    async for line in canary:
        name, begin, end = json.loads(line)
        history.faults.append(Fault("starved", name, begin, end))


async def _look_at_this_loop(history: History) -> None:
    before = time.monotonic()
    while True:
        await asyncio.sleep(_TICK_S)
        now = time.monotonic()
        if now - before - _TICK_S > _LATE_S:
            history.faults.append(Fault("starved", "clients", before + _TICK_S, now))
        before = now
