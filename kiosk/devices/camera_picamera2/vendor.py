"""
picamera2 and libcamera: what is used of them, found when a camera is first wanted.

Both come from the distribution (libcamera is not on PyPI), so they may be absent;
then the error says which package to install.  Nothing else here imports them.
"""

from __future__ import annotations

import fcntl
import gc
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from kiosk.errors import DeviceError


ENCODER_NODE: Final = "/dev/video11"
"""Where the firmware's H.264 encoder is; picamera2 opens this very path."""

ENCODER_CARD: Final = b"bcm2835-codec-encode"
"""What its driver calls itself (``bcm2835-v4l2-codec.c``)."""

_QUERYCAP: Final = 0x80685600  # VIDIOC_QUERYCAP
_CAPABILITY_BYTES: Final = 104
_CARD: Final = slice(16, 48)

_PACKAGES: Final = {
    "picamera2": "python3-picamera2",
    "libcamera": "python3-libcamera",
}


class Request(Protocol):
    """One picture of all streams: ``picamera2.request.CompletedRequest``."""

    request: Any
    stream_map: Mapping[str, Any]

    def acquire(self) -> None:
        """Keep it from going back to the camera."""
        ...

    def release(self) -> None:
        """Let it go back to the camera; any thread."""
        ...

    def get_metadata(self) -> Mapping[str, Any]:
        """Return what libcamera says of the picture."""
        ...

    def make_buffer(self, name: str) -> Any:
        """Return a copy of a stream's bytes as a numpy array."""
        ...


class Vendor(Protocol):
    """
    The parts of picamera2 that a camera needs.

    Attributes:
        cameras: Returns ``Picamera2.global_camera_info()``: ``Id``, ``Model``...
        open_camera: Opens the camera of that ordinal; a ``Picamera2``.
        close_camera: Closes it and gives back all that it held.
        output: The class ``picamera2.outputs.Output``.
        encoder: The class of the hardware H.264 encoder; None where there is none.
        ioctl: ``fcntl.ioctl``, on the encoder's own descriptor.
        colour_space: ITU-R BT.601, limited range, as libcamera's value.

    """

    @property
    def cameras(self) -> Callable[[], Sequence[Mapping[str, Any]]]: ...  # noqa: D102
    @property
    def open_camera(self) -> Callable[[int], Any]: ...  # noqa: D102
    @property
    def close_camera(self) -> Callable[[Any], None]: ...  # noqa: D102
    @property
    def output(self) -> type[Any]: ...  # noqa: D102
    @property
    def encoder(self) -> type[Any] | None: ...  # noqa: D102
    @property
    def ioctl(self) -> Callable[[int, int, bytes], bytes]: ...  # noqa: D102
    @property
    def colour_space(self) -> Any: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class InstalledVendor:
    """Implements :class:`Vendor` with what is installed."""

    cameras: Callable[[], Sequence[Mapping[str, Any]]]
    open_camera: Callable[[int], Any]
    close_camera: Callable[[Any], None]
    output: type[Any]
    encoder: type[Any] | None
    ioctl: Callable[[int, int, bytes], bytes]
    colour_space: Any


def load_vendor() -> Vendor:
    """
    Import picamera2, which takes a second or two the first time.

    Raises:
        DeviceError: It, or what it stands on, is not installed.

    """
    try:
        picamera2 = import_module("picamera2")
        libcamera = import_module("libcamera")
        output = import_module("picamera2.outputs").Output
        encoder = _hardware_encoder() if has_encoder() else None
    except ImportError as error:
        name = (error.name or "picamera2").partition(".")[0]
        package = _PACKAGES.get(name, f"python3-{name}")
        reason = f"the module {name} is not there; apt install {package}"
        raise DeviceError("camera", "picamera2", reason) from error
    return InstalledVendor(
        cameras=picamera2.Picamera2.global_camera_info,
        open_camera=_opener(picamera2.Picamera2),
        close_camera=closed,
        output=output,
        encoder=encoder,
        ioctl=fcntl.ioctl,
        colour_space=libcamera.ColorSpace.Smpte170m(),
    )


def has_encoder(node: str = ENCODER_NODE) -> bool:
    """
    Say whether this board's firmware encodes H.264; a Raspberry Pi 5's does not.

    picamera2's own answer is not used: off a Raspberry Pi it takes every machine
    for one with an encoder.
    """
    try:
        fd = os.open(node, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return Path(node).exists()  # somebody's, or not for us: starting it tells why
    try:
        answer = fcntl.ioctl(fd, _QUERYCAP, bytes(_CAPABILITY_BYTES))
    except OSError:
        return False
    finally:
        os.close(fd)
    return answer[_CARD].rstrip(b"\0") == ENCODER_CARD


def _hardware_encoder() -> type[Any]:
    # by its module: the package gives libx264's under the same name elsewhere
    encoder: type[Any] = import_module("picamera2.encoders.h264_encoder").H264Encoder
    return encoder


def _opener(camera_class: type[Any]) -> Callable[[int], Any]:
    """Return what opens a camera; libcamera's other pipelines need a bridge."""

    def open_camera(number: int) -> Any:
        known = camera_class.global_camera_info()[number]
        if is_board_camera(known):
            return opened(camera_class, number)
        bridge = import_module("kiosk.devices.camera_picamera2.other_pipelines")
        return opened(bridge.bridged(camera_class), number)

    return open_camera


def is_board_camera(known: Mapping[str, Any]) -> bool:
    """Say whether a camera is on the board's own connector, by libcamera's name."""
    return str(known["Id"]).startswith("/base/")  # its place in the device tree


def opened(camera_class: Any, number: int) -> Any:
    """
    Return a new ``Picamera2``, and leave nothing behind where that fails.

    Its constructor makes a pipe first, of which it forgets one end when it fails
    (0.3.38): a kiosk that tries a busy camera again and again ends at the limit.
    """
    camera: Any = object.__new__(camera_class)
    try:
        camera_class.__init__(camera, number)
    except BaseException:
        _close_pipe(camera)
        raise
    return camera


def closed(camera: Any) -> None:
    """
    Close a ``Picamera2``, and everything that it leaves behind (0.3.38).

    That is a new allocator with a descriptor, and the selector of a thread that ended;
    both lie in cycles of references, which Python would look for some day.

    Raises:
        RuntimeError: libcamera cannot close it.

    """
    try:
        camera.close()
    except RuntimeError:
        if camera.is_open:
            raise  # else it is closed, and only its new allocator could not be made
    camera.allocator = _NoAllocator()
    camera.post_callback = None
    gc.collect()


class _NoAllocator:
    """Stands where a closed camera had its memory, for pictures released late."""

    def release(self, buffers: Any) -> None:
        """Nothing to do: the memory goes with the last who holds it."""


def _close_pipe(camera: Any) -> None:
    reader: Any = getattr(camera, "notifymeread", None)
    if reader is not None and not reader.closed:
        reader.close()
        os.close(camera.notifyme_w)


def struct_control(number: int, value: int) -> bytes:
    """Return a ``struct v4l2_control``."""
    return struct.pack("<Ii", number, value)


def value_of_control(answer: bytes) -> int:
    """Return the value in a ``struct v4l2_control``."""
    value: int = struct.unpack("<Ii", answer)[1]
    return value
