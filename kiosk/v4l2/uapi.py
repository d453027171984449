"""
The part of Linux' V4L2 user API that a camera needs, in ctypes.

Structures and requests are those of ``include/uapi/linux/videodev2.h``; a test compares
every size, offset and number with the C header.  A class is named after its C structure
without the ``v4l2_``: ``FrmSizeEnum`` is ``struct v4l2_frmsizeenum``.

Constants are in :mod:`kiosk.v4l2.uapi_numbers`.  It must import nothing but the standard
library and call nothing: see :mod:`kiosk.v4l2.node` for that.
"""

# No `from __future__ import annotations`: the decorator reads them as types.

import ctypes
from enum import IntEnum
from typing import Annotated, Any, TypeVar


U8 = Annotated[int, ctypes.c_uint8]
U32 = Annotated[int, ctypes.c_uint32]
I32 = Annotated[int, ctypes.c_int32]
Long = Annotated[int, ctypes.c_long]
UnsignedLong = Annotated[int, ctypes.c_ulong]
Text16 = Annotated[bytes, ctypes.c_char * 16]
Text32 = Annotated[bytes, ctypes.c_char * 32]
Four = Annotated[Any, ctypes.c_uint8 * 4]
Raw200 = Annotated[Any, ctypes.c_uint8 * 200]
TwoU32 = Annotated[Any, ctypes.c_uint32 * 2]
ThreeU32 = Annotated[Any, ctypes.c_uint32 * 3]
FourU32 = Annotated[Any, ctypes.c_uint32 * 4]

_Laid = TypeVar("_Laid", bound=type[ctypes.Structure] | type[ctypes.Union])


def _laid_out(struct: _Laid) -> _Laid:
    """Give a structure or union the fields that its annotations name."""
    fields = struct.__annotations__.items()
    struct._fields_ = [
        (name, getattr(hint, "__metadata__", (hint,))[0]) for name, hint in fields
    ]
    return struct


@_laid_out
class Capability(ctypes.Structure):
    """Who the device is and what it can."""

    driver: Text16
    card: Text32
    bus_info: Text32
    version: U32
    capabilities: U32
    device_caps: U32
    reserved: ThreeU32


@_laid_out
class FmtDesc(ctypes.Structure):
    """One pixel format of a device."""

    index: U32
    type: U32
    flags: U32
    description: Text32
    pixelformat: U32
    mbus_code: U32
    reserved: ThreeU32


@_laid_out
class FrmSizeDiscrete(ctypes.Structure):
    """A picture size."""

    width: U32
    height: U32


@_laid_out
class FrmSizeStepwise(ctypes.Structure):
    """Picture sizes from one to another."""

    min_width: U32
    max_width: U32
    step_width: U32
    min_height: U32
    max_height: U32
    step_height: U32


@_laid_out
class FrmSizeUnion(ctypes.Union):
    """The nameless union of ``v4l2_frmsizeenum``."""

    discrete: FrmSizeDiscrete
    stepwise: FrmSizeStepwise


@_laid_out
class FrmSizeEnum(ctypes.Structure):
    """A size, or sizes, of a pixel format."""

    index: U32
    pixel_format: U32
    type: U32
    size: FrmSizeUnion
    reserved: TwoU32


@_laid_out
class Fract(ctypes.Structure):
    """Seconds between two pictures, as a fraction."""

    numerator: U32
    denominator: U32


@_laid_out
class FrmIvalStepwise(ctypes.Structure):
    """Intervals from one to another."""

    min: Fract
    max: Fract
    step: Fract


@_laid_out
class FrmIvalUnion(ctypes.Union):
    """The nameless union of ``v4l2_frmivalenum``."""

    discrete: Fract
    stepwise: FrmIvalStepwise


@_laid_out
class FrmIvalEnum(ctypes.Structure):
    """An interval, or intervals, of a pixel format and size."""

    index: U32
    pixel_format: U32
    width: U32
    height: U32
    type: U32
    interval: FrmIvalUnion
    reserved: TwoU32


@_laid_out
class PixFormat(ctypes.Structure):
    """A picture in memory: format, size, pitch, colours."""

    width: U32
    height: U32
    pixelformat: U32
    field: U32
    bytesperline: U32
    sizeimage: U32
    colorspace: U32
    priv: U32
    flags: U32
    ycbcr_enc: U32
    quantization: U32
    xfer_func: U32


