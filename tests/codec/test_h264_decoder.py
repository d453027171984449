"""The software H.264 decoder, fed with what FLV carries."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.i420 import black_picture, plane_of
from kiosk.codec.painted_clock import read
from kiosk.errors import MediaError
from kiosk.ports import AccessUnit, ColourMatrix, Micros, SoftFrame
from tests.fakes.h264_wire import avcc_of, clip, encoder, payload_of


DAMAGE = {
    "empty": b"",
    "half a length": b"\0\0",
    "a length too long": b"\xff" * 100,
    "an IDR without content": b"\0\0\0\1\x65",
    "an IDR of rubbish": b"\0\0\0\5\x65abcd",
    "only zeros": bytes(101),
}


def decoder_for(units: list[AccessUnit]) -> H264Decoder:
    return H264Decoder(avcc_of(units[0].data))


def decode(decoder: H264Decoder, unit: AccessUnit) -> tuple[SoftFrame, ...]:
    return decoder.decode(payload_of(unit.data), unit.captured_at)


def painted(frame: SoftFrame) -> Micros | None:
    return read(plane_of(frame, 0), frame.captured_at)


def test_every_unit_gives_its_picture_at_once() -> None:
    units = clip(10)
    decoder = decoder_for(units)

    frames = [decode(decoder, unit) for unit in units]

    assert [len(f) for f in frames] == [1] * 10
    assert [f[0].captured_at for f in frames] == [u.captured_at for u in units]


def test_the_painted_clock_survives_the_codec() -> None:
    units = clip(3)
    decoder = decoder_for(units)

    read_back = [painted(decode(decoder, unit)[0]) for unit in units]

    assert read_back == [unit.captured_at // 100 * 100 for unit in units]


def test_pictures_stay_readable_after_the_decoder_is_gone() -> None:
    units = clip(20)
    decoder = decoder_for(units)
    frames = [frame for unit in units for frame in decode(decoder, unit)]

    del decoder

    assert [painted(frame) for frame in frames] == [
        unit.captured_at // 100 * 100 for unit in units
    ]


def test_nothing_comes_out_before_the_first_idr() -> None:
    units = clip(6, idr_at=[4])
    decoder = decoder_for(units)

    counts = [len(decode(decoder, unit)) for unit in units[1:]]

    assert counts == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_a_media_error_and_the_next_idr_makes_it_good(damage: bytes) -> None:
    units = clip(6, idr_at=[4])
    decoder = decoder_for(units)
    decode(decoder, units[0])

    with pytest.raises(MediaError, match="damaged"):
        decoder.decode(damage, Micros(7))

    assert [len(decode(decoder, unit)) for unit in units[2:]] == [0, 0, 1, 1]


def test_a_picture_that_ffmpeg_made_up_in_part_is_damaged_too() -> None:
    units = clip(6, idr_at=[4])
    decoder = decoder_for(units)
    decode(decoder, units[0])
    broken = bytearray(payload_of(units[1].data))
    broken[len(broken) // 2] ^= 0x10
    broken[len(broken) // 2 + 3] ^= 0x55

    with pytest.raises(MediaError, match="made parts of it up"):
        decoder.decode(bytes(broken), Micros(7))

    assert [len(decode(decoder, unit)) for unit in units[2:]] == [0, 0, 1, 1]


def test_a_unit_cut_off_anywhere_never_raises_anything_else() -> None:
    units = clip(3, (64, 48), idr_at=[1])
    payload = payload_of(units[1].data)
    decoder = decoder_for(units)

    for end in range(0, len(payload), 7):
        with pytest.raises(MediaError):
            decoder.decode(payload[:end], Micros(end))

    assert decode(decoder, units[1])


def test_flipped_bytes_never_raise_anything_else() -> None:
    units = clip(2, (64, 48))
    payload = payload_of(units[0].data)
    decoder = decoder_for(units)

    for at in range(0, len(payload), 5):
        flipped = bytearray(payload)
        flipped[at] ^= 0xFF
        try:
            decoder.decode(bytes(flipped), Micros(at))
        except MediaError:
            continue

    assert decode(decoder, units[0])


@pytest.mark.parametrize("avcc", [b"", b"\1", b"\0" * 20, b"\1garbage"])
def test_an_avcc_of_rubbish_never_raises_anything_else(avcc: bytes) -> None:
    with pytest.raises(MediaError):
        H264Decoder(avcc).decode(b"\0\0\0\1\x65", Micros(0))


def test_a_new_avcc_changes_the_picture_size() -> None:
    small, large = clip(2, (320, 240)), clip(2, (640, 360))
    decoder = decoder_for(small)
    decode(decoder, small[0])

    decoder.configure(avcc_of(large[0].data))

    assert [(f.width, f.height) for u in large for f in decode(decoder, u)] == [
        (640, 360),
        (640, 360),
    ]


def test_after_a_refused_avcc_the_old_one_stays_in_force() -> None:
    units = clip(2)
    decoder = decoder_for(units)
    decode(decoder, units[0])

    with pytest.raises(MediaError):
        decoder.configure(b"nonsense")

    assert len(decode(decoder, units[1])) == 1


def test_a_picture_larger_than_the_limit_is_refused() -> None:
    size = (4608, 2592)
    unit = encoder(size).encode(black_picture(*size), Micros(0))[0]
    decoder = H264Decoder(avcc_of(unit.data))

    with pytest.raises(MediaError):
        decoder.decode(payload_of(unit.data), Micros(0))


@pytest.mark.parametrize("size", [(8192, 16), (16, 8192), (128, 8)])
def test_a_picture_that_no_display_takes_is_damage(size: tuple[int, int]) -> None:
    annex_b = _strangers_unit("yuv420p", "fullrange=off", size=size)
    decoder = H264Decoder(avcc_of(annex_b))

    with pytest.raises(MediaError, match=f"{size[0]}x{size[1]} pixels"):
        decoder.decode(payload_of(annex_b), Micros(0))


def test_a_strangers_other_layout_and_matrix_are_converted_and_named() -> None:
    annex_b = _strangers_unit("yuv422p", "colormatrix=bt709:fullrange=on")
    frame = H264Decoder(avcc_of(annex_b)).decode(payload_of(annex_b), Micros(42))[0]

    assert (frame.matrix, frame.full_range) == (ColourMatrix.BT709, True)
    assert frame.captured_at == 42
    assert plane_of(frame, 1).shape == (48, 64)
    assert abs(int(plane_of(frame, 0).mean()) - 90) < 4


def test_an_odd_picture_loses_its_last_row_and_column() -> None:
    annex_b = _strangers_unit("yuv444p", "fullrange=off", size=(127, 95))
    frame = H264Decoder(avcc_of(annex_b)).decode(payload_of(annex_b), Micros(0))[0]

    assert (frame.width, frame.height) == (126, 94)


def _strangers_unit(
    pix_fmt: str, x264_params: str, size: tuple[int, int] = (128, 96)
) -> bytes:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt = pix_fmt
    context.time_base = Fraction(1, 25)
    context.bit_rate = 500_000
    context.options = {"tune": "zerolatency", "x264-params": x264_params}
    grey = np.full((size[1], size[0], 3), 90, np.uint8)
    frame = VideoFrame.from_ndarray(grey, format="rgb24").reformat(
        format=pix_fmt, dst_color_range="JPEG" if "range=on" in x264_params else "MPEG"
    )
    frame.pts = 0
    packets = context.encode(frame)
    return b"".join(bytes(packet) for packet in packets)
