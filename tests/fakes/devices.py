"""The adapters of each device port, and of each one that cannot be opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from kiosk.devices.camera_file import FileCamera
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_file import FileMicrophone
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_file import FileSpeaker
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.ports import Bitrate, Camera, Microphone, Probe, Speaker
from tests.fakes.clips import write_sound, write_video


SIZE = (320, 240)
CLOCK = MonotonicClock()


class Device(Protocol):
    """What camera, microphone and speaker have in common."""

    @property
    def is_open(self) -> bool: ...

    def probe(self) -> Probe: ...

    def close(self) -> None: ...


D_co = TypeVar("D_co", bound=Device, covariant=True)


@dataclass(frozen=True)
class Pair(Generic[D_co]):
    """A device that is there, and one of its kind that is not."""

    present: D_co
    absent: D_co


Make = Callable[[Path], Pair[D_co]]
"""Makes a pair from files in a folder; opens neither."""


def _synthetic_camera(*, absent: bool = False) -> Camera:
    return SyntheticCamera(
        CLOCK,
        width=SIZE[0],
        height=SIZE[1],
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        absent=absent,
    )


def _file_camera(path: str) -> Camera:
    return FileCamera(
        CLOCK,
        path,
        width=SIZE[0],
        height=SIZE[1],
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
    )


CAMERAS: Mapping[str, Make[Camera]] = {
    "synthetic": lambda _: Pair(_synthetic_camera(), _synthetic_camera(absent=True)),
    "file": lambda folder: Pair(
        _file_camera(write_video(folder / "clip.mp4", grain=40)),
        _file_camera(str(folder / "none.mp4")),
    ),
}
MICROPHONES: Mapping[str, Make[Microphone]] = {
    "synthetic": lambda _: Pair(
        SyntheticMicrophone(CLOCK), SyntheticMicrophone(CLOCK, absent=True)
    ),
    "file": lambda folder: Pair(
        FileMicrophone(CLOCK, write_sound(folder / "sound.wav", seconds=0.3)),
        FileMicrophone(CLOCK, str(folder / "none.wav")),
    ),
}
SPEAKERS: Mapping[str, Make[Speaker]] = {
    "synthetic": lambda _: Pair(
        SyntheticSpeaker(CLOCK), SyntheticSpeaker(CLOCK, absent=True)
    ),
    "file": lambda folder: Pair(
        FileSpeaker(CLOCK, str(folder / "out.wav")),
        FileSpeaker(CLOCK, str(folder / "none" / "out.wav")),
    ),
}
