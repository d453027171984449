"""
The part of Linux' DRM/KMS user API that a kiosk's display needs, in ctypes.

Structures and requests are those of ``include/uapi/drm/drm.h`` and ``drm_mode.h``;
a test compares every size, offset and number with the C headers.  A class is named after its
C structure without the ``drm_``: ``ModeFbCmd2`` is ``struct drm_mode_fb_cmd2``.

Constants are in :mod:`kiosk.display.uapi_numbers`.  It must import nothing but the
standard library and call nothing: see :mod:`kiosk.display.card` for that.
"""

# No `from __future__ import annotations`: the decorator reads them as types.

import ctypes
from enum import IntEnum
from typing import Annotated, Any, TypeVar


U16 = Annotated[int, ctypes.c_uint16]
U32 = Annotated[int, ctypes.c_uint32]
U64 = Annotated[int, ctypes.c_uint64]
I32 = Annotated[int, ctypes.c_int32]
Size = Annotated[int, ctypes.c_size_t]
Address = Annotated[int | None, ctypes.c_void_p]
Text32 = Annotated[bytes, ctypes.c_char * 32]
FourU32 = Annotated[Any, ctypes.c_uint32 * 4]
FourU64 = Annotated[Any, ctypes.c_uint64 * 4]

_Struct = TypeVar("_Struct", bound=type[ctypes.Structure])


def _laid_out(struct: _Struct) -> _Struct:
    """Give a structure the fields that its annotations name."""
    fields = struct.__annotations__.items()
    struct._fields_ = [(name, hint.__metadata__[0]) for name, hint in fields]
    return struct


@_laid_out
class Version(ctypes.Structure):
    """Name of the driver."""

    version_major: I32
    version_minor: I32
    version_patchlevel: I32
    name_len: Size
    name: Address
    date_len: Size
    date: Address
    desc_len: Size
    desc: Address


@_laid_out
class GetCap(ctypes.Structure):
    """What the driver can."""

    capability: U64
    value: U64


@_laid_out
class SetClientCap(ctypes.Structure):
    """What we understand."""

    capability: U64
    value: U64


@_laid_out
class GemClose(ctypes.Structure):
    """Let go of a handle."""

    handle: U32
    pad: U32


@_laid_out
class PrimeHandle(ctypes.Structure):
    """A handle for a dma-buf."""

    handle: U32
    flags: U32
    fd: I32


@_laid_out
class ModeCardRes(ctypes.Structure):
    """Ids of framebuffers, CRTCs, connectors and encoders."""

    fb_id_ptr: U64
    crtc_id_ptr: U64
    connector_id_ptr: U64
    encoder_id_ptr: U64
    count_fbs: U32
    count_crtcs: U32
    count_connectors: U32
    count_encoders: U32
    min_width: U32
    max_width: U32
    min_height: U32
    max_height: U32


@_laid_out
class ModeModeinfo(ctypes.Structure):
    """Timing of a mode."""

    clock: U32
    hdisplay: U16
    hsync_start: U16
    hsync_end: U16
    htotal: U16
    hskew: U16
    vdisplay: U16
    vsync_start: U16
    vsync_end: U16
    vtotal: U16
    vscan: U16
    vrefresh: U32
    flags: U32
    type: U32
    name: Text32


@_laid_out
class ModeGetConnector(ctypes.Structure):
    """A connector, its modes and whether something is plugged in."""

    encoders_ptr: U64
    modes_ptr: U64
    props_ptr: U64
    prop_values_ptr: U64
    count_modes: U32
    count_props: U32
    count_encoders: U32
    encoder_id: U32
    connector_id: U32
    connector_type: U32
    connector_type_id: U32
    connection: U32
    mm_width: U32
    mm_height: U32
    subpixel: U32
    pad: U32


@_laid_out
class ModeGetEncoder(ctypes.Structure):
    """Which CRTCs an encoder can be fed by."""

    encoder_id: U32
    encoder_type: U32
    crtc_id: U32
    possible_crtcs: U32
    possible_clones: U32


@_laid_out
class ModeGetPlaneRes(ctypes.Structure):
    """Ids of the planes."""

    plane_id_ptr: U64
    count_planes: U32


@_laid_out
class ModeGetPlane(ctypes.Structure):
    """Formats of a plane and the CRTCs it can be put on."""

    plane_id: U32
    crtc_id: U32
    fb_id: U32
    possible_crtcs: U32
    gamma_size: U32
    count_format_types: U32
    format_type_ptr: U64


@_laid_out
class ModeObjGetProperties(ctypes.Structure):
    """Property ids and values of an object."""

    props_ptr: U64
    prop_values_ptr: U64
    count_props: U32
    obj_id: U32
    obj_type: U32


@_laid_out
class ModeGetProperty(ctypes.Structure):
    """Name, range and enum of a property."""

    values_ptr: U64
    enum_blob_ptr: U64
    prop_id: U32
    flags: U32
    name: Text32
    count_values: U32
    count_enum_blobs: U32


