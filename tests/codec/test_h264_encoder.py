"""The live H.264 encoder."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.i420 import black_picture, i420_of, soft_frame
from kiosk.codec.scene import Scene
from kiosk.errors import MediaError
from kiosk.ports import Bitrate, Micros, SoftFrame
from tests.fakes.h264_wire import (
    IDR,
    PPS,
    SPS,
    avcc_of,
    clip,
    encoder,
    nal_types,
    noise,
    payload_of,
    picture_times,
)


def coded_kbps(sizes: list[int], pictures_per_second: float = 30) -> float:
    return sum(sizes) * 8 * pictures_per_second / len(sizes) / 1000


def test_every_picture_becomes_one_unit_at_once_with_its_capture_time() -> None:
    units = clip(5)

    assert [unit.captured_at for unit in units] == picture_times(5)


def test_the_first_unit_is_an_idr_with_sps_and_pps_in_annex_b() -> None:
    first = clip(1)[0]

    assert first.is_idr
    assert first.data.startswith(b"\0\0\0\1")
    assert [t for t in nal_types(first.data) if t in {SPS, PPS, IDR}] == [SPS, PPS, IDR]


def test_an_idr_comes_at_exactly_the_picture_it_was_asked_for() -> None:
    units = clip(8, idr_at=[5])

    assert [i for i, unit in enumerate(units) if unit.is_idr] == [0, 5]
    assert {SPS, PPS, IDR} <= set(nal_types(units[5].data))


def test_the_stream_is_constrained_baseline() -> None:
    avcc = avcc_of(clip(1)[0].data)

    assert avcc[1] == 66
    assert avcc[2] & 0x40


def test_a_gop_ends_in_time_even_when_pictures_are_left_out() -> None:
    coder, picture = encoder(gop_s=1.0), black_picture(320, 240)
    times = picture_times(12, every_us=200_000)

    units = [unit for at in times for unit in coder.encode(picture, at)]

    assert [i for i, unit in enumerate(units) if unit.is_idr] == [0, 5, 10]


def test_a_new_bit_rate_is_followed_within_a_second_both_ways() -> None:
    coder, scene = encoder(bitrate=300_000, ceiling=600_000), Scene(320, 240)
    sizes: list[int] = []
    for number, at in enumerate(picture_times(240)):
        if number == 60:
            coder.set_bitrate(Bitrate(120_000))
        if number == 150:
            coder.set_bitrate(Bitrate(400_000))
        sizes += [len(u.data) for u in coder.encode(scene.draw(number), at)]

    assert coded_kbps(sizes[30:60]) == pytest.approx(300, rel=0.25)
    assert coded_kbps(sizes[90:150]) == pytest.approx(120, rel=0.25)
    assert coded_kbps(sizes[180:240]) == pytest.approx(400, rel=0.25)


def test_the_bit_rate_never_passes_the_ceiling() -> None:
    coder = encoder(bitrate=300_000, ceiling=400_000)
    coder.set_bitrate(Bitrate(5_000_000))
    sizes = [
        len(unit.data)
        for number, at in enumerate(picture_times(90))
        for unit in coder.encode(noise((320, 240), number), at)
    ]

    assert coder.bitrate == 400_000
    assert coded_kbps(sizes[30:]) < 440


def test_leaving_out_every_other_picture_keeps_the_bit_rate() -> None:
    coder, scene = encoder(bitrate=250_000, ceiling=800_000), Scene(320, 240)
    coder.set_picture_rate(15)
    sizes = [
        len(unit.data)
        for number, at in enumerate(picture_times(90, every_us=66_667))
        for unit in coder.encode(scene.draw(2 * number), at)
    ]

    assert coded_kbps(sizes[30:], 15) == pytest.approx(250, rel=0.25)


def test_the_picture_rate_can_change_within_a_stream() -> None:
    coder, scene = encoder(bitrate=250_000, ceiling=800_000), Scene(320, 240)
    for number, at in enumerate(picture_times(30)):
        coder.encode(scene.draw(number), at)
    coder.set_picture_rate(10)
    sizes = [
        len(unit.data)
        for number in range(60)
        for unit in coder.encode(
            scene.draw(number), Micros(7_000_000 + 100_000 * number)
        )
    ]

    assert coded_kbps(sizes[20:], 10) == pytest.approx(250, rel=0.3)


def test_two_pictures_of_the_same_microsecond_are_both_encoded() -> None:
    coder, picture = encoder(), black_picture(320, 240)

    units = [
        unit for at in (1000, 1000, 900) for unit in coder.encode(picture, Micros(at))
    ]

    assert [unit.captured_at for unit in units] == [1000, 1000, 900]


def test_a_frame_with_padded_rows_is_encoded_like_the_plain_picture() -> None:
    picture = Scene(320, 240).draw(0)
    padded = _padded(soft_frame(picture, Micros(1)))

    from_array = encoder().encode(picture, Micros(1))
    from_frame = encoder().encode(padded, Micros(1))

    assert from_array == from_frame


def test_a_picture_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(MediaError, match="640x360, opened for 320x240"):
        encoder().encode(black_picture(640, 360), Micros(0))


@pytest.mark.parametrize("size", [(321, 240), (320, 241), (0, 0), (8, 8)])
def test_impossible_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(MediaError, match="must be even"):
        encoder(size)


def test_what_ffmpeg_cannot_open_is_a_media_error() -> None:
    with pytest.raises(MediaError, match="encoder"):
        encoder((40_000, 40_000))


def test_pictures_one_after_the_other_come_out_as_they_went_in() -> None:
    coder, decoder = encoder(), None
    for at, luma in enumerate((50, 200, 90), 1):
        picture = black_picture(320, 240)
        picture[:240] = luma
        unit = coder.encode(picture, Micros(at * 33_000), idr=luma == 90)[0]
        decoder = decoder or H264Decoder(avcc_of(unit.data))
        frame = decoder.decode(payload_of(unit.data), Micros(at))[0]

        assert abs(i420_of(frame)[:240].mean() - luma) < 3
        assert unit.is_idr == (luma in {50, 90})


@pytest.mark.parametrize("size", [(320, 240), (854, 480)])  # rows padded, or not
def test_the_decoded_picture_is_limited_range_bt601_and_looks_the_same(
    size: tuple[int, int],
) -> None:
    picture = Scene(*size).draw(3)
    unit = encoder(size).encode(picture, Micros(1))[0]
    frame = H264Decoder(avcc_of(unit.data)).decode(payload_of(unit.data), Micros(1))[0]

    assert not frame.full_range
    assert np.abs(i420_of(frame).astype(int) - picture).mean() < 4


def _padded(frame: SoftFrame) -> SoftFrame:
    planes: list[memoryview] = []
    for index, plane in enumerate(frame.planes):
        pitch = frame.pitches[index]
        rows = [
            bytes(plane[i : i + pitch]) + b"\xee" * 32
            for i in range(0, len(plane), pitch)
        ]
        planes.append(memoryview(b"".join(rows)))
    y, u, v = planes
    pitches = (frame.pitches[0] + 32, frame.pitches[1] + 32, frame.pitches[2] + 32)
    return SoftFrame(frame.width, frame.height, (y, u, v), pitches, frame.captured_at)
