"""
Our pusher as a process: ``python -m tests.bench.our_publisher URL SECONDS``.

The product's media session with its synthetic camera and microphone, nothing
else of a kiosk.  Ends by printing one JSON object: what it sent, ten times a
second.  ``--uncontrolled`` takes the rate control away and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import asdict

from kiosk.codec.beep import AGENT_HZ, BeepSource
from kiosk.codec.presets import PRESETS, Preset
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.dialling import LinkLimits
from kiosk.media.qos import RateController
from kiosk.media.session import MediaSession, MediaSettings
from kiosk.ports import Bitrate
from tests.fakes.uncontrolled import Uncontrolled


PRESET = "360p"
LOOK_S = 0.1


async def publish(url: str, seconds: float, preset: Preset, *, control: bool) -> None:
    pusher = _session(preset, control=control).new_pusher(lambda fact: None)
    history: list[dict[str, object]] = []
    try:
        await pusher.start(url)
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            history.append({"at": now, **asdict(pusher.stats)})
            await asyncio.sleep(LOOK_S)
    finally:
        await pusher.close()
    print(json.dumps(history))


def _session(preset: Preset, *, control: bool) -> MediaSession:
    clock = MonotonicClock()
    session = MediaSession(
        clock,
        make_camera=lambda: SyntheticCamera(
            clock,
            width=preset.width,
            height=preset.height,
            bitrate=preset.bitrate,
            ceiling=preset.ceiling,
        ),
        make_microphone=lambda: SyntheticMicrophone(clock, BeepSource(AGENT_HZ)),
        make_speaker=lambda: SyntheticSpeaker(clock),
        display=HeadlessDisplay(clock, width=640, height=360),
        settings=MediaSettings(
            bitrate=preset.bitrate,
            ceiling=preset.ceiling,
            link=LinkLimits(plain_anywhere=True),
        ),
        make_controller=RateController if control else Uncontrolled,
    )
    session.preload()
    return session


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--uncontrolled", action="store_true")
    parser.add_argument("--kbps", type=int, help="to begin with and at most")
    options = parser.parse_args()
    chosen = PRESETS[PRESET]
    if options.kbps:
        rate = Bitrate(options.kbps * 1000)
        chosen = Preset(chosen.width, chosen.height, rate, rate)
    asyncio.run(
        publish(options.url, options.seconds, chosen, control=not options.uncontrolled)
    )
