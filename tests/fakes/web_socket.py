"""A WebSocket client on plain sockets, as a page is one."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)


class Refused(Exception):
    """The server did not take the WebSocket; ``status`` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class WebSocketClient:
    """
    One connection.

    Attributes:
        closed: The code it was closed with, by the server; None: it is open.

    """

    def __init__(self, url: str, path: str, fields: dict[str, str]) -> None:
        self._host = url.partition("://")[2]
        self._path = path
        self._fields = [(name.encode(), text.encode()) for name, text in fields.items()]
        self._wire = WSConnection(ConnectionType.CLIENT)
        self._texts: list[str] = []
        self._accepted = False
        self._whole = ""
        self._messages: list[bytes] = []
        self._part = b""
        self.closed: int | None = None

    async def __aenter__(self) -> Self:
        host, _, port = self._host.rpartition(":")
        self._reader, self._writer = await asyncio.open_connection(host, int(port))
        try:
            request = Request(self._host, self._path, extra_headers=self._fields)
            self._send(request)
            while not self._accepted:
                await self._read()
        except BaseException:
            self._writer.close()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._writer.close()

    async def send(self, wire: object) -> None:
        """Send an object, or text as it is."""
        text = wire if isinstance(wire, str) else json.dumps(wire)
        self._send(TextMessage(text))
        await self._writer.drain()

    async def send_part(self, text: str) -> None:
        """Send the beginning of a message, or more of it."""
        self._send(TextMessage(text, message_finished=False))
        await self._writer.drain()

    async def send_bytes(self, some: bytes) -> None:
        self._send(BytesMessage(some))
        await self._writer.drain()

    async def drop(self) -> None:
        """Be gone without a word."""
        self._writer.transport.abort()

    async def next(self) -> dict[str, Any]:
        """Return the next object."""
        while not self._texts:
            assert self.closed is None, f"closed with {self.closed}"
            await self._read()
        wire: dict[str, Any] = json.loads(self._texts.pop(0))
        return wire

    async def next_bytes(self) -> bytes:
        """Return the next binary message."""
        while not self._messages:
            assert self.closed is None, f"closed with {self.closed}"
            await self._read()
        return self._messages.pop(0)

    async def until_closed(self) -> int:
        """Read on until the server closes; return its code."""
        while self.closed is None:
            await self._read()
        return self.closed

    def _send(self, event: Any) -> None:
        self._writer.write(self._wire.send(event))

    async def _read(self) -> None:
        some = await self._reader.read(65536)
        if not some:
            self.closed = self.closed or 1006
            if not self._accepted:
                raise Refused(0)
            return
        self._wire.receive_data(some)
        for event in self._wire.events():
            self._take(event)

    def _take(self, event: object) -> None:
        match event:
            case AcceptConnection():
                self._accepted = True
            case RejectConnection(status_code=status):
                raise Refused(status)
            case TextMessage(data=part, message_finished=whole):
                self._whole += part
                if whole:
                    self._texts.append(self._whole)
                    self._whole = ""
            case BytesMessage(data=some, message_finished=whole):
                self._part += bytes(some)
                if whole:
                    self._messages.append(self._part)
                    self._part = b""
            case CloseConnection(code=code):
                self.closed = code
            case Ping():
                self._send(event.response())
            case _:
                assert isinstance(event, RejectData)
