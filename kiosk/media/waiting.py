"""
Waiting for a socket, with a deadline, and ended from any thread at once.

``shutdown`` wakes a blocked reader, but not a thread that is about to connect;
a wake-up descriptor beside the socket has no such gap.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence


_SLICE_S = 0.25  # the owner's progress counter moves at least so often
_GONE = select.POLLHUP | select.POLLERR

TO_READ = select.POLLIN
TO_WRITE = select.POLLOUT


class Waiting:
    """The waits of one connection. Holds a descriptor: always close it."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._lock = threading.Lock()
        self._wake_fd: int | None = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._is_cancelled = False
        self._poll = select.poll()
        self._polled: dict[int, int] = {}  # what it looks at: descriptors and events

    @property
    def is_cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._is_cancelled

    def given_up(self) -> bool:
        """Count progress and return whether to go on waiting elsewhere."""
        self._beat()
        return self._is_cancelled

    def wait(self, sock: socket.socket, events: int, within_s: float) -> bool:
        """
        Wait until the socket can be used (or is broken).

        Returns:
            False when the time is over or the wait was cancelled.

        """
        return bool(self.wait_for_any([sock], events, within_s))

    def wait_for_any(
        self, socks: Sequence[socket.socket], events: int, within_s: float
    ) -> list[socket.socket]:
        """Wait until sockets can be used; return them, none as :meth:`wait`."""
        deadline = time.monotonic() + within_s
        with self._lock:
            if self._wake_fd is None:
                return []
            wanted = {sock.fileno(): events for sock in socks}
            wanted[self._wake_fd] = select.POLLIN
        poll = self._poll_of(wanted)
        while True:
            self._beat()
            left = deadline - time.monotonic()
            found = dict(poll.poll(max(0.0, min(left, _SLICE_S)) * 1000))
            if self._is_cancelled:
                return []
            usable = events | _GONE
            ready = [sock for sock in socks if found.get(sock.fileno(), 0) & usable]
            if ready or left <= 0:
                return ready

    def _poll_of(self, wanted: dict[int, int]) -> select.poll:
        """Return the one that looks at them; a stream waits for the same again."""
        if wanted != self._polled:
            self._poll = select.poll()
            for descriptor, events in wanted.items():
                self._poll.register(descriptor, events)
            self._polled = wanted
        return self._poll

    def cancel(self) -> None:
        """End every wait, now and later; any thread."""
        with self._lock:
            self._is_cancelled = True
            if self._wake_fd is not None:
                os.eventfd_write(self._wake_fd, 1)

    def close(self) -> None:
        """Cancel and give the descriptor back; by the thread that waits."""
        self.cancel()
        with self._lock:
            if self._wake_fd is not None:
                os.close(self._wake_fd)
            self._wake_fd = None
        # It leads back to whoever holds the connection: no cycle outlives a call.
        self._beat = _nothing


def _nothing() -> None:
    """Count nothing."""
