"""
AAC-LC out of the microphone: 48 kHz, mono.

FFmpeg's encoder works in blocks of 1024 samples and puts as many in front.
Not thread-safe: one encoder belongs to one thread.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.block_encoder import BlockEncoder, Blocks
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE, Micros


BLOCK = 1024
"""Samples in an AAC-LC unit."""

_BLOCKS = Blocks("AAC", samples=BLOCK, priming=BLOCK)

_SAMPLE = Fraction(1, SAMPLE_RATE)
"""FFmpeg's unit of time for sound, in seconds."""


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
        self._context = context = _opened(bitrate)
        self._blocks = BlockEncoder(_BLOCKS, _Ffmpeg(context).encode)

    @property
    def config(self) -> bytes:
        """The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""
        return bytes(self._context.extradata or b"")

    def encode(self, pcm: bytes, captured_at: Micros) -> tuple[AacUnit, ...]:
        """
        Take in a period and return the units it completed.

        See :meth:`kiosk.codec.block_encoder.BlockEncoder.encode`, also for errors.
        """
        return tuple(AacUnit(*unit) for unit in self._blocks.encode(pcm, captured_at))


class _Ffmpeg:
    """FFmpeg's encoder, block by block."""

    def __init__(self, context: AudioCodecContext) -> None:
        self._context = context
        self._taken = 0  # samples

    def encode(self, block: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield the units that a block completed; see ``EncodeBlock``."""
        samples = np.frombuffer(block, "<i2").reshape(1, -1).astype(np.float32)
        frame = AudioFrame.from_ndarray(samples / 32768, format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._taken
        frame.time_base = _SAMPLE
        self._taken += BLOCK
        try:
            packets = self._context.encode(frame)
        except AV_ERRORS as exc:
            raise MediaError(f"AAC encoder: {cause_of(exc)}") from exc
        # pts counts samples and begins below zero: FFmpeg has subtracted the priming
        for packet in packets:
            yield bytes(packet), packet.pts or 0


def _opened(bitrate: int) -> AudioCodecContext:
    try:
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono"
        context.format = "fltp"
        context.bit_rate = bitrate
        context.time_base = _SAMPLE
        context.options = {"aac_coder": "fast"}  # half the cost of the default
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"AAC encoder: {cause_of(exc)}") from exc
    return context
