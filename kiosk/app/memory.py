"""
How the C library keeps the memory of a process that runs for months.

glibc gives every thread an arena of its own and, having freed one large block,
serves later ones from those arenas.  A kiosk makes eleven threads a call and
pictures of 350 kB to 3.7 MB, so its idle size wandered between 150 and 225 MB
over 200 calls.  With two arenas, and large blocks always mapped apart and
given back when freed, it stays within 3 MB.  numpy's linear algebra, of which
nothing is used, would keep a thread and a buffer for each core.

What a call leaves free between what stays is given back when it is over
(``malloc_trim(3)``): else the heap grows for the fragments of each.

Nothing depends on it: where there is no ``mallopt`` nothing happens.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from kiosk.app.library_pages import let_go_of_library_pages


# malloc.h of the GNU C library
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE_BYTES = 128 * 1024  # glibc's own start value, which it then raises itself
_ARENAS = 2
SETTLE_S: Final = 1.0
"""So long after the end of a call its threads and devices are closed."""
LOADED_S: Final = (3.0, 10.0)
"""So long after the start codecs are loaded and screens drawn: usually, and slowly."""


def keep_memory_small(library: ctypes.CDLL | None = None) -> bool:
    """
    Tell the C library, before threads are started; returns whether it took it.

    Args:
        library: The C library; by default the one this process runs on.

    """
    # before numpy is imported, or it is too late
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    libc = library or ctypes.CDLL(None)
    try:
        mallopt = libc.mallopt
    except AttributeError:
        return False
    wishes = (
        (_M_ARENA_MAX, _ARENAS),
        (_M_MMAP_THRESHOLD, _LARGE_BYTES),
        (_M_TRIM_THRESHOLD, _LARGE_BYTES),
    )
    taken = [mallopt(name, value) == 1 for name, value in wishes]
    return all(taken)


def give_back(library: ctypes.CDLL | None = None) -> bool:
    """Give free memory back to the system; some milliseconds."""
    libc = library or ctypes.CDLL(None)
    try:
        trim = libc.malloc_trim
    except AttributeError:
        return False
    return bool(trim(0))


def settle_down() -> None:
    """Give back what only the start needed; the longer part on a short-lived thread."""
    give_back()
    threading.Thread(target=let_go_of_library_pages, name="memory", daemon=True).start()


async def give_back_after_calls(
    events: AsyncIterator[Mapping[str, Any]],
    give: Callable[[], object] = give_back,
    *,
    settle: Callable[[], object] = settle_down,
    loaded_s: Sequence[float] = LOADED_S,
    settle_s: float = SETTLE_S,
) -> None:
    """
    Give memory back once all is loaded, and after each call the events tell of.

    On the event loop, which then has nothing to do: a worker thread more would stay.
    Calls that follow each other faster than that are one to it.
    """
    loop = asyncio.get_running_loop()
    planned = [loop.call_later(seconds, settle) for seconds in loaded_s]
    after_call: asyncio.TimerHandle | None = None
    try:
        async for event in events:
            if event["event"] == "call_ended":
                if after_call is not None:
                    after_call.cancel()
                after_call = loop.call_later(settle_s, give)
    finally:
        for one in (*planned, after_call):
            if one is not None:
                one.cancel()
