"""An external recorder: it gets what a room sends, and nobody ever waits for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import httpx

from kiosk.room import messages as msg
from kiosk.roomserver.recorder import Recorder
from kiosk.roomserver.recorder_terms import (
    Recorded,
    RecorderLimits,
    RecorderSettings,
    TeeState,
)
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Refusal
from kiosk.roomserver.rooms import Entrant, RoomRules, Rooms
from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store import MemoryStore
from kiosk.rtmp.events import AudioTag, VideoTag
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.eventually import eventually
from tests.fakes.media_kit import open_relay
from tests.fakes.proxy import NOWHERE, Proxy, proxy
from tests.fakes.room_server import members_of, running_server
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    INTER,
    SOUND,
    VIDEO_CONFIG,
    SocketClient,
    playing,
    publishing,
)
from tests.fakes.self_signed import self_signed
from tests.fakes.silent_server import silent_server


QUICK = RecorderLimits(
    start_s=1.0,
    acknowledged_s=0.5,
    first_pause_s=0.05,
    longest_pause_s=0.2,
    look_s=0.05,
)


@asynccontextmanager
async def a_relay(
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[tuple[Relay, str]]:
    """Yield a relay for everybody, ours or a recorder's, and its address."""
    async with open_relay(tls) as (relay, host, port):
        yield relay, f"{host}:{port}"


@dataclass
class Stage:
    """Rooms, our relay with its address, and the recorder under test."""

    rooms: Rooms
    relay: Relay
    at: str
    recorder: Recorder

    def sit(self, user: str, stream: str, room: str = "desk") -> None:
        if self.rooms.known(room) is None:
            self.rooms.reserve(room, user, f"Label of {room}", 0.0)
        self.rooms.join(room, Entrant(user, user, "", stream, 0), 0.0)

    def state(self, stream: str = "s1") -> TeeState | None:
        stats = self.recorder.stats().get(stream)
        return stats.state if stats else None

    async def reaches(self, state: TeeState | None, stream: str = "s1") -> None:
        await eventually(lambda: self.state(stream) is state)


@asynccontextmanager
async def stage(
    settings: RecorderSettings, limits: RecorderLimits = QUICK
) -> AsyncGenerator[Stage]:
    rooms = Rooms(RoomRules(), MemoryStore(), lambda _: None, lambda _: None)
    async with a_relay() as (relay, at), asyncio.TaskGroup() as tasks:
        recorder = Recorder(settings, rooms, relay, limits)
        running = tasks.create_task(recorder.run())
        yield Stage(rooms, relay, at, recorder)
        running.cancel()


class Camera:
    """Publishes a stream until left: a config, then pictures and sound."""

    def __init__(self, publisher: SocketClient) -> None:
        self._publisher = publisher
        self.sent = 0

    def send(self, pictures: int = 1, *, idr_every: int = 10) -> None:
        for _ in range(pictures):
            if self.sent == 0:
                self._publisher.send(5000, VIDEO_CONFIG, AUDIO_CONFIG)
            picture = INTER if self.sent % idr_every else IDR
            self._publisher.send(5000 + 40 * self.sent, SOUND, picture)
            self.sent += 1

    async def until(self, is_true: Callable[[], bool], seconds: float = 5.0) -> None:
        """Send on until something is true."""
        async with asyncio.timeout(seconds):
            while not is_true():
                self.send()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def camera(at: str, stream: str = "s1") -> AsyncGenerator[Camera]:
    async with publishing(f"rtmp://{at}/live/{stream}") as publisher:
        yield Camera(publisher)


def to(address: str, path: str = "/rec/{room}-{user}") -> RecorderSettings:
    return RecorderSettings(f"rtmp://{address}{path}")


async def test_a_recorder_gets_what_the_room_sends_from_a_config_and_an_idr_on() -> (
    None
):
    async with (
        a_relay() as (_, recorder),
        stage(to(recorder)) as it,
        camera(it.at) as kiosk,
    ):
        kiosk.send()
        it.sit("kiosk", "s1")
        async with playing(f"rtmp://{recorder}/rec/desk-kiosk") as watched:
            await kiosk.until(lambda: it.state() is TeeState.RECORDING)
            kiosk.send(20)
            await watched.wait_for_video(15)

        pictures, sounds = watched.of(VideoTag), watched.of(AudioTag)
        assert pictures[0].payload == VIDEO_CONFIG
        assert pictures[1].payload == IDR
        assert sounds[0].payload == AUDIO_CONFIG
        # A recording begins at 0, whatever the publisher's clock said.
        assert pictures[1].timestamp_ms < 1000
        assert it.recorder.is_recorded("s1")


