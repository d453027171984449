"""
uvicorn, tamed: our socket, no signal handlers, a shutdown that ends in time.

Deadlines and limits are those of :mod:`kiosk.roomserver.border`, which stands
between the socket and uvicorn.  Left out on purpose: WebSockets (no route has
one), the access log (queries carry tokens) and trust in forwarding headers
(addresses decide who may speak v1).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal, cast

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from kiosk.roomserver.border import Border, BorderLimits, Crossing, telling_border


Parser = Literal["auto", "httptools", "h11"]

_SHUTDOWN_S = 2
_BACKLOG = 1024
_NEVER_S = 24 * 3600
"""uvicorn's only deadline; idle connections are the border's."""


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, border: Border, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(config)
        self.began = asyncio.Event()
        self._border = border
        self._tls = tls

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and say so; uvicorn itself knows no TLS deadlines."""
        await super().startup(sockets=[])
        limits = self._border.limits
        for listener in sockets or []:
            server = await asyncio.get_running_loop().create_server(
                self._welcome,
                sock=listener,
                backlog=_BACKLOG,
                ssl=self._tls,
                ssl_handshake_timeout=limits.handshake_s if self._tls else None,
                ssl_shutdown_timeout=limits.stall_s if self._tls else None,
            )
            self.servers.append(server)
        self.began.set()

    def _welcome(self) -> Crossing:
        return self._border.welcome(self._inside)

    def _inside(self, state: dict[str, Any]) -> asyncio.Protocol:
        make = cast("Any", self.config.http_protocol_class)
        protocol = make(
            config=self.config, server_state=self.server_state, app_state=state
        )
        return cast("asyncio.Protocol", protocol)

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to whoever owns the process."""
        yield


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
    """Return the error with the address it is about in its text."""
    number = error.errno or 0
    reason = os.strerror(number) if number > 0 else error.strerror or str(error)
    return OSError(error.errno, f"{what} {address}: {reason}")


@asynccontextmanager
async def serving(
    app: ASGIApp,
    listener: socket.socket,
    limits: BorderLimits | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    parser: Parser = "auto",
) -> AsyncGenerator[asyncio.Task[None]]:
    """
    Serve while the context lives; the task ends only if the server died.

    On leaving, running requests get two seconds.

    Args:
        app: Answers.
        listener: Where clients come from.
        limits: What connections and requests may cost.
        tls: Serves https if given.
        parser: uvicorn's; by default the faster one that is installed.

    """
    border = Border(limits or BorderLimits())
    server = _Server(
        uvicorn.Config(
            telling_border(app),
            interface="asgi3",
            http=parser,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_NEVER_S,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        ),
        border,
        tls,
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve(sockets=[listener]), name="http")
        task.add_done_callback(lambda _: server.began.set())
        watch = tasks.create_task(border.watch(), name="border")
        try:
            await server.began.wait()
            yield task
        finally:
            server.should_exit = True
            await asyncio.wait({task}, timeout=2 * _SHUTDOWN_S)
            watch.cancel()
