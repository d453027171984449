"""The ladder of plans: who sits where, what is refused, and what it costs."""

from __future__ import annotations

import pytest

from kiosk.display.card import Card
from kiosk.display.objects import Plane
from kiosk.display.plan import (
    Picture,
    Rung,
    can_turn,
    hvs_load,
    plane_values,
    plans,
    turn,
)
from kiosk.display.testing import FakeKernel
from kiosk.display.uapi_numbers import Fourcc, Rotation
from kiosk.ports import ColourMatrix, Layer, Rect


FULL_HD = Rect(0, 0, 1920, 1080)
CRTC = 40


def _planes(profile: str) -> tuple[Plane, ...]:
    return Card(FakeKernel(profile)).planes()


@pytest.mark.parametrize(
    ("profile", "rungs"),
    [
        ("vc4-gen4", list(Rung)),
        ("vkms-new", list(Rung)),
        ("vkms-old", [Rung.C2, Rung.C]),
        ("virtio-gpu", [Rung.C]),
        ("simpledrm", [Rung.C]),
    ],
)
def test_plans_that_no_plane_could_carry_are_not_even_tried(
    profile: str, rungs: list[Rung]
) -> None:
    found, refused = plans(_planes(profile), CRTC)

    assert [plan.rung for plan in found] == rungs
    assert set(refused) == set(Rung) - set(rungs)
    assert all(refused.values())


def test_each_layer_has_a_plane_of_its_own_in_the_order_of_layers() -> None:
    plan = plans(_planes("vc4-gen5"), CRTC)[0][0]

    assert list(plan.seats) == list(Layer)
    assert [plane.kind for plane in plan.seats.values()] == [
        "Primary",
        *["Overlay"] * 4,
    ]
    numbers = [plane.id for plane in plan.seats.values()]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("overlays", "seated"),
    [
        (1, set()),
        (2, {Layer.PIP, Layer.OVER}),
        (3, {Layer.SECOND, Layer.PIP, Layer.OVER}),
        (9, set(Layer) - {Layer.BASE}),
    ],
)
def test_self_view_and_overlay_come_first_where_planes_are_few(
    overlays: int, seated: set[Layer]
) -> None:
    planes = _planes("vc4-gen5")[: 1 + overlays]

    best = plans(planes, CRTC)[0][0]

    assert set(best.seats) - {Layer.BASE} == seated
    assert best.rung is (Rung.A if seated else Rung.C)


def test_planes_of_another_crtc_do_not_count() -> None:
    found, refused = plans(_planes("vc4-gen5"), 99)

    assert found == ()
    assert set(refused.values()) == {"there is no primary plane"}


def test_a_plane_is_told_its_place_order_colours_and_mirror() -> None:
    plan = plans(_planes("vc4-gen5"), CRTC)[0][0]
    picture = Picture(
        framebuffer=7,
        fourcc=Fourcc.YU12,
        width=640,
        height=360,
        at=Rect(-8, 10, 320, 180),
        matrix=ColourMatrix.BT709,
        is_mirrored=True,
    )

    by_id = plane_values(plan, Layer.PIP, CRTC, picture, is_turned_over=False)

    ids = plan.seats[Layer.PIP].properties.ids
    values = {name: by_id[number] for name, number in ids.items() if number in by_id}
    assert values == {
        "FB_ID": 7,
        "CRTC_ID": CRTC,
        "SRC_X": 0,
        "SRC_Y": 0,
        "SRC_W": 640 << 16,
        "SRC_H": 360 << 16,
        "CRTC_X": -8,
        "CRTC_Y": 10,
        "CRTC_W": 320,
        "CRTC_H": 180,
        "zpos": 3,
        "rotation": int(Rotation.ROTATE_0 | Rotation.REFLECT_X),
        "pixel blend mode": 0,
        "COLOR_ENCODING": 1,
        "COLOR_RANGE": 0,
    }


def test_what_a_plane_does_not_have_it_is_not_told() -> None:
    plan = plans(_planes("simpledrm"), CRTC)[0][0]
    picture = Picture(7, Fourcc.XR24, 1024, 768, Rect(0, 0, 1024, 768))

    values = plane_values(plan, Layer.BASE, CRTC, picture, is_turned_over=False)

    assert set(values) <= set(plan.seats[Layer.BASE].properties.ids.values())


def test_a_plane_turns_what_its_bits_say() -> None:
    mirrored = turn(is_mirrored=True, is_over=False)
    over = turn(is_mirrored=True, is_over=True)

    assert can_turn(_planes("vc4-gen5")[0], over)
    assert can_turn(_planes("vkms-old")[0], turn(is_mirrored=False, is_over=False))
    assert not can_turn(_planes("vkms-old")[0], mirrored)


@pytest.mark.parametrize(
    ("fourcc", "overlay", "megahertz"),
    [  # the table of the kernel's formula, 1080p60: video, self-view, overlay
        (Fourcc.YU12, (1920, 1080), 229),
        (Fourcc.YU12, (1280, 720), 260),
        (Fourcc.NV12, (1920, 1080), 163),
    ],
)
def test_the_load_on_a_raspberry_pi_3_is_that_of_its_driver(
    fourcc: Fourcc, overlay: tuple[int, int], megahertz: int
) -> None:
    pictures = [
        Picture(1, fourcc, 1280, 720, FULL_HD),
        Picture(2, fourcc, 320, 180, Rect(0, 0, 480, 270)),
        Picture(3, Fourcc.AR24, *overlay, FULL_HD),
    ]

    assert round(hvs_load(pictures, 60.0) / 1e6) == megahertz
