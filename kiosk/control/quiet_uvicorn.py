"""
uvicorn within the daemon's event loop: bounded, silent, and without the signals.

SIGTERM stays the daemon's.  Nor does it wake ten times a second, as uvicorn does by
itself, to look whether it is to end: it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator

import h11
import uvicorn
from starlette.applications import Starlette
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol


_MAX_CONNECTIONS = 64
_DRAIN_S = 1


class QuietUvicorn(uvicorn.Server):
    """
    Args:
        app: What answers.
        most: Connections at a time.

    Attributes:
        answers: Set once it answers.

    """

    def __init__(self, app: Starlette, most: int = _MAX_CONNECTIONS) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                limit_concurrency=most,
                timeout_graceful_shutdown=_DRAIN_S,
            )
        )
        self.answers = asyncio.Event()
        self._over = asyncio.Event()

    def end(self) -> None:
        """Have ``serve`` end; safe to repeat."""
        self.should_exit = True
        self._over.set()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; told to end meanwhile, uvicorn would leave its sockets open."""
        await super().startup(sockets)
        self.answers.set()
        if self.should_exit:
            await self.shutdown(sockets)

    @override
    async def main_loop(self) -> None:
        """Wait until it is to end."""
        await self.on_tick(0)  # what stands at the head of each answer
        await self._over.wait()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


class _Connection(H11Protocol):
    """A client's, none of whose nonsense reaches the loop's exception handler."""

    @override
    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; behind an answer it can only be cut off."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.abort()
