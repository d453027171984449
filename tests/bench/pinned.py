"""
One core for the server, the other for whoever asks it.

What is started inside :func:`on_core` stays there, with its threads.  With one core
only, all share it, and the tables say so.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Generator


_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, ASKING_CORE = _CORES[-1], _CORES[0]


@contextlib.contextmanager
def on_core(core: int) -> Generator[None]:
    """Start processes on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def take_descriptors() -> int:
    """Let this process have as many descriptors as the system grants."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def where() -> str:
    """Say which core does what."""
    if SERVER_CORE == ASKING_CORE:
        return "one core for all: not comparable"
    return f"server on core {SERVER_CORE}, its clients on core {ASKING_CORE}"
