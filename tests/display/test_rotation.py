"""A turned display shows what one that is not turned shows, turned."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.display.headless import HeadlessDisplay
from kiosk.display.places import turned_size
from kiosk.display.rotation import (
    ROTATIONS,
    RotatedDisplay,
    turned_by_slices,
    turned_page,
)
from kiosk.errors import DeviceError
from kiosk.ports import Display, DmabufFrame, Layer, Micros, Rect, SoftFrame
from tests.fakes.scenes import PORTRAIT, show_a_call, show_tiles, slope, waves
from tests.fakes.steady_clock import SteadyClock


TURNS = ROTATIONS[1:]


def picture_of(
    display: Display, path: Path
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    display.save_png(str(path))
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(np.int16)


def wired(degrees: int) -> HeadlessDisplay:
    """Return the display as it is before the turn."""
    width, height = turned_size(PORTRAIT, degrees)
    return HeadlessDisplay(SteadyClock(), width=width, height=height)


@pytest.mark.parametrize("degrees", TURNS)
@pytest.mark.parametrize("scene", [show_a_call, show_tiles])
def test_every_layer_of_a_turned_display_is_turned(
    scene: Callable[[Display], None], degrees: int, tmp_path: Path
) -> None:
    upright, glass = wired(0), wired(degrees)
    turned = RotatedDisplay(glass, degrees)
    for display in (upright, turned):
        display.open()
        scene(display)

    assert turned.size == upright.size == PORTRAIT
    seen = picture_of(upright, tmp_path / "upright.png")
    on_glass = picture_of(glass, tmp_path / "glass.png")
    difference = np.abs(np.rot90(seen, -degrees // 90) - on_glass)
    assert difference.max() <= 1  # scaled in another order, rounded twice
    assert difference.mean() < 0.05
    assert np.abs(seen - picture_of(turned, tmp_path / "seen.png")).max() <= 1


@pytest.mark.parametrize("degrees", TURNS)
def test_pages_are_turned_alike_with_and_without_numpy(degrees: int) -> None:
    page = slope(30, 20)
    turned = turned_page(page, degrees)

    assert (turned.width, turned.height) == turned_size((30, 20), degrees)
    assert turned.pixels == turned_by_slices(page, degrees)
    assert turned.pixels != page.pixels


def test_a_page_is_turned_without_loading_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from kiosk.display.rotation import turned_page\n"
        "from kiosk.ports import PageFrame\n"
        "turned_page(PageFrame(2, 1, b'aaaabbbb'), 90)\n"
        "print(*{'numpy', 'PIL', 'av'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, timeout=30
    )

    assert run.stdout.strip() == b""


def test_a_picture_of_another_size_is_turned_as_well() -> None:
    glass = wired(90)
    display = RotatedDisplay(glass, 90)
    display.open()
    sizes = []

    for size in ((64, 48), (128, 72), (32, 64)):
        display.show(Layer.BASE, waves(*size))
        shown = glass.newest(Layer.BASE)
        assert shown is not None
        sizes.append((shown.width, shown.height))
    display.hide(Layer.BASE)

    assert sizes == [(48, 64), (72, 128), (64, 32)]
    assert glass.newest(Layer.BASE) is None


@pytest.mark.parametrize("degrees", TURNS)
def test_the_display_turns_over_by_itself_where_it_can(degrees: int) -> None:
    asked = []

    def turn_over() -> bool:
        asked.append(1)
        return True

    inner = HeadlessDisplay(SteadyClock(), width=320, height=180)
    display = RotatedDisplay(inner, degrees, turn_over=turn_over)
    display.open()
    page = slope(64, 32)
    display.show(Layer.OVER, page, Rect(0, 0, 64, 32))
    left_alone = inner.newest(Layer.OVER) == page

    assert left_alone is (degrees == 180)
    assert asked == [1] * left_alone
    assert (
        inner.place(Layer.OVER)
        == {
            90: Rect(288, 0, 32, 64),
            180: Rect(256, 148, 64, 32),
            270: Rect(0, 116, 32, 64),
        }[degrees]
    )


def test_a_dma_buf_is_turned_and_given_back() -> None:
    released: list[int] = []
    fd = os.memfd_create("picture")
    os.write(fd, bytes([50]) * 3072 + bytes([90]) * 768 + bytes([200]) * 768)
    inner = HeadlessDisplay(SteadyClock(), width=320, height=180)
    display = RotatedDisplay(inner, 90)
    display.open()

    def dmabuf(fourcc: str) -> DmabufFrame:
        return DmabufFrame(
            fd,
            64,
            48,
            fourcc,
            (0, 3072, 3840),
            (64, 32, 32),
            Micros(1),
            lambda: released.append(1),
        )

    display.show(Layer.PIP, dmabuf("YU12"), Rect(0, 0, 64, 48))
    with pytest.raises(DeviceError, match="XR24"):
        display.show(Layer.PIP, dmabuf("XR24"))
    os.close(fd)

    shown = inner.newest(Layer.PIP)
    assert isinstance(shown, SoftFrame)
    assert (shown.width, shown.height) == (48, 64)
    assert [plane[0] for plane in shown.planes] == [50, 90, 200]
    assert released == [1, 1]


def test_a_turned_display_says_what_it_is() -> None:
    display = RotatedDisplay(wired(270), 270)

    assert display.probe().found == "headless 320x192, turned by 270 degrees"
