"""
The HTTP port: our socket, a start that is known, a stop that ends in time.

Deadlines and limits are those of :mod:`kiosk.roomserver.border`.  Left out on
purpose: WebSockets (no route has one).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Never

from kiosk.roomserver.border import Border, BorderLimits
from kiosk.roomserver.crossing import Crossing
from kiosk.roomserver.http_message import Answering
from kiosk.roomserver.last_arrivals import close_port
from kiosk.roomserver.tls_arrivals import TlsArrivals, TlsTerms


_SHUTDOWN_S = 2.0
_BACKLOG = 1024
_CURES = {
    errno.EADDRINUSE: "end what listens there, or take another port (0: any free one)",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "ports below 1024 are the system's; take a higher one",
    socket.EAI_NONAME: "no such host is known; give an address",
}


def listen(what: str, host: str, port: int) -> socket.socket:
    """
    Return a listening socket.

    Raises:
        OSError: Naming the address and, if it is taken, that.

    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(socket.socket(family, kind, proto))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)  # noqa: FBT003 -- the socket API
            undo.pop_all()
            return listener
    except UnicodeError as error:
        raise OSError(errno.EINVAL, f"{what} {host}:{port}: no host name") from error
    except OSError as error:
        raise named(error, what, f"{host}:{port}") from error


def named(error: OSError, what: str, address: str) -> OSError:
    """Return the error with the address it is about, and its cure, in its text."""
    number = error.errno or 0
    reason = os.strerror(number) if number > 0 else error.strerror or str(error)
    cure = _CURES.get(number, f"see [server] {what}")
    return OSError(error.errno, f"{what} {address}: {reason}; {cure}")


@asynccontextmanager
async def serving(
    app: Answering,
    listener: socket.socket,
    limits: BorderLimits | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[asyncio.Task[Never]]:
    """
    Serve while the context lives; the task ends only if the server died.

    On leaving, running requests get two seconds.

    Args:
        app: Answers.
        listener: Where clients come from.
        limits: What connections and requests may cost.
        tls: Serves https if given.

    """
    limits = limits or BorderLimits()
    async with asyncio.TaskGroup() as tasks:
        border = Border(limits, app)
        arrivals: TlsArrivals | None = None
        if tls is not None:
            terms = TlsTerms(tls, limits.handshake_s, limits.stall_s)
            arrivals = TlsArrivals(terms, border, lambda: Crossing(border))
        server = await asyncio.get_running_loop().create_server(
            arrivals or (lambda: Crossing(border)), sock=listener, backlog=_BACKLOG
        )
        watch = tasks.create_task(border.watch(), name="http")
        try:
            yield watch
        finally:
            await close_port(server)
            if arrivals is not None:
                await arrivals.close()
            await border.close(_SHUTDOWN_S)
            watch.cancel()
