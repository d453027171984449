"""
An agent made of other people's programs: curl makes the room calls, ffmpeg the media.

It follows the first generation's documented calls by hand (``double_room``, no
login) and knows nothing of this product but its room server's URL.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes.branch import ask
from tests.fakes.hearing import RATE, Pcm, samples_of
from tests.fakes.painted_time import painted_seconds
from tests.fakes.strangers import program


CLIP_HZ = 440
WIDTH, HEIGHT = 160, 90
HEARTBEAT_S = 4.0

_VIDEO = re.compile(r"Parsed_showinfo.* pts_time:([0-9.]+)")
_SOUND = re.compile(r"Parsed_ashowinfo.* pts_time:([0-9.]+).* nb_samples:(\d+)")


def make_clip(path: Path, seconds: int = 20) -> Path:
    """Make a real clip: no B-frames, an IDR a second, 44.1 kHz stereo."""
    subprocess.run(
        [
            *(program("ffmpeg"), "-nostdin", "-loglevel", "error"),
            *("-f", "lavfi", "-i", "testsrc2=size=480x270:rate=30"),
            *("-f", "lavfi", "-i", f"sine=frequency={CLIP_HZ}:sample_rate=44100"),
            *("-t", str(seconds), "-pix_fmt", "yuv420p", "-c:v", "libx264"),
            *("-preset", "ultrafast", "-bf", "0", "-g", "30", "-b:v", "600k"),
            *("-af", "volume=12dB", "-c:a", "aac", "-b:a", "96k", "-ac", "2"),
            str(path),
        ],
        check=True,
        timeout=20,
    )
    return path


@contextmanager
def running(log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block is left; what it says goes to ``log``."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class StrangerAgent:
    """Opens the room ``service`` and sits in it; :meth:`beat` keeps the seat."""

    def __init__(self, server_url: str) -> None:
        self._url = server_url
        login = ask(server_url, "get_im_login_info", {"userIDPrefix": "weixin"})
        self.user_id = str(login["userID"])
        self.push_url = str(
            ask(server_url, "get_push_url", {"userID": self.user_id})["pushURL"]
        )
        self.room_id = ""
        self._beat_at = 0.0

    def open_room(self) -> None:
        """Create the room; our stream must run by now."""
        self.room_id = ask(
            self._url,
            "create_room",
            {
                "userID": self.user_id,
                "roomName": "service",
                "userName": "Stranger",
                "userAvatar": "x",
                "pushURL": self.push_url,
            },
        )["roomID"]
        self.beat()

    def beat(self) -> None:
        """Send a heartbeat if one is due."""
        if time.monotonic() - self._beat_at > HEARTBEAT_S:
            self._beat_at = time.monotonic()
            beat = {"roomID": self.room_id, "userID": self.user_id}
            ask(self._url, "pusher_heartbeat", beat)

    def others(self) -> list[dict[str, Any]]:
        """Return the other members, as ``get_pushers`` tells them."""
        self.beat()
        members = ask(self._url, "get_pushers", {"roomID": self.room_id})["pushers"]
        return [member for member in members if member["userID"] != self.user_id]

    def wait_for_play_url(self, other_than: str = "", seconds: float = 10.0) -> str:
        """Return where the first of the others can be watched."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for member in self.others():
                if member["accelerateURL"] not in ("", other_than):
                    return str(member["accelerateURL"])
            time.sleep(0.05)
        raise AssertionError(f"nobody else in {self.room_id} within {seconds:g} s")

    def leave(self) -> None:
        ask(
            self._url,
            "delete_pusher",
            {"roomID": self.room_id, "userID": self.user_id},
        )


def push(clip: Path, url: str) -> list[str]:
    """Return a command that publishes a clip in real time, again and again."""
    return [
        *(program("ffmpeg"), "-nostdin", "-loglevel", "warning", "-re"),
        *("-stream_loop", "-1", "-i", str(clip)),
        *("-c", "copy", "-f", "flv", url),
    ]


