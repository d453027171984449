"""
All that belongs to one call: its seat and its streams, and getting them.

Every method that takes time ends by posting one event that carries the call's
ordinal. Errors of the room service, the streams and the devices become
events; anything else is a bug and ends the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kiosk.call import events as ev
from kiosk.daemon.notices import Notice, Notices
from kiosk.daemon.peers import Peers
from kiosk.daemon.publishing import Publishing
from kiosk.daemon.record_keeper import RecordKeeper
from kiosk.daemon.replies import Replies, Reply
from kiosk.daemon.stills import Stills
from kiosk.daemon.timings import Timings
from kiosk.daemon.volume import Volume
from kiosk.errors import (
    DeviceError,
    KioskError,
    MediaError,
    RoomError,
    RoomFull,
    RoomRefused,
)
from kiosk.ports import (
    Clock,
    Media,
    MediaFact,
    NoSeat,
    Player,
    Pusher,
    RoomService,
    Seat,
    TextReceived,
)
from kiosk.room.script import LinesBusy, ServerBusy
from kiosk.room.still_requests import StillWord


log = logging.getLogger(__name__)

_QUEUE_PATIENCE = 15
"""Failed waits, one after the other, before the call is given up."""
_LONGEST_BACK_OFF_S = 30.0


class CallScope:
    """One call's resources, and what the daemon does with them."""

    def __init__(
        self,
        call: int,
        *,
        room: RoomService,
        media: Media,
        clock: Clock,
        timings: Timings,
        peers: Peers,
        keeper: RecordKeeper,
        post: Callable[[ev.Event], None],
        queue_s: float,
        notices: Mapping[Notice, str],
        replies: Sequence[Reply],
        still_words: Mapping[StillWord, str],
        scatter: Callable[[], float],
        volume: Volume,
    ) -> None:
        self.call = call
        self.room_id = ""
        self.timings = timings
        self.peers = peers
        self.keeper = keeper
        self.pusher: Pusher | None = None
        self.player: Player | None = None
        self._room = room
        self._media = media
        self._clock = clock
        self._post = post
        self._queue_s = queue_s
        self._publishing = Publishing(room, clock, scatter)
        self._volume = volume
        self._notices = Notices(room, notices, peers)
        self._replies = Replies(replies, clock, self._notices.say)
        self.stills = Stills(
            call,
            room=room,
            peers=peers,
            post=post,
            say=self._notices.say,
            words=still_words,
        )
        self._seat: Seat | None = None
        self._seats_lost = 0
        self._playing = asyncio.Lock()

    # -- getting a seat ------------------------------------------------------

    async def find_seat(self, room_id: str = "") -> None:
        """Look for a seat once, or in one room: SeatFound, SeatMissing or Failed."""
        room = self._room
        try:
            found = await (room.seat_in(room_id) if room_id else room.find_seat())
        except LinesBusy as exc:
            log.info("too many callers", extra={"code": exc.code, "reason": str(exc)})
            self._tell_seat(NoSeat("full"))
            return
        except RoomError as exc:
            self._fail(exc)
            return
        self._tell_seat(found)

    async def wait_for_seat(self) -> None:
        """Wait in line until it is our turn: SeatFreed; SeatMissing when we move."""
        if self._seats_lost > 1:
            # Free to see and full to enter: no camera that blinks all day long.
            doubled = self._queue_s * 2.0 ** min(self._seats_lost - 2, 10)
            await asyncio.sleep(min(_LONGEST_BACK_OFF_S, doubled))
        failures = 0
        told: NoSeat | None = None
        while True:
            try:
                place = await self._room.wait_turn()
            except RoomError as exc:
                failures += 1
                if failures >= _QUEUE_PATIENCE:
                    self._fail(exc)
                    return
                asked_s = exc.retry_after_s if isinstance(exc, ServerBusy) else 0.0
                await asyncio.sleep(
                    max(self._queue_s, min(asked_s, _LONGEST_BACK_OFF_S))
                )
                continue
            failures = 0
            if place is None:
                self._post(ev.SeatFreed(self.call))
                return
            if place != told:
                self._tell_seat(place)
                told = place

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

        async def start(seat: Seat) -> None:
            self.pusher = self._media.new_pusher(self._hear)
            self.pusher.set_muted(muted=muted)
            self.look()  # rates count from here
            await self.pusher.start(seat.push_url)

        try:
            self._seat = await self._publishing.begin(self._seat, start)
        except (DeviceError, MediaError, RoomError) as exc:
            self._fail(exc)
            return
        self.timings.published_us = self._clock.now()
        self._post(ev.Published(self.call))

    async def take_seat(self) -> None:
        """Become a member: SeatTaken or OnAir, SeatLost or Failed."""
        assert self._seat is not None, "took no seat"
        try:
            self.room_id = await self._room.take_seat(self._seat, self.peers.notice)
        except RoomFull:
            self._seats_lost += 1
            self._post(ev.SeatLost(self.call))
            return
        except RoomError as exc:
            self._fail(exc)
            return
        self.timings.entered_us = self._clock.now()
        taken = ev.OnAir if self.peers.on_air else ev.SeatTaken
        self._post(taken(self.call))
        self.peers.enter()

    async def tell(self, notice: Notice) -> None:
        """Tell the others in the room."""
        await self._notices.tell(notice)

    async def say(self, text: str, cmd: str = "") -> None:
        """
        Send the others a text; ``cmd`` marks one that nobody typed.

        Raises:
            RoomError: There are none, or the service refuses.

        """
        if not self.peers.known:
            raise nobody_reads()
        await self._room.send_text(text, cmd)

    async def answer_text(self, message: TextReceived) -> None:
        """Send the configured reply to a text, if there is one."""
        await self._replies.answer(message)

    async def move_stream(self) -> None:
        """Publish under fresh URLs until one holds: StreamMoved."""
        assert self.pusher is not None, "moved a stream that never was"
        async with asyncio.TaskGroup() as telling:
            telling.create_task(self._notices.tell(Notice.RECONNECTING))
            await self._publishing.move(self.pusher)
            self._post(ev.StreamMoved(self.call, self.peers.standing))
        await self._notices.tell(Notice.BACK)

    async def play(self, user_id: str) -> None:
        """Show a peer under its newest URL; replaces an older stream of it."""
        async with self._playing:
            await self._play(user_id)

    async def _play(self, user_id: str) -> None:
        peer = self.peers.known.get(user_id)
        if peer is None:
            return
        layer = self.peers.layer_of(user_id)
        if layer is None:
            log.warning("one too many to be played", extra={"user": user_id})
            return
        if self.player is None:
            self.player = self._media.new_player(self._hear)
            self.player.set_volume(self._volume.decibels)
        try:
            await self.player.play(peer, layer)
            self.look()
        except (DeviceError, MediaError) as exc:
            self._fail(exc)

    async def renew_url(self, user_id: str) -> None:
        """Give the player a fresh URL for a peer; it asks again if there is none."""
        try:
            play_url = await self._room.play_url(user_id)
        except RoomError as exc:
            log.info("no fresh play URL", extra={"user": user_id, "reason": str(exc)})
            return
        peer = self.peers.known.get(user_id)
        if peer is not None and self.player is not None:
            self.peers.known[user_id] = replace(peer, play_url=play_url)
            await self.play(user_id)

    async def stop_playing(self, user_id: str) -> None:
        """Stop showing a peer; its layer is for whoever waits for one."""
        async with self._playing:
            self.peers.forget(user_id)
            if self.player is not None:
                self.keeper.look(None, self.player.stats)  # of it: the last ones
                await self.player.stop(user_id)
            self.keeper.end_party(user_id)
            for waiting in self.peers.unplaced:
                await self._play(waiting)

    def look(self) -> None:
        """Take the counters of this moment into the record; once a second."""
        push = self.pusher.stats if self.pusher is not None else None
        plays = self.player.stats if self.player is not None else ()
        self.keeper.look(push, plays)

    async def close_media(self) -> None:
        """Close the devices, then the streams; safe to repeat."""
        self.stills.stop_asking()
        pusher, self.pusher = self.pusher, None
        player, self.player = self.player, None
        if pusher is not None:
            canceller = pusher.stats.echo_canceller  # closing gives it back
            await pusher.close()
            last = replace(pusher.stats, echo_canceller=canceller)
            self.keeper.look(last, ())
            self.keeper.end_push()
        if player is not None:
            self.keeper.look(None, player.stats)
            await player.close()
        await self.stills.close()

    def _hear(self, fact: MediaFact) -> None:
        self.keeper.hear(fact)
        self.peers.hear(fact)

    def _fail(self, exc: KioskError) -> None:
        log.warning("call failed", extra={"code": exc.code, "reason": str(exc)})
        self._post(ev.Failed(self.call, f"{exc.code} {exc}"))


def nobody_reads() -> RoomRefused:
    """Return why a text is not sent: there is nobody who would read it."""
    return RoomRefused("send_text", 5, "nobody is in the call to read it")
