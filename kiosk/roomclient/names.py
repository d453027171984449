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
from ipaddress import ip_address
from typing import TypeAlias


Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
LookUp: TypeAlias = Callable[[str, int], Sequence[str]]


class Names:
    """
    Looks names up for one event loop.

    Args:
        look_up: Asks, and may block for long; the system by default.

    """

    def __init__(self, look_up: LookUp | None = None) -> None:
        self._look_up = look_up or system_lookup
        self._under_way: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """
        Return the addresses of a host, the best one first.

        Raises:
            OSError: It has none, as far as we can find out.

        """
        with contextlib.suppress(ValueError):  # a number needs no thread
            return [str(ip_address(host))]
        found = self._under_way.get((host, port)) or self._begin(host, port)
        return await asyncio.shield(found)

    def _begin(self, host: str, port: int) -> asyncio.Future[Sequence[str]]:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Sequence[str]] = loop.create_future()
        self._under_way[host, port] = found

        def settle(addresses: Sequence[str], error: OSError | None) -> None:
            del self._under_way[host, port]
            if error is None:
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
        return found


def _not_looked_up(host: str, reason: Exception) -> OSError:
    return OSError(errno.EAGAIN, f"{host!r} was not looked up: {reason}")


def system_lookup(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
