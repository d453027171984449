"""
Waits as long as a period or a picture, for threads that wait all the time.

An event's own ``wait`` makes a lock and a list entry in Python for each of some
hundred waits a second; sleeping is one system call.  The price is that whoever
sets the event is noticed when the wait is over: at once for people.
"""

from __future__ import annotations

import threading
import time


SHORT_S = 0.05


def wait_shortly(event: threading.Event, seconds: float) -> bool:
    """Return whether the event was set, as ``event.wait(seconds)``."""
    if seconds > SHORT_S:
        return event.wait(seconds)
    if seconds > 0:
        time.sleep(seconds)
    return event.is_set()
