"""What this process holds that it must give back."""

from __future__ import annotations

import gc
import threading
import warnings
from pathlib import Path


def open_descriptors() -> int:
    """
    Return how many file descriptors are open, the one used to look included.

    Garbage of earlier tests goes first: a descriptor that the collector closes
    between two looks would be a difference that nobody made.
    """
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def held() -> tuple[int, int]:
    """Return open descriptors and running threads."""
    return open_descriptors(), threading.active_count()


def left_open() -> list[str]:
    """Return what nobody holds any more and nobody closed, in Python's words."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    return [str(one.message) for one in told]
