"""A desk's page without a browser: what it is sent, and a call that has URLs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from kiosk.agentdesk.framing import Codec, Unit, pack, parse
from kiosk.errors import RoomNotFound
from kiosk.rtmp.live_queue import Kind


class PaperPage:
    """
    The receiving end of a page's socket.

    Attributes:
        units: With the sequence number of each.
        said: The texts, as JSON.
        is_stuck: Takes nothing more, like a network that went away.

    """

    def __init__(self, on_unit: Callable[[int], None] = lambda sequence: None) -> None:
        self.units: list[tuple[int, Unit]] = []
        self.said: list[dict[str, Any]] = []
        self.is_stuck = False
        self._on_unit = on_unit

    async def send_bytes(self, data: bytes) -> None:
        while self.is_stuck:  # noqa: ASYNC110 -- a network rings no bell
            await asyncio.sleep(0.005)
        sequence, unit = parse(data)
        self.units.append((sequence, unit))
        self._on_unit(sequence)

    async def send_text(self, data: str) -> None:
        while self.is_stuck:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        self.said.append(json.loads(data))

    def count(self, kind: Kind, codec: Codec | None = None) -> int:
        return sum(
            unit.kind is kind and codec in (None, unit.codec) for _, unit in self.units
        )

    def heard(self, say: str) -> list[dict[str, Any]]:
        return [words for words in self.said if words["say"] == say]


class PaperCall:
    """A call whose URLs the test sets."""

    def __init__(self, play_url: str = "", push_url: str = "") -> None:
        self.call_id = "call-1"
        self.play = play_url
        self.push = push_url
        self.plays_asked = self.pushes_asked = 0
        self.published_at: list[str] = []
        self._moved: list[Callable[[], None]] = []

    async def push_url(self) -> str:
        self.pushes_asked += 1
        return self.push

    async def published(self, push_url: str) -> None:
        self.published_at.append(push_url)

    async def play_url(self) -> str:
        self.plays_asked += 1
        if not self.play:
            raise RoomNotFound("get_pushers", 3, "no kiosk publishes")
        return self.play

    def on_moved(self, moved: Callable[[], None]) -> None:
        self._moved.append(moved)

    def move(self, play_url: str) -> None:
        self.play = play_url
        for moved in self._moved:
            moved()


class PaperSocket(PaperPage):
    """A whole socket: what the page sends is put into it, its end is kept."""

    def __init__(self) -> None:
        super().__init__(lambda sequence: self.say("ack", sequence=sequence))
        self.closed: tuple[int, str | None] | None = None
        self._coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._sequence = 0

    async def receive(self) -> Mapping[str, Any]:
        return await self._coming.get()

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        self.closed = code, reason

    def say(self, say: str, **members: object) -> None:
        self.put(text=json.dumps({"say": say, **members}))

    def send_unit(self, unit: Unit) -> None:
        self.put(bytes=pack(unit, self._sequence))
        self._sequence += 1

    def put(self, **message: object) -> None:
        self._coming.put_nowait({"type": "websocket.receive", **message})

    def leave(self) -> None:
        self._coming.put_nowait({"type": "websocket.disconnect", "code": 1001})
