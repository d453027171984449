"""Camera, microphone and streams of one simulated kiosk: facts without pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from kiosk.daemon.devices_open import DevicesOpen
from kiosk.errors import DeviceError, MediaError
from kiosk.ports import (
    Fault,
    Layer,
    MediaFact,
    Peer,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    PlayLost,
    PlayStats,
    PlayUrlUsedUp,
    PushLost,
    PushStats,
)
from tests.simulation.path import Path
from tests.simulation.relay import PaperRelay, Publication, Subscription, parts_of


OnFact = Callable[[MediaFact], None]
SILENT_S = 1.0
STALL_S = 3.0
MOVED_S = 3.0
RETRY_S = 0.7
_JPEG = b"\xff\xd8\xff a still \xff\xd9"


@dataclass
class Devices:
    """
    What is plugged in, and what is open.

    Attributes:
        broken: Why a device cannot be opened.
        camera_open: Whether somebody could be filmed, or heard.
        closing_s: How long the camera takes to close.

    """

    broken: dict[Fault, str] = field(default_factory=dict)
    camera_open: bool = False
    closing_s: float = 0.1

    def look(self) -> dict[Fault, str]:
        named = (Fault.CAMERA, Fault.MICROPHONE, Fault.SPEAKER)
        return {fault: self.broken.get(fault, "") for fault in named}

    def observe(self) -> DevicesOpen:
        return DevicesOpen(self.camera_open, self.camera_open, speaker=False)


class SimMedia:
    """Implements :class:`kiosk.ports.Media`, for the life of one process."""

    def __init__(
        self, devices: Devices, relay: PaperRelay, path: Path, random: Random
    ) -> None:
        self.devices = devices
        self.relay = relay
        self.path = path
        self.random = random
        self.is_dead = False
        self.pusher: SimPusher | None = None
        self.player: SimPlayer | None = None

    def new_pusher(self, on_fact: OnFact) -> SimPusher:
        self.pusher = SimPusher(self, on_fact)
        return self.pusher

    def new_player(self, on_fact: OnFact) -> SimPlayer:
        self.player = SimPlayer(self, on_fact)
        return self.player

    def preload(self) -> None:
        """Nothing is to be warmed."""

    def path_changed(self) -> None:
        if self.pusher is not None:
            self.pusher.look()

    def die(self) -> None:
        """Be closed by the kernel."""
        self.is_dead = True
        self.devices.camera_open = False
        if self.pusher is not None:
            self.pusher.drop()
        if self.player is not None:
            self.player.drop()


class SimPusher:
    """Implements :class:`kiosk.ports.Pusher`."""

    def __init__(self, media: SimMedia, on_fact: OnFact) -> None:
        self._media = media
        self._tell = on_fact
        self._is_closed = False
        self.publication: Publication | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._muted = False

    async def start(self, push_url: str) -> None:
        await asyncio.sleep(0.1)
        for fault, reason in self._media.devices.broken.items():
            if fault is not Fault.SPEAKER:
                raise DeviceError(fault.value, "/dev/x", reason)
        self._media.devices.camera_open = True
        await self._publish(push_url)

    async def republish(self, push_url: str) -> None:
        self.drop()
        await self._publish(push_url)

    def set_muted(self, *, muted: bool) -> None:
        self._muted = muted

    async def take_still(self, max_bytes: int) -> bytes:
        await asyncio.sleep(0.3)
        if not self._media.devices.camera_open:
            raise DeviceError("camera", "/dev/x", "closed meanwhile")
        return _JPEG

    @property
    def stats(self) -> PushStats:
        return PushStats(muted=self._muted, silenced=self._muted)

    async def close(self) -> None:
        self._is_closed = True
        await asyncio.sleep(self._media.devices.closing_s)
        self.drop()
        if not self._media.is_dead:
            self._media.devices.camera_open = False

    def tell(self, fact: MediaFact) -> None:
        """Tell a fact, unless nobody hears any more."""
        if not self._is_closed and not self._media.is_dead:
            self._tell(fact)

    def look(self) -> None:
        """Look whether anything still leaves; a stream that stalls is lost."""
        flows = self.publication is None or self.publication.path.is_open
        if flows and self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        elif not flows and self._stalled is None:
            loop = asyncio.get_running_loop()
            self._stalled = loop.call_later(STALL_S, self._lose, "M003 stalled")

    def drop(self) -> None:
        """Let go of the stream."""
        publication, self.publication = self.publication, None
        if publication is not None:
            self._media.relay.unpublish(publication)
        self.look()

    async def _publish(self, push_url: str) -> None:
        media = self._media
        publication = await media.relay.publish(push_url, media.path, self._lost)
        if self._is_closed or media.is_dead:
            media.relay.unpublish(publication)
            return
        self.publication = publication

    def _lost(self, why: str) -> None:
        self.publication = None
        self.look()
        self.tell(PushLost(f"M004 {why}"))

    def _lose(self, why: str) -> None:
        self.publication = None  # the relay does not hear of it
        self._stalled = None
        self.tell(PushLost(why))


class SimPlayer:
    """Implements :class:`kiosk.ports.Player`."""

    def __init__(self, media: SimMedia, on_fact: OnFact) -> None:
        self._media = media
        self._tell = on_fact
        self._is_closed = False
        self.parties: dict[str, _Played] = {}

    async def play(self, peer: Peer, layer: Layer = Layer.BASE) -> None:
        # as the product's: it fails before it waits, or not at all
        if reason := self._media.devices.broken.get(Fault.SPEAKER):
            raise DeviceError("speaker", "hw:0", reason)
        await asyncio.sleep(0)
        played = self.parties.get(peer.user_id)
        if played is not None and parts_of(played.url)[0] == parts_of(peer.play_url)[0]:
            played.url = peer.play_url
            return
        if played is not None:
            played.drop()
        follows = played is not None
        self.parties[peer.user_id] = _Played(self, self._media, peer, follows=follows)

    async def stop(self, user_id: str) -> None:
        await asyncio.sleep(0)
        if (played := self.parties.pop(user_id, None)) is not None:
            played.drop()

    def set_volume(self, decibels: float) -> None:
        """Nothing is heard."""

    def announce(self, pcm: bytes) -> None:
        """Nothing is heard."""

    @property
    def stats(self) -> Sequence[PlayStats]:
        return [PlayStats(user_id) for user_id in self.parties]

    async def close(self) -> None:
        self._is_closed = True
        await asyncio.sleep(0.05)
        self.drop()

    def drop(self) -> None:
        for played in self.parties.values():
            played.drop()
        self.parties.clear()

    def tell(self, fact: MediaFact) -> None:
        if not self._is_closed and not self._media.is_dead:
            self._tell(fact)


class _Played:
    """One peer's stream: connected again and again, until it is dropped."""

    def __init__(
        self, player: SimPlayer, media: SimMedia, peer: Peer, *, follows: bool
    ) -> None:
        self.url = peer.play_url
        self._user_id = peer.user_id
        self._player = player
        self._media = media
        self._subscription: Subscription | None = None
        self._has_started = self._is_silent = self._is_told_lost = False
        self._due: asyncio.TimerHandle | None = None
        self._is_over = False
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._connect())
        self._missed = loop.call_later(MOVED_S, self._miss) if follows else None

    def drop(self) -> None:
        self._is_over = True
        self._later(None, 0)
        self._task.cancel()
        if self._missed is not None:
            self._missed.cancel()
        if self._subscription is not None:
            self._media.relay.unsubscribe(self._subscription)

    async def _connect(self) -> None:
        while not self._is_over:
            try:
                self._subscription = await self._media.relay.subscribe(
                    self.url, self._media.path, self._look
                )
            except MediaError as error:
                if not self._is_told_lost:
                    self._player.tell(PlayLost(self._user_id, str(error)))
                self._is_told_lost = True
                await asyncio.sleep(RETRY_S)
                self._player.tell(PlayUrlUsedUp(self._user_id))
                await asyncio.sleep(RETRY_S)
                continue
            self._is_told_lost = False
            self._look()
            return

    def _look(self) -> None:
        """Look whether something arrives; tell what changes, when it has lasted."""
        subscription = self._subscription
        if self._is_over or subscription is None:
            return
        if subscription.is_over:
            self._subscription = None
            self._later(self._silence, SILENT_S)
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._connect_again())
            return
        if self._media.relay.flows(subscription):
            self._later(self._sound, 0.15)
        else:
            self._later(self._silence, SILENT_S)

    async def _connect_again(self) -> None:
        await asyncio.sleep(RETRY_S)
        self._player.tell(PlayUrlUsedUp(self._user_id))
        await asyncio.sleep(RETRY_S)
        await self._connect()

    def _sound(self) -> None:
        if not self._has_started:
            self._has_started = True
            self._player.tell(PeerStarted(self._user_id))
        elif self._is_silent:
            self._player.tell(PeerResumed(self._user_id))
        self._is_silent = False

    def _miss(self) -> None:
        """Tell of a stream that follows another one and never came."""
        if not self._has_started:
            self._is_silent = True
            self._player.tell(PeerSilent(self._user_id))

    def _silence(self) -> None:
        if self._has_started and not self._is_silent:
            self._is_silent = True
            self._player.tell(PeerSilent(self._user_id))

    def _later(self, what: Callable[[], None] | None, seconds: float) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if what is not None:
            self._due = asyncio.get_running_loop().call_later(seconds, what)
