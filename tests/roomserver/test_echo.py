"""The echo agent: a room where everybody sees and hears himself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from kiosk import rtcroom
from kiosk.room.messages import GetPushers, RoomCode
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.echo import ROOM, EchoAgent, EchoSettings
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.relay_stream import Listener, Publisher, RelayStream
from kiosk.roomserver.rooms import Entrant, RoomProblem, RoomRules, Rooms
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store import MemoryStore, RoomRecord
from kiosk.roomserver.store_ledger import ForgetfulLedger
from kiosk.rtmp.events import MediaEvent, VideoTag
from kiosk.rtmp.live_queue import Kind
from tests.fakes.room_core import HandClock
from tests.fakes.room_server import members_of, running_server


@dataclass
class PaperRelay:
    """Streams without sockets: who publishes, who listens, what was asked."""

    clock: HandClock
    own: RelayStream | None = None
    listeners: dict[str, Listener] = field(default_factory=dict)
    idr_requests: list[str] = field(default_factory=list)
    sent: list[MediaEvent] = field(default_factory=list)

    def originate(self, name: str, publisher: Publisher) -> RelayStream:
        self.own = RelayStream(name, 0.0, 0.2, lambda _, call: call())
        self.own.begin(publisher, 0.0)
        self.own.listen(Noting(self.sent), 0.0)
        return self.own

    def withdraw(self, name: str, publisher: Publisher) -> None:
        self.own = None

    def listen(self, name: str, listener: Listener) -> None:
        self.listeners[name] = listener

    def unlisten(self, name: str, listener: Listener) -> None:
        self.listeners.pop(name, None)

    def request_idr(self, name: str) -> None:
        self.idr_requests.append(name)


class Noting:
    """Notes what an echo sends."""

    def __init__(self, sent: list[MediaEvent]) -> None:
        self._sent = sent

    def hear(self, kind: Kind, event: MediaEvent) -> None:
        self._sent.append(event)

    def begin_anew(self) -> None:
        """Nothing to forget."""


class Stage:
    """An agent on paper, its rooms, and a clock moved by hand."""

    def __init__(self, *, max_grants: int = 10) -> None:
        self.clock = HandClock()
        self.relay = PaperRelay(self.clock)
        self.streams = 0
        self.rooms = Rooms(RoomRules(), MemoryStore(), lambda _: None, lambda _: None)
        self.agent = EchoAgent(
            EchoSettings(enabled=True, delay_s=1.0, call_s=30.0),
            rooms=self.rooms,
            grants=PushGrants(self._stream, max_grants=max_grants),
            relay=self.relay,
            clock=ServerClock(lambda: self.clock.monotonic, lambda: 0.0),
            turns=ForgetfulLedger(),
            user_id="echo_1",
        )

    def _stream(self) -> str:
        self.streams += 1
        return f"e{self.streams}"

    @property
    def room(self) -> RoomRecord | None:
        return self.rooms.find(ROOM)

    def sit(self, user: str, stream: str) -> None:
        entrant = Entrant(user, user, "", stream, 0)
        self.rooms.join(ROOM, entrant, self.clock.monotonic)

    async def let(self, seconds: float) -> None:
        """Let time pass in steps of a quarter of a second; the agent looks each."""
        for _ in range(max(1, round(seconds / 0.25))):
            self.clock.move(0.25)
            await asyncio.sleep(0)
            self.agent._news.set()
            for _ in range(4):
                await asyncio.sleep(0)


@asynccontextmanager
async def stage(**options: int) -> AsyncIterator[Stage]:
    it = Stage(**options)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(it.agent.run())
        await it.let(0.25)
        yield it
        running.cancel()


async def test_the_room_opens_with_the_agent_in_it_and_stays_by_heartbeats() -> None:
    async with stage() as it:
        assert it.room is not None
        assert [seat.user_id for seat in it.room.seats] == ["echo_1"]
        for _ in range(10):
            await it.let(4.0)
            it.rooms.sweep(it.clock.monotonic)

        assert it.room is not None
    assert it.room is None


async def test_a_guest_is_heard_and_answered_later() -> None:
    async with stage() as it:
        it.sit("guest", "g1")
        await it.let(0.25)
        it.relay.listeners["g1"].hear(Kind.IDR, VideoTag(5, b"\x17\1picture"))
        await it.let(0.75)
        assert it.relay.sent == []
        await it.let(0.5)

        assert [event.payload for event in it.relay.sent] == [b"\x17\1picture"]


async def test_whoever_watches_the_echo_gets_an_idr_of_the_guest() -> None:
    async with stage() as it:
        it.agent.request_idr()
        assert it.relay.idr_requests == []
        it.sit("guest", "g1")
        await it.let(0.25)
        it.agent.request_idr()

        assert it.relay.idr_requests == ["g1"]


async def test_a_guest_that_comes_back_with_a_new_stream_is_followed() -> None:
    async with stage() as it:
        it.sit("guest", "g1")
        await it.let(0.25)
        it.sit("guest", "g2")
        await it.let(0.25)
        assert list(it.relay.listeners) == ["g2"]
        it.rooms.leave(ROOM, "guest")
        await it.let(0.25)

        assert it.relay.listeners == {}
        assert it.room is not None


async def test_it_hangs_up_in_time_and_opens_anew_with_another_stream() -> None:
    async with stage() as it:
        it.sit("guest", "g1")
        await it.let(31.0)
        assert it.room is None
        await it.let(2.0)

        assert it.room is not None
        assert [seat.stream for seat in it.room.seats] == ["e2"]


async def test_a_room_of_that_name_that_is_another_s_is_waited_for() -> None:
    async with stage() as it:
        it.rooms.destroy(ROOM, "echo_1")
        it.rooms.reserve(ROOM, "squatter", "Echo", it.clock.monotonic)
        await it.let(10.0)
        assert it.room is None
        it.rooms.sweep(it.clock.monotonic + 100.0)
        await it.let(6.0)

        assert it.room is not None


async def test_without_a_grant_it_tries_again_later() -> None:
    async with stage(max_grants=0) as it:
        await it.let(6.0)

        assert it.room is None


def test_a_room_closed_by_somebody_else_is_no_error() -> None:
    it = Stage()
    with pytest.raises(RoomProblem):
        it.rooms.destroy(ROOM, "echo_1")

    it.agent._hang_up()

    assert it.room is None


@pytest.mark.e2e
async def test_a_program_sees_and_hears_itself_and_is_hung_up_on() -> None:
    echo = EchoSettings(enabled=True, delay_s=0.3, call_s=2.0)
    settings = ServerSettings(http_port=0, rtmp_port=0, echo=echo)
    async with asyncio.timeout(30.0), running_server(settings) as (at, _):
        async with members_of(at, "looker") as (looker,):
            listed = await looker.ask(GetPushers(ROOM))
        async with rtcroom.connect(at.http_url, "Technician") as technician:
            await technician.enter_room(ROOM)
            seen = await technician.wait_for(rtcroom.OnPlayEvent)
            with pytest.raises(rtcroom.RTCRoomError) as over:
                await technician.wait_for(rtcroom.OnRecvRoomTextMsg)

    assert [member.user_name for member in listed.members] == ["Echo 0.3 s"]
    assert seen.code == rtcroom.PlayCode.FIRST_PICTURE
    assert over.value.rtc_code == RoomCode.NO_SUCH_ROOM
