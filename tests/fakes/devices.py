"""The adapters of each device port, and of each one that cannot be opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from kiosk.alsa.testing import FakeSound
from kiosk.devices.camera_file import FileCamera
from kiosk.devices.camera_picamera2 import Picamera2Camera
from kiosk.devices.camera_synthetic import SENSOR, SyntheticCamera
from kiosk.devices.camera_v4l2 import V4l2Camera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_alsa import AlsaMicrophone
from kiosk.devices.microphone_file import FileMicrophone
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_alsa import AlsaSpeaker
from kiosk.devices.speaker_file import FileSpeaker
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.devices.testing.picamera2_board import FakeBoard
from kiosk.devices.testing.v4l2_machine import FakeMachine
from kiosk.devices.testing.v4l2_webcam import FakeWebcam, Offer
from kiosk.ports import Bitrate, Camera, Microphone, Probe, Speaker
from kiosk.simulator.plugs import HeardSpeaker, PluggedCamera, PluggedMicrophone
from kiosk.simulator.switches import Switch, Switches
from kiosk.v4l2.uapi_numbers import Cid, Pixel
from tests.fakes.alsa import LOOPBACK_HEARS, LOOPBACK_PLAYS, loopback
from tests.fakes.clips import write_sound, write_video
from tests.fakes.virtual_camera import virtual_camera
from tests.fakes.vivid import vivid_camera


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
    """
    A device that is there, and one of its kind that is not.

    Attributes:
        still_size: Of a camera's still.

    """

    present: D_co
    absent: D_co
    still_size: tuple[int, int] = SENSOR


Make = Callable[[Path], Pair[D_co]]
"""Makes a pair from files in a folder; opens neither."""


def pulled(switch: Switch) -> Switches:
    """Return switches of which one is on."""
    switches = Switches()
    switches.throw(switch, on=True)
    return switches


def synthetic_camera(*, absent: bool = False) -> Camera:
    return SyntheticCamera(
        CLOCK,
        width=SIZE[0],
        height=SIZE[1],
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        absent=absent,
    )


def board_camera(
    board: FakeBoard, which: str = "", *, picture_rate: float = 30.0
) -> Picamera2Camera:
    return Picamera2Camera(
        CLOCK,
        which,
        width=SIZE[0],
        height=SIZE[1],
        picture_rate=picture_rate,
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        vendor=board.load,
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


def _alsa_microphone(folder: Path) -> Pair[Microphone]:
    sound = FakeSound(folder, CLOCK)
    sound.add("Device")
    return Pair(
        AlsaMicrophone(CLOCK, machine=sound.machine),
        AlsaMicrophone(CLOCK, "Gone", machine=sound.machine),
    )


def _alsa_speaker(folder: Path) -> Pair[Speaker]:
    sound = FakeSound(folder, CLOCK)
    sound.add("Device")
    return Pair(
        AlsaSpeaker(CLOCK, machine=sound.machine),
        AlsaSpeaker(CLOCK, "Gone", machine=sound.machine),
    )


def _loopback_microphone(_: Path) -> Pair[Microphone]:
    loopback()
    return Pair(AlsaMicrophone(CLOCK, LOOPBACK_HEARS), AlsaMicrophone(CLOCK, "Gone"))


def _loopback_speaker(_: Path) -> Pair[Speaker]:
    loopback()
    return Pair(AlsaSpeaker(CLOCK, LOOPBACK_PLAYS), AlsaSpeaker(CLOCK, "Gone"))


def _v4l2_camera(*webcams: FakeWebcam) -> Camera:
    return V4l2Camera(
        CLOCK,
        width=SIZE[0],
        height=SIZE[1],
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        machine=FakeMachine(*webcams),
    )


def _webcam_pair(pixel: Pixel) -> Pair[Camera]:
    controls = {Cid.MPEG_VIDEO_FORCE_KEY_FRAME: 0, Cid.MPEG_VIDEO_BITRATE: 0}
    webcam = FakeWebcam(
        CLOCK,
        offers=(Offer(pixel),),
        controls=controls if pixel is Pixel.H264 else {},
        padding=0 if pixel is Pixel.YUV420 else 32,
    )
    return Pair(_v4l2_camera(webcam), _v4l2_camera(), SIZE)


def _vivid_pair() -> Pair[Camera]:
    return Pair(vivid_camera(CLOCK, SIZE), _v4l2_camera(), (640, 480))


CAMERAS: Mapping[str, Make[Camera]] = {
    "v4l2-nv12": lambda _: _webcam_pair(Pixel.NV12),
    "v4l2-yuv420": lambda _: _webcam_pair(Pixel.YUV420),
    "v4l2-yuyv": lambda _: _webcam_pair(Pixel.YUYV),
    "v4l2-uyvy": lambda _: _webcam_pair(Pixel.UYVY),
    "v4l2-mjpeg": lambda _: _webcam_pair(Pixel.MJPEG),
    "v4l2-h264": lambda _: _webcam_pair(Pixel.H264),
    "v4l2-vivid": lambda _: _vivid_pair(),
    "synthetic": lambda _: Pair(synthetic_camera(), synthetic_camera(absent=True)),
    "plugged": lambda _: Pair(
        PluggedCamera(synthetic_camera(), Switches()),
        PluggedCamera(synthetic_camera(), pulled(Switch.CAMERA)),
    ),
    "picamera2-virtual": lambda _: Pair(
        virtual_camera(CLOCK, SIZE), board_camera(FakeBoard(cameras=())), SIZE
    ),
    "picamera2-vc4": lambda _: Pair(
        board_camera(FakeBoard()), board_camera(FakeBoard(cameras=())), SIZE
    ),
    "picamera2-pisp": lambda _: Pair(
        board_camera(FakeBoard(has_encoder=False)),
        board_camera(FakeBoard(cameras=(), has_encoder=False)),
        SIZE,
    ),
    "file": lambda folder: Pair(
        _file_camera(write_video(folder / "clip.mp4", grain=40)),
        _file_camera(str(folder / "none.mp4")),
        (160, 120),
    ),
}
MICROPHONES: Mapping[str, Make[Microphone]] = {
    "synthetic": lambda _: Pair(
        SyntheticMicrophone(CLOCK), SyntheticMicrophone(CLOCK, absent=True)
    ),
    "plugged": lambda _: Pair(
        PluggedMicrophone(SyntheticMicrophone(CLOCK), Switches()),
        PluggedMicrophone(SyntheticMicrophone(CLOCK), pulled(Switch.MICROPHONE)),
    ),
    "file": lambda folder: Pair(
        FileMicrophone(CLOCK, write_sound(folder / "sound.wav", seconds=0.3)),
        FileMicrophone(CLOCK, str(folder / "none.wav")),
    ),
    "alsa": _alsa_microphone,
    "loopback": _loopback_microphone,
}
SPEAKERS: Mapping[str, Make[Speaker]] = {
    "synthetic": lambda _: Pair(
        SyntheticSpeaker(CLOCK), SyntheticSpeaker(CLOCK, absent=True)
    ),
    "heard": lambda _: Pair(
        HeardSpeaker(SyntheticSpeaker(CLOCK), lambda _pcm: None),
        HeardSpeaker(SyntheticSpeaker(CLOCK, absent=True), lambda _pcm: None),
    ),
    "file": lambda folder: Pair(
        FileSpeaker(CLOCK, str(folder / "out.wav")),
        FileSpeaker(CLOCK, str(folder / "none" / "out.wav")),
    ),
    "alsa": _alsa_speaker,
    "loopback": _loopback_speaker,
}
