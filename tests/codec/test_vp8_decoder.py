"""VP8 of a browser: one picture in, one out, and damage costs up to the next key."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.agentdesk.framing import Codec
from kiosk.codec import painted_clock
from kiosk.codec.vp8_decoder import Vp8Decoder, is_vp8_key
from kiosk.errors import MediaError
from kiosk.ports import Micros
from tests.fakes.desk_capture import HEIGHT, WIDTH, PaperPictures


def clip(length: int) -> list[tuple[int, bytes]]:
    pictures = PaperPictures(Codec.VP8)
    found: list[tuple[int, bytes]] = []
    for number in range(length):
        at = 5_000_000 + number * 33_333
        found += [(at, unit.payload) for unit in pictures.units(at)]
    return found


def test_every_picture_comes_out_with_its_time_and_size() -> None:
    decoder = Vp8Decoder()

    for at, data in clip(20):
        frame = decoder.decode(data, Micros(at))

        assert frame is not None
        assert (frame.width, frame.height) == (WIDTH, HEIGHT)
        assert frame.captured_at == at


def test_the_painted_clock_is_still_read() -> None:
    at, data = clip(1)[0]
    frame = Vp8Decoder().decode(data, Micros(at))

    assert frame is not None
    luma = frame.planes[0].cast("B", (HEIGHT, frame.pitches[0]))
    pixels = np.asarray(luma)[:, :WIDTH]
    read = painted_clock.read(pixels, Micros(at))
    assert read is not None
    assert abs(read - at) <= painted_clock.UNIT_US


def test_nothing_comes_out_before_the_first_key() -> None:
    pictures = clip(3)
    decoder = Vp8Decoder()

    assert decoder.decode(pictures[1][1], Micros(0)) is None
    assert decoder.decode(pictures[0][1], Micros(1)) is not None


@pytest.mark.parametrize("damaged", [b"", b"\x9b\xff\xff", b"\xff" * 200])
def test_damage_costs_up_to_the_next_key(damaged: bytes) -> None:
    pictures = clip(3)
    decoder = Vp8Decoder()
    decoder.decode(pictures[0][1], Micros(0))

    with pytest.raises(MediaError, match="damaged"):
        decoder.decode(damaged, Micros(1))

    assert decoder.decode(pictures[1][1], Micros(2)) is None
    assert decoder.decode(pictures[0][1], Micros(3)) is not None


def test_a_key_is_known_by_its_header() -> None:
    key, inter = (data for _, data in clip(2))

    assert is_vp8_key(key)
    assert not is_vp8_key(inter)
    assert not is_vp8_key(key[:9])
