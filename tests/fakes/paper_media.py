"""Media that only write down what they were asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from kiosk.errors import KioskError
from kiosk.ports import Layer, MediaFact, Peer, PlayStats, PushStats


OnFact = Callable[[MediaFact], None]


class PaperPusher:
    """Implements :class:`kiosk.ports.Pusher`."""

    def __init__(self, media: PaperMedia, on_fact: OnFact) -> None:
        self._media = media
        self.on_fact = on_fact
        self.stats = PushStats()

    async def start(self, push_url: str) -> None:
        self._media.log.append(f"start {stream_of(push_url)}")
        await self._media.act("start")

    async def republish(self, push_url: str) -> None:
        self._media.log.append("republish")
        await self._media.act("republish")

    def set_muted(self, *, muted: bool) -> None:
        self._media.log.append("mute" if muted else "unmute")

    async def take_still(self, max_bytes: int) -> bytes:
        self._media.log.append("still")
        await self._media.act("take_still")
        return b"\xff\xd8\xff still \xff\xd9"

    async def close(self) -> None:
        self._media.log.append("pusher closed")


class PaperPlayer:
    """Implements :class:`kiosk.ports.Player`."""

    def __init__(self, media: PaperMedia, on_fact: OnFact) -> None:
        self._media = media
        self.on_fact = on_fact
        self.stats: Sequence[PlayStats] = ()

    async def play(self, peer: Peer, layer: Layer = Layer.BASE) -> None:
        self._media.log.append(f"play {peer.user_id}")
        await self._media.act("play")

    async def stop(self, user_id: str) -> None:
        self._media.log.append(f"stop {user_id}")

    def set_volume(self, decibels: float) -> None:
        self._media.log.append(f"volume {decibels}")

    def announce(self, pcm: bytes) -> None:
        self._media.log.append("announce")

    async def close(self) -> None:
        self._media.log.append("player closed")


class PaperMedia:
    """
    Implements :class:`kiosk.ports.Media`.

    Attributes:
        log: What was done, in order.
        failures: Errors by step (``start``, ``republish``, ``play``), each
            raised once.
        blocked: While set for a step, that step waits for the event.

    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.failures: dict[str, list[KioskError]] = {}
        self.blocked: dict[str, asyncio.Event] = {}
        self.pushers: list[PaperPusher] = []
        self.players: list[PaperPlayer] = []

    def new_pusher(self, on_fact: OnFact) -> PaperPusher:
        self.pushers.append(PaperPusher(self, on_fact))
        return self.pushers[-1]

    def new_player(self, on_fact: OnFact) -> PaperPlayer:
        self.players.append(PaperPlayer(self, on_fact))
        return self.players[-1]

    def preload(self) -> None:
        """Nothing is to be warmed."""

    def fact(self, fact: MediaFact) -> None:
        """Report a fact of the call that began last."""
        self.pushers[-1].on_fact(fact)

    async def act(self, step: str) -> None:
        if step in self.blocked:
            await self.blocked[step].wait()
        if self.failures.get(step):
            raise self.failures[step].pop(0)


def stream_of(url: str) -> str:
    return "stream" if url.startswith("rtmp://") else "nonsense"
