"""
What a driver says to a state of its planes: the rules of the atomic check.

Of ``drm_atomic.c``, ``drm_atomic_helper.c`` and ``vc4_plane.c`` of Linux 6.12, as far
as a client that only shows pictures can break them.  Every refusal carries the errno
the kernel gives.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.display.testing.memory import Framebuffer, colour_planes, refuse
from kiosk.display.testing.profiles import Profile
from kiosk.display.uapi_numbers import Fourcc, Rotation


Values = Mapping[str, int]
"""Property values of one object, by name."""

_CURSOR_SIDE = 64


@dataclass(frozen=True, slots=True)
class PlaneState:
    """
    A plane that is on, in whole pixels.

    Attributes:
        source: Left, top, width and height within the framebuffer.
        target: The same on the display; may lie partly outside.
        values: All its properties.

    """

    number: int
    kind: str
    framebuffer: Framebuffer
    source: tuple[int, int, int, int]
    target: tuple[int, int, int, int]
    values: Values

    @property
    def is_scaled(self) -> bool:
        """Whether the picture gets another size."""
        return self.source[2:] != self.target[2:]


def plane_state(
    number: int, kind: str, values: Values, framebuffers: Mapping[int, Framebuffer]
) -> PlaneState | None:
    """Return a plane as its properties say; ``None`` while it is off."""
    if bool(values["FB_ID"]) != bool(values["CRTC_ID"]):
        refuse(errno.EINVAL, f"plane {number}: a framebuffer without CRTC, or reverse")
    if not values["FB_ID"]:
        return None
    framebuffer = framebuffers.get(values["FB_ID"])
    if framebuffer is None:
        refuse(errno.ENOENT, f"no framebuffer {values['FB_ID']}")
    x, y, width, height = (values[f"SRC_{side}"] >> 16 for side in "XYWH")
    left, top = (ctypes.c_int32(values[f"CRTC_{side}"]).value for side in "XY")
    target = left, top, values["CRTC_W"], values["CRTC_H"]
    return PlaneState(number, kind, framebuffer, (x, y, width, height), target, values)


def check_plane(plane: PlaneState, profile: Profile, size: tuple[int, int]) -> None:
    """Check one plane that is on; ``size`` is width and height of the mode."""
    x, y, width, height = plane.source
    framebuffer = plane.framebuffer
    name = f"{plane.kind.lower()} plane {plane.number}"
    if framebuffer.fourcc not in profile.formats:
        refuse(errno.EINVAL, f"{name} does not take {framebuffer.fourcc.name}")
    if x + width > framebuffer.width or y + height > framebuffer.height:
        refuse(errno.ENOSPC, f"{name} fetches beyond its framebuffer")
    if not (width and height and plane.target[2] and plane.target[3]):
        refuse(errno.EINVAL, f"{name} is empty")
    if plane.is_scaled and not profile.can_scale:
        refuse(errno.ERANGE, f"{name} cannot scale")
    must_cover = plane.kind == "Primary" and not profile.can_place_primary
    if must_cover and plane.target != (0, 0, *size):
        refuse(errno.EINVAL, f"{name} must cover the display")
    if plane.kind == "Cursor" and max(plane.target[2:]) > _CURSOR_SIDE:
        refuse(errno.EINVAL, f"{name} is larger than a cursor")
    rotation = plane.values.get("rotation", Rotation.ROTATE_0)
    if rotation & ~(profile.rotation | Rotation.ROTATE_0):
        refuse(errno.EINVAL, f"{name} cannot be turned by {rotation}")


def check_load(planes: list[PlaneState], profile: Profile, refresh_hz: int) -> None:
    """Check what all planes ask of the display hardware together."""
    if profile.hvs_limit_hz is not None:
        load = sum(hvs_load(plane, refresh_hz) for plane in planes)
        if load > profile.hvs_limit_hz:
            refuse(errno.ENOSPC, f"HVS load of {load / 1e6:.0f} MHz")
    if profile.bus_limit is not None:
        load = sum(_bus_load(plane, refresh_hz) for plane in planes)
        if load > profile.bus_limit:
            refuse(errno.ENOSPC, f"memory load of {load / 1e6:.0f} MB/s")


def hvs_load(plane: PlaneState, refresh_hz: int) -> int:
    """Return cycles a second of one plane (vc4_plane_calc_load)."""
    planes = len(plane.framebuffer.planes)
    pixels = plane.target[2] * plane.target[3]
    is_yuv = plane.framebuffer.fourcc in {Fourcc.YU12, Fourcc.NV12}
    per_cycle_shift = 1 if plane.is_scaled or is_yuv else 2
    return planes * pixels * refresh_hz >> per_cycle_shift


def _bus_load(plane: PlaneState, refresh_hz: int) -> int:
    shrink = max(1, -(-plane.source[3] // plane.target[3]))
    rows_of = colour_planes(plane.framebuffer.fourcc, *plane.source[2:])
    fetched = sum(row_bytes * rows for row_bytes, rows in rows_of)
    return fetched * shrink * refresh_hz
