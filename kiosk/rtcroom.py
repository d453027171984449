"""
RTCRoom for programs: calls without a kiosk, a button or a screen.

The names are the original's (protocol section 7.3): CreateRoom, EnterRoom,
ExitRoom, SendTxtMsg, and events called ``on...`` there; the numbers are those
of sections 7.3 and 7.4.  One :class:`RTCRoom` is one party; it owns the pusher
and the player of its call, and publishes before it joins.  Beside
:mod:`kiosk.app` this is the only module that knows everybody; it decides
nothing about rooms or media, it connects them.

Everything runs on the caller's event loop, inside ``async with``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TypeVar

from kiosk import errors, ports
from kiosk.codec.presets import PRESETS
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.session import MediaSession, MediaSettings
from kiosk.ports import Media, MediaFact, Peer, Player, Pusher, RoomNotice, Seat
from kiosk.room.conversation import Identity
from kiosk.room.messages import RoomCode
from kiosk.room.session import Wanted
from kiosk.roomclient import HttpRoomService, new_room_service, peer_of
from kiosk.roomclient.rtc_events import (
    ErrorCode,
    Event,
    ListedRoom,
    OnError,
    OnGetPusherList,
    OnPlayEvent,
    OnPusherJoin,
    OnPusherQuit,
    OnPushEvent,
    OnRecvRoomTextMsg,
    OnRoomClosed,
    PlayCode,
    PushCode,
    RTCRoomError,
    coded,
    device_code,
)
from kiosk.roomclient.service import cancelled_only


__all__ = [
    "ErrorCode",
    "Event",
    "ListedRoom",
    "OnError",
    "OnGetPusherList",
    "OnPlayEvent",
    "OnPushEvent",
    "OnPusherJoin",
    "OnPusherQuit",
    "OnRecvRoomTextMsg",
    "OnRoomClosed",
    "PlayCode",
    "PushCode",
    "RTCRoom",
    "RTCRoomError",
    "connect",
]


EventT = TypeVar("EventT", bound=Event)

RECONNECTIONS: Final = 3
"""Tries before -1307, as the original's push event 1102 documents."""
_EVENTS_KEPT: Final = 1000
_POST_LIMIT: Final = 1000


@dataclass(slots=True)
class _Call:
    """What one stay in one room owns."""

    pusher: Pusher
    player: Player
    room_id: str = ""
    playing: set[str] = field(default_factory=set[str])
    failures: dict[str, int] = field(default_factory=dict[str, int])