async def test_a_recording_ends_with_its_seat_and_with_its_stream() -> None:
    async with a_relay() as (there, recorder), stage(to(recorder)) as it:
        it.sit("kiosk", "s1")
        async with camera(it.at) as kiosk:
            await kiosk.until(lambda: there.is_live("desk-kiosk"))
            it.rooms.leave("desk", "kiosk")
            await eventually(lambda: not there.is_live("desk-kiosk"))
            assert it.state() is None
        it.sit("kiosk", "s2")
        async with camera(it.at, "s2") as kiosk:
            await kiosk.until(lambda: there.is_live("desk-kiosk"))
        await eventually(lambda: not there.is_live("desk-kiosk"))


async def test_only_the_rooms_named_are_recorded() -> None:
    async with a_relay() as (there, recorder):
        named = replace(to(recorder), rooms=("advice-*", "Label of till"))
        async with stage(named) as it:
            for number, room in enumerate(("advice-1", "till", "desk")):
                it.sit("kiosk", f"s{number}", room)
            async with (
                camera(it.at, "s0") as first,
                camera(it.at, "s1") as second,
                camera(it.at, "s2") as third,
            ):
                await first.until(lambda: there.is_live("advice-1-kiosk"))
                await second.until(lambda: there.is_live("till-kiosk"))
                third.send(5)

                assert set(it.recorder.stats()) == {"s0", "s1"}
                assert not there.is_live("desk-kiosk")


async def test_a_recorder_that_is_away_is_tried_again_and_costs_nobody_anything() -> (
    None
):
    with proxy() as link:
        async with stage(to(link.address)) as it:
            it.sit("kiosk", "s1")
            async with camera(it.at) as kiosk:
                await kiosk.until(lambda: it.state() is TeeState.WAITING)
                async with playing(f"rtmp://{it.at}/live/s1") as agent:
                    kiosk.send(30, idr_every=1)
                    await agent.wait_for_video(30)
                assert not it.recorder.is_recorded("s1")
                assert it.recorder.stats()["s1"].failures > 0

                async with a_relay() as (there, recorder):
                    link.lead_to(int(recorder.rpartition(":")[2]))
                    await kiosk.until(lambda: it.recorder.is_recorded("s1"))
                    assert there.is_live("desk-kiosk")


async def test_a_recorder_that_never_speaks_is_given_up_and_tried_again() -> None:
    with silent_server() as port:
        limits = replace(QUICK, start_s=0.1)
        async with stage(to(f"127.0.0.1:{port}"), limits) as it:
            it.sit("kiosk", "s1")
            async with camera(it.at) as kiosk:
                await kiosk.until(lambda: it.state() is TeeState.CONNECTING)
                await kiosk.until(lambda: it.state() is TeeState.WAITING)
                await kiosk.until(lambda: it.recorder.stats()["s1"].failures >= 2)


