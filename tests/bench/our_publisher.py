"""
Our pusher as a process: ``python -m tests.bench.our_publisher URL SECONDS``.

The product's media session with its synthetic camera and microphone, nothing
else of a kiosk.
"""

from __future__ import annotations

import asyncio
import sys

from kiosk.codec.beep import AGENT_HZ, BeepSource
from kiosk.codec.presets import PRESETS
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.session import MediaSession, MediaSettings


PRESET = "360p"


async def publish(url: str, seconds: float) -> None:
    preset = PRESETS[PRESET]
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
        settings=MediaSettings(bitrate=preset.bitrate, ceiling=preset.ceiling),
    )
    session.preload()
    pusher = session.new_pusher(lambda fact: None)
    try:
        await pusher.start(url)
        await asyncio.sleep(seconds)
    finally:
        await pusher.close()


if __name__ == "__main__":
    asyncio.run(publish(sys.argv[1], float(sys.argv[2])))
