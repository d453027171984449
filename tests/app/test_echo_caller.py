"""A test call plays under URLs of now: they open once, and for a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kiosk.app.echo_call import EchoCall, EchoCaller
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomUnreachable
from kiosk.ports import Peer, PeerJoined, PeerMoved, PeerStarted, PlayUrlUsedUp
from tests.fakes.eventually import eventually
from tests.fakes.kiosk_world import FakeMedia, FakePlayer
from tests.fakes.paper_room import FakeRoom


ECHO = Peer("echo_1", "Echo 1 s", "rtmp://relay/live/echo?v=2&n=0")


@dataclass
class Technician:
    """A test call with a room service and media of the test's own."""

    room: FakeRoom = field(default_factory=FakeRoom)
    media: FakeMedia = field(default_factory=FakeMedia)
    call: EchoCall = field(default_factory=EchoCall)

    @property
    def player(self) -> FakePlayer:
        assert self.media.player is not None
        return self.media.player

    @property
    def url(self) -> str:
        peer, _ = self.player.playing.get(ECHO.user_id, (None, None))
        return peer.play_url if peer else ""

    @asynccontextmanager
    async def calling(self, seconds: float = 0.05) -> AsyncIterator[None]:
        """Call until the picture would be awaited; look for so long at it."""
        self.room.early = [PeerJoined(ECHO)]
        caller = EchoCaller(self.room, self.media, MonotonicClock(), self.call)
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            talk = tasks.create_task(caller.talk(seconds))
            await eventually(lambda: bool(self.url))
            yield
            self.player.on_fact(PeerStarted(ECHO.user_id, with_picture=True))
            await talk


async def test_the_url_is_fetched_just_before_it_is_played() -> None:
    technician = Technician()
    async with technician.calling():
        assert technician.url == f"rtmp://relay/live/{ECHO.user_id}?v=2&n=1"

    assert technician.call.seconds == 0.05


async def test_a_url_that_was_used_up_is_replaced_before_the_picture_comes() -> None:
    technician = Technician()
    async with technician.calling():
        technician.player.on_fact(PlayUrlUsedUp(ECHO.user_id))

        await eventually(lambda: technician.url.endswith("&n=2"))


async def test_a_url_that_was_used_up_is_replaced_during_the_call() -> None:
    technician = Technician()
    async with technician.calling(seconds=1.0):
        technician.player.on_fact(PeerStarted(ECHO.user_id, with_picture=True))
        await eventually(lambda: "first_picture" in technician.call.steps_us)
        technician.player.on_fact(PlayUrlUsedUp(ECHO.user_id))

        await eventually(lambda: technician.url.endswith("&n=2"))


async def test_a_stream_that_was_moved_is_followed() -> None:
    technician = Technician()
    async with technician.calling():
        technician.room.tell(PeerMoved(ECHO))

        await eventually(lambda: technician.url.endswith("&n=2"))


async def test_the_url_that_came_with_the_peer_serves_where_no_other_can_be_had() -> (
    None
):
    technician = Technician()
    technician.room.fail("play_url", RoomUnreachable("no answer"))
    async with technician.calling():
        assert technician.url == ECHO.play_url
