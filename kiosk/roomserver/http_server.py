"""
uvicorn, tamed: our socket, no signal handlers, a shutdown that ends in time.

Left out on purpose: WebSockets (no route has one), the access log (queries carry
tokens) and trust in forwarding headers (addresses decide who may speak v1).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override


_KEEP_ALIVE_S = 75
"""Longer than a heartbeat period, so that a member needs one connection."""
_SHUTDOWN_S = 2
_BACKLOG = 1024


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and say so."""
        await super().startup(sockets)
        self.began.set()

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
    app: ASGIApp, listener: socket.socket
) -> AsyncGenerator[asyncio.Task[None]]:
    """
    Serve while the context lives; the task ends only if the server died.

    On leaving, running requests get two seconds.
    """
    server = _Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve(sockets=[listener]), name="http")
        task.add_done_callback(lambda _: server.began.set())
        try:
            await server.began.wait()
            yield task
        finally:
            server.should_exit = True
            await asyncio.wait({task}, timeout=2 * _SHUTDOWN_S)
