"""The kernel's own test camera, where its module is loaded."""

from __future__ import annotations

import pytest

from kiosk.devices.camera_v4l2 import V4l2Camera
from kiosk.ports import Bitrate, Clock
from kiosk.v4l2 import uapi
from kiosk.v4l2.discovery import FoundCamera, survey
from kiosk.v4l2.node import ThisMachine
from kiosk.v4l2.uapi import Ioctl


DRIVER = "vivid"
RATE = 15.0
"""Pictures a second; an emulated processor has no more."""

# drivers/media/test-drivers/vivid/vivid-ctrls.c: VIVID_CID_VIVID_BASE; the numbers of
# patterns are those of include/media/tpg/v4l2-tpg.h
_TEST_PATTERN = 0x00F0_F000
COLOR_SQUARES, NOISE = 4, 21


def found_vivid(pattern: int = NOISE) -> FoundCamera:
    """
    Return the camera of the module ``vivid``, set to a pattern; skips without one.

    Noise changes with each picture, and costs an encoder what a real picture does.
    """
    found = [one for one in survey(ThisMachine()).cameras if one.driver == DRIVER]
    if not found:
        pytest.skip("needs a V4L2 device of the kernel module vivid")
    node = ThisMachine().open(found[0].node.path)
    try:
        node.ioctl(Ioctl.S_CTRL, uapi.Control(id=_TEST_PATTERN, value=pattern))
    finally:
        node.close()
    return found[0]


def vivid_camera(clock: Clock, size: tuple[int, int]) -> V4l2Camera:
    """Return the adapter on it, for pictures of a size."""
    return V4l2Camera(
        clock,
        found_vivid().stable_name,
        width=size[0],
        height=size[1],
        picture_rate=RATE,
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
    )
