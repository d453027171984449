"""What the planes make of the layers is what was meant: the composed picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kiosk.codec.rescale import interleaved
from kiosk.display.compose import compose
from kiosk.display.layouts import decoded_layout, layout_of
from kiosk.display.plan import Rung
from kiosk.display.scanout import ScannedPlane, scanned_out
from kiosk.display.testing import PROFILES, FakeKernel
from kiosk.display.uapi_numbers import Fourcc, Rotation
from kiosk.ports import ColourMatrix, Layer, Micros, PageFrame, Rect, SoftFrame
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.kms import Cards, drm_display


SIZE = (640, 360)
FURTHEST = 3.0
"""Levels of the mean; swscale and the display's scaler round differently."""


def _moving(seed: int, size: tuple[int, int], matrix: ColourMatrix) -> SoftFrame:
    """Return a picture with soft shapes in colour."""
    width, height = size
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    luma = 126 + 60 * np.sin((x + 11 * seed) / 23) + 40 * np.cos(y / 17)
    half = (height // 2, width // 2)
    blue = 128 + 50 * np.sin(x[:, ::2] / 31) + 0 * y[::2]
    red = 128 + 50 * np.cos(y[::2] / 29) + 0 * x[:, ::2]
    planes = [plane.clip(16, 235).astype(np.uint8) for plane in (luma, blue, red)]
    y_, u, v = (np.ascontiguousarray(p).reshape(-1).data for p in planes)
    assert planes[1].shape == half
    return SoftFrame(
        width, height, (y_, u, v), (width, width // 2, width // 2), Micros(0), matrix
    )


def _furniture() -> PageFrame:
    """Return a page with a strip, a translucent caption and nothing elsewhere."""
    page = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    page[300:] = (90, 40, 20, 255)
    page[200:260, 100:540] = (20, 20, 20, 140)
    return PageFrame(*SIZE, page.tobytes())


LAYERS: dict[Layer, tuple[SoftFrame | PageFrame, Rect]] = {
    Layer.BASE: (_moving(1, (320, 180), ColourMatrix.BT709), Rect(0, 0, 640, 360)),
    Layer.SECOND: (_moving(2, (160, 120), ColourMatrix.BT601), Rect(20, 30, 200, 150)),
    Layer.PIP: (
        replace(_moving(3, (160, 90), ColourMatrix.BT601), mirrored=True),
        Rect(440, 20, 180, 101),
    ),
    Layer.OVER: (_furniture(), Rect(0, 0, 640, 360)),
}


def _far(one: Image.Image, other: Image.Image) -> float:
    pixels = [np.asarray(image.convert("RGB"), np.int16) for image in (one, other)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


def _of_kernel(kernel: FakeKernel) -> Image.Image:
    """Scan out what the kernel was told, whatever the client believes."""
    planes: list[ScannedPlane] = []
    for plane in kernel.shown():
        framebuffer, values = plane.framebuffer, plane.values
        pitches = tuple(pitch for _, pitch, _ in framebuffer.planes)
        layout = layout_of(
            framebuffer.fourcc, framebuffer.width, framebuffer.height, pitches
        )
        offsets = tuple(offset for _, _, offset in framebuffer.planes)
        planes.append(
            ScannedPlane(
                replace(layout, offsets=offsets),
                bytes(framebuffer.planes[0][0].bytes),
                Rect(*plane.target),
                list(ColourMatrix)[values.get("COLOR_ENCODING", 0)],
                bool(values.get("COLOR_RANGE", 0)),
                Rotation(values.get("rotation", 1)),
            )
        )
    mode = kernel.mode
    assert mode is not None
    return scanned_out((mode.hdisplay, mode.vdisplay), planes)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_planes_of_every_driver_show_the_composed_picture(
    profile: str, tmp_path: Path
) -> None:
    cards = Cards(profile, modes=((*SIZE, 60),), is_self_paced=True)
    meant = compose(SIZE, LAYERS.values())
    with drm_display(cards) as display:
        for layer, (frame, at) in LAYERS.items():
            display.show(layer, frame, at)
        display.save_png(str(tmp_path / "glass.png"))

        assert _far(_of_kernel(cards.kernel), meant) <= FURTHEST
        with Image.open(tmp_path / "glass.png") as saved:
            assert _far(saved, meant) <= FURTHEST


def test_plan_a_and_the_interleaved_plan_show_the_same(tmp_path: Path) -> None:
    frame = _moving(1, (320, 180), ColourMatrix.BT709)
    planes, pitch = interleaved(frame)
    at = Rect(0, 0, *SIZE)
    layout = layout_of(Fourcc.NV12, 320, 180, (320, pitch))
    upright = Rotation.ROTATE_0

    pictures = [
        scanned_out(SIZE, [ScannedPlane(lay, memory, at, frame.matrix, False, upright)])
        for lay, memory in (
            (layout, b"".join(map(bytes, planes))),
            (decoded_layout(frame), b"".join(map(bytes, frame.planes))),
        )
    ]

    assert _far(*pictures) == 0


def test_a_plane_of_the_wrong_matrix_is_seen_to_be_wrong() -> None:
    frame = _moving(1, (320, 180), ColourMatrix.BT709)
    meant = compose(SIZE, [(frame, Rect(0, 0, *SIZE))])
    memory = b"".join(map(bytes, frame.planes))
    at, layout = Rect(0, 0, *SIZE), decoded_layout(frame)
    wrong = ScannedPlane(
        layout, memory, at, ColourMatrix.BT601, False, Rotation.ROTATE_0
    )

    assert _far(scanned_out(SIZE, [wrong]), meant) > FURTHEST


def test_a_plane_partly_beyond_the_edge_is_cut() -> None:
    cards = Cards("vc4-gen5", modes=((64, 48, 60),), is_self_paced=True)
    frame, page = grey_frame(235), plain_page((0, 0, 0, 255), (32, 24))
    placed: list[tuple[SoftFrame | PageFrame, Rect | None]] = [
        (frame, None),
        (page, Rect(-10, -6, 32, 24)),
        (page, Rect(50, 40, 32, 24)),
    ]
    layers = (Layer.BASE, Layer.PIP, Layer.OVER)
    with drm_display(cards) as display:
        for layer, (picture, at) in zip(layers, placed, strict=True):
            display.show(layer, picture, at)

        assert _far(_of_kernel(cards.kernel), compose((64, 48), placed)) < 1


def test_a_display_turned_over_shows_everything_turned() -> None:
    images: list[NDArray[np.int16]] = []
    for is_over in (False, True):
        cards = Cards("vc4-gen5", modes=((64, 48, 60),), is_self_paced=True)
        with drm_display(cards) as display:
            if is_over:
                display.turn_over()
            display.show(Layer.BASE, _moving(1, (64, 48), ColourMatrix.BT601))
            assert display.rung is Rung.A
            images.append(np.asarray(_of_kernel(cards.kernel), np.int16))

    assert np.abs(images[0] - images[1][::-1, ::-1]).max() == 0
