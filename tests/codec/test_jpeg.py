"""A still as a JPEG: its own size, its own levels, and never larger than it may be."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from kiosk.codec.i420 import I420, black_picture, luma_of, planes_of, soft_frame
from kiosk.codec.jpeg import encode_jpeg
from kiosk.errors import MediaError
from kiosk.ports import Micros


ROOMY = 1_000_000


def noisy(width: int, height: int) -> I420:
    picture = black_picture(width, height)
    luma = luma_of(picture)
    luma[:] = np.random.default_rng(1).integers(16, 235, luma.shape, np.uint8)
    return picture


def shown(jpeg: bytes) -> Image.Image:
    return Image.open(BytesIO(jpeg)).convert("RGB")


def test_it_is_a_jpeg_of_the_pictures_own_size() -> None:
    jpeg = encode_jpeg(soft_frame(noisy(320, 240), Micros(0)), ROOMY)

    image = Image.open(BytesIO(jpeg))
    assert (image.format, image.size) == ("JPEG", (320, 240))


def test_black_white_and_colour_are_what_they_were() -> None:
    picture = black_picture(64, 32)
    y, _, v = planes_of(picture)
    y[:, 32:] = 235
    v[:, :8] = 200  # red in the first quarter
    image = shown(encode_jpeg(soft_frame(picture, Micros(0)), ROOMY))

    red, black, white = (image.getpixel((x, 16)) for x in (8, 24, 48))
    assert isinstance(red, tuple)
    assert red[0] > 90 > red[1]
    assert black == pytest.approx((0, 0, 0), abs=8)
    assert white == pytest.approx((255, 255, 255), abs=8)


def test_a_bound_costs_quality_and_not_size() -> None:
    frame = soft_frame(noisy(320, 240), Micros(0))
    fine = encode_jpeg(frame, ROOMY)

    small = encode_jpeg(frame, len(fine) // 2)

    assert len(small) <= len(fine) // 2
    assert shown(small).size == (320, 240)


def test_what_fits_at_no_quality_is_an_error() -> None:
    with pytest.raises(MediaError, match="320x240 does not fit 100 bytes"):
        encode_jpeg(soft_frame(noisy(320, 240), Micros(0)), 100)
