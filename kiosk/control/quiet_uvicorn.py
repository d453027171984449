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
from typing import Final

import h11
import uvicorn
from starlette.applications import Starlette
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol


SILENT_S: Final = 5
"""A client asks at once; one that leaks connections must not hold them all for long."""
_MAX_CONNECTIONS = 64
_DRAIN_S = 1


class QuietUvicorn(uvicorn.Server):
    """
    Args:
        app: What answers.
        most: Connections at a time.
        silent_s: Seconds a connection may be open with nothing asked.

    Attributes:
        answers: Set once it answers.

    """

    def __init__(
        self, app: Starlette, most: int = _MAX_CONNECTIONS, silent_s: int = SILENT_S
    ) -> None:
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
                backlog=most,  # so many are accepted at once, each with a descriptor
                timeout_keep_alive=silent_s,
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
    """
    A client's, none of whose nonsense reaches the loop's exception handler.

    uvicorn answers 503 to who is too many, once asked, and waits for a first request
    for ever: descriptors would run out.
    """

    _silence: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        limit = self.limit_concurrency
        if limit is not None and len(self.connections) > limit:
            transport.abort()
            return
        self._silence = self.loop.call_later(self.timeout_keep_alive, transport.abort)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:  # a whole head came
            self._end_silence()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end_silence()
        super().connection_lost(exc)

    @override
    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; behind an answer it can only be cut off."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.abort()

    def _end_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
