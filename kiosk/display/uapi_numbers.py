"""
Constants of Linux' DRM/KMS user API: capabilities, flags, formats.

Of ``include/uapi/drm/drm.h``, ``drm_mode.h`` and ``drm_fourcc.h``; a test compares
each with the C headers.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Cap(IntEnum):
    """What a driver can; ``DRM_CAP_`` in C."""

    DUMB_BUFFER = 1


class ClientCap(IntEnum):
    """What we understand; ``DRM_CLIENT_CAP_`` in C."""

    UNIVERSAL_PLANES = 2
    ATOMIC = 3


class ObjectType(IntEnum):
    """Objects with properties; ``DRM_MODE_OBJECT_`` in C."""

    CRTC = 0xCCCCCCCC
    CONNECTOR = 0xC0C0C0C0
    PLANE = 0xEEEEEEEE


class Flag(IntFlag):
    """How to commit; ``DRM_MODE_`` in C."""

    PAGE_FLIP_EVENT = 0x01
    ATOMIC_TEST_ONLY = 0x100
    ATOMIC_NONBLOCK = 0x200
    ATOMIC_ALLOW_MODESET = 0x400


class Rotation(IntFlag):
    """Bits of a plane's ``rotation``; ``DRM_MODE_`` in C."""

    ROTATE_0 = 1
    ROTATE_90 = 2
    ROTATE_180 = 4
    ROTATE_270 = 8
    REFLECT_X = 16
    REFLECT_Y = 32


EVENT_FLIP_COMPLETE: Final = 2
MODE_TYPE_PREFERRED: Final = 8
MODE_IS_INTERLACED: Final = 0x10
MODE_CONNECTED: Final = 1
PROPERTY_IS_BLOB: Final = 16
PROPERTY_IS_FIXED: Final = 4

CONNECTOR_TYPES: Final = (
    *("Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS"),
    *("Component", "DIN", "DP", "HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI"),
    *("DPI", "Writeback", "SPI", "USB"),
)
"""Names as in sysfs, by ``DRM_MODE_CONNECTOR_`` number."""


class Fourcc(IntEnum):
    """
    Pixel formats; the comments are ``DRM_FORMAT_`` names in C.

    ``XR24`` and ``AR24`` are B, G, R and X or A in memory, ``YU12`` is three
    planes, ``NV12`` is luma and interleaved chroma.
    """

    XR24 = 0x34325258  # XRGB8888
    AR24 = 0x34325241  # ARGB8888
    YU12 = 0x32315559  # YUV420
    NV12 = 0x3231564E  # NV12
