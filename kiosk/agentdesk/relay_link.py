"""
One conversation with a relay, on the event loop: it publishes, or it plays.

Connects, talks until media may flow, hands on what comes.  Every wait has a
deadline, the transport buffers nothing of its own accord, and whatever goes
wrong is one of the errors of :mod:`kiosk.errors`.  It knows no page.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import secrets
import socket
import ssl
import sys
import termios
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from typing_extensions import override

from kiosk.errors import (
    MediaError,
    StreamEnded,
    StreamRefused,
    StreamStalled,
    WireError,
)
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.dialogue import Phase
from kiosk.rtmp.events import ClientEvent, Refused
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl


Client = TypeVar("Client", PublishClient, PlayClient)

_SEND_BUFFER_BYTES: Final = 64 * 1024  # what the kernel hides of a backlog
_USER_TIMEOUT_MS: Final = 10_000
_STARTED: Final = {
    PublishClient: (Phase.LIVE,),
    # some servers say that playing began only when there is something to play
    PlayClient: (Phase.START, Phase.LIVE),
}


@dataclass(frozen=True, slots=True)
class RelayDoor:
    """
    How to reach a relay.

    Attributes:
        tls: For ``rtmps://``; without one such a URL is refused.
        start_s: From the first packet to flowing media.

    """

    tls: ssl.SSLContext | None = None
    start_s: float = 5.0


class RelayLink(asyncio.Protocol, Generic[Client]):
    """
    The connection, from TCP to its end.

    Attributes:
        client: Speaks RTMP; what it wants to send goes out by ``flush``.
        is_paused: The relay takes nothing for the moment.
        over: Done when the connection is; holds the error that ended it.

    """

    def __init__(
        self,
        client: Client,
        url: RtmpUrl,
        on_event: Callable[[ClientEvent], None],
        on_writable: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.client: Client = client
        self.is_paused = False
        self.over: asyncio.Future[MediaError] = loop.create_future()
        self.started: asyncio.Future[None] = loop.create_future()
        self._name = url.redacted
        self._secret = url.query
        self._on_event = on_event
        self._on_writable = on_writable
        self._transport: asyncio.Transport | None = None

    # -- what asyncio calls -------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to speak."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _tune(transport.get_extra_info("socket"))
        # not 0: TLS transports would then pause an empty buffer, for ever
        transport.set_write_buffer_limits(high=1)
        self.flush()

    @override
    def data_received(self, data: bytes) -> None:
        """Read what the relay says; any nonsense ends the connection."""
        try:
            events = self.client.feed(data)
        except WireError as error:
            self._end(WireError(f"{self._name}: {error}"))
            return
        self.flush()
        if not self.started.done() and self.client.phase in _STARTED[type(self.client)]:
            self.started.set_result(None)
        for event in events:
            if isinstance(event, Refused):
                self._end(StreamRefused(f"{self._name}: refused: {self._words(event)}"))
                return
            self._on_event(event)

    @override
    def pause_writing(self) -> None:
        """Let the owner keep what comes."""
        self.is_paused = True

    @override
    def resume_writing(self) -> None:
        """Have the owner send what it kept, or what is left of it."""
        self.is_paused = False
        self._on_writable()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, whoever it came from."""
        # nginx-rtmp hangs up instead of saying why it refuses a key
        said_no = self.client.phase is Phase.START and not self.over.done()
        why = "the relay hung up instead of an answer" if said_no else "it hung up"
        error = StreamRefused if said_no else StreamEnded
        self._finish(error(f"{self._name}: {exc or why}"))

    # -- what its owner calls -------------------------------------------------

    @property
    def backlog_bytes(self) -> int:
        """What the kernel took and the relay's has not confirmed (SIOCOUTQ)."""
        if self._transport is None or self.over.done():
            return 0
        sock = self._transport.get_extra_info("socket")
        if sock is None:  # TLS is lost, and connection_lost comes in a moment
            return 0
        with contextlib.suppress(OSError):
            queued = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
            return int.from_bytes(queued, sys.byteorder)
        return 0

    def flush(self) -> None:
        """Send what the conversation wants to send."""
        outgoing = self.client.bytes_to_send()
        if outgoing and self._transport is not None and not self.over.done():
            self._transport.write(outgoing)

    def close(self) -> None:
        """Say goodbye and go; safe to repeat."""
        if not self.over.done():
            self.client.close()
            self.flush()
        self._finish(StreamEnded(f"{self._name}: closed by us"))
        if self._transport is None:
            return
        if self.is_paused:  # the goodbye would wait behind what nobody takes
            self._transport.abort()
        self._transport.close()

    def fail(self, error: MediaError) -> None:
        """End it for a reason of the owner's."""
        self._end(error)

    def _words(self, refusal: Refused) -> str:
        words = f"{refusal.code} {refusal.description}".strip()
        return words.replace(self._secret, "...") if self._secret else words

    def _end(self, error: MediaError) -> None:
        self._finish(error)
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, error: MediaError) -> None:
        if not self.over.done():
            self.over.set_result(error)
        if not self.started.done():
            self.started.set_exception(self.over.result())
            self.started.exception()  # whoever waited may be gone


@contextlib.asynccontextmanager
async def playing(
    text: str,
    door: RelayDoor,
    on_event: Callable[[ClientEvent], None],
) -> AsyncGenerator[RelayLink[PlayClient]]:
    """
    Play a stream while the context is open.

    Raises:
        MediaError: The relay could not be reached, said no, or said nothing.

    """
    url = RtmpUrl.parse(text)
    client = PlayClient(url, secrets.token_bytes(RANDOM_BYTES), opus=True)
    link = RelayLink(client, url, on_event, lambda: None)
    async with _open(link, url, door):
        yield link


@contextlib.asynccontextmanager
async def publishing(
    text: str,
    door: RelayDoor,
    on_event: Callable[[ClientEvent], None],
    on_writable: Callable[[], None],
    *,
    opus: bool,
) -> AsyncGenerator[RelayLink[PublishClient]]:
    """Publish a stream while the context is open; errors as :func:`playing`."""
    url = RtmpUrl.parse(text)
    client = PublishClient(url, secrets.token_bytes(RANDOM_BYTES), opus=opus)
    link = RelayLink(client, url, on_event, on_writable)
    async with _open(link, url, door):
        yield link


@contextlib.asynccontextmanager
async def _open(
    link: RelayLink[Client], url: RtmpUrl, door: RelayDoor
) -> AsyncGenerator[None]:
    if url.is_secure and door.tls is None:
        raise StreamRefused(f"{url.redacted}: no certificate authority for rtmps")
    loop = asyncio.get_running_loop()
    try:
        try:
            async with asyncio.timeout(door.start_s):
                await loop.create_connection(
                    lambda: link,
                    url.host,
                    url.port,
                    ssl=door.tls if url.is_secure else None,
                )
                await asyncio.shield(link.started)
        except TimeoutError:
            where = link.client.phase.value
            raise StreamStalled(
                f"{url.redacted}: no {where} in {door.start_s:g} s"
            ) from None
        except OSError as exc:
            if isinstance(exc, MediaError):
                raise
            raise StreamEnded(f"{url.redacted}: {exc.strerror or exc}") from exc
        yield
    finally:
        link.close()


def _tune(sock: socket.socket) -> None:
    """Trade throughput for freshness."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
