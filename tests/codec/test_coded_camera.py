"""What a camera codes itself is made whole, thinned and mended before it is passed on."""

from __future__ import annotations

import pytest

from kiosk.codec.coded_camera import CodedCamera, access_units
from kiosk.codec.live_encoder import EncoderWishes
from kiosk.codec.presets import GOP_S
from kiosk.ports import AccessUnit, Bitrate, Micros
from kiosk.rtmp import avc
from tests.fakes.h264_wire import IDR, PPS, SPS, clip, nal_types
from tests.fakes.live import Viewer


RATE = 30.0


class Knobs:
    """An encoder's, that only note what they were asked for."""

    def __init__(self) -> None:
        self.n_idrs = 0
        self.bitrates: list[int] = []

    def force_idr(self) -> None:
        self.n_idrs += 1

    def set_bitrate(self, bitrate: Bitrate) -> None:
        self.bitrates.append(bitrate)


class Bench:
    """A coded camera with everything around it."""

    def __init__(self, *, with_preview: bool = False) -> None:
        self.knobs = Knobs()
        self.wishes = EncoderWishes(Bitrate(300_000), RATE)
        self.viewer = Viewer()
        self.coded = CodedCamera(
            self.knobs,
            self.wishes,
            RATE,
            self.viewer.on_unit,
            self.viewer.on_preview if with_preview else None,
        )

    def offer(self, units: list[AccessUnit]) -> None:
        for unit in units:
            self.coded.offer(unit.data, unit.captured_at)


def without_sets(unit: AccessUnit) -> bytes:
    nals = avc.split_annex_b(unit.data)
    return avc.to_annex_b(n for n in nals if avc.nal_type(n) not in {SPS, PPS})


def sets_of(unit: AccessUnit) -> bytes:
    nals = avc.split_annex_b(unit.data)
    return avc.to_annex_b(n for n in nals if avc.nal_type(n) in {SPS, PPS})


def test_parameter_sets_that_come_alone_stand_before_every_idr() -> None:
    bench, pictures = Bench(), clip(6, idr_at=(3,))
    bench.coded.offer(sets_of(pictures[0]), Micros(1))

    for unit in pictures:
        bench.coded.offer(without_sets(unit), unit.captured_at)

    units = bench.viewer.units
    assert [unit.is_idr for unit in units] == [True, False, False, True, False, False]
    assert (
        nal_types(units[0].data)[:3] == nal_types(units[3].data)[:3] == [SPS, PPS, IDR]
    )
    assert len(bench.viewer.frames()) == 6


def test_nothing_is_passed_on_before_the_first_idr_which_is_asked_for() -> None:
    bench, pictures = Bench(), clip(6, idr_at=(4,))
    bench.coded.offer(sets_of(pictures[0]), Micros(1))

    for unit in pictures[1:]:
        bench.coded.offer(without_sets(unit), unit.captured_at)

    assert [unit.captured_at for unit in bench.viewer.units] == [
        unit.captured_at for unit in pictures[4:]
    ]
    assert bench.knobs.n_idrs == 1


def test_two_pictures_in_one_buffer_are_two_units() -> None:
    first, second = clip(2)

    units = access_units(first.data + second.data)

    assert [[avc.nal_type(nal) for nal in unit] for unit in units] == [
        [*nal_types(first.data)],
        [*nal_types(second.data)],
    ]


def test_slices_of_one_picture_stay_together() -> None:
    first, later = b"\x65\x88one", b"\x65\x40two"  # first_mb_in_slice 0 and 1

    assert access_units(avc.to_annex_b((first, later))) == [[first, later]]


def test_what_holds_no_picture_is_none() -> None:
    bench = Bench()

    assert bench.coded.offer(b"", Micros(1)) == 0
    assert bench.coded.offer(b"no start code", Micros(2)) == 0
    assert bench.coded.offer(sets_of(clip(1)[0]), Micros(3)) == 0
    assert bench.viewer.units == []


def test_wishes_reach_the_encoder_once() -> None:
    bench, pictures = Bench(), clip(6)
    bench.offer(pictures[:3])
    bench.wishes.set_bitrate(Bitrate(80_000))
    bench.offer(pictures[3:])

    assert bench.knobs.bitrates == [300_000, 80_000]


def test_an_idr_that_does_not_come_is_asked_for_again_not_at_each_picture() -> None:
    bench, pictures = Bench(), clip(15)
    bench.offer(pictures[:1])
    n_before = bench.knobs.n_idrs
    bench.wishes.request_idr()
    bench.offer(pictures[1:])

    assert bench.knobs.n_idrs - n_before == 2  # in 433 ms


def test_an_idr_is_asked_for_when_the_last_is_too_long_ago() -> None:
    bench, pictures = Bench(), clip(2)
    bench.offer(pictures[:1])
    n_before = bench.knobs.n_idrs
    late = Micros(pictures[0].captured_at + round(GOP_S * 1_000_000) + 1)
    bench.coded.offer(pictures[1].data, late)

    assert bench.knobs.n_idrs == n_before + 1


def test_few_pictures_a_second_are_idrs_that_were_asked_for() -> None:
    bench, pictures = Bench(), clip(30, idr_at=tuple(range(0, 30, 4)))
    bench.wishes.set_picture_rate(5)
    bench.offer(pictures)

    units = bench.viewer.units
    assert 4 <= len(units) <= 6
    assert all(unit.is_idr for unit in units)


def test_after_few_pictures_many_begin_with_an_idr() -> None:
    bench, pictures = Bench(), clip(20, idr_at=(15,))
    bench.wishes.set_picture_rate(0.1)
    bench.offer(pictures[:10])
    bench.wishes.set_picture_rate(RATE)
    bench.offer(pictures[10:])

    assert [unit.captured_at for unit in bench.viewer.units] == [
        unit.captured_at for unit in (pictures[0], *pictures[15:])
    ]


def test_a_picture_in_between_is_passed_on_at_any_rate_above() -> None:
    bench, pictures = Bench(), clip(10)
    bench.wishes.set_picture_rate(15)
    bench.offer(pictures)

    assert len(bench.viewer.units) == 10


def test_after_damage_nothing_is_passed_on_before_the_next_idr(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench, pictures = Bench(with_preview=True), clip(12, idr_at=(8,))
    bench.offer(pictures[:3])
    n_asked = bench.knobs.n_idrs
    broken = bytearray(pictures[3].data)
    broken[len(broken) // 3 :] = bytes(len(broken) - len(broken) // 3)
    bench.coded.offer(bytes(broken).rstrip(b"\0"), pictures[3].captured_at)
    bench.offer(pictures[4:])

    times = [unit.captured_at for unit in bench.viewer.units]
    assert times == [u.captured_at for u in (*pictures[:3], *pictures[8:])]
    assert bench.knobs.n_idrs > n_asked
    assert "the camera's encoder" in caplog.text
