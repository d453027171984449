"""
PyAV's own RTMP as a publisher: ``python -m tests.bench.pyav_publisher URL SECONDS``.

Our clip and a tone, encoded as the other peers do and given to the muxer that
PyAV opens on a URL: what a program has that takes no network of its own.  In a
process of its own, because opening and closing hold the interpreter's lock.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from kiosk.codec.pacing import PictureClock
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.scene import Scene
from kiosk.devices.clock_monotonic import MonotonicClock
from tests.bench.peers import HEIGHT, KBPS, RATE, WIDTH


SAMPLE_RATE, SOUND_KBPS, BLOCK = 48_000, 48, 1024
_MICROS = Fraction(1, 1_000_000)
_MUXER = {"flvflags": "no_duration_filesize", "flush_packets": "1"}
_X264 = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1"}


def publish(url: str, seconds: float) -> None:
    container = av.open(url, "w", format="flv", options=_MUXER)
    pictures: Any = container.add_stream("libx264", rate=RATE, options=_X264)
    pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    pictures.codec_context.gop_size = RATE
    pictures.codec_context.time_base = _MICROS
    pictures.bit_rate = KBPS * 1000
    sounds: Any = container.add_stream("aac", rate=SAMPLE_RATE)
    sounds.layout, sounds.bit_rate = "mono", SOUND_KBPS * 1000
    tone = _tone()
    due_s, block = next(tone)
    for picture, age_s in _pictures(seconds):
        container.mux(pictures.encode(picture))
        while due_s < age_s:
            container.mux(sounds.encode(block))
            due_s, block = next(tone)


def _pictures(seconds: float) -> Iterator[tuple[av.VideoFrame, float]]:
    """Yield painted pictures in real time, each with the time since the first."""
    clock = MonotonicClock()
    scene = Scene(WIDTH, HEIGHT)
    began = clock.now()
    pace = PictureClock(began, float(RATE))
    number = 0
    while (age_s := (clock.now() - began) / 1e6) < seconds:
        time.sleep(max(0.0, pace.wait_s(clock.now())))
        number += 1
        drawn = scene.draw(number)
        at = clock.now()
        paint_i420(drawn, at)
        frame = av.VideoFrame.from_ndarray(drawn, format="yuv420p")
        frame.pts, frame.time_base = at - began, _MICROS
        yield frame, age_s


def _tone() -> Iterator[tuple[float, av.AudioFrame]]:
    """Yield blocks of a tone, each with the time it is due."""
    number = 0
    while True:
        at = np.arange(number * BLOCK, (number + 1) * BLOCK)
        wave = np.sin(at * (440 * 2 * np.pi / SAMPLE_RATE)) * 0.2
        frame = av.AudioFrame.from_ndarray(
            wave.astype(np.float32).reshape(1, -1), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = SAMPLE_RATE, number * BLOCK
        yield number * BLOCK / SAMPLE_RATE, frame
        number += 1


if __name__ == "__main__":
    publish(sys.argv[1], float(sys.argv[2]))
