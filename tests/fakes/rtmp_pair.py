"""An RTMP client and server joined without a network, and what they said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import (
    ClientEvent,
    ConnectRequested,
    PlayRequested,
    PublishRequested,
    ServerEvent,
)
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.server import ServerSession
from kiosk.rtmp.url import RtmpUrl


URL = RtmpUrl.parse("rtmp://room.example/live/kiosk-7?txSecret=5ec7e7&txTime=6a")
CLIENT_RANDOM = bytes(range(191)) * 8
SERVER_RANDOM = bytes(range(191, 0, -1)) * 8
assert len(CLIENT_RANDOM) == len(SERVER_RANDOM) == RANDOM_BYTES


def accept(session: ServerSession, request: ServerEvent) -> None:
    session.accept()


@dataclass
class RtmpPair:
    """Both ends; every byte that crossed is kept."""

    client: PublishClient | PlayClient
    server: ServerSession = field(default_factory=lambda: ServerSession(SERVER_RANDOM))
    answer: Callable[[ServerSession, ServerEvent], None] = accept
    client_events: list[ClientEvent] = field(default_factory=list)
    server_events: list[ServerEvent] = field(default_factory=list)
    to_server: bytearray = field(default_factory=bytearray)
    to_client: bytearray = field(default_factory=bytearray)

    @classmethod
    def publishing(cls) -> RtmpPair:
        return cls(PublishClient(URL, CLIENT_RANDOM))

    @classmethod
    def playing(cls) -> RtmpPair:
        return cls(PlayClient(URL, CLIENT_RANDOM))

    def run(self, piece_bytes: int = 1 << 30) -> RtmpPair:
        """Carry bytes both ways, in pieces, until nobody has more to say."""
        while True:
            up = self.client.bytes_to_send()
            self.to_server += up
            for piece in pieces(up, piece_bytes):
                self._feed_server(piece)
            down = self.server.bytes_to_send()
            self.to_client += down
            for piece in pieces(down, piece_bytes):
                self.client_events += self.client.feed(piece)
            if not up and not down:
                return self

    def _feed_server(self, piece: bytes) -> None:
        events = self.server.feed(piece)
        while events:
            self.server_events += events
            request = events[-1]
            if isinstance(request, ConnectRequested | PublishRequested | PlayRequested):
                self.answer(self.server, request)
            events = self.server.feed(b"")


def pieces(stream: bytes, size: int) -> Sequence[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]
