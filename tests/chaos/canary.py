"""
``python -m tests.chaos.canary``: sees who is kept waiting, in a process that does no more.

Lines of stdin name processes, ``server0 4711``.  A line of JSON on stdout for what
any of their threads waited in one tick: ``["server0", begin, end]``, monotonic seconds.
Waiting is what the kernel measured: from when a thread could run until it did
(``/proc/PID/task/TID/schedstat``), told when it runs.  So the length is exact, however
many waits it was; where in its tick it lies is not.  ``machine`` is a timer that rang
late though its process did not wait for a processor: nobody ran then.
"""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path


TICK_S = 0.2
LEAST_S = 0.04
"""In one tick: less is everyday life."""
_TIMER_S = 0.1
"""By less a timer is late on any machine."""


class Watched:
    """One process and how long each of its threads waited so far."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._waited_s: dict[str, float] = {}

    def waited_s(self) -> float:
        """Return the longest that any thread waited since the last look."""
        longest = 0.0
        for thread in _threads(self._tasks):
            waited_s = _waited_s(thread / "schedstat")
            before = self._waited_s.get(thread.name, waited_s)
            self._waited_s[thread.name] = waited_s
            longest = max(longest, waited_s - before)
        return longest


def _threads(tasks: Path) -> list[Path]:
    try:
        return list(tasks.iterdir())
    except OSError:  # it ended
        return []


def _waited_s(schedstat: Path) -> float:
    try:
        return int(schedstat.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Canary:
    """Looks at all of them, tick by tick."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._own = Watched(os.getpid())
        self._own.waited_s()
        self._looked = time.monotonic()

    def watch(self, name: str, pid: int) -> None:
        """Look at a process from now on; in the place of one of the same name."""
        self._watched[name] = Watched(pid)

    def look(self) -> Iterator[tuple[str, float, float]]:
        """Yield who waited since the last look; one tick later."""
        now = time.monotonic()
        late_s = now - self._looked - TICK_S - self._own.waited_s()
        self._looked = now
        if late_s >= _TIMER_S:
            yield "machine", now - late_s, now
        for name, one in self._watched.items():
            waited_s = one.waited_s()
            if waited_s >= LEAST_S:
                yield name, now - waited_s, now


def main() -> None:
    """Look until stdin ends."""
    canary, told = Canary(), b""
    while True:
        ready, _, _ = select.select([0], [], [], TICK_S)
        if ready:
            received = os.read(0, 4096)
            if not received:
                return
            *lines, told = (told + received).split(b"\n")
            for line in lines:
                name, pid = line.decode().split()
                canary.watch(name, int(pid))
            continue
        for wait in canary.look():
            print(json.dumps(wait), flush=True)  # noqa: T201 -- its result


if __name__ == "__main__":
    main()