@_laid_out
class FormatUnion(ctypes.Union):
    """The union ``fmt``; other members hold pointers, which decides its alignment."""

    pix: PixFormat
    raw_data: Raw200
    aligned: UnsignedLong


@_laid_out
class Format(ctypes.Structure):
    """What is captured."""

    type: U32
    fmt: FormatUnion


@_laid_out
class CaptureParm(ctypes.Structure):
    """How fast is captured."""

    capability: U32
    capturemode: U32
    timeperframe: Fract
    extendedmode: U32
    readbuffers: U32
    reserved: FourU32


@_laid_out
class StreamParmUnion(ctypes.Union):
    """The union ``parm``."""

    capture: CaptureParm
    raw_data: Raw200


@_laid_out
class StreamParm(ctypes.Structure):
    """How fast is captured, by kind of stream."""

    type: U32
    parm: StreamParmUnion


@_laid_out
class RequestBuffers(ctypes.Structure):
    """So many buffers, please."""

    count: U32
    type: U32
    memory: U32
    capabilities: U32
    flags: U8
    reserved: Annotated[Any, ctypes.c_uint8 * 3]


@_laid_out
class Timeval(ctypes.Structure):
    """A ``struct timeval`` of a 64 bit machine."""

    tv_sec: Long
    tv_usec: Long


@_laid_out
class Timecode(ctypes.Structure):
    """A time code on tape; always empty here."""

    type: U32
    flags: U32
    frames: U8
    seconds: U8
    minutes: U8
    hours: U8
    userbits: Four


@_laid_out
class BufferUnion(ctypes.Union):
    """The union ``m``: where the memory is."""

    offset: U32
    userptr: UnsignedLong


@_laid_out
class Buffer(ctypes.Structure):
    """A buffer on its way to the driver and back."""

    index: U32
    type: U32
    bytesused: U32
    flags: U32
    field: U32
    timestamp: Timeval
    timecode: Timecode
    sequence: U32
    memory: U32
    m: BufferUnion
    length: U32
    reserved2: U32
    request_fd: I32


@_laid_out
class Control(ctypes.Structure):
    """A control and its value."""

    id: U32
    value: I32


@_laid_out
class QueryCtrl(ctypes.Structure):
    """What a control can be set to."""

    id: U32
    type: U32
    name: Text32
    minimum: I32
    maximum: I32
    step: I32
    default_value: I32
    flags: U32
    reserved: TwoU32


@_laid_out
class BufType(ctypes.Structure):
    """The plain ``int`` that STREAMON takes; no structure in C."""

    value: I32


def _ioctl(direction: int, number: int, argument: type[ctypes.Structure]) -> int:
    """Return ``_IOC`` of asm-generic/ioctl.h, as on ARM and x86."""
    return direction << 30 | ctypes.sizeof(argument) << 16 | ord("V") << 8 | number


_WRITE, _READ, _BOTH = 1, 2, 3


class Ioctl(IntEnum):
    """Requests of a video device; ``VIDIOC_`` and the name in C."""

    QUERYCAP = _ioctl(_READ, 0, Capability)
    ENUM_FMT = _ioctl(_BOTH, 2, FmtDesc)
    S_FMT = _ioctl(_BOTH, 5, Format)
    REQBUFS = _ioctl(_BOTH, 8, RequestBuffers)
    QUERYBUF = _ioctl(_BOTH, 9, Buffer)
    QBUF = _ioctl(_BOTH, 15, Buffer)
    DQBUF = _ioctl(_BOTH, 17, Buffer)
    STREAMON = _ioctl(_WRITE, 18, BufType)
    STREAMOFF = _ioctl(_WRITE, 19, BufType)
    S_PARM = _ioctl(_BOTH, 22, StreamParm)
    G_CTRL = _ioctl(_BOTH, 27, Control)
    S_CTRL = _ioctl(_BOTH, 28, Control)
    QUERYCTRL = _ioctl(_BOTH, 36, QueryCtrl)
    ENUM_FRAMESIZES = _ioctl(_BOTH, 74, FrmSizeEnum)
    ENUM_FRAMEINTERVALS = _ioctl(_BOTH, 75, FrmIvalEnum)
