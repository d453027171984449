"""Serves the page on loopback, on a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from kiosk.errors import DeviceError
from kiosk.simulator.gate import Gate


HOST: Final = "127.0.0.1"
JOIN_S: Final = 3.0
_DRAIN_S = 1
_BACKLOG = 16

log = logging.getLogger(__name__)


class PageServer:
    """
    Serves one application until closed.

    Args:
        app: What to serve to those who may come in.
        port: On loopback; 0: any free one.

    Attributes:
        address: What to type into a browser; a secret.

    Raises:
        DeviceError: The port is taken.

    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._socket = _listening(port)
        gate = Gate(app, self._socket.getsockname()[1])
        self.address = gate.address
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                gate,
                loop="none",
                http="h11",
                ws="wsproto",
                lifespan="on",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=64,
                timeout_graceful_shutdown=_DRAIN_S,
            )
        )
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End within a second or so; safe to repeat."""
        self._uvicorn.should_exit = True
        self._thread.join(JOIN_S)
        self._socket.close()

    def _run(self) -> None:
        # off the main thread uvicorn leaves the signals alone
        asyncio.run(self._uvicorn.serve([self._socket]))


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = f"{error.strerror}; choose another [simulator] port"
        raise DeviceError("simulator", f"{HOST}:{port}", reason) from error
    return listener
