"""
Constants of Linux' V4L2 user API: capabilities, formats, flags, controls.

Of ``include/uapi/linux/videodev2.h`` and ``v4l2-controls.h``; a test compares each with
the C headers.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Cap(IntFlag):
    """What a device can; ``V4L2_CAP_`` in C."""

    VIDEO_CAPTURE = 0x0000_0001
    VIDEO_CAPTURE_MPLANE = 0x0000_1000
    VIDEO_M2M_MPLANE = 0x0000_4000
    VIDEO_M2M = 0x0000_8000
    META_CAPTURE = 0x0080_0000
    STREAMING = 0x0400_0000
    DEVICE_CAPS = 0x8000_0000


class Pixel(IntEnum):
    """Pixel formats a camera of ours may have; ``V4L2_PIX_FMT_`` in C."""

    NV12 = 0x3231_564E
    YUV420 = 0x3231_5559
    YUYV = 0x5659_5559
    UYVY = 0x5956_5955
    MJPEG = 0x4750_4A4D
    JPEG = 0x4745_504A
    H264 = 0x3436_3248


class BufFlag(IntFlag):
    """What is said of a buffer; ``V4L2_BUF_FLAG_`` in C."""

    ERROR = 0x40
    TIMESTAMP_MASK = 0xE000
    TIMESTAMP_MONOTONIC = 0x2000
    TSTAMP_SRC_MASK = 0x7_0000
    TSTAMP_SRC_SOE = 0x1_0000


class Colorspace(IntEnum):
    """Those that change the rules; ``V4L2_COLORSPACE_`` in C."""

    REC709 = 3
    JPEG = 7
    DCI_P3 = 12


class Cid(IntEnum):
    """Controls; ``V4L2_CID_`` in C."""

    MPEG_VIDEO_BITRATE = 0x0099_09CF
    MPEG_VIDEO_FORCE_KEY_FRAME = 0x0099_09E5
    EXPOSURE_ABSOLUTE = 0x009A_0902


BUF_TYPE_VIDEO_CAPTURE: Final = 1
MEMORY_MMAP: Final = 1
FIELD_NONE: Final = 1
FRMSIZE_TYPE_DISCRETE: Final = 1
FRMIVAL_TYPE_DISCRETE: Final = 1
YCBCR_ENC_DEFAULT: Final = 0
YCBCR_ENC_709: Final = 2
QUANTIZATION_DEFAULT: Final = 0
QUANTIZATION_FULL_RANGE: Final = 1
CAP_TIMEPERFRAME: Final = 0x1000
CTRL_FLAG_DISABLED: Final = 1


def fourcc_text(pixel_format: int) -> str:
    """Return a pixel format as people know it, e.g. ``YUYV``."""
    raw = pixel_format.to_bytes(4, "little")
    return raw.decode("ascii", "replace").strip() or hex(pixel_format)