async def test_a_recorder_that_refuses_is_tried_again() -> None:
    refusing = Relay(
        authorize_publish=lambda app, name, query: Refusal("no disk left"),
        authorize_play=lambda app, name, query: Refusal("no"),
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with (
        refusing.serve("127.0.0.1", 0) as (host, port),
        stage(to(f"{host}:{port}")) as it,
        camera(it.at) as kiosk,
    ):
        it.sit("kiosk", "s1")
        await kiosk.until(lambda: bool(it.recorder.stats()))
        await kiosk.until(lambda: it.recorder.stats()["s1"].failures >= 2)
        assert not it.recorder.is_recorded("s1")


@asynccontextmanager
async def hindered(
    limits: RecorderLimits = QUICK,
) -> AsyncGenerator[tuple[Stage, Proxy, str]]:
    """Yield a stage whose recorder is behind a proxy, and the recorder's address."""
    async with a_relay() as (_, recorder):
        with proxy(int(recorder.rpartition(":")[2])) as link:
            async with stage(to(link.address), limits) as it:
                it.sit("kiosk", "s1")
                yield it, link, recorder


@asynccontextmanager
async def read_on(client: SocketClient) -> AsyncGenerator[None]:
    """Take whatever a player is sent."""
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(client.wait_for_end(60.0))
        yield
        reading.cancel()


async def test_a_recorder_that_stops_taking_is_no_recording_and_slows_nobody() -> None:
    async with (
        hindered() as (it, link, _),
        camera(it.at) as kiosk,
        playing(f"rtmp://{it.at}/live/s1") as agent,
        read_on(agent),
    ):
        await kiosk.until(lambda: it.recorder.is_recorded("s1"))

        link.stall()
        await kiosk.until(lambda: it.state() is TeeState.SILENT)

        assert not it.recorder.is_recorded("s1")
        await eventually(lambda: agent.count(VideoTag) == kiosk.sent + 1)


def gaps(pictures: list[VideoTag]) -> list[bytes]:
    """Return what comes first after each gap."""
    return [
        after.payload
        for before, after in pairwise(pictures[1:])
        if after.timestamp_ms - before.timestamp_ms > 40
    ]


async def test_what_a_slow_recorder_missed_is_lost_and_it_goes_on_with_an_idr() -> None:
    ring = replace(QUICK.ring, video_age=200, audio_age=200)
    limits = replace(QUICK, ring=ring, send_buffer_bytes=4096)
    async with (
        hindered(limits) as (it, link, recorder),
        camera(it.at) as kiosk,
        playing(f"rtmp://{recorder}/rec/desk-kiosk") as watched,
        read_on(watched),
    ):
        await kiosk.until(lambda: it.recorder.is_recorded("s1"))
        link.stall()
        await kiosk.until(lambda: it.recorder.stats()["s1"].dropped_units > 50)
        link.flow()
        await kiosk.until(lambda: bool(gaps(watched.of(VideoTag))))

        # After every gap the next picture needs no other.
        assert set(gaps(watched.of(VideoTag))) == {IDR}
        await kiosk.until(lambda: it.recorder.is_recorded("s1"))


async def test_a_connection_that_takes_nothing_for_long_is_left() -> None:
    limits = replace(QUICK, stall_s=0.2, send_buffer_bytes=4096)
    async with hindered(limits) as (it, link, _), camera(it.at) as kiosk:
        await kiosk.until(lambda: it.recorder.is_recorded("s1"))
        link.stall()
        await kiosk.until(lambda: it.recorder.stats()["s1"].failures == 1)


async def test_another_publisher_of_the_same_stream_begins_another_recording() -> None:
    async with (
        a_relay() as (there, recorder),
        stage(to(recorder)) as it,
        camera(it.at) as kiosk,
    ):
        it.sit("kiosk", "s1")
        await kiosk.until(lambda: it.recorder.is_recorded("s1"))
        it.relay._stream("s1").begin(Nobody(), 0.0)

        await eventually(lambda: it.recorder.stats()["s1"].failures == 1)
        await eventually(lambda: there.is_live("desk-kiosk"))


class Nobody:
    opus = False

    def use_opus(self, *, wanted: bool) -> None:
        """Have no choice."""

    def request_idr(self) -> None:
        """Have nothing to send."""


async def test_a_recorder_proves_itself_with_a_certificate_for_rtmps(
    tmp_path: Path,
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with a_relay(context) as (there, recorder):
        url = f"rtmps://{recorder}/rec/{{stream}}?key=sesame"
        trusted = RecorderSettings(url, ca_file=str(certificate))
        async with stage(trusted) as it, camera(it.at) as kiosk:
            it.sit("kiosk", "s1")
            await kiosk.until(lambda: it.recorder.is_recorded("s1"))
            assert there.is_live("s1")
        async with stage(RecorderSettings(url)) as it, camera(it.at) as kiosk:
            it.sit("kiosk", "s1")
            await kiosk.until(lambda: it.state() is TeeState.WAITING)
            assert not there.is_live("s1")


def test_a_url_is_made_of_ids_and_hides_its_key() -> None:
    settings = RecorderSettings("rtmp://h/{type}/{room}-{user}-{stream}?key=sesame")
    one = Recorded("8525_x", "double_room", "desk", "kiosk-7")

    assert settings.url_of(one) == RtmpUrl.parse(
        "rtmp://h/double_room/desk-kiosk-7-8525_x?key=sesame"
    )
    assert "sesame" not in repr(settings)
    assert "sesame" not in settings.url_of(one).redacted


async def seen(at: ServerAddresses, page: str) -> str:
    async with httpx.AsyncClient(base_url=at.http_url) as client:
        return (await client.get(page)).text


async def test_members_and_operators_are_told_exactly_while_it_records() -> None:
    with proxy() as link:
        settings = ServerSettings(
            http_port=0, rtmp_port=0, recorder=to(link.address, "/rec/{stream}")
        )
        async with (
            running_server(settings) as (at, _),
            members_of(at, "kiosk") as (kiosk,),
        ):
            url = await kiosk.create()
            beat = msg.PusherHeartbeat("desk", "kiosk")

            async def is_told(recording: bool) -> None:
                async with asyncio.timeout(10):
                    while (await kiosk.ask(beat)).recording is not recording:
                        shot.send()
                        await asyncio.sleep(0.02)

            async with publishing(url) as publisher:
                shot = Camera(publisher)
                await is_told(recording=False)
                async with a_relay() as (_, recorder):
                    link.lead_to(int(recorder.rpartition(":")[2]))
                    await is_told(recording=True)
                    assert (await kiosk.ask(msg.GetPushers("desk"))).recording
                    assert "<td>recording" in await seen(at, "/status")
                    counted = 'kiosk_recorder_streams{state="recording"} 1'
                    assert counted in await seen(at, "/metrics")
                    (listed,) = (await kiosk.ask(msg.GetRoomList())).rooms
                    assert not listed.recording
                    link.reset()
                    link.lead_to(NOWHERE)
                await is_told(recording=False)
                assert not (await kiosk.ask(msg.GetPushers("desk"))).recording
                assert "<tr class=bad>" in await seen(at, "/status")