@_laid_out
class ModePropertyEnum(ctypes.Structure):
    """One value of an enum or one bit of a bitmask, by name."""

    value: U64
    name: Text32


@_laid_out
class ModeCreateDumb(ctypes.Structure):
    """Memory the display can fetch from and the CPU can write."""

    height: U32
    width: U32
    bpp: U32
    flags: U32
    handle: U32
    pitch: U32
    size: U64


@_laid_out
class ModeMapDumb(ctypes.Structure):
    """Where to mmap a dumb buffer."""

    handle: U32
    pad: U32
    offset: U64


@_laid_out
class ModeDestroyDumb(ctypes.Structure):
    """Let go of a dumb buffer."""

    handle: U32


@_laid_out
class ModeFbCmd2(ctypes.Structure):
    """Memory as a picture: format, pitches and offsets."""

    fb_id: U32
    width: U32
    height: U32
    pixel_format: U32
    flags: U32
    handles: FourU32
    pitches: FourU32
    offsets: FourU32
    modifier: FourU64


@_laid_out
class ModeAtomic(ctypes.Structure):
    """Properties of several objects, changed at once or not at all."""

    flags: U32
    count_objs: U32
    objs_ptr: U64
    count_props_ptr: U64
    props_ptr: U64
    prop_values_ptr: U64
    reserved: U64
    user_data: U64


@_laid_out
class ModeCreateBlob(ctypes.Structure):
    """Bytes as the value of a property, e.g. a mode."""

    data: U64
    length: U32
    blob_id: U32


@_laid_out
class ModeDestroyBlob(ctypes.Structure):
    """Let go of a blob."""

    blob_id: U32


@_laid_out
class EventVblank(ctypes.Structure):
    """What is read from the device when a page flip is complete."""

    base_type: U32
    base_length: U32
    user_data: U64
    tv_sec: U32
    tv_usec: U32
    sequence: U32
    crtc_id: U32


@_laid_out
class FbId(ctypes.Structure):
    """The plain ``unsigned int`` that RMFB takes; no structure in C."""

    value: U32


@_laid_out
class Nothing(ctypes.Structure):
    """What SET_MASTER and DROP_MASTER take; no structure in C."""


def _ioctl(direction: int, number: int, argument: type[ctypes.Structure]) -> int:
    """Return ``_IOC`` of asm-generic/ioctl.h, as on ARM and x86."""
    return direction << 30 | ctypes.sizeof(argument) << 16 | ord("d") << 8 | number


_NONE, _WRITE, _BOTH = 0, 1, 3


class Ioctl(IntEnum):
    """Requests of the DRM device; ``DRM_IOCTL_`` and the name in C."""

    VERSION = _ioctl(_BOTH, 0x00, Version)
    GEM_CLOSE = _ioctl(_WRITE, 0x09, GemClose)
    GET_CAP = _ioctl(_BOTH, 0x0C, GetCap)
    SET_CLIENT_CAP = _ioctl(_WRITE, 0x0D, SetClientCap)
    SET_MASTER = _ioctl(_NONE, 0x1E, Nothing)
    DROP_MASTER = _ioctl(_NONE, 0x1F, Nothing)
    PRIME_FD_TO_HANDLE = _ioctl(_BOTH, 0x2E, PrimeHandle)
    MODE_GETRESOURCES = _ioctl(_BOTH, 0xA0, ModeCardRes)
    MODE_GETENCODER = _ioctl(_BOTH, 0xA6, ModeGetEncoder)
    MODE_GETCONNECTOR = _ioctl(_BOTH, 0xA7, ModeGetConnector)
    MODE_GETPROPERTY = _ioctl(_BOTH, 0xAA, ModeGetProperty)
    MODE_RMFB = _ioctl(_BOTH, 0xAF, FbId)
    MODE_CREATE_DUMB = _ioctl(_BOTH, 0xB2, ModeCreateDumb)
    MODE_MAP_DUMB = _ioctl(_BOTH, 0xB3, ModeMapDumb)
    MODE_DESTROY_DUMB = _ioctl(_BOTH, 0xB4, ModeDestroyDumb)
    MODE_GETPLANERESOURCES = _ioctl(_BOTH, 0xB5, ModeGetPlaneRes)
    MODE_GETPLANE = _ioctl(_BOTH, 0xB6, ModeGetPlane)
    MODE_ADDFB2 = _ioctl(_BOTH, 0xB8, ModeFbCmd2)
    MODE_OBJ_GETPROPERTIES = _ioctl(_BOTH, 0xB9, ModeObjGetProperties)
    MODE_ATOMIC = _ioctl(_BOTH, 0xBC, ModeAtomic)
    MODE_CREATEPROPBLOB = _ioctl(_BOTH, 0xBD, ModeCreateBlob)
    MODE_DESTROYPROPBLOB = _ioctl(_BOTH, 0xBE, ModeDestroyBlob)
