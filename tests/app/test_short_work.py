"""Short work off the event loop: always the same threads."""

from __future__ import annotations

import asyncio
import threading

from kiosk.app.short_work import THREADS, steady_threads


def names() -> set[str]:
    return {one.name for one in threading.enumerate() if "short-work" in one.name}


def test_all_threads_run_from_the_start_and_no_other_comes_by_coincidence() -> None:
    with steady_threads() as pool:
        at_first = names()
        together = threading.Barrier(THREADS)
        list(pool.map(lambda _: together.wait(30), range(THREADS)))
        list(pool.map(str, range(100)))

        assert len(at_first) == THREADS
        assert names() == at_first


async def test_work_of_the_event_loop_runs_on_them() -> None:
    asyncio.get_running_loop().set_default_executor(steady_threads())

    name = await asyncio.to_thread(lambda: threading.current_thread().name)

    assert name.startswith("short-work")
