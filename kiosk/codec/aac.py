"""
AAC-LC both ways: 48 kHz mono out of the microphone, anything into the speaker.

The encoder works in blocks of 1024 samples and puts 1024 samples of priming
in front; its units carry the capture time of the first sample *heard* when
they are decoded in a row, so the priming needs no care anywhere else.
Not thread-safe: one codec belongs to one thread.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE, Micros


BLOCK = 1024
"""Samples in an AAC-LC unit."""

JUMP_US = 20_000
"""Capture times that differ more than this from the count are a gap."""

SLEW = 0.001
"""A smaller difference is worked off at this part of the time that passes."""

MAX_UNIT_BYTES = 64 * 1024
"""A unit is at most 768 bytes a channel; nobody sends 85 channels."""


@dataclass(frozen=True, slots=True)
class AacUnit:
    """
    One raw AAC unit (no ADTS header).

    Attributes:
        data: As FLV carries it.
        captured_at: When the first sample it decodes to was captured.

    """

    data: bytes
    captured_at: Micros


class AacEncoder:
    """
    AAC-LC, 48 kHz, mono, constant bit rate.

    Args:
        bitrate: Bits per second.

    Raises:
        MediaError: If FFmpeg's encoder cannot be opened like that.

    """

    def __init__(self, bitrate: int = 48_000) -> None:
        self._context = _opened_encoder(bitrate)
        self._waiting = bytearray()
        self._taken = 0  # samples taken in
        self._encoded = 0  # samples given to FFmpeg
        # (first sample, capture time of sample 0 if counted back from there)
        self._origins: deque[tuple[int, float]] = deque()

    @property
    def config(self) -> bytes:
        """The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""
        return bytes(self._context.extradata or b"")

    def encode(self, pcm: bytes, captured_at: Micros) -> tuple[AacUnit, ...]:
        """
        Take in a period of any length and return the units it completed.

        Args:
            pcm: Signed 16 bit little endian mono at 48 kHz.
            captured_at: When its first sample was captured.  A jump of more
                than 20 ms against the sample count is taken over at once, a
                smaller difference slowly.

        Raises:
            MediaError: If half a sample was given, or the encoder failed.

        """
        if len(pcm) % 2:
            raise MediaError(f"AAC encoder: {len(pcm)} bytes are no whole samples")
        self._follow(captured_at, len(pcm) // 2)
        self._waiting += pcm
        self._taken += len(pcm) // 2
        units: list[AacUnit] = []
        while len(self._waiting) >= 2 * BLOCK:
            block = bytes(self._waiting[: 2 * BLOCK])
            del self._waiting[: 2 * BLOCK]
            units += self._encode_block(block)
        return tuple(units)

    def _follow(self, captured_at: Micros, n_samples: int) -> None:
        counted = _us(self._taken)
        if not self._origins:
            self._origins.append((-BLOCK, captured_at - counted))
            return
        first, origin = self._origins[-1]
        error = captured_at - (origin + counted)
        if abs(error) > JUMP_US:
            self._origins.append((self._taken, origin + error))
            return
        step = SLEW * _us(n_samples)
        self._origins[-1] = (first, origin + max(-step, min(step, error)))

    def _captured_at(self, sample: int) -> Micros:
        while len(self._origins) > 1 and self._origins[1][0] <= sample:
            self._origins.popleft()
        return Micros(round(self._origins[0][1] + _us(sample)))

    def _encode_block(self, block: bytes) -> list[AacUnit]:
        samples = np.frombuffer(block, "<i2").astype(np.float32) / 32768
        frame = AudioFrame.from_ndarray(
            samples.reshape(1, -1), format="fltp", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._encoded
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self._encoded += BLOCK
        try:
            packets = self._context.encode(frame)
        except AV_ERRORS as exc:
            raise MediaError(f"AAC encoder: {cause_of(exc)}") from exc
        # pts counts samples and begins at -1024: FFmpeg has subtracted the priming
        return [AacUnit(bytes(p), self._captured_at(p.pts or 0)) for p in packets]


class AacDecoder:
    """
    AAC of any profile FFmpeg knows, to 48 kHz mono.

    Args:
        config: AudioSpecificConfig of the stream.

    Raises:
        MediaError: If ``config`` makes no sense.

    """

    def __init__(self, config: bytes) -> None:
        self._context = _opened_decoder(config)
        self._resampler: AudioResampler | None = None
        self._resampled: tuple[str, str, int] | None = None

    def decode(self, data: bytes) -> bytes:
        """
        Decode one raw unit to signed 16 bit little endian mono at 48 kHz.

        Raises:
            MediaError: If it is damaged; the next good unit decodes again.

        """
        if not data or len(data) > MAX_UNIT_BYTES:
            raise MediaError(f"AAC unit is damaged: {len(data)} bytes")
        try:
            frames = self._context.decode(Packet(data))
            return b"".join(self._pcm_of(frame) for frame in frames)
        except AV_ERRORS as exc:
            self._context.flush_buffers()
            self._resampled = None
            raise MediaError(f"AAC unit is damaged: {cause_of(exc)}") from exc

    def _pcm_of(self, frame: AudioFrame) -> bytes:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind == ("fltp", "mono", SAMPLE_RATE):
            samples = np.frombuffer(
                memoryview(frame.planes[0]), np.float32, count=frame.samples
            )
            return _s16(samples)
        if self._resampler is None or kind != self._resampled:
            self._resampler = AudioResampler(
                format="s16", layout="mono", rate=SAMPLE_RATE
            )
            self._resampled = kind
        frame.pts = None
        out = self._resampler.resample(frame)
        return b"".join(bytes(f.planes[0])[: f.samples * 2] for f in out)


def _s16(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    scaled = np.clip(np.rint(samples * 32768), -32768, 32767)
    return scaled.astype("<i2").tobytes()


def _us(samples: int) -> float:
    return samples * 1_000_000 / SAMPLE_RATE


def _opened_encoder(bitrate: int) -> AudioCodecContext:
    try:
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono"
        context.format = "fltp"
        context.bit_rate = bitrate
        context.time_base = Fraction(1, SAMPLE_RATE)
        context.options = {"aac_coder": "fast"}  # half the cost of the default
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"AAC encoder: {cause_of(exc)}") from exc
    return context


def _opened_decoder(config: bytes) -> AudioCodecContext:
    if not config:
        raise MediaError("AudioSpecificConfig is empty")
    try:
        context = av.CodecContext.create("aac", "r")
        assert isinstance(context, AudioCodecContext)
        context.extradata = config
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"AudioSpecificConfig: {cause_of(exc)}") from exc
    return context
