"""Opus both ways: true times, damage, streams of other kinds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from kiosk.codec.beep import ToneSource
from kiosk.codec.libopus import SYSTEM_LIBRARY, VoiceEncoder, is_there
from kiosk.codec.opus import BLOCK, OpusEncoder, OpusUnit
from kiosk.codec.sound_decoder import MAX_OPUS_BYTES, SoundDecoder
from kiosk.errors import MediaError
from kiosk.ports import Micros
from kiosk.rtmp import flv, opus
from tests.fakes.hearing import tone_dbfs


BEGIN = 3_000_000
TONE = ToneSource(1000)


def encoded(seconds: float, period: int = 480) -> tuple[bytes, list[OpusUnit]]:
    encoder, units = OpusEncoder(), list[OpusUnit]()
    for i in range(round(seconds * 48_000 / period)):
        at = Micros(BEGIN + round(i * period / 0.048))
        units += encoder.encode(TONE.fill(at, period).astype("<i2").tobytes(), at)
    return encoder.config, units


def test_what_was_said_is_heard() -> None:
    config, units = encoded(1.0)
    decoder = SoundDecoder(config)
    pcm = np.frombuffer(b"".join(decoder.decode(unit.data) for unit in units), "<i2")

    assert pcm.size == len(units) * BLOCK
    assert tone_dbfs(pcm[9_600:], 1000) == pytest.approx(-12, abs=1)
    assert tone_dbfs(pcm[9_600:], 1700) < -40


@pytest.mark.parametrize("period", [480, 960, 777])
def test_packets_carry_the_time_of_what_they_decode_to(period: int) -> None:
    _, units = encoded(1.0, period)

    priming_us = 312 / 0.048
    for i, unit in enumerate(units):
        due = BEGIN - priming_us + i * 20_000
        assert unit.captured_at == pytest.approx(due, abs=40)
        assert opus.duration_us(unit.data) == 20_000


def test_whoever_joins_later_loses_nothing_of_the_first_packet() -> None:
    config, units = encoded(0.4)

    assert len(SoundDecoder(config).decode(units[10].data)) == 2 * BLOCK


def test_a_damaged_packet_is_told_and_the_next_one_decodes() -> None:
    config, units = encoded(0.4)
    decoder = SoundDecoder(config)
    for damaged in (b"", b"\xff\xff\xff", bytes(70_000)):
        with pytest.raises(MediaError, match="damaged"):
            decoder.decode(damaged)

    assert len(decoder.decode(units[5].data)) == 2 * BLOCK


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(MediaError, match="whole samples"):
        OpusEncoder().encode(b"\0", Micros(0))


def test_a_header_that_is_none_is_refused() -> None:
    with pytest.raises(MediaError, match="Opus header"):
        SoundDecoder(b"OpusHead")


def test_an_encoder_that_cannot_be_opened_says_so() -> None:
    with pytest.raises(MediaError, match="Opus encoder"):
        OpusEncoder(bitrate=-5)


def test_a_missing_library_is_named_with_the_cure() -> None:
    with pytest.raises(MediaError, match=r"libnone\.so.*apt-get install libopus0"):
        VoiceEncoder(48_000, library="libnone.so.0")


def test_without_the_library_the_log_says_once_that_there_is_no_opus(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(2):
        assert not is_there("libnone.so.0")

    (record,) = caplog.records
    assert "apt-get install libopus0" in record.__dict__["reason"]
    assert is_there()


def test_a_block_of_another_length_is_refused() -> None:
    with pytest.raises(MediaError, match="Opus encoder: invalid argument"):
        VoiceEncoder(48_000).encode(bytes(3))


def test_debians_library_does_as_well() -> None:
    block = TONE.fill(Micros(0), BLOCK).astype("<i2").tobytes()
    packet = VoiceEncoder(48_000, library=SYSTEM_LIBRARY).encode(block)

    assert opus.duration_us(packet) == 20_000


def test_more_channels_than_two_are_refused() -> None:
    with pytest.raises(MediaError, match="Opus header: 6 channels"):
        SoundDecoder(opus.head(6, 0, 48_000))


def test_a_strangers_stereo_becomes_mono() -> None:
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout, context.format = 48_000, "stereo", "s16"
    context.bit_rate, context.time_base = 64_000, Fraction(1, 48_000)
    context.open()
    samples = np.repeat(TONE.fill(Micros(0), BLOCK), 2).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    frame.sample_rate, frame.pts = 48_000, 0
    packets = [*context.encode(frame), *context.encode(None)]
    decoder = SoundDecoder(bytes(context.extradata or b""))

    assert len(decoder.decode(bytes(packets[0]))) == 2 * BLOCK


def test_a_packet_longer_than_any_is_refused_unseen() -> None:
    config, _ = encoded(0.1)

    with pytest.raises(MediaError, match=f"{MAX_OPUS_BYTES + 1} bytes"):
        SoundDecoder(config).decode(bytes(MAX_OPUS_BYTES + 1))


def test_ffmpegs_enhanced_flv_is_read() -> None:
    # made by FFmpeg 8.1: av 18.1's container "flv" with the codec libopus
    file = (Path(__file__).parents[1] / "wire" / "ffmpeg_opus.flv").read_bytes()
    tags = [flv.parse_audio(body) for body in audio_tags(file)]

    assert isinstance(tags[0], flv.OpusConfig)
    decoder = SoundDecoder(tags[0].record)
    units = [tag for tag in tags if isinstance(tag, flv.OpusUnit)]
    assert len(units) >= 8
    assert {unit.duration_us for unit in units} == {20_000}
    assert len(decoder.decode(units[-1].raw)) == 2 * BLOCK


def audio_tags(file: bytes) -> Iterator[bytes]:
    """Return the bodies of the audio tags of an FLV file."""
    at = 9 + 4
    while at + 11 <= len(file):
        size = int.from_bytes(file[at + 1 : at + 4], "big")
        if file[at] == 8:
            yield file[at + 11 : at + 11 + size]
        at += 11 + size + 4
