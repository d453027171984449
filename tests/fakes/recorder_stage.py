"""A relay with a camera and a recorder that may be hindered."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kiosk.roomserver.recorder import Recorder
from kiosk.roomserver.recorder_terms import RecorderLimits, RecorderSettings, TeeState
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.rooms import Entrant, RoomRules, Rooms
from kiosk.roomserver.store import MemoryStore
from tests.fakes.eventually import eventually
from tests.fakes.media_kit import open_relay
from tests.fakes.patience import PATIENCE_S
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    INTER,
    SOUND,
    VIDEO_CONFIG,
    SocketClient,
    publishing,
)


QUICK = RecorderLimits(
    start_s=1.0,
    acknowledged_s=0.5,
    first_pause_s=0.05,
    longest_pause_s=0.2,
    look_s=0.05,
)


@asynccontextmanager
async def a_relay(
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[tuple[Relay, str]]:
    """Yield a relay for everybody, ours or a recorder's, and its address."""
    async with open_relay(tls) as (relay, host, port):
        yield relay, f"{host}:{port}"


@dataclass
class Stage:
    """Rooms, our relay with its address, and the recorder under test."""

    rooms: Rooms
    relay: Relay
    at: str
    recorder: Recorder

    def sit(self, user: str, stream: str, room: str = "desk") -> None:
        if self.rooms.known(room) is None:
            self.rooms.reserve(room, user, f"Label of {room}", 0.0)
        self.rooms.join(room, Entrant(user, user, "", stream, 0), 0.0)

    def state(self, stream: str = "s1") -> TeeState | None:
        stats = self.recorder.stats().get(stream)
        return stats.state if stats else None

    async def reaches(self, state: TeeState | None, stream: str = "s1") -> None:
        await eventually(lambda: self.state(stream) is state)


@asynccontextmanager
async def stage(
    settings: RecorderSettings, limits: RecorderLimits = QUICK
) -> AsyncGenerator[Stage]:
    rooms = Rooms(RoomRules(), MemoryStore(), lambda _: None, lambda _: None)
    async with a_relay() as (relay, at), asyncio.TaskGroup() as tasks:
        recorder = Recorder(settings, rooms, relay, limits)
        running = tasks.create_task(recorder.run())
        yield Stage(rooms, relay, at, recorder)
        running.cancel()


class Camera:
    """Publishes a stream until left: a config, then pictures and sound."""

    def __init__(self, publisher: SocketClient) -> None:
        self._publisher = publisher
        self.sent = 0

    def send(self, pictures: int = 1, *, idr_every: int = 10) -> None:
        for _ in range(pictures):
            if self.sent == 0:
                self._publisher.send(5000, VIDEO_CONFIG, AUDIO_CONFIG)
            picture = INTER if self.sent % idr_every else IDR
            self._publisher.send(5000 + 40 * self.sent, SOUND, picture)
            self.sent += 1

    async def until(
        self, is_true: Callable[[], bool], seconds: float = PATIENCE_S
    ) -> None:
        """Send on until something is true."""
        async with asyncio.timeout(seconds):
            while not is_true():
                self.send()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def camera(at: str, stream: str = "s1") -> AsyncGenerator[Camera]:
    async with publishing(f"rtmp://{at}/live/{stream}") as publisher:
        yield Camera(publisher)


def to(address: str, path: str = "/rec/{room}-{user}") -> RecorderSettings:
    return RecorderSettings(f"rtmp://{address}{path}")
