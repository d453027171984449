"""The structures and numbers are those of the C headers."""

from __future__ import annotations

import ctypes
import subprocess
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest

from kiosk.v4l2 import uapi, uapi_numbers
from kiosk.v4l2.uapi import Ioctl


C_NAMES: dict[type[ctypes.Structure], str] = {
    uapi.Capability: "v4l2_capability",
    uapi.FmtDesc: "v4l2_fmtdesc",
    uapi.FrmSizeDiscrete: "v4l2_frmsize_discrete",
    uapi.FrmSizeStepwise: "v4l2_frmsize_stepwise",
    uapi.FrmSizeEnum: "v4l2_frmsizeenum",
    uapi.Fract: "v4l2_fract",
    uapi.FrmIvalStepwise: "v4l2_frmival_stepwise",
    uapi.FrmIvalEnum: "v4l2_frmivalenum",
    uapi.PixFormat: "v4l2_pix_format",
    uapi.Format: "v4l2_format",
    uapi.CaptureParm: "v4l2_captureparm",
    uapi.StreamParm: "v4l2_streamparm",
    uapi.RequestBuffers: "v4l2_requestbuffers",
    uapi.Timeval: "timeval",
    uapi.Timecode: "v4l2_timecode",
    uapi.Buffer: "v4l2_buffer",
    uapi.Control: "v4l2_control",
    uapi.QueryCtrl: "v4l2_queryctrl",
}
NAMELESS = {(uapi.FrmSizeEnum, "size"), (uapi.FrmIvalEnum, "interval")}
"""Unions without a name in C: their first member stands for them."""


def _numbers() -> dict[str, int]:
    """Return every constant of ours by its expression in C."""
    constants = {f"VIDIOC_{i.name}": int(i) for i in Ioctl}
    kinds: dict[str, type[IntEnum | IntFlag]] = {
        "CAP": uapi_numbers.Cap,
        "PIX_FMT": uapi_numbers.Pixel,
        "BUF_FLAG": uapi_numbers.BufFlag,
        "COLORSPACE": uapi_numbers.Colorspace,
        "CID": uapi_numbers.Cid,
    }
    for prefix, kind in kinds.items():
        constants |= {f"V4L2_{prefix}_{n}": int(kind[n]) for n in kind.__members__}
    plain = [name for name in vars(uapi_numbers) if name.isupper()]
    return constants | {f"V4L2_{name}": getattr(uapi_numbers, name) for name in plain}


def _layouts() -> dict[str, int]:
    """Return every size and offset of ours by its expression in C."""
    layouts: dict[str, int] = {}
    for struct, name in C_NAMES.items():
        layouts[f"sizeof(struct {name})"] = ctypes.sizeof(struct)
        for field in struct._fields_:
            ours = getattr(struct, field[0])
            theirs = "discrete" if (struct, field[0]) in NAMELESS else field[0]
            layouts[f"offsetof(struct {name}, {theirs})"] = ours.offset
            if theirs == field[0]:
                layouts[f"sizeof(((struct {name} *)0)->{theirs})"] = ours.size
    return layouts


def test_ioctl_numbers_are_as_they_will_always_be() -> None:
    # Written out, so that this holds where there is no compiler.
    assert Ioctl.QUERYCAP == 0x80685600
    assert Ioctl.S_FMT == 0xC0D05605
    assert Ioctl.QBUF == 0xC058560F
    assert Ioctl.DQBUF == 0xC0585611
    assert Ioctl.STREAMON == 0x40045612
    assert Ioctl.S_PARM == 0xC0CC5616
    assert Ioctl.ENUM_FRAMEINTERVALS == 0xC034564B


def test_every_structure_is_compared() -> None:
    ours = {
        kind
        for kind in vars(uapi).values()
        if isinstance(kind, type) and issubclass(kind, ctypes.Structure)
        if kind.__module__ == uapi.__name__
    }

    assert ours - set(C_NAMES) == {uapi.BufType}


@pytest.mark.parametrize("ours", [_numbers(), _layouts()], ids=["numbers", "layouts"])
def test_every_number_size_and_offset_is_that_of_the_c_headers(
    ours: dict[str, int], tmp_path: Path
) -> None:
    lines = "\n".join(
        f'printf("%llu\\n", (unsigned long long)(uint32_t)({expression}));'
        for expression in ours
    )
    source = tmp_path / "abi.c"
    source.write_text(
        "#include <stdio.h>\n#include <stddef.h>\n#include <stdint.h>\n"
        "#include <sys/time.h>\n#include <linux/videodev2.h>\n"
        f"int main(void) {{\n{lines}\nreturn 0; }}\n",
        encoding="utf-8",
    )
    program = tmp_path / "abi"
    subprocess.run(["cc", "-o", program, source], check=True, timeout=30)
    printed = subprocess.run(
        [program], check=True, capture_output=True, text=True, timeout=10
    ).stdout

    theirs = dict(zip(ours, map(int, printed.split()), strict=True))

    assert {name: ours[name] for name in ours if ours[name] != theirs[name]} == {}
    assert len(ours) > 40
