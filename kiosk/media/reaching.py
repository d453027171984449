"""
From the addresses of one host to a connected socket: whoever answers first.

TCP repeats an unanswered connect after one, three and seven seconds, so that a
link which is back may go unnoticed for as long as it was away.  Here another
attempt is begun beside the others, at the next address in turn; nobody is told
but the first that answers.  A host that is full answers nobody either, so they
are few, and ever further apart once every address was tried: TCP repeats each of
them, and together they notice a link that is back within a second.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from itertools import cycle

from kiosk.media.resolver import Address
from kiosk.media.waiting import TO_WRITE, Waiting


MOST_ATTEMPTS = 4
"""Side by side, where a host has no more addresses than that."""


class Reaching:
    """
    Attempts to reach one host, side by side.

    Args:
        addresses: Of the host, at least one, best first.
        waiting: Ends it from any thread.
        tune: Sets a socket up before it connects.

    """

    def __init__(
        self,
        addresses: Sequence[Address],
        waiting: Waiting,
        tune: Callable[[socket.socket], None],
    ) -> None:
        self._addresses = cycle(addresses)
        self._untried = len(addresses)
        self._most = max(MOST_ATTEMPTS, len(addresses))
        self._waiting = waiting
        self._tune = tune
        self._attempts: list[socket.socket] = []
        self._failed = OSError("the name has no address")

    def first(self, within_s: float, another_s: float) -> socket.socket | None:
        """
        Return the first connected socket; None if time is over, or cancelled.

        Args:
            within_s: For all of them.
            another_s: Without an answer for so long, another one is begun; after
                twice and four times as long one more, if every address was tried.

        Raises:
            OSError: Every address says no.

        """
        deadline = time.monotonic() + within_s
        try:
            while self._untried > 0 or self._attempts:
                begin_at = deadline
                if len(self._attempts) < self._most:
                    self._begin(next(self._addresses))
                    begin_at = min(time.monotonic() + another_s, deadline)
                    self._untried -= 1
                    another_s *= 2 if self._untried <= 0 else 1
                if (sock := self._answered(begin_at)) is not None:
                    return sock
                if self._waiting.is_cancelled or time.monotonic() >= deadline:
                    return None
            raise self._failed
        finally:
            for sock in self._attempts:
                sock.close()

    def _begin(self, address: Address) -> None:
        family, target = address
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as exc:  # a family this machine lacks: IPv6 may be off
            self._failed = exc
            return
        self._attempts.append(sock)
        try:
            self._tune(sock)
            with contextlib.suppress(BlockingIOError):
                sock.connect(target)
        except OSError as exc:
            self._give_up(sock, exc)

    def _answered(self, until: float) -> socket.socket | None:
        """Wait for a socket that is connected, while any may become so."""
        while self._attempts:
            left_s = until - time.monotonic()
            ready = self._waiting.wait_for_any(self._attempts, TO_WRITE, left_s)
            if not ready:
                return None
            for sock in ready:
                error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not error:
                    self._attempts.remove(sock)
                    return sock
                self._give_up(sock, OSError(error, os.strerror(error)))
        return None

    def _give_up(self, sock: socket.socket, reason: OSError) -> None:
        self._failed = reason
        self._attempts.remove(sock)
        sock.close()
