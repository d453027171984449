"""
The process that may die of an input: ``... TARGET SECONDS SCRATCH PROGRESS SEED FIRST END``.

As ``tests.fuzz.child``, of which :mod:`tests.fuzz.campaign` knows, for the targets: an error
beyond the contract, an input that takes long, and memory beyond its limit end it.  It ends
in order after its last input, or after so many seconds.
"""

from __future__ import annotations

import json
import mmap
import resource
import signal
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.child import rss_kb
from tests.fuzz.target import Target, input_of
from tests.fuzz.targets.all import TARGETS


LOOK_S = 2.0
LONGEST_S = 2.0
"""Of processor time, for one input; most take some ten microseconds."""
MEMORY_MOST = 2 << 30
_NUMBER = struct.Struct("=Q")


class TooSlow(Exception):
    """An input took longer than any may."""


def taken(target: Target, given: bytes) -> bool:
    """Give a target one input within its time; say whether it was refused."""
    began = time.thread_time()
    refused = target.take(given)
    took = time.thread_time() - began
    if took > LONGEST_S:
        raise TooSlow(f"{target.name}: {took:.1f} s for {len(given)} bytes")
    return refused


def main(name: str, seconds: float, progress: str, numbers: Sequence[int]) -> None:
    seed, first, end = numbers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target = TARGETS[name]
    target.take(input_of(target, seed, first))  # what is loaded late is loaded now
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    with Path(progress).open("r+b") as file:
        marked = mmap.mmap(file.fileno(), _NUMBER.size)
    refused, number = 0, first
    now = time.monotonic()
    over, look, busy = now + seconds, now, time.thread_time()
    for number in range(first, end):
        _NUMBER.pack_into(marked, 0, number)
        refused += taken(target, input_of(target, seed, number))
        if number & 15 == 0:  # of processor time: who is starved does not hang
            signal.setitimer(signal.ITIMER_VIRTUAL, 16 * LONGEST_S)
        if number & 15 == 0 and (now := time.monotonic()) >= look:
            took = time.thread_time() - busy
            _tell(name, number + 1 - first, refused, took)
            look = now + LOOK_S
            if now >= over:
                break
    _tell(name, number + 1 - first, refused, time.thread_time() - busy)


def _tell(name: str, done: int, refused: int, busy_s: float) -> None:
    told = {
        "done": done,
        "kinds": {name: done},
        "reached": {"refused": refused, "busy_ms": round(busy_s * 1000)},
        "rss_kb": rss_kb(),
        "descriptors": len([*Path("/proc/self/fd").iterdir()]),
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[4], [*map(int, sys.argv[5:8])])
