"""Pictures in another size or form, for displays that cannot."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.codec.rescale import Rescaler, interleaved, mirrored
from kiosk.ports import ColourMatrix
from tests.fakes.frames import grey_frame, plain_page


@pytest.mark.parametrize(
    ("matrix", "full_range", "yuv", "bgr"),
    [
        (ColourMatrix.BT601, False, (81, 90, 240), (0, 0, 253)),
        (ColourMatrix.BT601, True, (76, 85, 255), (0, 0, 254)),
        (ColourMatrix.BT709, False, (63, 102, 240), (0, 0, 254)),
        (ColourMatrix.BT709, True, (81, 90, 240), (10, 35, 255)),
    ],
)
def test_video_becomes_rgb_by_its_own_matrix_and_range(
    matrix: ColourMatrix,
    full_range: bool,
    yuv: tuple[int, int, int],
    bgr: tuple[int, int, int],
) -> None:
    frame = grey_frame(yuv[0], chroma=yuv[1:], matrix=matrix, full_range=full_range)

    pixels, pitch = Rescaler().bgr0(frame, 64, 48)

    assert pitch >= 64 * 4
    far = [abs(got - meant) for got, meant in zip(pixels[:3], bgr, strict=True)]
    assert max(far) <= 2


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (180, 320), (30, 22), (15, 11)])
def test_every_column_and_row_is_converted_whatever_the_size(
    size: tuple[int, int],
) -> None:
    width, height = size
    rescaler = Rescaler()
    for level, grey in ((235, 255), (16, 0)):
        pixels, pitch = rescaler.bgr0(grey_frame(level), width, height)

        rows = np.frombuffer(pixels, np.uint8).reshape(-1, pitch)[:height]
        colours = rows[:, : 4 * width].reshape(height, -1, 4)[:, :, :3]
        assert np.abs(colours.astype(np.int16) - grey).max() <= 2


def test_scaling_keeps_the_colours_and_what_is_said_of_them() -> None:
    frame = grey_frame(90, chroma=(70, 200), matrix=ColourMatrix.BT709, full_range=True)

    scaled = Rescaler().scaled(frame, 128, 96)

    assert (scaled.width, scaled.height) == (128, 96)
    assert [plane[0] for plane in scaled.planes] == [90, 70, 200]
    assert (scaled.matrix, scaled.full_range) == (ColourMatrix.BT709, True)


def test_chroma_is_interleaved_and_luma_is_not_copied() -> None:
    frame = grey_frame(90, chroma=(70, 200))

    (luma, chroma), pitch = interleaved(frame)

    assert luma is frame.planes[0]
    assert (bytes(chroma[:4]), pitch) == (bytes((70, 200, 70, 200)), 64)


def test_a_mirror_reverses_left_and_right() -> None:
    frame = grey_frame(90)
    luma = bytearray(frame.planes[0])
    luma[0] = 7
    planes = (memoryview(luma), *frame.planes[1:])
    other = type(frame)(64, 48, (planes[0], planes[1], planes[2]), frame.pitches, frame.captured_at)  # fmt: skip

    assert mirrored(other).planes[0][63] == 7


def test_a_page_is_scaled_in_its_own_colour() -> None:
    page = Rescaler().page(plain_page((10, 20, 30, 40)), 100, 37)

    assert (page.width, page.height) == (100, 37)
    assert {page.pixels[i : i + 4] for i in range(0, len(page.pixels), 4)} == {
        bytes((10, 20, 30, 40))
    }
