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
from types import TracebackType
from typing import Final, Self, TypeVar

from kiosk import ports
from kiosk.codec.presets import PRESETS
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.session import MediaSession, MediaSettings
from kiosk.ports import Media, MediaFact, RoomNotice, Seat
from kiosk.room.conversation import Identity
from kiosk.room.messages import RoomCode, RoomType
from kiosk.room.session import Wanted
from kiosk.room.still_requests import StillWord
from kiosk.roomclient import HttpRoomService, new_room_service, peer_of
from kiosk.roomclient.rtc_call import RtcCall
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
    OnStill,
    PlayCode,
    PushCode,
    RTCRoomError,
    coded,
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
    "OnStill",
    "PlayCode",
    "PushCode",
    "RTCRoom",
    "RTCRoomError",
    "RoomType",
    "StillWord",
    "connect",
]


EventT = TypeVar("EventT", bound=Event)

_EVENTS_KEPT: Final = 1000
_POST_LIMIT: Final = 1000


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
        self._post: asyncio.Queue[tuple[RtcCall, RoomNotice | MediaFact] | None]
        self._post = asyncio.Queue(_POST_LIMIT)
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._news = asyncio.Event()
        self._call: RtcCall | None = None
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
        if self._call is not None and not self._call.is_over:
            await self._call.stop()
            async with coded(ErrorCode.TIMEOUT):
                await self._service.leave()

    async def send_text(self, text: str) -> None:
        """Send a text message to the others in the room (SendTxtMsg)."""
        async with coded(ErrorCode.TIMEOUT):
            await self._service.send_text(text)

    async def ask_still(self, text: str = "May we have a photograph?") -> None:
        """
        Ask the others for a still picture; the answers come as :class:`OnStill`.

        A kiosk takes one only when somebody presses a key there.
        """
        async with coded(ErrorCode.TIMEOUT):
            await self._service.send_text(text, StillWord.ASKED.value)

    async def still_of(self, user_id: str) -> bytes:
        """Return the still picture a member sent, a JPEG; at our own servers only."""
        async with coded(ErrorCode.TIMEOUT):
            return await self._service.still_of(user_id)

    def mute(self, *, muted: bool) -> None:
        """Send silence instead of the microphone; nothing outside a room."""
        if self._call is not None:
            self._call.mute(muted=muted)

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
            if self._closed:
                raise RTCRoomError(ErrorCode.TIMEOUT, "this RTCRoom is closed")
            self._news.clear()
            await self._news.wait()

    async def _begin(self, seat: Seat, step: ErrorCode) -> str:
        call = RtcCall(self._service, self._media, self._tell, self._take)
        self._call = call
        return await call.begin(seat, step)

    def _take(self, call: RtcCall, news: RoomNotice | MediaFact) -> None:
        self._post.put_nowait((call, news))

    async def _follow(self) -> None:
        while (item := await self._post.get()) is not None:
            call, news = item
            async with self._turn:
                await call.digest(news)

    def _refuse_second_room(self) -> None:
        if self._call is not None and not self._call.is_over:
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
    enrolment_key: str = "",
    media: Media | None = None,
    room_type: RoomType = RoomType.DOUBLE,
    capacity: int | None = None,
    im_gateway: str = "",
) -> AsyncGenerator[RTCRoom, None]:
    """
    Return a party of RTCRoom at a room server.

    Args:
        server_url: ``http(s)://host:port`` of the room server.
        user_name: Shown to the others.
        user_id: Ours; the server chooses one by default.
        enrolment_key: Proves that it is, where the server wants that.
        media: Camera to display; synthetic devices by default.
        room_type: Whose rooms: ``double_room``, ``multi_room`` or ``live_room``.
        capacity: Members of a room, ourselves included; by default the
            originals' (2, 4, 4).
        im_gateway: ``https://host`` of the cloud that carries the IM channel; by
            default the room server does.

    Raises:
        ConfigError: If ``server_url`` or ``im_gateway`` is no such address.

    """
    clock = MonotonicClock()
    wanted = Wanted((), capacity=capacity or room_type.usual_capacity)
    service = new_room_service(
        server_url,
        Identity(user_name, user_id, enrolment_key=enrolment_key),
        wanted,
        clock,
        room_type=room_type,
        im_gateway=im_gateway,
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
