"""
Edges of lines, heard on one thread that sleeps until the kernel has one.

1. Nobody listens: no thread.  Nothing happens: it does not wake.
2. Whatever woke it :data:`MOST_WAKES` times within :data:`WINDOW_S` is chatter: from
   then on it rests a moment after each look, and the kernel keeps the edges.  So none
   is lost, and a storm of 1 kHz costs two hundred looks a second, not two thousand.
3. A line whose chip is gone is not looked at any more; who opened it finds that out.
4. What is raised by who is told ends nothing: the other lines are heard.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kiosk.wiring.lines import Edge, Line


MOST_WAKES: Final = 50
WINDOW_S: Final = 0.5
REST_S: Final = 0.005
"""Much shorter than the shortest change that counts (20 ms): none is heard too late."""
JOIN_S: Final = 2.0
GONE: Final = select.EPOLLERR | select.EPOLLHUP

log = logging.getLogger(__name__)

Told = Callable[[Edge], None]
"""Gets each edge, on the thread of :class:`Edges`."""


class Edges:
    """
    Hears the edges of lines.

    Args:
        now: Says the time, in seconds.
        rest: Lets time pass, in seconds.

    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._rest = rest
        self._lock = threading.Lock()
        self._heard: dict[int, tuple[Line, Told]] = {}
        self._poll: select.epoll | None = None
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    def listen(self, line: Line, told: Told) -> None:
        """Tell every edge of a line from now on; the line is to tell some."""
        with self._lock:
            if self._poll is None:
                self._start()
            assert self._poll is not None
            self._heard[line.fd] = line, told
            self._poll.register(line.fd, select.EPOLLIN)

    def forget(self, line: Line) -> None:
        """Hear a line no more; safe to repeat.  The edge of just now may be told yet."""
        with self._lock:
            self._forget(line.fd)

    def close(self) -> None:
        """Hear nothing more, and end the thread; safe to repeat, also when told."""
        with self._lock:
            for fd in [*self._heard]:
                self._forget(fd)
            thread, self._thread = self._thread, None
            wake, self._wake = self._wake, None
            self._poll = None
            if wake is not None:
                os.eventfd_write(wake, 1)
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_S)

    def _start(self) -> None:
        self._poll = select.epoll()
        self._wake = os.eventfd(0)
        self._poll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(
            target=self._run, args=(self._poll, self._wake), name="gpio", daemon=True
        )
        self._thread.start()

    def _forget(self, fd: int) -> None:
        if self._heard.pop(fd, None) is not None and self._poll is not None:
            self._poll.unregister(fd)

    # -- on our own thread -----------------------------------------------------

    def _run(self, poll: select.epoll, wake: int) -> None:
        woken: deque[float] = deque(maxlen=MOST_WAKES)
        try:
            while True:
                ready = dict(poll.poll())
                if wake in ready:
                    return
                for fd, state in ready.items():
                    self._hear(fd, is_gone=bool(state & GONE))
                now = self._now()
                if len(woken) == MOST_WAKES and now - woken[0] < WINDOW_S:
                    self._rest(REST_S)
                woken.append(now)
        finally:
            poll.close()
            os.close(wake)

    def _hear(self, fd: int, *, is_gone: bool) -> None:
        # Read within the lock: the number may be that of another file once forgotten.
        with self._lock:
            if fd not in self._heard:
                return
            line, told = self._heard[fd]
            edges: list[Edge] = []
            with suppress(OSError):  # a chip that is gone has none
                edges = line.edges()
            if is_gone:
                self._forget(fd)
        for edge in edges:
            try:
                told(edge)
            except Exception:
                log.exception("an edge of a line could not be told")
