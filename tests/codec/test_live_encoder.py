"""What every software camera does with its pictures."""

from __future__ import annotations

import pytest
from typing_extensions import override

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420, black_picture
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.ports import AccessUnit, Bitrate, DmabufFrame, Micros, SoftFrame


class NotingEncoder(H264Encoder):
    """Notes among how many pictures a second the bits were to be shared."""

    def __init__(self) -> None:
        super().__init__(
            width=320,
            height=240,
            picture_rate=30,
            bitrate=Bitrate(300_000),
            ceiling=Bitrate(600_000),
            gop_s=10.0,
        )
        self.picture_rates: list[float] = []

    @override
    def set_picture_rate(self, pictures_per_second: float) -> None:
        self.picture_rates.append(pictures_per_second)
        super().set_picture_rate(pictures_per_second)


class Rig:
    """A live encoder at 30 pictures a second with everything it delivered."""

    def __init__(self, *, with_preview: bool = True) -> None:
        self.units: list[AccessUnit] = []
        self.previews: list[SoftFrame | DmabufFrame] = []
        self.drawn: list[Micros] = []
        self.encoder = NotingEncoder()
        self.wishes = EncoderWishes(Bitrate(300_000), 30)
        self._now = 1_000_000
        self._live = LiveEncoder(
            self.encoder,
            self.wishes,
            30,
            self.units.append,
            self.previews.append if with_preview else None,
        )

    def run(self, pictures: int) -> None:
        for _ in range(pictures):
            self._live.offer(self._draw, Micros(self._now))
            self._now += 33_333

    def _draw(self, at: Micros) -> I420:
        self.drawn.append(at)
        return black_picture(320, 240)


def test_every_picture_is_drawn_once_and_encoded() -> None:
    rig = Rig()
    rig.run(30)

    assert len(rig.units) == len(rig.drawn) == 30
    assert [unit.captured_at for unit in rig.units] == rig.drawn


def test_fifteen_previews_a_second_are_enough() -> None:
    rig = Rig()
    rig.run(30)

    assert len(rig.previews) == 15


def test_without_a_listener_there_are_no_previews() -> None:
    rig = Rig(with_preview=False)
    rig.run(3)

    assert rig.previews == []
    assert len(rig.units) == 3


def test_pictures_too_many_are_not_even_drawn() -> None:
    rig = Rig(with_preview=False)
    rig.wishes.set_picture_rate(10)
    rig.run(30)

    assert len(rig.units) == len(rig.drawn) == 10


def test_previews_go_on_when_fewer_pictures_are_encoded() -> None:
    rig = Rig()
    rig.wishes.set_picture_rate(5)
    rig.run(30)

    assert (len(rig.units), len(rig.previews)) == (5, 15)


@pytest.mark.parametrize(
    ("wanted", "got"), [(0, 0.1), (-5, 0.1), (1000, 30), (12.5, 12.5)]
)
def test_the_picture_rate_is_kept_within_what_the_camera_can(
    wanted: float, got: float
) -> None:
    wishes = EncoderWishes(Bitrate(1), 30)
    wishes.set_picture_rate(wanted)

    assert wishes.rates() == (1, got)


def test_a_brake_leaves_out_pictures_and_their_bits() -> None:
    rig = Rig(with_preview=False)
    rig.wishes.set_picture_rate(15)
    rig.run(2)
    rig.wishes.set_picture_rate(1)
    rig.run(20)

    assert len(rig.units) == 1
    assert rig.encoder.picture_rates == [15]


def test_a_brake_that_is_released_lets_the_next_picture_through() -> None:
    rig = Rig(with_preview=False)
    rig.run(1)
    rig.wishes.set_picture_rate(0.1)
    rig.run(10)
    rig.wishes.set_picture_rate(30)
    rig.run(5)

    assert len(rig.units) == 6


def test_a_wish_for_an_idr_is_fulfilled_once_by_the_next_picture() -> None:
    rig = Rig()
    rig.run(3)
    rig.wishes.request_idr()
    rig.wishes.request_idr()
    rig.run(3)

    assert [unit.is_idr for unit in rig.units] == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]


def test_a_wish_for_an_idr_waits_for_a_picture_that_is_encoded() -> None:
    rig = Rig()
    rig.wishes.set_picture_rate(1)
    rig.run(1)
    rig.wishes.request_idr()
    rig.run(30)

    assert [unit.is_idr for unit in rig.units] == [True, True]


def test_a_new_bit_rate_reaches_the_encoder_with_the_next_picture() -> None:
    rig = Rig()
    rig.run(1)
    rig.wishes.set_bitrate(Bitrate(222_000))
    rig.run(1)

    assert rig.encoder.bitrate == 222_000
