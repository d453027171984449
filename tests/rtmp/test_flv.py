"""The bodies of audio, video and data messages."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import avc, flv
from kiosk.rtmp.amf0 import encode
from kiosk.rtmp.flv import PacketKind


CONFIG = avc.AvcConfig((bytes.fromhex("6742c01eda02802dc8"),), (b"\x68\xce\x3c\x80",))
RECORD = avc.write_config(CONFIG)
IDR = b"\x65\x88\x84"
INTER = b"\x41\x9a"


def test_a_video_config_round_trips() -> None:
    body = flv.video_config(CONFIG)

    assert body[:5] == bytes.fromhex("17 00 000000")
    assert flv.parse_video(body) == flv.VideoConfig(CONFIG, RECORD)


@pytest.mark.parametrize(
    ("is_idr", "composition_ms", "head"),
    [
        (True, 0, "17 01 000000"),
        (False, 40, "27 01 000028"),
        (False, -40, "27 01 ffffd8"),
    ],
)
def test_a_video_unit_round_trips(is_idr: bool, composition_ms: int, head: str) -> None:
    body = flv.video_unit([IDR], is_idr=is_idr, composition_ms=composition_ms)

    assert body == bytes.fromhex(head) + b"\0\0\0\3" + IDR
    assert flv.parse_video(body) == flv.VideoUnit(
        is_idr, composition_ms, b"\0\0\0\3" + IDR
    )


def test_the_end_of_video_is_told() -> None:
    assert flv.parse_video(bytes.fromhex("17 02 000000")) == flv.VideoEnd()


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("22 00", flv.UnknownVideo("flv-2", PacketKind.MEDIA, False, b"\0")),
        ("14", flv.UnknownVideo("flv-4", PacketKind.MEDIA, True, b"")),
        ("17 09 000000 61", flv.UnknownVideo("avc1", PacketKind.OTHER, True, b"a")),
        ("90 68766331 61", flv.UnknownVideo("hvc1", PacketKind.CONFIG, True, b"a")),
        ("a3 61763031 61", flv.UnknownVideo("av01", PacketKind.MEDIA, False, b"a")),
        ("96 61766331 61", flv.UnknownVideo("avc1", PacketKind.OTHER, True, b"a")),
    ],
)
def test_other_video_is_named_and_left_alone(
    body: str, meant: flv.UnknownVideo
) -> None:
    assert flv.parse_video(bytes.fromhex(body)) == meant


def test_h264_in_the_enhanced_form_is_read_like_the_old_one() -> None:
    assert flv.parse_video(b"\x90avc1" + RECORD) == flv.VideoConfig(CONFIG, RECORD)
    assert flv.parse_video(b"\x91avc1\0\0\x28x") == flv.VideoUnit(True, 40, b"x")
    assert flv.parse_video(b"\xa3avc1x") == flv.VideoUnit(False, 0, b"x")
    assert flv.parse_video(b"\x92avc1") == flv.VideoEnd()


@pytest.mark.parametrize("body", ["", "17", "17 01 0000", "90 617663"])
def test_video_cut_short_is_refused(body: str) -> None:
    with pytest.raises(WireError, match=r"empty|cut short"):
        flv.parse_video(bytes.fromhex(body))


@pytest.mark.parametrize(
    ("rate", "channels", "record"),
    [(48_000, 1, "1188"), (44_100, 2, "1210"), (16_000, 1, "1408")],
)
def test_an_aac_config_round_trips(rate: int, channels: int, record: str) -> None:
    wire = flv.aac_config(rate, channels)

    assert wire == bytes.fromhex(record)
    assert flv.parse_audio(flv.audio_config(wire)) == flv.AacConfig(
        2, rate, channels, wire
    )


@pytest.mark.parametrize(("rate", "channels"), [(44_000, 1), (48_000, 0), (48_000, 7)])
def test_aac_has_fixed_rates_and_channels(rate: int, channels: int) -> None:
    with pytest.raises(WireError, match=f"{rate} Hz, {channels} channels"):
        flv.aac_config(rate, channels)


def test_an_aac_config_may_spell_its_rate_out() -> None:
    record = bytes.fromhex("17 80 2b 11 08")  # 2, escape, 22050 Hz, 1 channel

    assert flv.parse_audio(b"\xaf\0" + record) == flv.AacConfig(2, 22_050, 1, record)


@pytest.mark.parametrize("record", ["", "11", "1700"])
def test_a_broken_aac_config_is_refused(record: str) -> None:
    with pytest.raises(WireError, match="AudioSpecificConfig"):
        flv.parse_audio(b"\xaf\0" + bytes.fromhex(record))


def test_an_audio_unit_round_trips() -> None:
    assert flv.parse_audio(flv.audio_unit(b"raw")) == flv.AacUnit(b"raw")


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("72 61", flv.UnknownAudio("flv-7", PacketKind.MEDIA, b"a")),
        ("90 664c6143 61", flv.UnknownAudio("fLaC", PacketKind.CONFIG, b"a")),
        ("91 664c6143 61", flv.UnknownAudio("fLaC", PacketKind.MEDIA, b"a")),
        ("95 4f707573", flv.UnknownAudio("Opus", PacketKind.OTHER, b"")),
    ],
)
def test_other_audio_is_named_and_left_alone(
    body: str, meant: flv.UnknownAudio
) -> None:
    assert flv.parse_audio(bytes.fromhex(body)) == meant


@pytest.mark.parametrize("body", ["", "af", "90 4f"])
def test_audio_cut_short_is_refused(body: str) -> None:
    with pytest.raises(WireError, match=r"empty|cut short"):
        flv.parse_audio(bytes.fromhex(body))


def test_metadata_round_trips() -> None:
    assert flv.parse_metadata(flv.metadata({"width": 640})) == {"width": 640.0}


@pytest.mark.parametrize("payload", [encode("onMetaData"), encode("onMetaData", 5)])
def test_metadata_may_be_empty(payload: bytes) -> None:
    assert flv.parse_metadata(payload) == {}


@pytest.mark.parametrize(
    ("body", "is_config", "is_key"),
    [
        (flv.video_config(CONFIG), True, False),
        (flv.video_unit([IDR], is_idr=True), False, True),
        (flv.video_unit([INTER], is_idr=False), False, False),
        (bytes.fromhex("17 02 000000"), False, False),
        (b"\x12key of Sorenson", False, True),
        (b"\x22", False, False),
        (b"\x90hvc1", True, False),
        (b"\x91hvc1", False, True),
        (b"\xa1hvc1", False, False),
        (b"\x94hvc1", False, False),
        (b"", False, False),
    ],
)
def test_a_relay_knows_video_without_reading_it(
    body: bytes, is_config: bool, is_key: bool
) -> None:
    assert (flv.is_video_config(body), flv.is_video_key(body)) == (is_config, is_key)


@pytest.mark.parametrize(
    ("body", "is_config"),
    [
        (flv.audio_config(b"\x11\x88"), True),
        (flv.audio_unit(b"raw"), False),
        (b"\x90Opus", True),
        (b"\x91Opus", False),
        (b"\x72\0", False),
        (b"", False),
    ],
)
def test_a_relay_knows_audio_without_reading_it(body: bytes, is_config: bool) -> None:
    assert flv.is_audio_config(body) is is_config
