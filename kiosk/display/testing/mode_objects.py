"""
Connector, CRTC and planes of the fake kernel, and the properties they have.

Ids are small numbers of no meaning, as in the kernel; a property has one id for all
objects that have it.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kiosk.display import uapi
from kiosk.display.testing.memory import refuse
from kiosk.display.testing.profiles import ModeSize, Profile
from kiosk.display.uapi_numbers import (
    MODE_TYPE_PREFERRED,
    PROPERTY_IS_FIXED,
    Fourcc,
    Rotation,
)


CONNECTOR: Final = 30
ENCODER: Final = 31
CRTC: Final = 40
FIRST_PLANE: Final = 60

_SIDES = ("X", "Y", "W", "H")
_ALWAYS = ("type", "FB_ID", "CRTC_ID", *(f"{a}_{b}" for a in ("SRC", "CRTC") for b in _SIDES))  # fmt: skip
_ENUMS: Mapping[str, Mapping[str, int]] = {
    "type": {"Overlay": 0, "Primary": 1, "Cursor": 2},
    "pixel blend mode": {"None": 2, "Pre-multiplied": 0, "Coverage": 1},
    "COLOR_ENCODING": {"ITU-R BT.601 YCbCr": 0, "ITU-R BT.709 YCbCr": 1},
    "COLOR_RANGE": {"YCbCr limited range": 0, "YCbCr full range": 1},
}
_TURNS = {
    **{f"rotate-{90 * turn}": turn for turn in range(4)},
    "reflect-x": 4,
    "reflect-y": 5,
}
_ENUM_FLAG, _BITMASK_FLAG = 1 << 3, 1 << 5
_IMMUTABLE = {"type"}


class ModeObjects:
    """
    All objects of one driver, with their committed values by name.

    Args:
        profile: The driver.

    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.kinds = {FIRST_PLANE + i: kind for i, kind in enumerate(profile.planes)}
        self.values: dict[int, dict[str, int]] = {
            CONNECTOR: {"CRTC_ID": 0},
            CRTC: {"ACTIVE": 0, "MODE_ID": 0},
        }
        for index, (number, kind) in enumerate(self.kinds.items()):
            self.values[number] = self._plane_values(index, kind)
        every = dict.fromkeys(name for one in self.values.values() for name in one)
        self.ids = {name: 100 + index for index, name in enumerate(every)}
        self._names = {number: name for name, number in self.ids.items()}

    def _plane_values(self, index: int, kind: str) -> dict[str, int]:
        values = dict.fromkeys(_ALWAYS, 0)
        values["type"] = _ENUMS["type"][kind]
        if Fourcc.AR24 in self._profile.formats:
            values["pixel blend mode"] = 0
        if Fourcc.YU12 in self._profile.formats:
            values["COLOR_ENCODING"] = values["COLOR_RANGE"] = 0
        if self._profile.rotation:
            values["rotation"] = int(Rotation.ROTATE_0)
        if self._profile.has_zpos:
            values["zpos"] = index
        return values

    def name_to_change(self, number: int, prop: int, value: int) -> str:
        """Return the name of a property that is to be changed, if it may be."""
        name = self._names.get(prop, "")
        if name not in self.values.get(number, {}):
            refuse(errno.ENOENT, f"object {number} has no property {prop}")
        if name in _IMMUTABLE:
            refuse(errno.EINVAL, f"{name} cannot be changed")
        if name in _ENUMS and value not in _ENUMS[name].values():
            refuse(errno.EINVAL, f"{name} has no value {value}")
        return name

    def get_properties(self, asked: uapi.ModeObjGetProperties) -> None:
        """MODE_OBJ_GETPROPERTIES."""
        values = self.values.get(asked.obj_id)
        if values is None:
            refuse(errno.ENOENT, f"no object {asked.obj_id}")
        if asked.props_ptr and asked.count_props >= len(values):
            put(asked.props_ptr, ctypes.c_uint32, [self.ids[name] for name in values])
            put(asked.prop_values_ptr, ctypes.c_uint64, list(values.values()))
        asked.count_props = len(values)

    def get_property(self, asked: uapi.ModeGetProperty) -> None:
        """MODE_GETPROPERTY."""
        name = self._names.get(asked.prop_id)
        if name is None:
            refuse(errno.ENOENT, f"no property {asked.prop_id}")
        entries = self._entries(name)
        asked.name = name.encode()
        if asked.enum_blob_ptr and asked.count_enum_blobs >= len(entries):
            array = [uapi.ModePropertyEnum(v, n.encode()) for n, v in entries.items()]
            put(asked.enum_blob_ptr, uapi.ModePropertyEnum, array)
        asked.flags = _BITMASK_FLAG if name == "rotation" else _ENUM_FLAG
        if name in _IMMUTABLE:
            asked.flags |= PROPERTY_IS_FIXED
        asked.count_values = asked.count_enum_blobs = len(entries)

    def _entries(self, name: str) -> Mapping[str, int]:
        if name != "rotation":
            return _ENUMS.get(name, {})
        bits = self._profile.rotation
        return {turn: bit for turn, bit in _TURNS.items() if bits >> bit & 1}


def modeinfo(size: ModeSize, *, is_preferred: bool) -> uapi.ModeModeinfo:
    """Return a mode with blanking as CVT-RB has it."""
    width, height, rate = size
    total_width, total_height = width + 160, height + 31
    return uapi.ModeModeinfo(
        clock=total_width * total_height * rate // 1000,
        hdisplay=width,
        htotal=total_width,
        vdisplay=height,
        vtotal=total_height,
        vrefresh=rate,
        type=MODE_TYPE_PREFERRED if is_preferred else 0,
        name=b"%dx%d" % (width, height),
    )


def put(address: int, kind: Any, values: Sequence[Any]) -> None:
    """Write an array to where the client has room for it."""
    (kind * len(values)).from_address(address)[:] = values
