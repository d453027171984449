"""A control server in the loop, and a client's question to it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from kiosk.control.client import ControlClient
from kiosk.control.server import ControlServer
from tests.fakes.controlled_daemon import FakeDaemon


@contextlib.asynccontextmanager
async def serving(path: Path, daemon: FakeDaemon) -> AsyncIterator[ControlClient]:
    server = ControlServer(path, daemon, body_s=0.3)
    server.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        try:
            yield ControlClient(path, timeout_s=3)
        finally:
            server.close()


async def ask(path: Path, method: str, route: str, body: bytes = b"") -> Any:
    """Send a request as no well-behaved client would."""

    def exchange() -> tuple[int, Any]:
        connection = http.client.HTTPConnection("kiosk")
        connection.sock = socket.socket(socket.AF_UNIX)
        with contextlib.closing(connection):
            connection.sock.settimeout(3)
            connection.sock.connect(os.fspath(path))
            connection.request(method, route, body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    return await asyncio.to_thread(exchange)
