"""Pictures as arrays and as port values."""

from __future__ import annotations

import numpy as np

from kiosk.codec.i420 import (
    black_picture,
    i420_of,
    luma_of,
    plane_of,
    planes_of,
    preview_of,
    soft_frame,
)
from kiosk.codec.scene import Scene
from kiosk.ports import ColourMatrix, Micros
from tests.fakes.frames import grey_frame


def test_a_black_picture_is_black_and_colourless() -> None:
    y, u, v = planes_of(black_picture(64, 36))

    assert (y.shape, u.shape, v.shape) == ((36, 64), (18, 32), (18, 32))
    assert (int(y.max()), int(u.min()), int(v.max())) == (16, 128, 128)


def test_an_array_becomes_a_frame_and_an_array_again() -> None:
    picture = Scene(64, 44).draw(0)
    frame = soft_frame(picture, Micros(9), ColourMatrix.BT709)

    assert (frame.width, frame.height, frame.pitches) == (64, 44, (64, 32, 32))
    assert (frame.captured_at, frame.matrix) == (9, ColourMatrix.BT709)
    assert [len(plane) for plane in frame.planes] == [64 * 44, 32 * 22, 32 * 22]
    assert np.array_equal(i420_of(frame), picture)


def test_the_padding_of_a_frame_is_not_in_its_planes() -> None:
    frame = grey_frame(77, (32, 16), padding=5, chroma=(100, 150))

    planes = [plane_of(frame, index) for index in range(3)]

    assert [set(np.unique(plane)) for plane in planes] == [{77}, {100}, {150}]
    assert np.array_equal(np.unique(i420_of(frame)), [77, 100, 150])


def test_luma_is_a_view_into_the_picture() -> None:
    picture = black_picture(64, 36)
    luma_of(picture)[:] = 200

    assert int(picture[:36].min()) == 200
    assert int(picture[36:].max()) == 128


def test_a_preview_is_a_small_copy_of_even_size() -> None:
    picture = Scene(640, 360).draw(0)
    small = preview_of(picture, Micros(3), 4)
    first = bytes(small.planes[0])
    picture[:] = 0

    assert (small.width, small.height, small.captured_at) == (160, 90, 3)
    assert bytes(small.planes[0]) == first


def test_a_preview_of_an_awkward_size_loses_its_edge() -> None:
    small = preview_of(black_picture(330, 250), Micros(0), 4)

    assert (small.width, small.height) == (82, 62)
    assert set(bytes(small.planes[0])) == {16}
    assert set(bytes(small.planes[2])) == {128}
