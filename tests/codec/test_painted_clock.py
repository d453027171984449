"""The clock painted into pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.i420 import Plane, black_picture, luma_of, plane_of, planes_of
from kiosk.codec.painted_clock import MODULUS, paint, paint_i420, read, strip_height
from kiosk.codec.scene import Scene
from kiosk.ports import Micros
from tests.fakes.h264_wire import avcc_of, encoder, payload_of, picture_times


NOW = Micros(987_654_321_000)


def clock_in(size: tuple[int, int], at: Micros = NOW) -> Plane:
    luma = luma_of(Scene(*size).draw(0)).copy()
    paint(luma, at)
    return luma


@pytest.mark.parametrize("size", [(320, 240), (640, 360), (640, 480), (1280, 720)])
def test_what_is_painted_is_read_back(size: tuple[int, int]) -> None:
    assert read(clock_in(size), NOW) == NOW


@given(st.integers(0, 2**45), st.integers(-3_600_000_000, 3_600_000_000))
def test_any_time_is_read_back_by_anybody_within_the_hour(at: int, apart: int) -> None:
    luma = np.zeros((36, 320), np.uint8)
    paint(luma, Micros(at))

    assert read(luma, Micros(max(0, at + apart))) == at // 100 * 100


def test_a_time_across_the_wrap_is_read_back() -> None:
    wrap = MODULUS * 100
    before = clock_in((320, 240), Micros(wrap - 5000))

    assert read(before, Micros(wrap + 20_000)) == wrap - 5000


@pytest.mark.parametrize("to", [(320, 240), (333, 187), (960, 540)])
def test_it_survives_scaling_and_jpeg(to: tuple[int, int]) -> None:
    image = Image.fromarray(clock_in((1280, 720))).resize(to)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)

    assert read(np.asarray(Image.open(file)), NOW) == NOW


def test_it_survives_an_encoder_on_a_poor_uplink() -> None:
    scene, coder = Scene(640, 360), encoder((640, 360), bitrate=100_000)
    decoder: H264Decoder | None = None
    for number, at in enumerate(picture_times(60)):
        picture = scene.draw(number)
        paint_i420(picture, at)
        unit = coder.encode(picture, at)[0]
        decoder = decoder or H264Decoder(avcc_of(unit.data))
        frame = decoder.decode(payload_of(unit.data), at)[0]

        assert read(plane_of(frame, 0), at) == at // 100 * 100


def test_a_picture_without_a_clock_has_none() -> None:
    assert read(luma_of(Scene(640, 360).draw(0)), NOW) is None


@pytest.mark.parametrize("luma", [0, 16, 128, 235, 255])
def test_a_picture_of_one_colour_has_no_clock(luma: int) -> None:
    assert read(np.full((240, 320), luma, np.uint8), NOW) is None


def test_a_wrong_bit_is_noticed() -> None:
    luma = clock_in((320, 240))
    luma[0:10, 0:20] = 251 - luma[0:10, 0:20]

    assert read(luma, NOW) is None


@pytest.mark.parametrize("size", [(16, 12), (320, 8), (0, 0)])
def test_a_picture_too_small_for_a_clock_has_none(size: tuple[int, int]) -> None:
    assert read(np.zeros((size[1], size[0]), np.uint8), NOW) is None


def test_painting_into_a_picture_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="16x12 is too small"):
        paint(np.zeros((12, 16), np.uint8), NOW)


def test_only_the_strip_at_the_top_is_painted() -> None:
    luma = np.full((360, 640), 99, np.uint8)
    paint(luma, NOW)

    assert strip_height(640) == 40
    assert set(np.unique(luma[:40])) == {16, 235}
    assert set(np.unique(luma[40:])) == {99}


def test_beneath_the_clock_there_is_no_colour() -> None:
    picture = black_picture(320, 240)
    picture[240:] = 200
    paint_i420(picture, NOW)
    _, u, v = planes_of(picture)

    assert np.all(u[:10] == 128)
    assert np.all(v[:10] == 128)
    assert np.all(u[12:] == 200)
