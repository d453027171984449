"""How pictures lie in memory that the display fetches from. Pure."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace

from kiosk.display.uapi_numbers import Fourcc
from kiosk.ports import DmabufFrame, SoftFrame


_PITCH_STEP = 64  # bytes; what all drivers take
BYTES_PER_PIXEL = 4
"""Of all RGB formats here."""


@dataclass(frozen=True, slots=True)
class Layout:
    """
    How a picture lies in memory.

    Attributes:
        pitches, offsets: Bytes, per colour plane.
        row_bytes, rows: What of it is picture, per colour plane.
        size: Bytes in all.

    """

    fourcc: Fourcc
    width: int
    height: int
    pitches: tuple[int, ...]
    offsets: tuple[int, ...]
    row_bytes: tuple[int, ...]
    rows: tuple[int, ...]
    size: int


def layout_of(
    fourcc: Fourcc, width: int, height: int, pitches: tuple[int, ...] | None = None
) -> Layout:
    """
    Return a layout of colour planes one after the other.

    ``pitches`` are those of the decoder, so that a plane is one copy; without them
    they are as tight as drivers take.
    """
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    row_bytes, rows = {
        Fourcc.YU12: (
            (width, half_width, half_width),
            (height, half_height, half_height),
        ),
        Fourcc.NV12: ((width, 2 * half_width), (height, half_height)),
    }.get(fourcc, ((width * BYTES_PER_PIXEL,), (height,)))
    if pitches is None:
        pitches = tuple(-(-each // _PITCH_STEP) * _PITCH_STEP for each in row_bytes)
    sizes = [pitch * count for pitch, count in zip(pitches, rows, strict=True)]
    offsets = tuple(sum(sizes[:index]) for index in range(len(sizes)))
    return Layout(fourcc, width, height, pitches, offsets, row_bytes, rows, sum(sizes))


def decoded_layout(frame: SoftFrame) -> Layout:
    """Return the layout of a decoder's picture, with its own pitches."""
    return layout_of(Fourcc.YU12, frame.width, frame.height, frame.pitches)


def foreign_layout(frame: DmabufFrame) -> Layout:
    """
    Return the layout of a dma-buf, as its producer says.

    Raises:
        OSError: If nobody can show that.

    """
    known = {fourcc.name: fourcc for fourcc in Fourcc}
    if frame.fourcc not in known:
        raise OSError(errno.EINVAL, f"no format {frame.fourcc}")
    layout = layout_of(known[frame.fourcc], frame.width, frame.height, frame.pitches)
    if len(frame.offsets) != len(layout.rows) or len(frame.pitches) != len(layout.rows):
        raise OSError(errno.EINVAL, f"{frame.fourcc} has {len(layout.rows)} planes")
    return replace(layout, offsets=tuple(frame.offsets))
