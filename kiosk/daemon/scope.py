"""
All that belongs to one call: its seat, streams, peers, and the tasks at work.

Every method that takes time ends by posting one event that carries the call's
ordinal. Errors of the room service, the streams and the devices become
events; anything else is a bug and ends the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from kiosk import ports
from kiosk.call import events as ev
from kiosk.call.events import Standing
from kiosk.errors import DeviceError, KioskError, MediaError, RoomError, RoomFull
from kiosk.ports import Clock, Media, NoSeat, Peer, RoomService, Seat


log = logging.getLogger(__name__)

_LAYERS = (ports.Layer.BASE, ports.Layer.SECOND, ports.Layer.THIRD)
_QUEUE_PATIENCE = 15
"""Failed looks at a queue, one after the other, before the call is given up."""


@dataclass(slots=True)
class Timings:
    """When the steps of a call happened, on the monotonic clock; 0 = not yet."""

    call_pressed_us: int = 0
    reserved_us: int = 0
    published_us: int = 0
    entered_us: int = 0
    peer_known_us: int = 0
    first_picture_us: int = 0


class CallScope:
    """One call's resources, and what the daemon does with them."""

    def __init__(
        self,
        call: int,
        *,
        clock: Clock,
        room: RoomService,
        media: Media,
        post: Callable[[ev.Event], None],
        on_text: Callable[[ports.TextReceived], None],
        on_peers_changed: Callable[[], None],
        on_first_picture: Callable[[str], None],
        queue_s: float,
    ) -> None:
        self.call = call
        self.peers: dict[str, Peer] = {}
        self.room_id = ""
        self.timings = Timings()
        self.pusher: ports.Pusher | None = None
        self.player: ports.Player | None = None
        self.with_picture = True
        self._clock = clock
        self._room = room
        self._media = media
        self._post = post
        self._on_text = on_text
        self._on_peers_changed = on_peers_changed
        self._on_first_picture = on_first_picture
        self._queue_s = queue_s
        self._seat: Seat | None = None
        self._entered = False
        self._early: list[ports.RoomNotice] = []
        self._started: set[str] = set()
        self._silent: set[str] = set()
        self._playing = asyncio.Lock()
        self._layers: dict[str, ports.Layer] = {}

    # -- getting a seat ------------------------------------------------------

    async def find_seat(self) -> None:
        """Look for a seat once: SeatFound, SeatMissing or Failed."""
        try:
            found = await self._room.find_seat()
        except RoomError as exc:
            self._fail(exc)
            return
        self._tell_seat(found)

    async def wait_for_seat(self) -> None:
        """Look again and again until a seat is free: SeatFreed."""
        failures = 0
        while True:
            await asyncio.sleep(self._queue_s)
            try:
                found = await self._room.find_seat()
            except RoomError as exc:
                failures += 1
                if failures >= _QUEUE_PATIENCE:
                    self._fail(exc)
                    return
                continue
            failures = 0
            if isinstance(found, Seat):
                self._post(ev.SeatFreed(self.call))
                return
            self._tell_seat(found)

    def _tell_seat(self, found: Seat | NoSeat) -> None:
        if isinstance(found, NoSeat):
            self._post(ev.SeatMissing(self.call, found.reason, found.position))
            return
        self._seat = found
        self.timings.reserved_us = self._clock.now()
        self._post(ev.SeatFound(self.call))

    # -- being in the room ---------------------------------------------------

    async def publish(self, *, muted: bool) -> None:
        """Open the devices and publish: Published or Failed."""
        assert self._seat is not None, "published without a seat"
        self.pusher = self._media.new_pusher(self.hear)
        self.pusher.set_muted(muted=muted)
        try:
            await self.pusher.start(self._seat.push_url)
        except (DeviceError, MediaError) as exc:
            self._fail(exc)
            return
        self.timings.published_us = self._clock.now()
        self._post(ev.Published(self.call))

    async def take_seat(self) -> None:
        """Become a member: SeatTaken, SeatLost or Failed."""
        assert self._seat is not None, "took no seat"
        try:
            self.room_id = await self._room.take_seat(self._seat, self.notice)
        except RoomFull:
            self._post(ev.SeatLost(self.call))
            return
        except RoomError as exc:
            self._fail(exc)
            return
        self.timings.entered_us = self._clock.now()
        self._entered = True
        self._post(ev.SeatTaken(self.call))
        for early in self._early:
            self.notice(early)
        self._early.clear()

    async def move_stream(self) -> None:
        """Publish under fresh URLs until one holds: StreamMoved."""
        assert self.pusher is not None, "moved a stream that never was"
        pause = 0.2
        while True:
            try:
                push_url = await self._room.new_push_url()
                await self.pusher.republish(push_url)
                await self._room.move_stream(push_url)
            except (RoomError, MediaError) as exc:
                log.info("stream not moved yet", extra={"reason": str(exc)})
                await asyncio.sleep(pause)
                pause = min(2.0, pause * 1.6)
                continue
            self._post(ev.StreamMoved(self.call, self.standing))
            return

    @property
    def standing(self) -> Standing:
        """How far the call has come, for a stream that was moved."""
        here = set(self.peers)
        if not here:
            return Standing.ALONE
        if not here & self._started:
            return Standing.UNSEEN
        if here & self._started <= self._silent:
            return Standing.SILENT
        return Standing.SEEN

    async def play(self, user_id: str) -> None:
        """Show a peer under its newest URL; replaces an older stream of it."""
        async with self._playing:
            peer = self.peers.get(user_id)
            if peer is None:
                return
            if self.player is None:
                self.player = self._media.new_player(self.hear)
            try:
                await self.player.play(peer, self._layer_of(user_id))
            except (DeviceError, MediaError) as exc:
                self._fail(exc)

    async def stop_playing(self, user_id: str) -> None:
        """Stop showing a peer."""
        async with self._playing:
            self._layers.pop(user_id, None)
            self._started.discard(user_id)
            self._silent.discard(user_id)
            if self.player is not None:
                await self.player.stop(user_id)

    def record(self) -> dict[str, object]:
        """Return the facts of the one log line that a call leaves behind."""
        steps = asdict(self.timings)
        begin = steps.pop("call_pressed_us")
        return {
            "call": self.call,
            "room": self.room_id,
            **{
                name.replace("_us", "_ms"): (at - begin) // 1_000
                for name, at in steps.items()
                if at
            },
        }

    async def close_media(self) -> None:
        """Close the devices, then the streams; safe to repeat."""
        pusher, self.pusher = self.pusher, None
        player, self.player = self.player, None
        if pusher is not None:
            await pusher.close()
        if player is not None:
            await player.close()

    # -- facts from the room and the media -------------------------------------

    def notice(self, notice: ports.RoomNotice) -> None:
        """Take one notice of the room; those before SeatTaken wait for it."""
        if not self._entered:
            self._early.append(notice)
            return
        match notice:
            case ports.PeerJoined(peer):
                self._meet(peer)
                self._post(ev.PeerJoined(self.call, peer.user_id))
            case ports.PeerMoved(peer):
                self._meet(peer)
                self._post(ev.PeerMoved(self.call, peer.user_id))
            case ports.PeerLeft(user_id, hung_up):
                self._part(user_id, hung_up=hung_up)
            case ports.PeerStreamLost(user_id):
                self._silence(user_id)
            case ports.RoomClosed(reason):
                self._post(ev.RoomClosed(self.call, reason))
            case ports.TextReceived():
                self._on_text(notice)

    def hear(self, fact: ports.MediaFact) -> None:
        """Take one fact of the media threads."""
        match fact:
            case ports.PeerStarted(user_id, with_picture):
                self._start(user_id, with_picture=with_picture)
            case ports.PeerSilent(user_id):
                self._silence(user_id)
            case ports.PeerResumed(user_id):
                self._silent.discard(user_id)
                self._post(ev.PeersResumed(self.call))
            case ports.PlayLost(user_id, reason):
                log.info("peer not played", extra={"user": user_id, "reason": reason})
            case ports.PushLost(reason):
                self._post(ev.PushLost(self.call, reason))
            case ports.CaptureLost(device, reason):
                self._post(ev.Failed(self.call, f"D002 {device}: {reason}"))

    def _meet(self, peer: Peer) -> None:
        self.peers[peer.user_id] = peer
        if not self.timings.peer_known_us:
            self.timings.peer_known_us = self._clock.now()
        self._on_peers_changed()

    def _part(self, user_id: str, *, hung_up: bool) -> None:
        if self.peers.pop(user_id, None) is None:
            return
        self._post(ev.PeerLeft(self.call, user_id))
        if not self.peers:
            gone = ev.PeersHungUp if hung_up else ev.PeersExpired
            self._post(gone(self.call))

    def _start(self, user_id: str, *, with_picture: bool) -> None:
        self._started.add(user_id)
        self._silent.discard(user_id)
        if with_picture and not self.timings.first_picture_us:
            self.timings.first_picture_us = self._clock.now()
            self._on_first_picture(user_id)
        self.with_picture = with_picture
        self._post(ev.PeerStarted(self.call))

    def _silence(self, user_id: str) -> None:
        self._silent.add(user_id)
        if set(self.peers) <= self._silent:
            self._post(ev.PeersSilent(self.call))

    def _layer_of(self, user_id: str) -> ports.Layer:
        if user_id not in self._layers:
            free = [layer for layer in _LAYERS if layer not in self._layers.values()]
            self._layers[user_id] = free[0] if free else _LAYERS[-1]
        return self._layers[user_id]

    def _fail(self, exc: KioskError) -> None:
        log.warning("call failed", extra={"code": exc.code, "reason": str(exc)})
        self._post(ev.Failed(self.call, f"{exc.code} {exc}"))
