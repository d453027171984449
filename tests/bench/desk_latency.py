"""
How old the picture is on an agent's page, and the agent's on a kiosk's display.

A real Chromium, a kiosk's own media with its synthetic camera, and a server
process with one relay and one page's socket.  The page's age is read off its canvas
at every frame of its display; the kiosk's is its player's own measurement.  ffmpeg
pulls the kiosk's stream beside: it decodes at once, plays no sound and waits for
none, so it is what the network and the codecs alone cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import threading
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kiosk.codec import painted_clock
from kiosk.codec.beep import AGENT_HZ, BeepMeter
from kiosk.codec.presets import PRESETS
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.media.session import MediaSettings
from kiosk.ports import Micros, Peer, PeerStarted, PlayStats
from tests.bench.processes import our_module, program, running
from tests.bench.report import SPREAD, Bar, Number, Result, Table, percentile, spread
from tests.bench.stage import cpu_s, now_us
from tests.fakes.browser import Browser, browser
from tests.fakes.media_kit import MediaKit, until


SETTLE_S = 3.0
WATCH_S, WATCH_FULL_S = 10.0, 60.0
CODECS = (("H.264", ""), ("VP8", "?vp8"))
DOWN_P95_MS = 300.0
UP_P95_MS = 350.0
CPU_PERCENT = 40.0
PRESET = PRESETS["360p"]
_NOTE = (
    "what the page itself says begins at the quickest way that a picture ever took"
    " from the camera to the server: no stream tells that one"
)


@dataclass(frozen=True, slots=True)
class Watched:
    """
    One call.

    Attributes:
        ages_ms: On the page's canvas, at every frame of its display.
        ffmpeg_ms: Of the same stream when ffmpeg had decoded a picture.
        figures: The page's own, at the end.
        play: What the kiosk says of the agent's stream.
        cpu_percent: Of one core, of the server.

    """

    codec: str
    ages_ms: list[float]
    unreadable: int
    ffmpeg_ms: list[float]
    figures: dict[str, Any]
    play: PlayStats
    cpu_percent: float
    complaints: int


def run(*, full: bool) -> Result:
    seconds = WATCH_FULL_S if full else WATCH_S
    calls = [asyncio.run(_watch(name, query, seconds)) for name, query in CODECS]
    return Result(
        "desk_latency",
        [_latencies(calls), _costs(calls)],
        [bar for call in calls for bar in _bars(call)],
        notes=(_NOTE,),
        numbers={call.codec: {"figures": call.figures} for call in calls},
    )


async def _watch(codec: str, query: str, seconds: float) -> Watched:
    with running(*our_module("desk_server")) as server:
        assert server.stdout is not None
        line = await asyncio.to_thread(server.stdout.readline)
        places: dict[str, str] = json.loads(line)
        kit = _kiosk()
        async with _publishing(kit, places["kiosk"]), browser() as agent:
            await agent.page.goto(places["page"] + query)
            await agent.page.evaluate("() => stage.beginStamped()")
            player = kit.session.new_player(kit.facts.append)
            await player.play(Peer("agent", "Agent", places["agent"]))
            await kit.fact(PeerStarted("agent"), 20)
            await until(lambda: player.stats[0].audio_latency_ms is not None, 20)
            with _ffmpeg(places["kiosk"]) as ffmpeg_ms:
                await asyncio.sleep(SETTLE_S)
                ffmpeg_ms.clear()
                before, began = cpu_s(server.pid), now_us()
                ages = await _ages(agent, seconds)
                share = (cpu_s(server.pid) - before) * 1e8 / (now_us() - began)
                pulled = list(ffmpeg_ms)
            play = player.stats[0]
            figures = await agent.page.evaluate("() => stage.figures()")
            await player.close()
    found = [age for age in ages if age is not None]
    complaints = len(agent.complaints.texts)
    lost = len(ages) - len(found)
    return Watched(codec, found, lost, pulled, figures, play, share, complaints)


async def _ages(agent: Browser, seconds: float) -> list[float | None]:
    found: list[float | None] = await agent.page.evaluate(
        f"() => stage.ages({seconds})"
    )
    return found


def _kiosk() -> MediaKit:
    clock = MonotonicClock()
    camera = SyntheticCamera(
        clock,
        width=PRESET.width,
        height=PRESET.height,
        bitrate=PRESET.bitrate,
        ceiling=PRESET.ceiling,
    )
    settings = MediaSettings(bitrate=PRESET.bitrate, ceiling=PRESET.ceiling)
    return MediaKit(settings, camera=camera, sound_meter=BeepMeter(AGENT_HZ))


@contextlib.asynccontextmanager
async def _publishing(kit: MediaKit, url: str) -> AsyncGenerator[None]:
    pusher = kit.session.new_pusher(kit.facts.append)
    await pusher.start(url)
    try:
        yield
    finally:
        await pusher.close()


@contextlib.contextmanager
def _ffmpeg(url: str) -> Generator[list[float]]:
    """Pull the stream; yields the ages of its pictures in ms, as they come."""
    command = [
        *(program("ffmpeg"), "-nostdin", "-loglevel", "fatal", "-tcp_nodelay", "1"),
        *("-probesize", "500000", "-analyzeduration", "1500000", "-flags", "low_delay"),
        *("-threads", "1", "-i", url, "-an", "-vsync", "passthrough"),
        *("-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"),
    ]
    ages_ms: list[float] = []
    with running(*command) as ffmpeg:
        reader = threading.Thread(target=_read, args=(ffmpeg, ages_ms))
        reader.start()
        try:
            yield ages_ms
        finally:
            ffmpeg.kill()
            reader.join()


def _read(ffmpeg: subprocess.Popen[bytes], ages_ms: list[float]) -> None:
    size = PRESET.width * PRESET.height
    assert ffmpeg.stdout is not None
    while len(grey := ffmpeg.stdout.read(size)) == size:
        now = now_us()
        luma = np.frombuffer(grey, np.uint8).reshape(PRESET.height, PRESET.width)
        painted = painted_clock.read(luma, Micros(now))
        if painted is not None:
            ages_ms.append((now - painted) / 1000)


def _latencies(calls: list[Watched]) -> Table:
    rows: list[tuple[str | Number, ...]] = []
    for call in calls:
        rows.append((f"{call.codec} kiosk to canvas", *spread(call.ages_ms)))
        rows.append(("  ffmpeg, decoded at once", *spread(call.ffmpeg_ms)))
        for found, name in (
            (call.play.video_latency_ms, "agent's picture on the kiosk"),
            (call.play.audio_latency_ms, "agent's sound at the kiosk"),
            (call.play.av_offset_ms, "picture minus sound at the kiosk"),
        ):
            cells = [getattr(found, cell, None) for cell in SPREAD]
            rows.append((f"  {call.codec} {name}", *cells))
    return Table("Age of what is seen and heard, ms", ("", *SPREAD), rows)


def _costs(calls: list[Watched]) -> Table:
    header = ("", "server CPU %", "canvas pictures/s", "page says ms", "unreadable")
    return Table(
        "One desk",
        header,
        [
            (
                f"{call.codec} up",
                call.cpu_percent,
                float(call.figures["picturesPerSecond"]),
                call.figures["latencyMs"],
                call.unreadable,
            )
            for call in calls
        ],
    )


def _bars(call: Watched) -> list[Bar]:
    video = call.play.video_latency_ms
    return [
        Bar(
            f"{call.codec}: kiosk's camera to the canvas, p95",
            percentile(call.ages_ms, 95),
            DOWN_P95_MS,
        ),
        Bar(
            f"{call.codec}: agent's camera to the kiosk's display, p95",
            video.p95 if video is not None else None,
            UP_P95_MS,
        ),
        Bar(
            f"{call.codec}: server's CPU for a desk",
            call.cpu_percent,
            CPU_PERCENT,
            unit="%",
        ),
        Bar(f"{call.codec}: console errors", float(call.complaints), 0.0, unit=""),
    ]
