from __future__ import annotations

import asyncio
import gc

from kiosk.app.collector import collect_old_garbage


async def test_the_old_are_looked_through_by_the_clock_alone() -> None:
    usual = gc.get_threshold()
    looked = asyncio.Event()

    def look() -> int:
        looked.set()
        return 0

    async with asyncio.TaskGroup() as tasks:
        collecting = tasks.create_task(collect_old_garbage(0.01, look))
        await asyncio.sleep(0)
        meanwhile = gc.get_threshold()
        async with asyncio.timeout(5):
            await looked.wait()
        collecting.cancel()

    assert meanwhile[:2] == usual[:2]
    assert meanwhile[2] > 10**6
    assert gc.get_threshold() == usual
