"""
Connecting to a room server whose link may be away.

TCP repeats a connect that nobody answers after 1, 3 and 7 s only.  So a few more are
begun beside it, to the host's addresses in turn; the first that is answered counts.
A server that is full answers nobody either: once every address was tried they come
further apart, and TCP repeats each of them.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, Final, TypeAlias

from kiosk.small_segments import keep_small


UNHEARD_S: Final = 2.0
"""What does not arrive for so long ends a connection."""
_UNHEARD_MS = round(UNHEARD_S * 1000)
_ANOTHER_S = 0.25  # RFC 8305, 8; then one more is begun, to the next address in turn
_LONGEST_APART_S = 0.6  # with what TCP repeats, a link that is back is noticed as soon
_MOST_ATTEMPTS = 4  # side by side, where a host has no more addresses than that


OpenSocket: TypeAlias = Callable[
    [socket.AddressFamily, socket.SocketKind], socket.socket
]


async def reached(
    addresses: Sequence[str], port: int, open_socket: OpenSocket = socket.socket
) -> socket.socket:
    """
    Return a socket connected to whichever address answers first.

    Args:
        addresses: Of one host, at least one, the best one first.
        port: The same on all of them.
        open_socket: Raises OSError for a family this machine does not have.

    Raises:
        OSError: Every address says no.

    """
    # asyncio's own race of addresses forgets sockets when it is cancelled
    race = _Race(addresses, port, open_socket)
    try:
        another_s = _ANOTHER_S
        while not race.over.done():
            if not race.is_crowded:
                race.begin_another()
            await asyncio.wait({race.over}, timeout=another_s)
            if race.is_every_address_tried:
                another_s = min(another_s * 2, _LONGEST_APART_S)
        return race.winner()
    finally:
        race.close()


class _Race:
    """
    Attempts to connect, side by side.

    Attributes:
        over: Done when one is connected, or when every address said no.

    """

    def __init__(
        self, addresses: Sequence[str], port: int, open_socket: OpenSocket
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = self._loop.create_future()
        self._addresses = cycle(addresses)
        self._port = port
        self._open = open_socket
        self._untried = len(addresses)
        self._most = max(_MOST_ATTEMPTS, len(addresses))
        self._attempts: set[socket.socket] = set()
        self._connected: socket.socket | None = None
        self._error = OSError("no address")

    @property
    def is_crowded(self) -> bool:
        """Whether so many attempts wait for an answer that they are enough."""
        return len(self._attempts) >= self._most

    @property
    def is_every_address_tried(self) -> bool:
        """Whether another attempt would go where one went before."""
        return self._untried <= 0

    def begin_another(self) -> None:
        """Try the next address in turn, and one more where that is refused."""
        address = next(self._addresses)
        self._untried -= 1
        try:
            sock = self._begun(address)
        except OSError as error:
            self._refused(error)
            return
        self._attempts.add(sock)
        self._loop.add_writer(sock, self._decided, sock)

    def winner(self) -> socket.socket:
        """Hand the connected socket over, or raise why there is none."""
        sock, self._connected = self._connected, None
        if sock is None:
            raise self._error
        return sock

    def close(self) -> None:
        """Close every socket that was not handed over."""
        if self._connected is not None:
            self._attempts.add(self._connected)
        for sock in tuple(self._attempts):
            self._forget(sock)
            sock.close()

    def _begun(self, address: str) -> socket.socket:
        """
        Return a socket that connects, or is connected already.

        Raises:
            OSError: Not to this address: it says no at once, or this machine has no
                such family (IPv6 may be switched off) or interface.

        """
        family, target = _numeric(address, self._port)
        sock = self._open(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(0)
            keep_small(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MS)
            # asyncio does so for sockets that name their protocol only; a head and
            # its body would wait for each other's acknowledgement, 40 ms a request.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            error = sock.connect_ex(target)
            if error not in (0, errno.EINPROGRESS):
                raise _error_of(error)
        except OSError:
            sock.close()
            raise
        return sock

    def _decided(self, sock: socket.socket) -> None:
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._forget(sock)
            sock.close()
            self._refused(_error_of(error))
        elif self._connected is None:
            self._forget(sock)
            self._connected = sock
            self.over.set_result(None)

    def _refused(self, reason: OSError) -> None:
        self._error = reason
        if self._untried > 0:
            self.begin_another()
        elif not self._attempts and not self.over.done():
            self.over.set_result(None)

    def _forget(self, sock: socket.socket) -> None:
        self._attempts.discard(sock)
        self._loop.remove_writer(sock)


def _numeric(address: str, port: int) -> tuple[socket.AddressFamily, Any]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, (address, port)


def _error_of(number: int) -> OSError:
    return OSError(number, os.strerror(number))
