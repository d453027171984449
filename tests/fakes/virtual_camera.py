"""libcamera's camera that draws, where picamera2, libcamera and its pipeline are."""

from __future__ import annotations

import pytest

from kiosk.devices.camera_picamera2 import Picamera2Camera
from kiosk.devices.camera_picamera2.vendor import load_vendor
from kiosk.errors import DeviceError
from kiosk.ports import Bitrate, Clock


NAME = "Virtual0"
RATE = 15.0
"""Pictures a second; an emulated processor has no more."""
CLOSE_S = 10.0
"""What an emulated processor may take for libcamera's second."""


def virtual_camera(clock: Clock, size: tuple[int, int]) -> Picamera2Camera:
    """Return the adapter on it, for pictures of a size; skips the test without one."""
    try:
        there = [str(known["Id"]) for known in load_vendor().cameras()]
    except DeviceError:
        there = []
    if NAME not in there:
        pytest.skip("needs libcamera's virtual camera: the virtual appliance has one")
    return Picamera2Camera(
        clock,
        NAME,
        width=size[0],
        height=size[1],
        picture_rate=RATE,
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        close_s=CLOSE_S,
    )