@dataclass(frozen=True)
class Sound:
    """Decoded sound on the time line of who sent it, in monotonic seconds."""

    starts_s: float
    samples: Pcm

    @property
    def ends_s(self) -> float:
        return self.starts_s + self.samples.size / RATE

    def between(self, from_s: float, until_s: float) -> Pcm:
        """Return the part of it that was captured between two moments."""
        first = max(0, round((from_s - self.starts_s) * RATE))
        return self.samples[first : max(0, round((until_s - self.starts_s) * RATE))]


class Pull:
    """A stream as ffmpeg decodes it: small grey pictures, PCM, and their times."""

    def __init__(self, folder: Path, name: str = "pull") -> None:
        self._log = folder / f"{name}.log"
        self._pictures = folder / f"{name}.grey"
        self._sound = folder / f"{name}.pcm"

    @contextmanager
    def running(self, url: str) -> Iterator[subprocess.Popen[bytes]]:
        """Pull until the block is left."""
        for file in (self._pictures, self._sound):
            file.write_bytes(b"")
        command = [
            *(program("ffmpeg"), "-nostdin", "-hide_banner", "-y", "-copyts"),
            *("-probesize", "500000", "-analyzeduration", "700000", "-i", url),
            *("-map", "0:v", "-vf", f"showinfo=checksum=0,scale={WIDTH}:{HEIGHT}"),
            *("-pix_fmt", "gray", "-fps_mode", "passthrough", "-flush_packets", "1"),
            *("-f", "rawvideo", str(self._pictures)),
            *("-map", "0:a", "-af", "ashowinfo", "-ac", "1", "-ar", str(RATE)),
            *("-flush_packets", "1", "-f", "s16le", str(self._sound)),
        ]
        with running(self._log, *command) as process:
            yield process

    @property
    def seconds_heard(self) -> float:
        """How much sound is decoded by now."""
        return self._sound.stat().st_size / 2 / RATE

    @property
    def n_pictures(self) -> int:
        return self._pictures.stat().st_size // (WIDTH * HEIGHT)

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    @property
    def picture_times(self) -> list[float]:
        """Presentation times of the pictures, in seconds of the stream."""
        return [float(found[1]) for found in _VIDEO.finditer(self.log)]

    @property
    def picture_rate(self) -> float:
        """Pictures a second on the stream's own time line."""
        times = self.picture_times
        return (len(times) - 1) / (times[-1] - times[0])

    def samples(self) -> Pcm:
        """Return all sound, as it was put out."""
        return samples_of(self._sound.read_bytes())

    def sound(self) -> Sound:
        """Return all sound on the sender's monotonic clock; once pulling is over."""
        offset = self._stream_to_monotonic()
        blocks = [
            (float(found[1]), int(found[2])) for found in _SOUND.finditer(self.log)
        ]
        begins = blocks[0][0]
        placed = np.zeros(round((blocks[-1][0] - begins) * RATE) + RATE, "<i2")
        samples, taken, end = self.samples(), 0, 0
        for at, size in blocks:
            block = samples[taken : taken + size]
            taken += size
            first = round((at - begins) * RATE)
            placed[first : first + block.size] = block
            end = first + block.size
        return Sound(begins + offset, placed[:end])

    def _stream_to_monotonic(self) -> float:
        """Return what to add to stream time, from the clock in the pictures."""
        near = time.monotonic()
        octets = self._pictures.read_bytes()
        size = WIDTH * HEIGHT
        offsets: list[float] = []
        for number, at in enumerate(self.picture_times):
            grey = octets[number * size : (number + 1) * size]
            painted = painted_seconds(grey, WIDTH, near) if len(grey) == size else None
            if painted is not None:
                offsets.append(painted - at)
        assert offsets, f"no picture carries a clock:\n{self.log[-2000:]}"
        return float(np.median(offsets))
