"""
Judges mutants, each in a process of its own that is gone afterwards.

The processes are forked from one that has all modules in memory already: a new
interpreter for each mutant would cost more than its tests.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar


M = TypeVar("M")
ROOT = Path(__file__).parents[2]
_WITHOUT = (f"-pno:{name}" for name in ("cacheprovider", "xdist"))
PLAIN = ("-q", *_WITHOUT, "-o", "faulthandler_timeout=0", "-m", "not hypothesis")
"""How pytest is asked for the plain tests."""
ENDED = 255
"""Of a mutant that ended its process, or had no end itself."""
_CPU_S, _WALL_S = 30, 180


def silenced() -> None:
    """Let this process say nothing any more."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def verdict_of(judge: Callable[[], int]) -> int:
    """Judge in a process of its own; :data:`ENDED` where that did not come back."""
    child = os.fork()
    if child == 0:
        os._exit(_judged(judge))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else ENDED


def _judged(judge: Callable[[], int]) -> int:
    # nobody hears these: the end, for a loop and for whoever waits for ever
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    signal.alarm(_WALL_S)
    silenced()
    try:
        return judge()
    except BaseException:  # noqa: BLE001 -- a mutant that cannot even be imported
        return ENDED


def shared(mutants: Sequence[M], judge: Callable[[M], int]) -> Iterator[tuple[M, int]]:
    """Judge mutants on two cores; yield each with its verdict, in order."""
    gc.collect()
    gc.freeze()  # children share the memory of what they only read
    ways = [_way(mutants[core::2], judge) for core in range(2)]
    gc.unfreeze()
    for number, mutant in enumerate(mutants):
        told = os.read(ways[number % 2], 1)
        if not told:
            raise SystemExit("a process that judged mutants is gone")
        yield mutant, told[0]
    for way in ways:
        os.close(way)
        os.wait()


def _way(mutants: Sequence[M], judge: Callable[[M], int]) -> int:
    reading, writing = os.pipe()
    sys.stdout.flush()
    if os.fork() == 0:
        os.close(reading)
        for mutant in mutants:
            os.write(writing, bytes([verdict_of(lambda one=mutant: judge(one))]))  # type: ignore[misc]
        os._exit(0)
    os.close(writing)
    return reading
