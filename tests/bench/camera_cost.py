"""
What a USB camera's pictures cost the processor, beside ffmpeg doing the same.

JPEGs of 1280x720, 4:2:2 as webcams make them, become H.264 of 640x360: decoded, scaled,
brought to limited range, encoded with the same settings at the same bit rate.  Both on
one thread and on the same pictures; time of the processor, not of the clock.  What
ffmpeg needs to start is taken off.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from kiosk.codec.captured_pictures import JPEG, CapturedForm, CapturedPictures
from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.codec.presets import PRESETS
from kiosk.devices.testing.v4l2_pictures import FakePictures
from kiosk.ports import AccessUnit, Micros
from kiosk.v4l2.uapi_numbers import Pixel
from tests.bench.report import Bar, Result, Table


SIZE = (1280, 720)
PRESET = PRESETS["360p"]
RATE = 30
SCALE = (
    f"scale={PRESET.width}:{PRESET.height}:flags=bilinear"
    ":in_range=full:out_range=limited,format=yuv420p"
)
COUNT, COUNT_FULL = 150, 600
ROUNDS = 3
MOST_TIMES = 1.25


def run(*, full: bool) -> Result:
    count = COUNT_FULL if full else COUNT
    jpegs = _jpegs(count)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):  # one after the other: the machine is not always as fast
        ours.append(_our_ms(jpegs))
        theirs.append(_ffmpeg_ms(jpegs))
    us, them = min(ours), min(theirs)
    percent = RATE / 10  # of a core, of ms a picture
    rows = [
        ("ours", us, us * percent),
        ("ffmpeg", them, them * percent),
    ]
    size = sum(map(len, jpegs)) / count / 1000
    return Result(
        "camera_cost",
        [
            Table(
                f"{count} JPEGs of 1280x720 ({size:.0f} kB) to H.264 of 640x360",
                ("", "ms of CPU a picture", f"% of a core at {RATE}"),
                rows,
            )
        ],
        [Bar("ours to ffmpeg's", us / them, MOST_TIMES, "times")],
        numbers={"ours_ms": ours, "ffmpeg_ms": theirs},
    )


def _jpegs(count: int) -> list[bytes]:
    pictures = FakePictures(Pixel.MJPEG, *SIZE)
    return [pictures.taken(_time(number), 0, idr=False) for number in range(count)]


def _time(number: int) -> Micros:
    return Micros(1_000_000 + number * 1_000_000 // RATE)


def _our_ms(jpegs: list[bytes]) -> float:
    pictures = CapturedPictures(
        CapturedForm(JPEG, *SIZE, 0), PRESET.width, PRESET.height
    )
    encoder = H264Encoder(
        width=PRESET.width,
        height=PRESET.height,
        picture_rate=RATE,
        bitrate=PRESET.bitrate,
        ceiling=PRESET.bitrate,
        gop_s=10.0,
    )
    units: list[AccessUnit] = []
    wishes = EncoderWishes(PRESET.bitrate, RATE)
    live = LiveEncoder(encoder, wishes, RATE, units.append, None)
    began = time.process_time()
    for number, jpeg in enumerate(jpegs):
        draw = partial(_drawn, pictures, memoryview(jpeg))
        live.offer(draw, _time(number))
    spent = time.process_time() - began
    assert len(units) == len(jpegs)
    return spent * 1000 / len(jpegs)


def _drawn(pictures: CapturedPictures, jpeg: memoryview, _: Micros) -> I420:
    return pictures.picture(jpeg)


def _ffmpeg_ms(jpegs: list[bytes]) -> float:
    return (_ffmpeg_s(jpegs) - _ffmpeg_s(jpegs[:1])) * 1000 / (len(jpegs) - 1)


def _ffmpeg_s(jpegs: list[bytes]) -> float:
    bps = str(PRESET.bitrate)
    with tempfile.NamedTemporaryFile(suffix=".mjpeg") as film:
        Path(film.name).write_bytes(b"".join(jpegs))
        before = _children_s()
        subprocess.run(
            [
                *("ffmpeg", "-v", "error", "-nostdin", "-threads", "1"),
                *("-framerate", str(RATE), "-f", "mjpeg", "-i", film.name),
                *("-filter_threads", "1", "-vf"),
                SCALE,
                *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"),
                *("-threads", "1", "-b:v", bps, "-maxrate", bps, "-bufsize", "150k"),
                *("-g", str(10 * RATE), "-f", "h264", "-y", "/dev/null"),
            ],
            check=True,
            timeout=120,
        )
        return _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
