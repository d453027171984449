"""
Thousands of HTTP connections of one process, cheap enough to be no part of the answer.

A :class:`Line` is one kept connection and asks one thing at a time.  Sources are
spread over loopback, as thousands of kiosks come from many addresses.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

from typing_extensions import override


_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
PER_ADDRESS = 48
DEADLINE_S = 60.0


class Refused(Exception):
    """An answer that is no success; ``status`` is HTTP's, ``code`` RTCRoom's."""

    def __init__(
        self, what: str, status: int, code: int, head: bytes, error: str = ""
    ) -> None:
        why = f": {error}" if error else ""
        super().__init__(f"{what}: HTTP {status}, code {code}{why}")
        self.status = status
        self.code = code
        self.retry_after = b"\r\nretry-after: " in head.lower()


class Line(asyncio.Protocol):
    """One connection."""

    __slots__ = ("_answer", "_buffer", "_length", "_transport")
    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        end = buffer.find(_HEAD_END)
        if end < 0:
            return
        head = buffer[:end].lower()
        at = head.find(_LENGTH) + len(_LENGTH)
        whole = end + len(_HEAD_END) + int(head[at:].partition(b"\r\n")[0])
        if len(buffer) < whole or self._answer is None:
            return
        answer, self._answer = self._answer, None
        body = buffer[end + len(_HEAD_END) : whole]
        self._buffer = buffer[whole:]
        if not answer.done():
            answer.set_result((buffer[:end], body))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the server hung up"))

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return not self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Return head and body of the answer."""
        answer: asyncio.Future[tuple[bytes, bytes]]
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await answer

    def send(self, request: bytes) -> None:
        """Ask without waiting for the answer."""
        self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()


def source(number: int) -> str:
    """Return the address from which the n-th connection comes."""
    place = number // PER_ADDRESS
    return f"127.{1 + place // 62_500}.{place // 250 % 250}.{1 + place % 250}"


async def dial(address: tuple[str, int], number: int) -> Line:
    """Open the n-th connection."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(DEADLINE_S):
        _, line = await loop.create_connection(
            Line, *address, local_addr=(source(number), 0)
        )
    return line


def request(
    path: str,
    body: Mapping[str, object] | None = None,
    token: str = "",
    request_id: str = "",
) -> bytes:
    """Return a request as a kiosk sends it; GET without a body."""
    method = "POST" if body is not None else "GET"
    content = json.dumps(body).encode() if body is not None else b""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    if request_id:
        bearer += f"Kiosk-Request-Id: {request_id}\r\n"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n"
        f"User-Agent: kiosk\r\n{bearer}Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def told(head: bytes, body: bytes, what: str) -> dict[str, Any]:
    """Return the object of an answer of code 0."""
    status = int(head[9:12])
    wire: dict[str, Any] = json.loads(body) if body else {}
    if status != 200 or wire.get("code", 0) != 0:
        raise Refused(what, status, wire.get("code", 0), head, wire.get("error", ""))
    return wire
