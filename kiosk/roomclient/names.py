"""
Host names to addresses, without a thread that anybody has to wait for.

``getaddrinfo`` cannot be interrupted and may take half a minute where the resolver
is away.  asyncio asks it on its executor, whose threads the end of the process
waits for, and of which there are six: a kiosk would stop late, and what else runs
there would wait.  So names are looked up on threads nobody joins, one a name
however many wait for it, so that retries do not pile them up.  (The media threads
have the like, :mod:`kiosk.media.resolver`, for callers that block.)
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeAlias

from kiosk.errors import words_of
from kiosk.last_addresses import PATIENCE_S, LastAddresses


Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
LookUp: TypeAlias = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One under way, and when it began, in seconds of the loop."""

    found: asyncio.Future[Sequence[str]]
    begun_s: float


class Names:
    """
    Looks names up for one event loop.

    Args:
        look_up: Asks, and may block for long; the system by default.
        last: Serves where nobody answers; without it that is an error.

    """

    def __init__(
        self, look_up: LookUp | None = None, last: LastAddresses[str] | None = None
    ) -> None:
        self._look_up = look_up or system_lookup
        self._last = last
        self._under_way: dict[tuple[str, int], _Lookup] = {}

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """
        Return the addresses of a host, the best one first.

        Raises:
            OSError: It has none, as far as we can find out.

        """
        with contextlib.suppress(ValueError):  # a number needs no thread
            return [str(ip_address(host))]
        lookup = self._under_way.get((host, port)) or self._begin(host, port)
        last = self._last
        if last is None or not (served := last.of(host, port)):
            return await asyncio.shield(lookup.found)
        try:
            async with asyncio.timeout_at(lookup.begun_s + PATIENCE_S):
                return await asyncio.shield(lookup.found)
        except TimeoutError:
            last.serves(host, f"no answer within {PATIENCE_S:g} s")
        except OSError as error:
            last.serves(host, words_of(error))
        return served

    def _begin(self, host: str, port: int) -> _Lookup:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Sequence[str]] = loop.create_future()
        lookup = self._under_way[host, port] = _Lookup(found, loop.time())

        def settle(addresses: Sequence[str], error: OSError | None) -> None:
            del self._under_way[host, port]
            if error is None:
                if self._last is not None:
                    self._last.keep(host, port, addresses)
                found.set_result(addresses)
                return
            found.set_exception(error)
            found.exception()  # read: whoever waited may have given up

        def run() -> None:
            addresses: Sequence[str] = ()
            error: OSError | None = None
            try:
                addresses = self._look_up(host, port)
            except OSError as exc:
                error = exc
            except UnicodeError:
                error = OSError(f"{host!r} is no host name")
            except Exception as exc:  # noqa: BLE001 -- raised to whoever waits
                error = _not_looked_up(host, exc)
            with contextlib.suppress(RuntimeError):  # the loop is gone
                loop.call_soon_threadsafe(settle, addresses, error)

        try:
            threading.Thread(target=run, name="resolver", daemon=True).start()
        except RuntimeError as exc:  # too many threads, or no memory for one
            settle((), _not_looked_up(host, exc))
        return lookup


def _not_looked_up(host: str, reason: Exception) -> OSError:
    return OSError(errno.EAGAIN, f"{host!r} was not looked up: {reason}")


def system_lookup(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
