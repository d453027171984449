"""Serves the control API on a Unix socket, within the daemon's event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk.control.listener import Listener
from kiosk.control.ports import ControlledDaemon
from kiosk.control.quiet_uvicorn import QuietUvicorn
from kiosk.control.routes import make_app


class ControlServer:
    """
    The control socket of one daemon.

    ``open`` then ``serve``, in a task of the owner, until ``close`` or a
    cancellation; afterwards the socket's file is gone.
    """

    def __init__(
        self,
        path: str | Path,
        daemon: ControlledDaemon,
        *,
        body_s: float = 5.0,
        listener: Listener | None = None,
    ) -> None:
        """
        Open nothing yet.

        Args:
            path: Where the socket is to be.
            daemon: Whom requests go to.
            body_s: Seconds a client may take to send a body.
            listener: Open already, and its owner's to close: who connects between
                two servers of one listener is answered by the second.

        """
        self._path = Path(path)
        self._closing = asyncio.Event()
        self._owned: Listener | None = None
        self._listener = listener
        self._uvicorn = QuietUvicorn(make_app(daemon, self._closing, body_s))

    def open(self) -> None:
        """
        Listen; from now on clients can connect, and are answered by ``serve``.

        Raises:
            ControlError: Another daemon serves there, or the path is unusable.

        """
        if self._listener is None and not self._closing.is_set():
            self._listener = self._owned = Listener(self._path)

    async def answers(self) -> None:
        """Return once clients are answered."""
        await self._uvicorn.answers.wait()

    async def serve(self) -> None:
        """
        Answer until ``close`` or a cancellation.

        Raises:
            ControlError: From ``open``, where that was not called before.

        """
        self.open()
        if self._listener is None:
            return
        # uvicorn closes what it is given, unless it is to end before it began
        sockets = [self._listener.socket.dup()]
        try:
            await self._uvicorn.serve(sockets)
        except asyncio.CancelledError:
            self.close()
            await self._uvicorn.shutdown(sockets)
            raise
        finally:
            self.close()
            sockets[0].close()
            if self._owned is not None:
                self._owned.close()

    def close(self) -> None:
        """Ask ``serve`` to end, within about a second; safe to repeat."""
        self._closing.set()
        self._uvicorn.end()
