"""Our RTMP clients on real sockets, for tests of whatever listens."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from kiosk.rtmp import flv
from kiosk.rtmp.avc import AvcConfig
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import ClientEvent, Playing, Publishing, VideoTag
from kiosk.rtmp.flv import is_opus
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.patience import PATIENCE_S


SPS = bytes.fromhex("6742c01eda02802dc8")
PPS = bytes.fromhex("68ce3c80")
VIDEO_CONFIG = flv.video_config(AvcConfig((SPS,), (PPS,)))
AUDIO_CONFIG = flv.audio_config(flv.aac_config(48_000, 1))
IDR = flv.video_unit([b"\x65" + bytes(2000)], is_idr=True)
INTER = flv.video_unit([b"\x41" + bytes(500)], is_idr=False)
SOUND = flv.audio_unit(b"\x21" + bytes(60))

Event = TypeVar("Event", bound=ClientEvent)


class SocketClient:
    """A client, its socket, and the events that came."""

    def __init__(
        self,
        client: PublishClient | PlayClient,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.client = client
        self.reader = reader
        self.writer = writer
        self.events: list[ClientEvent] = []
        self.ended = False

    @property
    def publisher(self) -> PublishClient:
        assert isinstance(self.client, PublishClient)
        return self.client

    @property
    def player(self) -> PlayClient:
        assert isinstance(self.client, PlayClient)
        return self.client

    def flush(self) -> None:
        self.writer.write(self.client.bytes_to_send())

    async def read_once(self) -> None:
        received = await self.reader.read(65536)
        self.ended = not received
        self.events += self.client.feed(received)
        self.flush()

    async def wait_until(
        self, is_true: Callable[[], bool], seconds: float = PATIENCE_S
    ) -> None:
        """Read until something is true, or fail when the time is up."""
        async with asyncio.timeout(seconds):
            while not is_true():
                assert not self.ended, f"closed after {self.events[-3:]}"
                await self.read_once()

    async def wait_for(self, kind: type[Event], seconds: float = PATIENCE_S) -> Event:
        """Read until an event of a kind came; return the first one."""
        await self.wait_until(
            lambda: any(isinstance(event, kind) for event in self.events), seconds
        )
        return next(event for event in self.events if isinstance(event, kind))

    async def wait_for_video(self, tags: int, seconds: float = PATIENCE_S) -> None:
        await self.wait_until(lambda: self.count(VideoTag) >= tags, seconds)

    async def wait_for_end(self, seconds: float = PATIENCE_S) -> None:
        async with asyncio.timeout(seconds):
            while not self.ended:
                try:
                    await self.read_once()
                except ConnectionError:
                    self.ended = True

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def send(self, timestamp_ms: int, *payloads: bytes) -> None:
        """Send tag bodies; audio and video are told apart by the body."""
        for payload in payloads:
            if payload[0] >> 4 == 10 or is_opus(payload):
                self.publisher.send_audio(timestamp_ms, payload)
            else:
                self.publisher.send_video(timestamp_ms, payload)
        self.flush()

    def send_between(self, timestamp_ms: int, picture: bytes, sound: bytes) -> int:
        """Send a picture in short chunks, sound after each; return how many."""
        chunks = self.publisher.video_chunks(timestamp_ms, picture)
        for chunk in chunks:
            self.writer.write(chunk)
            self.send(timestamp_ms, sound)
        return len(chunks)


@asynccontextmanager
async def dialled(
    client: PublishClient | PlayClient, url: RtmpUrl, receive_buffer: int = 0
) -> AsyncIterator[SocketClient]:
    """Connect a client and send its opening."""
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
        reader, writer = await asyncio.open_connection(
            sock=sock, limit=receive_buffer or 1 << 16
        )
    except BaseException:
        sock.close()
        raise
    try:
        wired = SocketClient(client, reader, writer)
        wired.flush()
        yield wired
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def publishing(url: str, *, opus: bool = False) -> AsyncIterator[SocketClient]:
    """Publish, once the server said so."""
    parsed = RtmpUrl.parse(url)
    client = PublishClient(parsed, secrets.token_bytes(RANDOM_BYTES), opus=opus)
    async with dialled(client, parsed) as wired:
        await wired.wait_for(Publishing)
        yield wired


@asynccontextmanager
async def playing(
    url: str, receive_buffer: int = 0, *, opus: bool = False
) -> AsyncIterator[SocketClient]:
    """Play, once the server said so."""
    parsed = RtmpUrl.parse(url)
    client = PlayClient(parsed, secrets.token_bytes(RANDOM_BYTES), opus=opus)
    async with dialled(client, parsed, receive_buffer) as wired:
        await wired.wait_for(Playing)
        yield wired
