"""
``/metrics`` over TCP, for a Prometheus that cannot ask a Unix socket; off by default.

Nothing else is served there, nothing can be changed, and only this machine may ask: the
configuration takes no address but a loopback one.  A port that is taken costs the
metrics and a line of the log, never a call.
"""

from __future__ import annotations

import asyncio
import logging
import socket

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kiosk.control.metrics import EXPOSITION_TYPE, exposition
from kiosk.control.ports import ControlledDaemon
from kiosk.control.quiet_uvicorn import QuietUvicorn


_MOST = 4
_BACKLOG = 4

log = logging.getLogger(__name__)


class MetricsServer:
    """
    Args:
        host: Of the loopback.
        port: 0: any free one; :attr:`port` says which.
        daemon: Whose status is told.

    """

    def __init__(self, host: str, port: int, daemon: ControlledDaemon) -> None:
        self._host = host
        self.port = port

        async def metrics(request: Request) -> Response:
            text = exposition(daemon.status())
            return PlainTextResponse(text, media_type=EXPOSITION_TYPE)

        app = Starlette(routes=[Route("/metrics", metrics, methods=["GET"])])
        self._uvicorn = QuietUvicorn(app, _MOST)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            listening = self._listen()
        except OSError as error:
            reason = f"{self._host}:{self.port}: {error.strerror or error}"
            log.warning("metrics not served", extra={"reason": reason})
            return
        with listening:
            try:
                await self._uvicorn.serve([listening])
            except asyncio.CancelledError:
                self._uvicorn.end()
                await self._uvicorn.shutdown([listening])
                raise

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.create_server(
            (self._host, self.port), family=family, backlog=_BACKLOG
        )
        listening.setblocking(False)  # noqa: FBT003 -- no keyword in the library
        self.port = listening.getsockname()[1]
        return listening
