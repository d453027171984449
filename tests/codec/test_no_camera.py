"""The picture of a camera that is struck through."""

from __future__ import annotations

from itertools import groupby

import pytest

from kiosk.codec.i420 import GREY, luma_of
from kiosk.codec.no_camera import GROUND, SIGN, no_camera_picture


@pytest.mark.parametrize("size", [(640, 360), (320, 240), (16, 16), (1280, 720)])
def test_it_is_a_sign_in_the_middle_on_one_ground_without_colour(
    size: tuple[int, int],
) -> None:
    width, height = size

    picture = no_camera_picture(width, height)

    luma = luma_of(picture)
    assert picture.shape == (height * 3 // 2, width)
    assert (picture[height:] == GREY).all()
    assert set(luma.flat) == {GROUND, SIGN}
    assert luma[height // 2, width // 2] == SIGN
    assert (luma[0] == GROUND).all()
    assert (luma[:, 0] == GROUND).all()


def test_the_stroke_stands_apart_from_the_camera_behind_it() -> None:
    luma = luma_of(no_camera_picture(640, 360))

    row = luma[180, 320:].tolist()

    # from the stroke over the gap beside it into the body, and out through the lens
    assert [luma for luma, _ in groupby(row)] == [SIGN, GROUND] * 3
