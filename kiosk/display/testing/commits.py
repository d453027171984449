"""
Atomic commits of the fake kernel: what the objects would be, and whether they may.

It changes nothing: :class:`kiosk.display.testing.kernel.FakeKernel` does.
"""

from __future__ import annotations

import ctypes
import errno

from kiosk.display import uapi
from kiosk.display.testing.memory import Memories, refuse
from kiosk.display.testing.mode_objects import CONNECTOR, CRTC, ModeObjects
from kiosk.display.testing.profiles import Profile
from kiosk.display.testing.rules import (
    PlaneState,
    Values,
    check_load,
    check_plane,
    plane_state,
)
from kiosk.display.uapi_numbers import Flag


AllValues = dict[int, dict[str, int]]
"""Property values by object and name."""


class Commits:
    """
    Judges commits.

    Args:
        profile: The driver.
        objects: What is committed by now.
        memories: Framebuffers.
        blobs: Modes by id.

    """

    def __init__(
        self,
        profile: Profile,
        objects: ModeObjects,
        memories: Memories,
        blobs: dict[int, bytes],
    ) -> None:
        self._profile = profile
        self._objects = objects
        self._memories = memories
        self._blobs = blobs

    def wanted(self, asked: uapi.ModeAtomic) -> AllValues:
        """Return all values as they would be after a commit."""
        wanted = {
            number: dict(values) for number, values in self._objects.values.items()
        }
        objects = (ctypes.c_uint32 * asked.count_objs).from_address(asked.objs_ptr)
        counts = (ctypes.c_uint32 * asked.count_objs).from_address(
            asked.count_props_ptr
        )
        total = sum(counts)
        ids = iter((ctypes.c_uint32 * total).from_address(asked.props_ptr))
        values = iter((ctypes.c_uint64 * total).from_address(asked.prop_values_ptr))
        for number, count in zip(objects, counts, strict=True):
            for _ in range(count):
                prop, value = next(ids), next(values)
                name = self._objects.name_to_change(number, prop, value)
                wanted[number][name] = value
        return wanted

    def check(self, wanted: AllValues, flags: Flag) -> None:
        """Refuse values that the driver would refuse."""
        before = self._objects.values
        is_modeset = any(wanted[n] != before[n] for n in (CRTC, CONNECTOR))
        if is_modeset and Flag.ATOMIC_ALLOW_MODESET not in flags:
            refuse(errno.EINVAL, "a modeset that was not asked for")
        mode = self.mode(wanted[CRTC])
        is_active = bool(wanted[CRTC]["ACTIVE"])
        if is_active and (mode is None or not wanted[CONNECTOR]["CRTC_ID"]):
            refuse(errno.EINVAL, "an active CRTC without mode or connector")
        if Flag.PAGE_FLIP_EVENT in flags and not (is_active or before[CRTC]["ACTIVE"]):
            refuse(errno.EINVAL, "an event of a CRTC that is off")
        planes = self.planes(wanted)
        if mode is None:
            return
        for plane in planes:
            check_plane(plane, self._profile, (mode.hdisplay, mode.vdisplay))
        has_primary = any(plane.kind == "Primary" for plane in planes)
        if is_active and not (has_primary or self._profile.can_place_primary):
            refuse(errno.EINVAL, "the primary plane must be on")
        check_load(planes, self._profile, mode.vrefresh)

    def planes(self, values: AllValues) -> list[PlaneState]:
        """Return the planes that are on."""
        fbs = self._memories.framebuffers
        planes = [
            plane_state(n, kind, values[n], fbs)
            for n, kind in self._objects.kinds.items()
        ]
        return [plane for plane in planes if plane is not None]

    def mode(self, crtc: Values) -> uapi.ModeModeinfo | None:
        """Return the mode of a CRTC."""
        if not crtc["MODE_ID"]:
            return None
        blob = self._blobs.get(crtc["MODE_ID"])
        if blob is None or len(blob) != ctypes.sizeof(uapi.ModeModeinfo):
            refuse(errno.EINVAL, f"no mode {crtc['MODE_ID']}")
        return uapi.ModeModeinfo.from_buffer_copy(blob)
