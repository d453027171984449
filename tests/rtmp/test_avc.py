"""H.264 in start codes, lengths and avcC records."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import avc
from kiosk.rtmp.avc import AvcConfig


SPS = bytes.fromhex("6742c01eda02802dc8")
HIGH_SPS = bytes.fromhex("6764001eacd940a02ff9")
PPS = bytes.fromhex("68ce3c80")
IDR = b"\x65\x88\x84"


def test_start_codes_of_three_and_four_bytes_separate_nal_units() -> None:
    stream = b"\0\0\0\1" + SPS + b"\0\0\1" + PPS + b"\0\0\0\0\1" + IDR + b"\0"

    assert avc.split_annex_b(stream) == [SPS, PPS, IDR]
    assert avc.split_annex_b(b"\0\0\1\0\0\1" + IDR) == [IDR]


def test_without_a_start_code_there_is_no_nal_unit() -> None:
    assert avc.split_annex_b(IDR) == []


def test_both_wrappings_round_trip() -> None:
    units = [SPS, PPS, IDR]

    assert avc.split_annex_b(avc.to_annex_b(units)) == units
    assert avc.split_avcc(avc.to_avcc(units)) == units


def test_lengths_may_have_other_sizes() -> None:
    assert avc.split_avcc(b"\0\3" + IDR, 2) == [IDR]
    assert avc.split_avcc(b"\3" + IDR + b"\0", 1) == [IDR]


@pytest.mark.parametrize("stream", [b"\0\0\0", b"\0\0\0\4" + IDR])
def test_a_nal_unit_cut_short_is_refused(stream: bytes) -> None:
    with pytest.raises(WireError, match="NAL unit is cut short"):
        avc.split_avcc(stream)


def test_nal_units_have_types() -> None:
    assert [avc.nal_type(unit) for unit in (SPS, PPS, IDR, b"")] == [7, 8, 5, 0]


def test_parameter_sets_are_found_when_both_are_there() -> None:
    assert avc.config_of([SPS, PPS, IDR]) == AvcConfig((SPS,), (PPS,))
    assert avc.config_of([SPS, IDR]) is None
    assert avc.config_of([PPS]) is None


def test_an_avcc_record_round_trips() -> None:
    config = AvcConfig((SPS, SPS), (PPS,), length_size=2)
    record = avc.write_config(config)

    assert record[:6] == bytes.fromhex("01 42c01e fd e2")
    assert avc.read_config(record) == config


def test_the_high_profile_says_its_chroma_format() -> None:
    record = avc.write_config(AvcConfig((HIGH_SPS,), (PPS,)))

    assert record.endswith(PPS + bytes.fromhex("fdf8f800"))
    assert avc.read_config(record) == AvcConfig((HIGH_SPS,), (PPS,))


def test_a_config_can_be_fed_to_a_decoder_of_start_codes() -> None:
    config = AvcConfig((SPS,), (PPS,))

    assert config.annex_b == b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS


def test_a_record_needs_a_whole_sps() -> None:
    with pytest.raises(WireError, match="needs an SPS"):
        avc.write_config(AvcConfig((), (PPS,)))
    with pytest.raises(WireError, match="needs an SPS"):
        avc.write_config(AvcConfig((SPS[:3],), (PPS,)))


def test_a_record_has_room_for_31_sets() -> None:
    with pytest.raises(WireError, match="32 parameter sets"):
        avc.write_config(AvcConfig((SPS,) * 32, (PPS,)))


def test_a_record_cut_short_anywhere_is_refused() -> None:
    record = avc.write_config(AvcConfig((SPS,), (PPS,)))

    for end in range(len(record)):
        with pytest.raises(WireError):
            avc.read_config(record[:end])


def test_a_record_of_another_version_or_size_is_refused() -> None:
    record = avc.write_config(AvcConfig((SPS,), (PPS,)))

    with pytest.raises(WireError, match="no avcC"):
        avc.read_config(b"\2" + record[1:])
    with pytest.raises(WireError, match="lengths of 3 bytes"):
        avc.read_config(record[:4] + b"\xfe" + record[5:])
