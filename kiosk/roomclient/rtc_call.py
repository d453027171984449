"""
One stay in one room with its streams, for :mod:`kiosk.rtcroom`.

It turns room notices and media facts into calls of the pusher and the player
and into RTCRoom's events, in the order they came.  It knows media by the ports
alone.  Reactions: protocol section 7.4.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kiosk import ports
from kiosk.errors import DeviceError, MediaError, NotAMember, RoomError, RoomNotFound
from kiosk.ports import Media, MediaFact, Peer, RoomNotice, Seat
from kiosk.room.still_requests import StillWord
from kiosk.roomclient.rtc_events import (
    ErrorCode,
    Event,
    OnError,
    OnGetPusherList,
    OnPlayEvent,
    OnPusherJoin,
    OnPusherQuit,
    OnPushEvent,
    OnRecvRoomTextMsg,
    OnRoomClosed,
    OnStill,
    PlayCode,
    PushCode,
    RTCRoomError,
    coded,
    device_code,
)
from kiosk.roomclient.service import HttpRoomService


_STILL_WORDS: Final = {word.value: word for word in StillWord}
RECONNECTIONS: Final = 3
"""Tries before -1307, as the original's push event 1102 documents."""


class RtcCall:
    """
    The pusher, the player and the seat of one call.

    Args:
        service: Our way into rooms; the seat is taken and left there.
        media: Makes the pusher and the player.
        tell: Takes RTCRoom's events.
        post: Takes notices and facts, to be given to :meth:`digest` in order.

    """

    def __init__(
        self,
        service: HttpRoomService,
        media: Media,
        tell: Callable[[Event], None],
        post: Callable[[RtcCall, RoomNotice | MediaFact], None],
    ) -> None:
        self._service = service
        self._tell = tell
        self._post = post
        self._pusher = media.new_pusher(self._take)
        self._player = media.new_player(self._take)
        self._room_id = ""
        self._playing: set[str] = set()
        self._failures: dict[str, int] = {}
        self.is_over = False

    async def begin(self, seat: Seat, step: ErrorCode) -> str:
        """
        Publish, take the seat, play who is there; return the roomID.

        Raises:
            RTCRoomError: Coded by ``step``; everything is closed again.

        """
        try:
            async with coded(step):
                await self._pusher.start(seat.push_url)
                self._refuse_if_over()
                self._tell(OnPushEvent(PushCode.BEGIN))
                self._room_id = await self._service.take_seat(seat, self._take)
                self._refuse_if_over()
        except BaseException:
            await self._leave()
            raise
        peers = self._service.peers
        self._tell(OnGetPusherList(self._room_id, peers))
        for peer in peers:
            await self._play(peer)
        return self._room_id

    def mute(self, *, muted: bool) -> None:
        """Send silence instead of the microphone."""
        self._pusher.set_muted(muted=muted)

    async def stop(self) -> None:
        """Close the devices and the streams; nothing is told any more."""
        self.is_over = True
        try:
            await self._pusher.close()
        finally:
            await self._player.close()

    async def digest(self, news: RoomNotice | MediaFact) -> None:
        """Act on one notice or fact and tell what it means."""
        if self.is_over:
            return
        match news:
            case ports.PeerJoined(peer):
                if peer.user_id not in self._playing:
                    self._tell(OnPusherJoin(peer))
                    await self._play(peer)
            case ports.PeerMoved(peer):
                await self._play(peer)
            case ports.PeerLeft(user_id):
                self._playing.discard(user_id)
                self._tell(OnPusherQuit(user_id))
                await self._player.stop(user_id)
            case ports.TextReceived(user_id, cmd=cmd) if cmd in _STILL_WORDS:
                self._tell(OnStill(self._room_id, user_id, _STILL_WORDS[cmd]))
            case ports.TextReceived(user_id, name, text):
                self._tell(OnRecvRoomTextMsg(self._room_id, user_id, name, text))
            case ports.RoomClosed(reason):
                await self._end(reason)
            case (
                ports.PushLost()
                | ports.StreamForgotten()
                | ports.CaptureLost()
                | ports.PlayUrlUsedUp()
            ):
                await self._repair(news)
            case _:
                self._tell_of_play(news)

    async def _repair(
        self,
        news: ports.PushLost
        | ports.StreamForgotten
        | ports.CaptureLost
        | ports.PlayUrlUsedUp,
    ) -> None:
        match news:
            case ports.PushLost() | ports.StreamForgotten():
                await self._publish_again()
            case ports.CaptureLost(device, reason):
                await self._end(reason, device_code(device))
            case ports.PlayUrlUsedUp(user_id):
                with suppress(RoomError):  # then the player asks again
                    await self._service.play_url(user_id)
                    for peer in self._service.peers:
                        if peer.user_id == user_id and user_id in self._playing:
                            await self._play(peer)

    def _tell_of_play(self, news: RoomNotice | MediaFact) -> None:
        match news:
            case ports.PeerStarted(user_id, with_picture):
                self._failures.pop(user_id, None)
                if with_picture:
                    self._tell(OnPlayEvent(user_id, PlayCode.FIRST_PICTURE))
                self._tell(OnPlayEvent(user_id, PlayCode.BEGIN))
            case ports.PeerResumed(user_id):
                self._failures.pop(user_id, None)
                self._tell(OnPlayEvent(user_id, PlayCode.BEGIN))
            case ports.PeerSilent(user_id):
                self._tell(OnPlayEvent(user_id, PlayCode.LOADING))
            case ports.PeerStreamLost(user_id):
                self._tell(OnPlayEvent(user_id, PlayCode.END))
            case ports.PlayLost(user_id, reason):
                failures = self._failures.get(user_id, 0) + 1
                self._failures[user_id] = failures
                self._tell(OnPlayEvent(user_id, PlayCode.RECONNECTING))
                if failures == RECONNECTIONS:
                    self._tell(OnError(ErrorCode.PLAY_LOST, f"{user_id}: {reason}"))
            case ports.LoudestChanged() | ports.RecordingChanged():
                pass  # the originals' events know nothing of the kind
            case _:
                raise AssertionError(f"{type(news).__name__} is handled before")

    async def _play(self, peer: Peer) -> None:
        self._playing.add(peer.user_id)
        try:
            await self._player.play(peer)
        except (DeviceError, MediaError) as error:
            self._tell(OnError(ErrorCode.PLAY_LOST, f"{peer.user_id}: {error}"))

    async def _publish_again(self) -> None:
        reason = ""
        for _ in range(RECONNECTIONS):
            if self.is_over:
                return  # ended meanwhile by exit_room, which does not wait for us
            self._tell(OnPushEvent(PushCode.RECONNECTING))
            try:
                push_url = await self._service.new_push_url()
                await self._pusher.republish(push_url)
                await self._service.move_stream(push_url)
            except (NotAMember, RoomNotFound) as error:
                await self._end(str(error))
                return
            except (RoomError, MediaError) as error:
                reason = str(error)
            else:
                self._tell(OnPushEvent(PushCode.BEGIN))
                return
        await self._end(reason, ErrorCode.PUSH_LOST)

    async def _end(self, reason: str, code: ErrorCode | None = None) -> None:
        if self.is_over:
            return
        await self._leave()
        if code is not None:
            self._tell(OnError(code, reason))
        self._tell(OnRoomClosed(self._room_id, reason))

    async def _leave(self) -> None:
        await self.stop()
        with suppress(RoomError):
            await self._service.leave()

    def _refuse_if_over(self) -> None:
        if self.is_over:
            raise RTCRoomError(ErrorCode.ADD_PUSHER, "left before the room was entered")

    def _take(self, news: RoomNotice | MediaFact) -> None:
        self._post(self, news)
