"""
Which video nodes are cameras that a kiosk can use, and which of them is meant.

A camera is meant by a name that stays: a link below ``/dev/v4l/by-id`` or ``by-path``,
or the name that the device gives itself, whole or in part.  A node's number is none: it
changes with the order in which devices answer.  What is no webcam is left alone, above
all the nodes of a Raspberry Pi's camera module and of its encoders.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kiosk.errors import DeviceError
from kiosk.v4l2.node import DEVICE, Machine, Node, VideoNode, refusal
from kiosk.v4l2.uapi import Capability, FmtDesc, Ioctl
from kiosk.v4l2.uapi_numbers import BUF_TYPE_VIDEO_CAPTURE, Cap, Pixel, fourcc_text


ANYWHERE: Final = "/dev/v4l"
"""Stands for a camera that was not named and not found."""

MOST_FORMATS: Final = 64
"""A driver that names more counts wrongly."""

_OTHERS: Final = {
    **dict.fromkeys(
        ("unicam", "bcm2835-unicam", "bcm2835-isp", "rp1-cfe", "pispbe", "bm2835 mmal"),
        'part of a Raspberry Pi camera module: use [camera] device = "picamera2"',
    ),
    **dict.fromkeys(
        ("bcm2835-codec", "rpi-hevc-dec", "rpivid", "hantro-vpu", "vicodec"),
        "an encoder or decoder, no camera",
    ),
}
"""Drivers whose nodes look like cameras: why they are left alone."""


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """
    A camera that can be used.

    Attributes:
        node: Its device node.
        card: How it names itself.
        driver: The kernel's driver.
        bus: Where it is plugged in; several nodes of one device share it.
        pixels: The formats that the kiosk understands.

    """

    node: VideoNode
    card: str
    driver: str
    bus: str
    pixels: tuple[Pixel, ...]

    @property
    def stable_name(self) -> str:
        """What to write into the configuration to mean this one."""
        return next(iter(self.node.links), self.card)


@dataclass(frozen=True, slots=True)
class Survey:
    """
    What a look at all video nodes found.

    Attributes:
        cameras: Those that can be used, one a device.
        left_alone: The other nodes, with the reason.
        refused: Why nodes, or the folders they are in, could not be looked at.

    """

    cameras: tuple[FoundCamera, ...]
    left_alone: tuple[tuple[VideoNode, str], ...]
    refused: tuple[DeviceError, ...]


def survey(machine: Machine) -> Survey:
    """Look at all video nodes; takes milliseconds and starts nothing."""
    cameras: dict[str, FoundCamera] = {}
    left_alone: list[tuple[VideoNode, str]] = []
    refused: list[DeviceError] = []
    try:
        nodes = machine.nodes()
    except OSError as error:  # udev takes away a folder that is looked through
        return Survey((), (), (refusal(ANYWHERE, error, "cannot be looked through"),))
    for video_node in nodes:
        try:
            judged = _judged(machine, video_node)
        except OSError as error:
            refused.append(refusal(video_node.path, error, "cannot be opened"))
            continue
        if isinstance(judged, FoundCamera):
            # of several nodes of one device the first is the camera's main one
            cameras.setdefault(judged.bus or judged.node.path, judged)
        else:
            left_alone.append((video_node, judged))
    found = sorted(cameras.values(), key=lambda one: (one.bus, one.node.path))
    return Survey(tuple(found), tuple(left_alone), tuple(refused))


def choose(machine: Machine, wanted: str) -> FoundCamera:
    """
    Return the camera that is meant.

    Args:
        machine: Where to look.
        wanted: A stable name; empty where there is only one.

    Raises:
        DeviceError: If there is none such, or more than one: thing, cause, cure.

    """
    seen = survey(machine)
    fitting = [one for one in seen.cameras if _is_meant(one, wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DeviceError(DEVICE, wanted or ANYWHERE, _ambiguous(fitting))
    for video_node, why in seen.left_alone:
        if wanted and wanted in (video_node.path, *video_node.links):
            raise DeviceError(DEVICE, wanted, f"is {why}; {_offer(seen.cameras)}")
    if seen.refused:
        raise seen.refused[0]
    if not wanted:
        raise DeviceError(DEVICE, ANYWHERE, "there is no USB camera; plug one in")
    raise DeviceError(DEVICE, wanted, f"is not there; {_offer(seen.cameras)}")


def _judged(machine: Machine, video_node: VideoNode) -> FoundCamera | str:
    node = machine.open(video_node.path)
    try:
        asked = Capability()
        node.ioctl(Ioctl.QUERYCAP, asked)
        can = Cap(asked.capabilities)
        can = Cap(asked.device_caps) if Cap.DEVICE_CAPS in can else can
        driver = _text(asked.driver)
        if why := _OTHERS.get(driver) or _shortcoming(can):
            return why
        formats = pixel_formats(node)
        pixels = tuple(Pixel(one) for one in formats if one in set(Pixel))
        if not pixels:
            names = ", ".join(fourcc_text(one) for one in formats) or "nothing"
            return f"a camera of pictures that are no use here ({names})"
        card, bus = _text(asked.card), _text(asked.bus_info)
        return FoundCamera(video_node, card, driver, bus, pixels)
    finally:
        node.close()


def pixel_formats(node: Node) -> list[int]:
    """Return the pixel formats of a capture device, the driver's favourite first."""
    formats: list[int] = []
    with suppress(OSError):  # EINVAL after the last
        for index in range(MOST_FORMATS):
            asked = FmtDesc(index=index, type=BUF_TYPE_VIDEO_CAPTURE)
            node.ioctl(Ioctl.ENUM_FMT, asked)
            formats.append(asked.pixelformat)
    return formats


def _shortcoming(can: Cap) -> str:
    if Cap.VIDEO_M2M in can or Cap.VIDEO_M2M_MPLANE in can:
        return "an encoder or decoder, no camera"
    if Cap.META_CAPTURE in can:
        return "a node for metadata, no camera"
    if Cap.VIDEO_CAPTURE_MPLANE in can:
        return "a part of a camera bridge that needs a program of its own"
    if Cap.VIDEO_CAPTURE not in can:
        return "no camera"
    if Cap.STREAMING not in can:
        return "a camera without streaming"
    return ""


def _is_meant(camera: FoundCamera, wanted: str) -> bool:
    if wanted.startswith("/"):
        return wanted in camera.node.links
    return wanted.casefold() in camera.card.casefold()


def _ambiguous(fitting: Sequence[FoundCamera]) -> str:
    names = " or ".join(f'"v4l2:{one.stable_name}"' for one in fitting)
    return f"{len(fitting)} cameras fit; set [camera] device to {names}"


def _offer(cameras: Sequence[FoundCamera]) -> str:
    names = " or ".join(f'"v4l2:{one.stable_name}"' for one in cameras)
    if not names:
        return "there is no USB camera; plug one in"
    return f"set [camera] device to what is there: {names}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()
