"""
Which planes show what, and how: the ladder of plans. Pure.

From the best down; a driver takes the first it can:

* A: video as it is decoded (three colour planes), scaled by the display hardware, with
  self-view and overlay on planes of their own.
* A': the same with chroma interleaved (NV12): a third less load on a Raspberry Pi 3.
* B: video as it is decoded, one to one; what has another size is scaled by the CPU. Free
  of cost where the mode has the size of the video.
* C2: video as RGB, converted and scaled by the CPU; overlays by the hardware.
* C: one RGB plane, composed by the CPU. Every driver takes it.

A plan says what is to be tried. Whether a driver takes it, it says itself, to the exact
state (:mod:`kiosk.display.present`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kiosk.display.objects import OVERLAY, PRIMARY, Plane
from kiosk.display.uapi_numbers import Fourcc, Rotation
from kiosk.ports import ColourMatrix, Layer, Rect


ENCODINGS: Final = {
    ColourMatrix.BT601: "ITU-R BT.601 YCbCr",
    ColourMatrix.BT709: "ITU-R BT.709 YCbCr",
}
RANGES: Final = {False: "YCbCr limited range", True: "YCbCr full range"}
YUV: Final = frozenset({Fourcc.YU12, Fourcc.NV12})

_ABOVE = (Layer.SECOND, Layer.THIRD, Layer.PIP, Layer.OVER)
_NEEDED = (Layer.PIP, Layer.OVER)
_ROTATION = "rotation"


class Rung(Enum):
    """A step of the ladder; see the module."""

    A = "A"
    A_NV12 = "A'"
    B = "B"
    C2 = "C2"
    C = "C"


_VIDEO = {
    Rung.A: Fourcc.YU12,
    Rung.A_NV12: Fourcc.NV12,
    Rung.B: Fourcc.YU12,
    Rung.C2: Fourcc.XR24,
    Rung.C: Fourcc.XR24,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One way to show all layers.

    Attributes:
        seats: The plane of each layer; of ``BASE`` only where the CPU composes.

    """

    rung: Rung
    seats: Mapping[Layer, Plane]

    @property
    def video(self) -> Fourcc:
        """Format in which video is handed to the display."""
        return _VIDEO[self.rung]

    @property
    def is_scaled_by_hardware(self) -> bool:
        """Whether pictures keep their size."""
        return self.rung in {Rung.A, Rung.A_NV12}

    @property
    def is_composed_by_cpu(self) -> bool:
        """Whether all layers are one picture to the hardware."""
        return self.rung is Rung.C


@dataclass(frozen=True, slots=True)
class Picture:
    """
    What a plane fetches, and where it puts it.

    Attributes:
        framebuffer: Its id.
        width, height: Of the picture in the framebuffer.
        at: On the display.
        is_mirrored: Left and right reversed.

    """

    framebuffer: int
    fourcc: Fourcc
    width: int
    height: int
    at: Rect
    matrix: ColourMatrix = ColourMatrix.BT601
    is_full_range: bool = False
    is_mirrored: bool = False


def plans(
    planes: Sequence[Plane], crtc: int
) -> tuple[tuple[Plan, ...], Mapping[Rung, str]]:
    """
    Return the plans worth trying, best first, and why the others are not.

    Args:
        planes: All planes of the card.
        crtc: Id of the one that is used.

    """
    ours = [plane for plane in planes if crtc in plane.crtcs]
    primary = next((plane for plane in ours if plane.kind == PRIMARY), None)
    overlays = [plane for plane in ours if plane.kind == OVERLAY]
    if primary is None:
        return (), dict.fromkeys(Rung, "there is no primary plane")
    layers = _layers_above(len(overlays))
    seats = {Layer.BASE: primary} | dict(zip(layers, overlays, strict=False))
    found: list[Plan] = []
    refused: dict[Rung, str] = {}
    for rung in Rung:
        plan = Plan(rung, seats if rung is not Rung.C else {Layer.BASE: primary})
        reason = _reason_against(plan)
        if reason:
            refused[rung] = reason
        else:
            found.append(plan)
    return tuple(found), refused


