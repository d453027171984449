"""
Our player with its playout as a process: ``... far_player URL SECONDS``.

The product's media session with a synthetic speaker and a display in memory,
nothing else of a kiosk.  Ends by printing one JSON object: when each picture
was painted, how old it was when presented, the player's own counters, and twice a
second how much sound had been concealed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict

from typing_extensions import override

from kiosk.codec.beep import AGENT_HZ, BeepMeter
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.dialling import LinkLimits
from kiosk.media.session import MediaSession, MediaSettings
from kiosk.ports import Bitrate, Frame, Layer, Micros, Peer, Rect, SoftFrame


LOOK_S = 0.5


class WatchedDisplay(HeadlessDisplay):
    """Notes the age of every picture it is given."""

    def __init__(self, clock: MonotonicClock) -> None:
        super().__init__(clock, width=640, height=360)
        self.series: list[tuple[float, float]] = []

    @override
    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros:
        shown = super().show(layer, frame, at)
        if isinstance(frame, SoftFrame):
            painted = frame.captured_at
            self.series.append((painted / 1e6, (shown - painted) / 1000))
        return shown


async def play(url: str, seconds: float) -> dict[str, object]:
    clock = MonotonicClock()
    display = WatchedDisplay(clock)
    display.open()
    nothing = Bitrate(100_000)
    session = MediaSession(
        clock,
        make_camera=lambda: SyntheticCamera(clock, bitrate=nothing, ceiling=nothing),
        make_microphone=lambda: SyntheticMicrophone(clock),
        make_speaker=lambda: SyntheticSpeaker(clock, meter_hz=AGENT_HZ),
        display=display,
        settings=MediaSettings(
            bitrate=nothing, ceiling=nothing, link=LinkLimits(plain_anywhere=True)
        ),
        sound_meter=BeepMeter(AGENT_HZ),
    )
    session.preload()
    player = session.new_player(lambda fact: None)
    try:
        await player.play(Peer("far", "Far", url))
        concealed: list[tuple[float, float]] = []
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            concealed.append((now, player.stats[0].concealed_ms))
            await asyncio.sleep(min(LOOK_S, until - now))
        stats = asdict(player.stats[0])
    finally:
        await player.close()
    return {"series": display.series, "play": stats, "concealed": concealed}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(play(sys.argv[1], float(sys.argv[2])))))
