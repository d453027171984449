"""
The knobs of a camera: bit rate and IDR of its own encoder, and how long it exposes.

Each is there or not, as the driver says; nothing is remembered.
"""

from __future__ import annotations

from typing import Final

from kiosk.v4l2 import uapi
from kiosk.v4l2.modes import Mode
from kiosk.v4l2.node import Node
from kiosk.v4l2.uapi import Ioctl
from kiosk.v4l2.uapi_numbers import CTRL_FLAG_DISABLED, Cid


_EXPOSURE_UNIT_US: Final = 100


def has_control(node: Node, control: Cid) -> bool:
    """Say whether a control is there."""
    asked = uapi.QueryCtrl(id=control)
    try:
        node.ioctl(Ioctl.QUERYCTRL, asked)
    except OSError:
        return False
    return not asked.flags & CTRL_FLAG_DISABLED


def set_control(node: Node, control: Cid, value: int) -> None:
    """
    Set a control, within what it can be set to.

    Raises:
        OSError: If the driver refuses.

    """
    limits = uapi.QueryCtrl(id=control)
    node.ioctl(Ioctl.QUERYCTRL, limits)
    if limits.maximum > limits.minimum:
        value = min(max(value, limits.minimum), limits.maximum)
    node.ioctl(Ioctl.S_CTRL, uapi.Control(id=control, value=value))


def exposure_us(node: Node, mode: Mode) -> float:
    """Return how long a picture is exposed: what the camera tells, or half a period."""
    period = 1_000_000 / (mode.rate or 30.0)
    asked = uapi.Control(id=Cid.EXPOSURE_ABSOLUTE)
    try:
        node.ioctl(Ioctl.G_CTRL, asked)
    except OSError:
        return period / 2
    return min(float(asked.value * _EXPOSURE_UNIT_US), period)
