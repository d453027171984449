"""A card's display that hangs on its side: by its planes where they can, else before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.drm import DrmDisplay
from kiosk.display.outputs import Wish, choose_output
from kiosk.display.places import turned_size
from kiosk.display.rotation import ROTATIONS, RotatedDisplay
from kiosk.display.testing import FakeKernel
from kiosk.display.uapi_numbers import Rotation
from kiosk.ports import Display
from tests.fakes.scenes import PORTRAIT, show_a_call, show_tiles


PROFILES = ("vc4-gen4", "vc4-gen5", "virtio-gpu", "vkms-new", "simpledrm")


def card(profile: str, degrees: int) -> tuple[FakeKernel, DrmDisplay]:
    """Return a panel as it is wired, so that people see an upright one."""
    size = turned_size(PORTRAIT, degrees)
    kernel = FakeKernel(profile, modes=((*size, 60),), is_self_paced=True)
    display = DrmDisplay(
        MonotonicClock(),
        lambda: kernel,
        lambda connectors: choose_output(connectors, Wish()),
    )
    return kernel, display


def picture_of(
    display: Display, path: Path
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    display.save_png(str(path))
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(np.int16)


@pytest.mark.parametrize("degrees", ROTATIONS[1:])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("scene", [show_a_call, show_tiles])
def test_what_the_planes_fetch_is_what_an_upright_card_shows_turned(
    scene: Callable[[Display], None], profile: str, degrees: int, tmp_path: Path
) -> None:
    _, upright = card(profile, 0)
    kernel, glass = card(profile, degrees)
    turned = RotatedDisplay(glass, degrees, turn_over=glass.turn_over)
    for display in (upright, turned):
        display.open()
        scene(display)

    seen = picture_of(upright, tmp_path / "upright.png")
    on_glass = picture_of(glass, tmp_path / "glass.png")

    difference = np.abs(np.rot90(seen, -degrees // 90) - on_glass)
    assert difference.mean() <= 1.5
    assert (difference > 16).mean() <= 0.005
    assert not kernel.faults
    upright.close()
    turned.close()


@pytest.mark.parametrize(
    ("profile", "by_planes"), [("vc4-gen4", True), ("virtio-gpu", False)]
)
def test_half_a_turn_is_left_to_planes_that_can(profile: str, by_planes: bool) -> None:
    kernel, glass = card(profile, 180)
    turned = RotatedDisplay(glass, 180, turn_over=glass.turn_over)
    turned.open()

    show_tiles(turned)

    bits = {plane.values.get("rotation", 1) for plane in kernel.shown()}
    assert (bits == {int(Rotation.ROTATE_180)}) is by_planes
    turned.close()
