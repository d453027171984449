"""HTTP written byte by byte: clients no library would let one be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.http import Door
from kiosk.roomserver.http_message import Answering
from kiosk.roomserver.http_server import listen, serving
from kiosk.roomserver.long_polls import LongPolls
from tests.fakes.room_core import FakeCore


HEARTBEAT = b"POST /weapp/double_room/pusher_heartbeat HTTP/1.1\r\n"
LIST = b"POST /weapp/double_room/get_room_list HTTP/1.1\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
JSON = b"Host: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def post(line: bytes = LIST, body: bytes = b'{"cnt":1,"index":0}') -> bytes:
    return line + JSON % (len(body), body)


class RawClient:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """Read one answer: its status, and its head and body."""
        async with asyncio.timeout(5):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await self._reader.readexactly(length)
        return int(head.split(b" ")[1]), head + body

    async def rest(self) -> bytes:
        """Read until the server closes."""
        async with asyncio.timeout(5):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""

    async def ask(self, request: bytes) -> int:
        self.send(request)
        return (await self.answer())[0]

    async def drip(self, data: bytes, pause_s: float = 0.02) -> bytes:
        """Send byte by byte until the server closes; return what it said."""
        async with asyncio.TaskGroup() as tasks:
            said = tasks.create_task(self.rest())
            for byte in data * 1000:
                if said.done():
                    break
                self._writer.write(bytes([byte]))
                await asyncio.sleep(pause_s)
        return said.result()

    def close(self) -> None:
        self._writer.close()


Connect = Callable[[], Awaitable[RawClient]]


@asynccontextmanager
async def raw_server(
    limits: BorderLimits, app: Answering | None = None
) -> AsyncGenerator[Connect]:
    """Serve a room server's HTTP; yield what opens a connection to it."""
    listener = listen("http", "127.0.0.1", 0)
    port = listener.getsockname()[1]
    clients: list[RawClient] = []

    async def connect() -> RawClient:
        client = RawClient(*await asyncio.open_connection("127.0.0.1", port))
        clients.append(client)
        return client

    real = Door(FakeCore().routes, LongPolls())
    async with serving(app or real, listener, limits):
        try:
            yield connect
        finally:
            for client in clients:
                client.close()
