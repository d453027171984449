"""
The threads of ``asyncio.to_thread``: all of them from the start.

asyncio's own pool grows whenever two pieces of work coincide, say the record of a call
and a look at the devices.  A kiosk had one thread more after some call then, by chance,
and by nothing to be told from a leak.  These are as many after the thousandth call as
before the first.

Only for work that ends by itself (files, looks at devices).  What may hang has a
thread of its own: :mod:`kiosk.media.worker`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final


THREADS: Final = 4
"""More than ever coincide: devices, display, a record, the technician's page."""


def steady_threads(count: int = THREADS) -> ThreadPoolExecutor:
    """Return a pool whose threads all run; nothing is imported or opened by them."""
    pool = ThreadPoolExecutor(count, thread_name_prefix="short-work")
    together = Barrier(count)
    for _ in range(count):
        pool.submit(together.wait)
    return pool
