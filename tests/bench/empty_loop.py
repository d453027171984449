"""
An event loop with nothing to do, measured as the daemon's is.

``python -m tests.bench.empty_loop``: prints a line when it runs; for every line
it reads it prints what it measured since the last one.  What it sees is the
machine's doing, not the daemon's.
"""

from __future__ import annotations

import asyncio
import json
import sys

from kiosk.daemon.stall import StallMeter
from kiosk.devices.clock_monotonic import MonotonicClock


async def _measure() -> None:
    meter = StallMeter(MonotonicClock())
    asked = asyncio.Event()
    over = asyncio.Event()

    def hear() -> None:
        (asked if sys.stdin.readline() else over).set()

    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), hear)
    async with asyncio.TaskGroup() as group:
        measuring = group.create_task(meter.run())
        print(json.dumps({"ready": True}), flush=True)
        while not over.is_set():
            waiting = [group.create_task(asked.wait()), group.create_task(over.wait())]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
            if asked.is_set():
                asked.clear()
                print(json.dumps(meter.snapshot()), flush=True)
                meter.reset()
        measuring.cancel()


if __name__ == "__main__":
    asyncio.run(_measure())
