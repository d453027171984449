"""
What the drivers we meet can and refuse, as read in their source.

``vc4-gen4`` is Raspberry Pi 3 and Zero 2, ``vc4-gen5`` Pi 4 and 5; ``virtio-gpu``
and ``vkms`` are virtual machines (``vkms-new`` from kernel 6.16 on, with YUV);
``simpledrm`` is whatever the firmware left behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kiosk.display.uapi_numbers import Fourcc, Rotation


PlaneKinds = tuple[str, ...]
ModeSize = tuple[int, int, int]
"""Width, height and pictures a second."""

_RGB = frozenset({Fourcc.XR24, Fourcc.AR24})
_YUV = frozenset({Fourcc.YU12, Fourcc.NV12})
_UPRIGHT = Rotation(0)
_MIRRORS = Rotation.ROTATE_0 | Rotation.ROTATE_180 | Rotation.REFLECT_X
_HDMI: tuple[ModeSize, ...] = ((1920, 1080, 60), (1280, 720, 60), (1024, 600, 60))


@dataclass(frozen=True, slots=True)
class Profile:
    """
    A driver.

    Attributes:
        planes: Kind of each plane, the lowest first.
        formats: What every plane can fetch.
        modes: Size and rate of each mode, the preferred one first.
        can_scale: Whether a plane may be larger or smaller than its picture.
        can_place_primary: Whether the primary plane may be off, or cover less than
            the display.
        rotation: Bits a plane's ``rotation`` takes; 0 where there is none.
        has_zpos: Whether the order of planes can be set.
        hvs_limit_hz, bus_limit: Load a commit may ask for (vc4_kms.c); ``None``
            where there is no limit.
        dumb_bpp: Bits per pixel of dumb buffers; empty takes any.
        has_own_pitch: Whether memory keeps the pitch it was made with, whatever a
            framebuffer says: another one shows a skewed picture.
        connector: Type and number of the connector.

    """

    driver: str
    planes: PlaneKinds
    formats: frozenset[Fourcc] = _RGB
    modes: tuple[ModeSize, ...] = _HDMI
    can_scale: bool = False
    can_place_primary: bool = True
    rotation: Rotation = _UPRIGHT
    has_zpos: bool = False
    hvs_limit_hz: int | None = None
    bus_limit: int | None = None
    dumb_bpp: tuple[int, ...] = ()
    has_own_pitch: bool = False
    connector: tuple[int, int] = (11, 1)


def _vc4(hvs_limit_hz: int | None, bus_limit: int | None) -> Profile:
    return Profile(
        "vc4",
        ("Primary", *["Overlay"] * 16, "Cursor"),
        _RGB | _YUV,
        can_scale=True,
        rotation=_MIRRORS | Rotation.REFLECT_Y,
        has_zpos=True,
        hvs_limit_hz=hvs_limit_hz,
        bus_limit=bus_limit,
    )


_VIRTUAL = (15, 1)
PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "vc4-gen4": _vc4(240_000_000, 3 << 29),
        "vc4-gen5": _vc4(None, None),
        "virtio-gpu": Profile(
            "virtio_gpu",
            ("Primary", "Cursor"),
            modes=((1280, 800, 60), (1920, 1080, 60), (1280, 720, 60)),
            can_place_primary=False,
            dumb_bpp=(32,),
            has_own_pitch=True,
            connector=_VIRTUAL,
        ),
        "vkms-old": Profile("vkms", ("Primary", *["Overlay"] * 8), connector=_VIRTUAL),
        "vkms-new": Profile(
            "vkms",
            ("Primary", *["Overlay"] * 8),
            _RGB | _YUV,
            rotation=_MIRRORS | Rotation.REFLECT_Y,
            connector=_VIRTUAL,
        ),
        "simpledrm": Profile(
            "simpledrm",
            ("Primary",),
            frozenset({Fourcc.XR24}),
            modes=((1024, 768, 60),),
            can_place_primary=False,
            connector=(0, 1),
        ),
    }
)