def plane_values(
    plan: Plan, layer: Layer, crtc: int, picture: Picture, *, is_turned_over: bool
) -> dict[int, int]:
    """
    Return what the plane of a layer is to be set to, by property id.

    ``is_turned_over`` is a display that hangs upside down.
    """
    plane = plan.seats[layer]
    at = picture.at
    named = {
        "FB_ID": picture.framebuffer,
        "CRTC_ID": crtc,
        "SRC_X": 0,
        "SRC_Y": 0,
        "SRC_W": picture.width << 16,
        "SRC_H": picture.height << 16,
        "CRTC_X": at.x,
        "CRTC_Y": at.y,
        "CRTC_W": at.width,
        "CRTC_H": at.height,
    }
    if plane.kind != PRIMARY:
        named["zpos"] = 1 + _ABOVE.index(layer)
    named[_ROTATION] = int(
        turn(is_mirrored=picture.is_mirrored, is_over=is_turned_over)
    )
    chosen = {"pixel blend mode": "Pre-multiplied"}
    if picture.fourcc in YUV:
        chosen["COLOR_ENCODING"] = ENCODINGS[picture.matrix]
        chosen["COLOR_RANGE"] = RANGES[picture.is_full_range]
    for name, value in chosen.items():
        if value in plane.properties.enums.get(name, {}):
            named[name] = plane.properties.enums[name][value]
    ids = plane.properties.ids
    return {ids[name]: value for name, value in named.items() if name in ids}


def switched_off(plane: Plane) -> dict[int, int]:
    """Return what a plane is set to that shows nothing, by property id."""
    ids = plane.properties.ids
    return {ids["FB_ID"]: 0, ids["CRTC_ID"]: 0}


def turn(*, is_mirrored: bool, is_over: bool) -> Rotation:
    """Return the value of ``rotation``."""
    rotation = Rotation.ROTATE_180 if is_over else Rotation.ROTATE_0
    return rotation | (Rotation.REFLECT_X if is_mirrored else Rotation(0))


def can_turn(plane: Plane, rotation: Rotation) -> bool:
    """Whether a plane can turn or mirror what it fetches so."""
    known = plane.properties.enums.get(_ROTATION, {}).values()
    bits = sum(1 << bit for bit in known)
    return rotation in (Rotation.ROTATE_0, rotation & bits)


def hvs_load(pictures: Iterable[Picture], refresh_hz: float) -> int:
    """
    Return the cycles a second that a Raspberry Pi's display hardware needs.

    It does two pixels of a colour plane a cycle, four where it neither scales nor
    converts; a Raspberry Pi 3 has 240 million (``vc4_plane_calc_load`` and
    ``vc4_kms.c``).
    """
    total = 0
    for picture in pictures:
        planes = {Fourcc.YU12: 3, Fourcc.NV12: 2}.get(picture.fourcc, 1)
        size = picture.at.width, picture.at.height
        is_plain = planes == 1 and size == (picture.width, picture.height)
        total += planes * size[0] * size[1] // (4 if is_plain else 2)
    return round(total * refresh_hz)


def _layers_above(overlays: int) -> list[Layer]:
    """Return the layers that get one of so many overlays, the lowest first."""
    spare = overlays - len(_NEEDED)
    further = [layer for layer in _ABOVE if layer not in _NEEDED][: max(spare, 0)]
    return [layer for layer in _ABOVE if layer in further or layer in _NEEDED]


def _reason_against(plan: Plan) -> str:
    if plan.is_composed_by_cpu:
        return ""
    missing = [layer.value for layer in _NEEDED if layer not in plan.seats]
    if missing:
        return f"no plane for {' and '.join(missing)}"
    for layer, plane in plan.seats.items():
        page = Fourcc.XR24 if layer is Layer.BASE else Fourcc.AR24
        for fourcc in (plan.video, page):
            if fourcc not in plane.formats:
                return f"no {fourcc.name} on the plane for {layer.value}"
    return ""