class RTCRoom:
    """
    One party of RTCRoom.

    Creating and entering open camera and microphone; every end of the call
    closes them.  All coroutines raise :exc:`RTCRoomError`.
    """

    def __init__(self, service: HttpRoomService, media: Media) -> None:
        self._service = service
        self._media = media
        self._group = asyncio.TaskGroup()
        self._turn = asyncio.Lock()
        self._post: asyncio.Queue[tuple[_Call, RoomNotice | MediaFact] | None]
        self._post = asyncio.Queue(_POST_LIMIT)
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._news = asyncio.Event()
        self._call: _Call | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        """Begin to follow rooms and media."""
        await self._service.__aenter__()
        await self._group.__aenter__()
        self._group.create_task(self._follow(), name="rtcroom")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the room, close the devices, end :meth:`events`."""
        with suppress(RTCRoomError):
            await self.exit_room()
        self._closed = True
        self._news.set()
        self._post.put_nowait(None)
        try:
            await self._group.__aexit__(*cancelled_only(kind, error, trace))
        finally:
            await self._service.__aexit__(kind, error, trace)

    async def login(self) -> str:
        """Log in and return our userID; the other calls do it by themselves."""
        async with coded(ErrorCode.LOGIN):
            return await self._service.log_in()

    async def get_room_list(self) -> tuple[ListedRoom, ...]:
        """Return all rooms with their members."""
        await self.login()
        async with coded(ErrorCode.TIMEOUT):
            rooms = await self._service.list_rooms()
        return tuple(
            ListedRoom(one.room_id, one.label, tuple(map(peer_of, one.members)))
            for one in rooms
        )

    async def create_room(self, room_name: str, room_id: str = "") -> str:
        """Open a room (CreateRoom) and publish; without an id the server chooses."""
        await self.login()
        async with self._turn:
            self._refuse_second_room()
            async with coded(ErrorCode.CREATE_ROOM):
                seat = await self._service.new_seat(room_name, room_id)
            return await self._begin(seat, ErrorCode.CREATE_ROOM)

    async def enter_room(self, room_id: str) -> str:
        """Publish and join a room that exists (EnterRoom); return its roomID."""
        await self.login()
        async with self._turn:
            self._refuse_second_room()
            async with coded(ErrorCode.CREATE_ROOM):
                seat = await self._service.seat_in(room_id)
            return await self._begin(seat, ErrorCode.ADD_PUSHER)

    async def exit_room(self) -> None:
        """Close the devices and leave (ExitRoom); success also outside a room."""
        async with self._turn:
            call = await self._stop_media()
            if call is not None:
                async with coded(ErrorCode.TIMEOUT):
                    await self._service.leave()

    async def send_text(self, text: str) -> None:
        """Send a text message to the others in the room (SendTxtMsg)."""
        async with coded(ErrorCode.TIMEOUT):
            await self._service.send_text(text)

    def mute(self, *, muted: bool) -> None:
        """Send silence instead of the microphone; nothing outside a room."""
        if self._call is not None:
            self._call.pusher.set_muted(muted=muted)

    async def events(self) -> AsyncIterator[Event]:
        """
        Yield what happens, until the ``async with`` is left.

        A thousand events are kept for a program that does not look.
        """
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()

    async def wait_for(self, kind: type[EventT]) -> EventT:
        """
        Return the next event of one kind; the others stay for :meth:`events`.

        Raises:
            RTCRoomError: The room was closed instead (code 3).

        """
        while True:
            for event in self._events:
                if isinstance(event, kind):
                    self._events.remove(event)
                    return event
                if isinstance(event, OnRoomClosed):
                    raise RTCRoomError(int(RoomCode.NO_SUCH_ROOM), event.reason)
            self._news.clear()
            await self._news.wait()

    async def _begin(self, seat: Seat, step: ErrorCode) -> str:
        call = _Call(
            self._media.new_pusher(lambda fact: self._take(call, fact)),
            self._media.new_player(lambda fact: self._take(call, fact)),
        )
        self._call = call
        try:
            async with coded(step):
                await call.pusher.start(seat.push_url)
                self._tell(OnPushEvent(PushCode.BEGIN))
                call.room_id = await self._service.take_seat(
                    seat, lambda notice: self._take(call, notice)
                )
        except BaseException:
            await self._stop_media()
            with suppress(errors.RoomError):
                await self._service.leave()
            raise
        peers = self._service.peers
        self._tell(OnGetPusherList(call.room_id, peers))
        for peer in peers:
            await self._play(call, peer)
        return call.room_id

    def _take(self, call: _Call, news: RoomNotice | MediaFact) -> None:
        self._post.put_nowait((call, news))

    async def _follow(self) -> None:
        while (item := await self._post.get()) is not None:
            call, news = item
            async with self._turn:
                if call is self._call:  # else it is about a call that is over
                    await self._digest(call, news)

    async def _digest(self, call: _Call, news: RoomNotice | MediaFact) -> None:
        match news:
            case ports.PeerJoined(peer):
                if peer.user_id not in call.playing:
                    self._tell(OnPusherJoin(peer))
                    await self._play(call, peer)
            case ports.PeerMoved(peer):
                await self._play(call, peer)
            case ports.PeerLeft(user_id):
                call.playing.discard(user_id)
                self._tell(OnPusherQuit(user_id))
                await call.player.stop(user_id)
            case ports.TextReceived(user_id, name, text):
                self._tell(OnRecvRoomTextMsg(call.room_id, user_id, name, text))
            case ports.RoomClosed(reason):
                await self._end(call, reason)
            case ports.PushLost():
                await self._publish_again(call)
            case ports.CaptureLost(device, reason):
                self._tell(OnError(device_code(device), reason))
                await self._end(call, reason)
            case _:
                self._tell_of_play(call, news)

    def _tell_of_play(self, call: _Call, news: RoomNotice | MediaFact) -> None:
        match news:
            case ports.PeerStarted(user_id, with_picture):
                call.failures.pop(user_id, None)
                if with_picture:
                    self._tell(OnPlayEvent(user_id, PlayCode.FIRST_PICTURE))
                self._tell(OnPlayEvent(user_id, PlayCode.BEGIN))
            case ports.PeerResumed(user_id):
                call.failures.pop(user_id, None)
                self._tell(OnPlayEvent(user_id, PlayCode.BEGIN))
            case ports.PeerSilent(user_id):
                self._tell(OnPlayEvent(user_id, PlayCode.LOADING))
            case ports.PeerStreamLost(user_id):
                self._tell(OnPlayEvent(user_id, PlayCode.END))
            case ports.PlayLost(user_id, reason):
                failures = call.failures[user_id] = call.failures.get(user_id, 0) + 1
                self._tell(OnPlayEvent(user_id, PlayCode.RECONNECTING))
                if failures == RECONNECTIONS:
                    self._tell(OnError(ErrorCode.PLAY_LOST, f"{user_id}: {reason}"))
            case _:
                pass

    async def _play(self, call: _Call, peer: Peer) -> None:
        call.playing.add(peer.user_id)
        try:
            await call.player.play(peer)
        except (errors.DeviceError, errors.MediaError) as error:
            self._tell(OnError(ErrorCode.PLAY_LOST, f"{peer.user_id}: {error}"))

    async def _publish_again(self, call: _Call) -> None:
        reason = ""
        for _ in range(RECONNECTIONS):
            self._tell(OnPushEvent(PushCode.RECONNECTING))
            try:
                push_url = await self._service.new_push_url()
                await call.pusher.republish(push_url)
                await self._service.move_stream(push_url)
            except (errors.NotAMember, errors.RoomNotFound) as error:
                await self._end(call, str(error))
                return
            except (errors.RoomError, errors.MediaError) as error:
                reason = str(error)
            else:
                self._tell(OnPushEvent(PushCode.BEGIN))
                return
        self._tell(OnError(ErrorCode.PUSH_LOST, reason))
        await self._end(call, reason)

    async def _end(self, call: _Call, reason: str) -> None:
        await self._stop_media()
        with suppress(errors.RoomError):
            await self._service.leave()
        self._tell(OnRoomClosed(call.room_id, reason))

    async def _stop_media(self) -> _Call | None:
        call, self._call = self._call, None
        if call is not None:
            try:
                await call.pusher.close()
            finally:
                await call.player.close()
        return call

    def _refuse_second_room(self) -> None:
        if self._call is not None:
            raise RTCRoomError(ErrorCode.CREATE_ROOM, "already in a room: exit first")

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        self._news.set()


@asynccontextmanager
async def connect(
    server_url: str,
    user_name: str,
    *,
    user_id: str = "",
    media: Media | None = None,
    capacity: int = 2,
) -> AsyncGenerator[RTCRoom, None]:
    """
    Return a party of RTCRoom at a room server.

    Args:
        server_url: ``http(s)://host:port`` of the room server.
        user_name: Shown to the others.
        user_id: Ours; the server chooses one by default.
        media: Camera to display; synthetic devices by default.
        capacity: Members of a room, ourselves included.

    Raises:
        ConfigError: If ``server_url`` is no such address.

    """
    clock = MonotonicClock()
    service = new_room_service(
        server_url, Identity(user_name, user_id), Wanted((), capacity=capacity), clock
    )
    with ExitStack() as stack:
        if media is None:
            display = stack.enter_context(HeadlessDisplay(clock))
            media = _synthetic(clock, display)
        async with RTCRoom(service, media) as room:
            yield room


def _synthetic(clock: ports.Clock, display: ports.Display) -> Media:
    preset = PRESETS["360p"]
    return MediaSession(
        clock,
        make_camera=lambda: SyntheticCamera(
            clock, bitrate=preset.bitrate, ceiling=preset.ceiling
        ),
        make_microphone=lambda: SyntheticMicrophone(clock),
        make_speaker=lambda: SyntheticSpeaker(clock),
        display=display,
        settings=MediaSettings(bitrate=preset.bitrate, ceiling=preset.ceiling),
    )
