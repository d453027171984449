"""A recorder that is slow, leaves, or must prove itself, and who is told."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx

from kiosk.room import messages as msg
from kiosk.roomserver.recorder import Tee
from kiosk.roomserver.recorder_link import RecorderLink
from kiosk.roomserver.recorder_terms import (
    Recorded,
    RecorderLimits,
    RecorderSettings,
    TeeState,
)
from kiosk.roomserver.relay_stream import Listener
from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import VideoTag
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.eventually import eventually
from tests.fakes.proxy import NOWHERE, Proxy, proxy
from tests.fakes.recorder_stage import QUICK, Camera, Stage, a_relay, camera, stage, to
from tests.fakes.room_server import members_of, running_server
from tests.fakes.rtmp_sockets import IDR, SocketClient, playing, publishing
from tests.fakes.self_signed import self_signed


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


async def test_a_look_in_the_moment_tls_is_lost_sees_nothing(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with asyncio.timeout(10), a_relay(context) as (there, recorder):
        url = RtmpUrl.parse(f"rtmps://{recorder}/rec/s1")
        client = PublishClient(url, secrets.token_bytes(RANDOM_BYTES))
        link = RecorderLink(client, QUICK, lambda: None)
        await asyncio.get_running_loop().create_connection(
            lambda: link, url.host, url.port, ssl=trusting
        )
        await link.published
        there.cut("s1")
        while not link.over.done():
            link.look()
            await asyncio.sleep(0)  # every turn of the loop: one is that moment

        assert not link.is_acknowledged


class ClumsyRelay:
    """Has streams, and fails whoever wants to hear one."""

    def is_live(self, name: str) -> bool:
        return True

    def listen(self, name: str, listener: Listener) -> None:
        raise RuntimeError(name)

    def unlisten(self, name: str, listener: Listener) -> None:
        """Have nobody listening."""

    def request_idr(self, name: str) -> None:
        """Have nothing to send."""


async def test_our_own_mistake_in_a_recording_ends_nothing_but_its_connection() -> None:
    async with (
        asyncio.timeout(10),
        a_relay() as (_, recorder),
        asyncio.TaskGroup() as tasks,
    ):
        url = RtmpUrl.parse(f"rtmp://{recorder}/rec/s1")
        tee = Tee("s1", url, ClumsyRelay(), QUICK, None)
        running = tasks.create_task(tee.run())
        await eventually(lambda: tee.stats.failures >= 2)
        running.cancel()


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
