"""
The names of libcamera that picamera2 wants when it is imported, and nothing behind.

libcamera is in no package index; the tests of the encoder need only that picamera2's
own modules can be imported, unmodified.  No camera can be opened with this.
"""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace


class Transform:
    def __init__(
        self, other: object = None, hflip: int = 0, vflip: int = 0, transpose: int = 0
    ) -> None:
        self.hflip, self.vflip, self.transpose = hflip, vflip, transpose


class ColorSpace:
    def __init__(self, other: object = None) -> None:
        self.primaries = self.transferFunction = self.ycbcrEncoding = other
        self.range = None

    @classmethod
    def Sycc(cls) -> ColorSpace:  # noqa: N802
        return cls("sycc")

    @classmethod
    def Smpte170m(cls) -> ColorSpace:  # noqa: N802
        return cls("smpte170m")

    @classmethod
    def Rec709(cls) -> ColorSpace:  # noqa: N802
        return cls("rec709")


class Size: ...


class Rectangle: ...


class Camera: ...


class CameraManager: ...


class ControlType(Enum):
    Rectangle = 1
    Size = 2


class StreamRole(Enum):
    Raw = 1
    StillCapture = 2
    VideoRecording = 3
    Viewfinder = 4


class Orientation(Enum):
    Rotate0 = 1
    Rotate0Mirror = 2
    Rotate180 = 3
    Rotate180Mirror = 4
    Rotate90Mirror = 5
    Rotate270 = 6
    Rotate270Mirror = 7
    Rotate90 = 8


controls = SimpleNamespace(SensorTimestamp="SensorTimestamp")
