"""The structures and numbers are those of the C headers."""

from __future__ import annotations

import ctypes
import inspect
import re
import subprocess
from pathlib import Path

import pytest

from kiosk.display import uapi, uapi_numbers
from kiosk.display.uapi import Ioctl


HEADERS = Path("/usr/include/libdrm")
NOT_IN_C = (uapi.FbId, uapi.Nothing)
IN_ITS_BASE = {"base_type": "base.type", "base_length": "base.length"}
FORMATS = {
    "XR24": "XRGB8888",
    "AR24": "ARGB8888",
    "YU12": "YUV420",
    "NV12": "NV12",
}
STRUCTS: list[type[ctypes.Structure]] = [
    struct
    for _, struct in inspect.getmembers(uapi, inspect.isclass)
    if issubclass(struct, ctypes.Structure) and struct not in NOT_IN_C
    if struct.__module__ == uapi.__name__
]


def _c_name(struct: type[ctypes.Structure]) -> str:
    words = re.sub(r"(?<!^)([A-Z])", r"_\1", struct.__name__)
    return f"drm_{words.lower()}"


def _numbers() -> dict[str, int]:
    """Return every constant of ours by its expression in C."""
    constants = {f"DRM_IOCTL_{i.name}": int(i) for i in Ioctl}
    constants |= {f"DRM_CAP_{c.name}": int(c) for c in uapi_numbers.Cap}
    constants |= {f"DRM_CLIENT_CAP_{c.name}": int(c) for c in uapi_numbers.ClientCap}
    constants |= {f"DRM_MODE_OBJECT_{o.name}": int(o) for o in uapi_numbers.ObjectType}
    constants |= {f"DRM_MODE_{f.name}": int(f) for f in uapi_numbers.Flag}
    constants |= {f"DRM_MODE_{r.name}": int(r) for r in uapi_numbers.Rotation}
    constants |= {f"DRM_FORMAT_{FORMATS[f.name]}": int(f) for f in uapi_numbers.Fourcc}
    constants["DRM_EVENT_FLIP_COMPLETE"] = uapi_numbers.EVENT_FLIP_COMPLETE
    constants["DRM_MODE_FLAG_INTERLACE"] = uapi_numbers.MODE_IS_INTERLACED
    constants["DRM_MODE_TYPE_PREFERRED"] = uapi_numbers.MODE_TYPE_PREFERRED
    constants["DRM_MODE_PROP_BLOB"] = uapi_numbers.PROPERTY_IS_BLOB
    constants["DRM_MODE_PROP_IMMUTABLE"] = uapi_numbers.PROPERTY_IS_FIXED
    names = [name.replace("-", "") for name in uapi_numbers.CONNECTOR_TYPES]
    names[names.index("DP")] = "DisplayPort"
    names[names.index("Composite")] = "Composite"
    renamed = {"DIN": "9PinDIN", "Virtual": "VIRTUAL", "Writeback": "WRITEBACK"}
    for value, name in enumerate(names):
        constants[f"DRM_MODE_CONNECTOR_{renamed.get(name, name)}"] = value
    return constants


def _layouts() -> dict[str, int]:
    """Return every size and offset of ours by its expression in C."""
    layouts: dict[str, int] = {}
    for struct in STRUCTS:
        name = _c_name(struct)
        layouts[f"sizeof(struct {name})"] = ctypes.sizeof(struct)
        for field in struct._fields_:
            ours = getattr(struct, field[0])
            theirs = IN_ITS_BASE.get(field[0], field[0])
            layouts[f"offsetof(struct {name}, {theirs})"] = ours.offset
            layouts[f"sizeof(((struct {name} *)0)->{theirs})"] = ours.size
    return layouts


def test_ioctl_numbers_are_as_they_will_always_be() -> None:
    # Written out, so that this holds where there is no compiler.
    assert Ioctl.MODE_ATOMIC == 0xC03864BC
    assert Ioctl.MODE_GETRESOURCES == 0xC04064A0
    assert Ioctl.MODE_GETCONNECTOR == 0xC05064A7
    assert Ioctl.MODE_ADDFB2 == 0xC06864B8
    assert Ioctl.MODE_CREATE_DUMB == 0xC02064B2
    assert Ioctl.MODE_RMFB == 0xC00464AF
    assert Ioctl.GEM_CLOSE == 0x40086409
    assert Ioctl.SET_MASTER == 0x641E
    assert Ioctl.DROP_MASTER == 0x641F


@pytest.mark.parametrize("ours", [_numbers(), _layouts()], ids=["numbers", "layouts"])
def test_every_number_size_and_offset_is_that_of_the_c_headers(
    ours: dict[str, int], tmp_path: Path
) -> None:
    lines = "\n".join(
        f'printf("%llu\\n", (unsigned long long)({expression}));' for expression in ours
    )
    source = tmp_path / "abi.c"
    source.write_text(
        "#include <stdio.h>\n#include <stddef.h>\n#include <stdint.h>\n"
        "#include <drm.h>\n#include <drm_mode.h>\n#include <drm_fourcc.h>\n"
        f"int main(void) {{\n{lines}\nreturn 0; }}\n",
        encoding="utf-8",
    )
    program = tmp_path / "abi"
    subprocess.run(
        ["cc", f"-I{HEADERS}", "-o", program, source], check=True, timeout=30
    )
    printed = subprocess.run(
        [program], check=True, capture_output=True, text=True, timeout=10
    ).stdout

    theirs = dict(zip(ours, map(int, printed.split()), strict=True))

    assert {name: ours[name] for name in ours if ours[name] != theirs[name]} == {}
    assert len(ours) > 60
