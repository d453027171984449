"""
ffmpeg as the peer: publishes our clip with sound, and plays with low latency.

The options are those of every forum, best ones first.
With picture *and* sound the shortest probe sees only the sound, so the
analysis gets 100 ms; that costs nothing once the stream runs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess
import time
from collections.abc import Callable, Generator, Sequence

import numpy as np

from kiosk.codec import painted_clock
from kiosk.devices.clock_monotonic import MonotonicClock
from tests.bench.ages import Ages
from tests.bench.processes import our_module, program, running


WIDTH, HEIGHT, RATE, KBPS = 640, 360, 30, 600
_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031

SINE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000")
"""Made as fast as the pictures need it: kinder to the peer than a microphone."""

PACED_SINE = ("-re", *SINE)
"""In real time, as a microphone delivers."""

_SEND = ("-flush_packets", "1", "-max_interleave_delta", "1", "-f", "flv")
_LOW_DELAY = ("-flags", "low_delay", "-threads", "1", "-tcp_nodelay", "1")

PULLS = {
    "nobuffer low_delay probesize 5000": (
        *("-fflags", "nobuffer", *_LOW_DELAY),
        *("-probesize", "5000", "-analyzeduration", "100000"),
    ),
    "low_delay probesize 20000": (
        *_LOW_DELAY,
        *("-probesize", "20000", "-analyzeduration", "100000"),
    ),
    "nobuffer low_delay probesize 32": (
        *("-fflags", "nobuffer", *_LOW_DELAY),
        *("-probesize", "32", "-analyzeduration", "0"),
    ),
}


def _here(*command: str) -> list[str]:
    return list(command)


def _encode(kbps: int) -> tuple[str, ...]:
    return (
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"),
        *("-threads", "1", "-g", str(RATE), "-b:v", f"{kbps}k"),
        *("-maxrate", f"{kbps}k", "-bufsize", f"{kbps // 4}k", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "48k", "-ac", "1"),
    )


@contextlib.contextmanager
def ffmpeg_push(
    url: str,
    sound: Sequence[str],
    place: Callable[..., list[str]] = _here,
    kbps: int = KBPS,
) -> Generator[subprocess.Popen[bytes]]:
    """
    Publish the painted clip with a sine; yield the process of ffmpeg.

    Args:
        url: Where to.
        sound: Input options of the sine.
        place: Makes of a command one that runs elsewhere.
        kbps: Of the pictures.

    """
    with running(*our_module("painted_feed", WIDTH, HEIGHT, RATE)) as feed:
        assert feed.stdout is not None
        fcntl.fcntl(feed.stdout.fileno(), _F_SETPIPE_SZ, _PIPE_BYTES)
        command = (
            *(program("ffmpeg"), "-v", "fatal", "-probesize", "32"),
            *("-analyzeduration", "0", "-f", "rawvideo", "-pix_fmt", "yuv420p"),
            *("-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "pipe:0", *sound),
            *("-map", "0:v", "-map", "1:a", *_encode(kbps), *_SEND),
            *("-tcp_nodelay", "1", url),
        )
        elsewhere = place(*command)
        with running(*elsewhere, stdin=feed.stdout, keep=False) as push:
            yield push


def ffmpeg_pull(url: str, options: Sequence[str], seconds: float) -> Ages:
    """Decode a stream for so long and return how old its pictures were."""
    command = (
        *(program("ffmpeg"), "-v", "quiet", "-nostdin", *options, "-i", url),
        *("-map", "0:v", "-f", "rawvideo", "-pix_fmt", "gray"),
        *("-fps_mode", "passthrough", "-flush_packets", "1", "-"),
    )
    clock = MonotonicClock()
    ages = Ages()
    until = time.monotonic() + seconds
    picture = bytearray()
    with running(*command) as pull:
        assert pull.stdout is not None
        pipe = pull.stdout.fileno()
        fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_BYTES)
        while time.monotonic() < until:
            if not select.select([pipe], [], [], 0.1)[0]:
                continue
            read = os.read(pipe, WIDTH * HEIGHT - len(picture))
            if not read:
                break
            picture += read
            if len(picture) == WIDTH * HEIGHT:
                now = clock.now()
                luma = np.frombuffer(bytes(picture), np.uint8).reshape(HEIGHT, WIDTH)
                ages.add(now, painted_clock.read(luma, now))
                picture.clear()
    return ages


@contextlib.contextmanager
def ffmpeg_player(url: str) -> Generator[subprocess.Popen[bytes]]:
    """Decode picture and sound of a stream and throw both away."""
    options = PULLS["low_delay probesize 20000"]
    command = (
        *(program("ffmpeg"), "-v", "quiet", "-nostdin", *options, "-i", url),
        *("-map", "0:v", "-map", "0:a", "-c:v", "rawvideo", "-c:a", "pcm_s16le"),
        *("-f", "null", "-"),
    )
    with running(*command, keep=False) as player:
        yield player
