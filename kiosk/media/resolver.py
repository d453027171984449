"""
Host names to addresses, with a deadline.

``getaddrinfo`` cannot be interrupted and may take half a minute when the
branch's resolver is away.  Names are therefore looked up on threads that
nobody joins: one a name, however many callers wait for it, so that retries do
not pile them up.  Numeric addresses need no thread.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kiosk.errors import words_of
from kiosk.last_addresses import PATIENCE_S, LastAddresses


Address: TypeAlias = tuple[socket.AddressFamily, Any]
"""Family and socket address, as ``connect`` takes it."""

_SLICE_S = 0.05


@dataclass(slots=True)
class _Lookup:
    done: threading.Event = field(default_factory=threading.Event)
    begun_s: float = field(default_factory=time.monotonic)
    addresses: Sequence[Address] = ()
    error: OSError | None = None


class Resolver:
    """
    Looks names up for all links of a session; the last answer serves where there is none.

    Thread-safe.

    """

    def __init__(
        self, look_up: Callable[[str, int], Sequence[Address]] | None = None
    ) -> None:
        self._look_up = look_up or system_lookup
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], _Lookup] = {}
        self._last: LastAddresses[Address] = LastAddresses()

    def addresses(
        self, host: str, port: int, within_s: float, given_up: Callable[[], bool]
    ) -> Sequence[Address]:
        """
        Return the addresses of a host, best first.

        Args:
            host: Name or numeric address.
            port: TCP port.
            within_s: The longest wait.
            given_up: Asked some twenty times a second whether to stop waiting.

        Raises:
            OSError: The name is unknown, and always was.
            TimeoutError: No answer in time, or given up.

        """
        numeric = _numeric(host, port)
        if numeric:
            return numeric
        lookup = self._begin(host, port)
        served = self._last.of(host, port)
        deadline = time.monotonic() + within_s
        if served:
            deadline = min(deadline, lookup.begun_s + PATIENCE_S)
        try:
            return _waited_for(lookup, host, deadline, given_up)
        except OSError as error:
            if not served or given_up():
                raise
            self._last.serves(host, words_of(error))
            return served

    def _begin(self, host: str, port: int) -> _Lookup:
        key = (host, port)
        with self._lock:
            lookup = self._under_way.get(key)
            if lookup is not None:
                return lookup
            lookup = self._under_way[key] = _Lookup()
        thread = threading.Thread(
            target=self._run, args=(key, lookup), name="resolver", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as exc:  # too many threads, or no memory for one
            lookup.error = _not_looked_up(host, exc)
            self._settle(key, lookup)
        return lookup

    def _run(self, key: tuple[str, int], lookup: _Lookup) -> None:
        try:
            lookup.addresses = self._look_up(*key)
            self._last.keep(*key, lookup.addresses)
        except OSError as exc:
            lookup.error = exc
        except UnicodeError:
            lookup.error = OSError(f"{key[0]!r} is no host name")
        except Exception as exc:  # noqa: BLE001 -- raised to whoever waits
            lookup.error = _not_looked_up(key[0], exc)
        self._settle(key, lookup)

    def _settle(self, key: tuple[str, int], lookup: _Lookup) -> None:
        with self._lock:
            del self._under_way[key]
        lookup.done.set()


def _waited_for(
    lookup: _Lookup, host: str, deadline: float, given_up: Callable[[], bool]
) -> Sequence[Address]:
    while not lookup.done.wait(_SLICE_S):
        if given_up() or time.monotonic() >= deadline:
            raise TimeoutError(f"name {host} was not resolved in time")
    if lookup.error is not None:
        raise lookup.error
    return lookup.addresses


def _not_looked_up(host: str, reason: Exception) -> OSError:
    return OSError(errno.EAGAIN, f"{host!r} was not looked up: {reason}")


def system_lookup(host: str, port: int) -> Sequence[Address]:
    """Ask the system's resolver; may block for long."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def _numeric(host: str, port: int) -> Sequence[Address]:
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (OSError, UnicodeError):  # a name, or a label no IDNA codec takes
        return ()
    return [(family, address) for family, _, _, _, address in found]
