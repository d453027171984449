"""What seldom happens: hanging devices, lying servers, cut streams, TLS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.codec.beep import BeepMeter
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError, StreamEnded, StreamRefused, WireError
from kiosk.media.worker import ZombieWorker
from kiosk.ports import (
    AccessUnit,
    CaptureLost,
    DmabufFrame,
    Layer,
    Peer,
    PeerStarted,
    PlayLost,
    PushLost,
    SoftFrame,
)
from tests.fakes.media_kit import (
    BITRATE,
    CEILING,
    QUICK,
    MediaKit,
    open_relay,
    until,
)
from tests.fakes.self_signed import self_signed


class HangingCamera(SyntheticCamera):
    """Hangs in ``start`` until released; hangs or fails in ``close`` if told to."""

    def __init__(self) -> None:
        super().__init__(
            MonotonicClock(), width=160, height=90, bitrate=BITRATE, ceiling=CEILING
        )
        self.starts = threading.Event()
        self.closes = threading.Event()
        self.closes.set()
        self.times_closed = 0
        self.fails_to_close = False

    @override
    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        self.starts.wait(10)
        super().start(on_unit, on_preview)

    @override
    def close(self) -> None:
        self.times_closed += 1
        self.closes.wait(10)
        super().close()
        if self.fails_to_close:
            raise DeviceError("camera", "synthetic", "the driver hangs")


async def test_a_camera_that_opens_too_slowly_is_closed_once_it_is_open() -> None:
    camera = HangingCamera()
    slow = replace(QUICK, capture=replace(QUICK.capture, open_s=0.2))
    kit = MediaKit(slow, camera=camera)
    timer = threading.Timer(0.6, camera.starts.set)
    timer.start()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(DeviceError, match="camera"):
            await pusher.start(f"rtmp://{host}:{port}/live/k1")
    timer.join()

    assert not camera.is_open
    assert not kit.microphone.is_open


async def test_hanging_up_while_a_camera_wakes_from_sleep_ends_no_process() -> None:
    camera = HangingCamera()
    patient = replace(QUICK, capture=replace(QUICK.capture, open_s=5.0))
    kit = MediaKit(patient, camera=camera)
    timer = threading.Timer(3.0, camera.starts.set)  # as a webcam's first picture
    timer.start()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await pusher.close()
    timer.join()

    assert not camera.is_open


async def test_hanging_up_on_a_camera_that_opens_too_slowly_leaves_it_closed() -> None:
    camera = HangingCamera()
    slow = replace(QUICK, capture=replace(QUICK.capture, open_s=0.2))
    kit = MediaKit(slow, camera=camera)
    timer = threading.Timer(1.0, camera.starts.set)
    timer.start()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):  # past open_s: it is being closed
                await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await pusher.close()
        had_begun = camera.starts.is_set()
    timer.join()

    assert had_begun  # or it begins to film after the close
    assert not camera.is_open


async def test_a_close_that_was_cut_short_is_waited_for_and_not_begun_again() -> None:
    camera = HangingCamera()
    camera.starts.set()
    kit = MediaKit(camera=camera)
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        camera.closes.clear()
        timer = threading.Timer(0.6, camera.closes.set)
        timer.start()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await pusher.close()
        await pusher.close()
        is_open = camera.is_open
    timer.join()

    assert not is_open
    assert camera.times_closed == 1


async def test_a_microphone_is_waited_for_after_a_close_that_was_cut_short() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        kit.microphone.stall()
        await asyncio.sleep(0.1)  # it is read for half a second
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await pusher.close()
        await pusher.close()
        running = kit.session.progress()

    assert running == {}
    assert not kit.microphone.is_open


async def test_a_camera_that_cannot_be_closed_ends_the_process() -> None:
    camera = HangingCamera()
    camera.starts.set()
    kit = MediaKit(camera=camera)
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        camera.fails_to_close = True
        with pytest.raises(ZombieWorker, match="the driver hangs"):
            await pusher.close()

        assert not kit.microphone.is_open
        await until(lambda: not relay.is_live("k1"))


async def test_a_stream_that_the_relay_cuts_is_told() -> None:
    kit = MediaKit()
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        relay.cut("k1")
        await kit.fact(PushLost)
        await pusher.close()


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """A server that answers anything with the same bytes and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_server_that_speaks_http_is_named() -> None:
    kit = MediaKit()
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200) as port:
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(WireError, match=rf"^rtmp://127\.0\.0\.1:{port}/live/k1: "):
            await pusher.start(f"rtmp://127.0.0.1:{port}/live/k1?txSecret=77")


async def test_a_server_that_hangs_up_at_once_is_no_refusal() -> None:
    kit = MediaKit()
    async with answering(b"") as port:
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(StreamEnded, match="closed the connection"):
            await pusher.start(f"rtmp://127.0.0.1:{port}/live/k1")


async def test_a_call_over_tls_with_a_private_authority(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    kit = MediaKit(replace(QUICK, tls=trusting))
    async with open_relay(serving) as (_, host, port):
        url = f"rtmps://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        await player.play(Peer("agent", "Agent", url))
        await kit.fact(PeerStarted("agent"))
        await until(lambda: player.stats[0].pictures_shown > 10)
        await player.close()
        await pusher.close()


async def test_a_relay_nobody_trusts_gets_no_stream(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    kit = MediaKit()
    async with open_relay(serving) as (_, host, port):
        url = f"rtmps://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await player.play(Peer("agent", "Agent", url))
        with pytest.raises(StreamRefused, match="not trusted"):
            await pusher.start(url)
        fact = await kit.fact(PlayLost)
        await player.close()

    assert isinstance(fact, PlayLost)
    assert "see [network] ca_file" in fact.reason


async def test_a_speaker_that_hangs_is_told_and_tried_again() -> None:
    kit = MediaKit(sound_meter=BeepMeter(1000))
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        await player.play(Peer("agent", "Agent", url))
        await kit.fact(PeerStarted("agent"))
        kit.speaker.stall()
        fact = await kit.fact(CaptureLost)
        kit.speaker.stall(stalled=False)
        await until(lambda: kit.speaker.level_dbfs > -60)
        await player.stop("agent")
        await asyncio.sleep(0.6)  # the meter still hears the last burst out
        await player.close()
        await pusher.close()

    assert isinstance(fact, CaptureLost)
    assert fact.device == "speaker"


async def test_a_publisher_that_returns_with_another_size_is_shown_again() -> None:
    kit = MediaKit()
    larger = MediaKit(
        camera=SyntheticCamera(
            MonotonicClock(), width=320, height=180, bitrate=BITRATE, ceiling=CEILING
        )
    )
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        player = kit.session.new_player(kit.facts.append)
        for sender, width in ((MediaKit(), 160), (larger, 320)):
            pusher = sender.session.new_pusher(sender.facts.append)
            await pusher.start(url)
            await player.play(Peer("agent", "Agent", url))
            await until(partial(_shows, kit, width))
            await pusher.close()
        await player.close()


def _shows(kit: MediaKit, width: int) -> bool:
    frame = kit.display.newest(Layer.BASE)
    return frame is not None and frame.width == width
