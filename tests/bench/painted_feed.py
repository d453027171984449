"""
The clip of our synthetic camera, uncoded, for an encoder that is not ours.

``python -m tests.bench.painted_feed WIDTH HEIGHT RATE`` writes I420 pictures
with the painted clock to its standard output, in real time, until that closes.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time

from kiosk.codec.pacing import PictureClock
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.scene import Scene
from kiosk.devices.clock_monotonic import MonotonicClock


def feed(width: int, height: int, rate: float) -> None:
    clock = MonotonicClock()
    scene = Scene(width, height)
    pace = PictureClock(clock.now(), rate)
    number = 0
    while True:
        time.sleep(max(0.0, pace.wait_s(clock.now())))
        number += 1
        at = clock.now()
        picture = scene.draw(number)
        paint_i420(picture, at)
        rest = memoryview(picture.tobytes())
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        feed(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
