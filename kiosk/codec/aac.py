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

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.packet import Packet

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.capture_time import CaptureTime
from kiosk.codec.to_pcm import ToPcm
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE, Micros


BLOCK = 1024
"""Samples in an AAC-LC unit."""

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
        self._time = CaptureTime(-BLOCK)
        self._encoded = 0  # samples given to FFmpeg

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
        self._time.take(captured_at, len(pcm) // 2)
        self._waiting += pcm
        units: list[AacUnit] = []
        while len(self._waiting) >= 2 * BLOCK:
            block = bytes(self._waiting[: 2 * BLOCK])
            del self._waiting[: 2 * BLOCK]
            units += self._encode_block(block)
        return tuple(units)

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
        return [AacUnit(bytes(p), self._time.of(p.pts or 0)) for p in packets]


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
        self._to_pcm = ToPcm()

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
            return b"".join(self._to_pcm.convert(frame) for frame in frames)
        except AV_ERRORS as exc:
            self._context.flush_buffers()
            self._to_pcm.forget()
            raise MediaError(f"AAC unit is damaged: {cause_of(exc)}") from exc


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
