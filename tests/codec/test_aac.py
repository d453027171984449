"""AAC both ways: what goes in comes out, when it was captured."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from kiosk.codec.aac import BLOCK, AacEncoder, AacUnit
from kiosk.codec.beep import ToneSource
from kiosk.codec.sound_decoder import MAX_AAC_BYTES, SoundDecoder
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE, Micros
from tests.fakes.clips import level, loudest_hertz


START = Micros(10_000_000)


def tone(n_samples: int, at: Micros = START, hertz: int = 500) -> bytes:
    return ToneSource(hertz).fill(at, n_samples).astype("<i2").tobytes()


def encode_periods(
    encoder: AacEncoder, periods: int, *, ms: int = 10, start: int = START
) -> list[AacUnit]:
    units: list[AacUnit] = []
    for number in range(periods):
        at = Micros(start + number * ms * 1000)
        units += encoder.encode(tone(SAMPLE_RATE * ms // 1000, at), at)
    return units


def steps_us(units: list[AacUnit]) -> list[int]:
    times = [unit.captured_at for unit in units]
    return [b - a for a, b in pairwise(times)]


def test_the_config_says_aac_lc_48_khz_mono() -> None:
    config = AacEncoder().config

    assert config[:2] == bytes([0x11, 0x88])


@pytest.mark.parametrize("ms", [5, 10, 20, 100])
def test_periods_of_any_length_give_the_same_sound(ms: int) -> None:
    encoder = AacEncoder()
    decoder = SoundDecoder(encoder.config)

    units = encode_periods(encoder, 1000 // ms, ms=ms)
    pcm = b"".join(decoder.decode(unit.data) for unit in units)

    assert len(units) == SAMPLE_RATE // BLOCK - 1
    assert loudest_hertz(pcm[8 * BLOCK :]) == pytest.approx(500, abs=3)
    assert level(pcm[8 * BLOCK :]) == pytest.approx(0.25 / 2**0.5, rel=0.1)


def test_decoded_sound_lines_up_with_its_capture_time() -> None:
    encoder = AacEncoder()
    decoder = SoundDecoder(encoder.config)
    units = encode_periods(encoder, 60)

    decoded = [decoder.decode(unit.data) for unit in units]

    for unit, pcm in list(zip(units, decoded, strict=True))[4:]:
        captured = tone(BLOCK, unit.captured_at)
        assert phase_at(500, pcm) == pytest.approx(phase_at(500, captured), abs=0.05)


def phase_at(hertz: int, pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2")
    turns = np.exp(-2j * np.pi * hertz * np.arange(samples.size) / SAMPLE_RATE)
    # a turn of 90 degrees keeps the sine's phase away from the jump at pi
    return float(np.angle((samples * turns).sum() * 1j)) % (2 * np.pi)


def test_the_first_unit_lies_one_block_before_the_first_sample() -> None:
    first = encode_periods(AacEncoder(), 10)[0]

    assert first.captured_at == START - round(BLOCK * 1_000_000 / SAMPLE_RATE)


def test_units_follow_each_other_by_the_length_of_a_block() -> None:
    steps = steps_us(encode_periods(AacEncoder(), 100))

    assert {round(step, -1) for step in steps} == {21_330}


@pytest.mark.parametrize("jump_us", [50_000, -50_000])
def test_a_gap_in_the_capture_time_is_taken_over_at_once(jump_us: int) -> None:
    encoder = AacEncoder()
    encode_periods(encoder, 50)

    later = START + 500_000 + jump_us
    units = encode_periods(encoder, 50, start=later)

    # 48000 samples are 46 blocks, of which the encoder keeps one back
    assert units[-1].captured_at == pytest.approx(START + jump_us + 917_333, abs=2)
    assert sorted(steps_us(units))[-1 if jump_us > 0 else 0] == pytest.approx(
        21_333 + jump_us, abs=10
    )


def test_a_device_clock_that_drifts_is_followed_slowly() -> None:
    encoder = AacEncoder()
    units: list[AacUnit] = []
    for number in range(1000):
        at = Micros(round(START + number * 10_000 * 1.0005))
        units += encoder.encode(tone(480, at), at)

    assert max(steps_us(units)) < 21_333 + 40
    expected = START + (BLOCK * (len(units) - 2)) * 1_000_000 / SAMPLE_RATE * 1.0005
    assert units[-1].captured_at == pytest.approx(expected, abs=200)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(MediaError, match="3 bytes"):
        AacEncoder().encode(b"abc", START)


def test_a_bit_rate_the_encoder_refuses_is_a_media_error() -> None:
    with pytest.raises(MediaError, match="AAC encoder"):
        AacEncoder(bitrate=-1)


def test_silence_decodes_to_silence() -> None:
    encoder = AacEncoder()
    decoder = SoundDecoder(encoder.config)
    pcm = b""
    for number in range(50):
        for unit in encoder.encode(bytes(960), Micros(START + number * 10_000)):
            pcm += decoder.decode(unit.data)

    assert set(pcm) == {0}


@pytest.mark.parametrize(
    ("rate", "layout"),
    [(44_100, "stereo"), (48_000, "stereo"), (16_000, "mono"), (44_100, "mono")],
)
def test_a_strangers_rate_and_channels_become_48_khz_mono(
    rate: int, layout: str
) -> None:
    config, units = _strangers_stream(rate, layout, seconds=1)
    decoder = SoundDecoder(config)

    pcm = b"".join(decoder.decode(unit) for unit in units)

    assert len(pcm) / 2 == pytest.approx(SAMPLE_RATE, rel=0.15)
    assert loudest_hertz(pcm[9600:]) == pytest.approx(440, abs=3)


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff" * 50, bytes(20), b"\1", b"\0" * (MAX_AAC_BYTES + 1)],
    ids=["empty", "ones", "zeros", "short", "too long"],
)
def test_damage_is_a_media_error_and_the_next_unit_decodes(damage: bytes) -> None:
    encoder = AacEncoder()
    units = encode_periods(encoder, 50)
    decoder = SoundDecoder(encoder.config)
    decoder.decode(units[0].data)

    with pytest.raises(MediaError, match="damaged"):
        decoder.decode(damage)

    assert len(decoder.decode(units[5].data)) == 2 * BLOCK


def test_flipped_bytes_never_raise_anything_else() -> None:
    encoder = AacEncoder()
    unit = encode_periods(encoder, 50)[10].data
    decoder = SoundDecoder(encoder.config)

    for at in range(len(unit)):
        flipped = bytearray(unit)
        flipped[at] ^= 0x55
        try:
            decoder.decode(bytes(flipped))
        except MediaError:
            continue

    assert len(decoder.decode(unit)) == 2 * BLOCK


@pytest.mark.parametrize("config", [b"", b"\0", b"\xff\xff", b"\x11", bytes(64)])
def test_a_config_of_rubbish_never_raises_anything_else(config: bytes) -> None:
    with pytest.raises(MediaError):
        _decode_all(SoundDecoder(config), [b"\1\2\3"])


def _decode_all(decoder: SoundDecoder, units: list[bytes]) -> None:
    for unit in units:
        decoder.decode(unit)


def _strangers_stream(
    rate: int, layout: str, seconds: float
) -> tuple[bytes, list[bytes]]:
    context = av.CodecContext.create("aac", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = rate
    context.layout = layout
    context.format = "fltp"
    context.bit_rate = 96_000
    context.time_base = Fraction(1, rate)
    context.open()
    channels = 2 if layout == "stereo" else 1
    units: list[bytes] = []
    for number in range(int(rate * seconds / BLOCK)):
        at = (np.arange(BLOCK) + number * BLOCK) / rate
        block = np.tile(0.3 * np.sin(2 * np.pi * 440 * at), (channels, 1))
        frame = AudioFrame.from_ndarray(
            block.astype(np.float32), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        frame.pts = number * BLOCK
        units += [bytes(packet) for packet in context.encode(frame)]
    return bytes(context.extradata or b""), units
