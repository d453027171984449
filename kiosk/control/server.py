"""
Serves the control API on a Unix socket, within the daemon's event loop.

The signals stay the daemon's: uvicorn must not take SIGTERM here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from pathlib import Path

import uvicorn
from typing_extensions import override

from kiosk.control.listener import Listener
from kiosk.control.ports import ControlledDaemon
from kiosk.control.routes import make_app


_MAX_CONNECTIONS = 64
_DRAIN_S = 1


class ControlServer:
    """
    The control socket of one daemon.

    ``open`` then ``serve``, in a task of the owner, until ``close`` or a
    cancellation; afterwards the socket's file is gone.
    """

    def __init__(
        self, path: str | Path, daemon: ControlledDaemon, *, body_s: float = 5.0
    ) -> None:
        """
        Open nothing yet.

        Args:
            path: Where the socket is to be.
            daemon: Whom requests go to.
            body_s: Seconds a client may take to send a body.

        """
        self._path = Path(path)
        self._closing = asyncio.Event()
        self._listener: Listener | None = None
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                make_app(daemon, self._closing, body_s),
                loop="none",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=_MAX_CONNECTIONS,
                timeout_graceful_shutdown=_DRAIN_S,
            )
        )

    def open(self) -> None:
        """
        Listen; from now on clients can connect, and are answered by ``serve``.

        Raises:
            ControlError: Another daemon serves there, or the path is unusable.

        """
        if self._listener is None and not self._closing.is_set():
            self._listener = Listener(self._path)

    async def serve(self) -> None:
        """
        Answer until ``close`` or a cancellation.

        Raises:
            ControlError: From ``open``, where that was not called before.

        """
        self.open()
        if self._listener is None:
            return
        sockets = [self._listener.socket]
        try:
            await self._uvicorn.serve(sockets)
        except asyncio.CancelledError:
            self.close()
            await self._uvicorn.shutdown(sockets)
            raise
        finally:
            self.close()
            self._listener.close()

    def close(self) -> None:
        """Ask ``serve`` to end, within about a second; safe to repeat."""
        self._closing.set()
        self._uvicorn.should_exit = True


class _Uvicorn(uvicorn.Server):
    """uvicorn, leaving the signals to the daemon."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield
