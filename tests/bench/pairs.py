"""
Pairs of a publisher and a subscriber for :mod:`tests.bench.relay_pairs`, in one process.

``python -m tests.bench.pairs JSON``: publishes a recorded clip in every pair at the
clip's own pace and notes for each unit when it left and when it came.  Half-way a
further subscriber of the first stream stops reading.  Prints a line when everybody is
connected, one before the stall and one at the end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from typing_extensions import override

from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import AudioTag, Playing, Publishing, VideoTag
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.bench.http_lines import source
from tests.bench.pinned import take_descriptors


_FLV_HEAD, _TAG_HEAD, _TAG_TAIL = 13, 11, 4
_AUDIO, _VIDEO = 8, 9
_SETTLE_S, _DEADLINE_S = 3.0, 30.0
_STALLED_BUFFER = 16 * 1024


@dataclass(frozen=True, slots=True)
class Unit:
    """One tag of the clip."""

    is_video: bool
    at_ms: int
    payload: bytes


def read_clip(path: Path) -> list[Unit]:
    """Return audio and video of an FLV file, in order."""

    def units() -> Iterator[Unit]:
        content, at = path.read_bytes(), _FLV_HEAD
        while at + _TAG_HEAD <= len(content):
            kind = content[at]
            size = int.from_bytes(content[at + 1 : at + 4], "big")
            low = int.from_bytes(content[at + 4 : at + 7], "big")
            stamp = content[at + 7] << 24 | low
            payload = content[at + _TAG_HEAD : at + _TAG_HEAD + size]
            if kind in (_AUDIO, _VIDEO) and payload:
                yield Unit(kind == _VIDEO, stamp, payload)
            at += _TAG_HEAD + size + _TAG_TAIL

    return list(units())


class End(asyncio.Protocol):
    """One end of one stream."""

    def __init__(self, client: PublishClient | PlayClient) -> None:
        self.client = client
        self.is_up = asyncio.Event()
        self.delays: list[float] = []
        self.sent_at: dict[bytes, float] = {}
        self.transport: asyncio.Transport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        made = self.transport.get_extra_info("socket")
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.flush()

    @override
    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        for event in self.client.feed(data):
            if isinstance(event, VideoTag | AudioTag):
                left = self.sent_at.pop(event.payload, None)
                if left is not None:
                    self.delays.append((now - left) * 1e3)
            elif isinstance(event, Publishing | Playing):
                self.is_up.set()
        self.flush()

    def flush(self) -> None:
        """Send what the client has to say."""
        outgoing = self.client.bytes_to_send()
        if outgoing:
            self.transport.write(outgoing)


class Pairs:
    """All pairs against one relay."""

    def __init__(self, url: str, pairs: int, clip: list[Unit]) -> None:
        self._url = url
        self._pairs = pairs
        self._clip = clip
        self._dialled = 0
        self._late: list[float] = []
        self._sent = 0

    async def run(self, seconds: float) -> None:
        """Connect everybody, play, let one stall, play on."""
        ends = [await self._pair(number) for number in range(self._pairs)]
        stalling = await self._play(0, _STALLED_BUFFER)
        gc.collect()
        gc.freeze()
        gc.disable()
        async with asyncio.TaskGroup() as tasks:
            feeding = [
                tasks.create_task(self._feed(*pair, random.Random(number)))
                for number, pair in enumerate(ends)
            ]
            await asyncio.sleep(_SETTLE_S)
            self._take(ends)
            print(json.dumps({"connected": 2 * self._pairs}), flush=True)
            await asyncio.sleep(seconds)
            print(json.dumps(self._take(ends)), flush=True)
            stalling.transport.pause_reading()
            await asyncio.sleep(seconds)
            print(json.dumps(self._take(ends)), flush=True)
            for one in feeding:
                one.cancel()

    async def _pair(self, number: int) -> tuple[End, End]:
        publisher = await self._dial(
            PublishClient(self._place(number), secrets.token_bytes(RANDOM_BYTES))
        )
        return publisher, await self._play(number)

    async def _play(self, number: int, buffer_bytes: int = 0) -> End:
        client = PlayClient(self._place(number), secrets.token_bytes(RANDOM_BYTES))
        return await self._dial(client, buffer_bytes)

    def _place(self, number: int) -> RtmpUrl:
        return RtmpUrl.parse(f"{self._url}/pair{number}")

    async def _dial(
        self, client: PublishClient | PlayClient, buffer_bytes: int = 0
    ) -> End:
        self._dialled += 1
        place = RtmpUrl.parse(self._url + "/any")
        sock = socket.socket()
        if buffer_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        sock.bind((source(self._dialled), 0))
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_DEADLINE_S):
            await loop.sock_connect(sock, (place.host, place.port))
            _, end = await loop.create_connection(lambda: End(client), sock=sock)
            await end.is_up.wait()
        return end

    async def _feed(self, publisher: End, player: End, dice: random.Random) -> None:
        client = cast("PublishClient", publisher.client)
        length_ms = self._clip[-1].at_ms + 40
        began = time.monotonic() + dice.uniform(0, 1)
        lap = 0
        while True:
            for unit in self._clip:
                at_ms = lap * length_ms + unit.at_ms
                due = began + at_ms / 1000
                if (wait := due - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                send = client.send_video if unit.is_video else client.send_audio
                now = time.monotonic()
                self._late.append((now - due) * 1e3)
                player.sent_at[unit.payload] = now
                send(at_ms, unit.payload)
                publisher.flush()
                self._sent += 1
            lap += 1

    def _take(self, ends: list[tuple[End, End]]) -> dict[str, object]:
        delays: list[float] = []
        for _, player in ends:
            delays += player.delays
            player.delays = []
        late, self._late = self._late, []
        sent, self._sent = self._sent, 0
        return {
            "delays": [round(one, 3) for one in delays],
            "late": [round(one, 3) for one in late],
            "sent": sent,
        }


def main() -> None:
    take_descriptors()
    order = json.loads(sys.argv[1])
    clip = read_clip(Path(order["clip"]))
    pairs = Pairs(order["url"], order["pairs"], clip)
    asyncio.run(pairs.run(order["seconds"]))


if __name__ == "__main__":
    main()
