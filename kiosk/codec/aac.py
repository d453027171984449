"""
AAC-LC out of the microphone: 48 kHz, mono.

FFmpeg's encoder works in blocks of 1024 samples and puts as many in front.
Not thread-safe: one encoder belongs to one thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.codec.block_encoder import BlockCodec, BlockEncoder
from kiosk.ports import Micros


BLOCK = 1024
"""Samples in an AAC-LC unit."""

_CODEC = BlockCodec(
    name="AAC",
    ffmpeg="aac",
    samples=BLOCK,
    priming=BLOCK,
    form="fltp",
    options={"aac_coder": "fast"},  # half the cost of the default
)


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
        self._blocks = BlockEncoder(_CODEC, bitrate)

    @property
    def config(self) -> bytes:
        """The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""
        return self._blocks.config

    def encode(self, pcm: bytes, captured_at: Micros) -> tuple[AacUnit, ...]:
        """
        Take in a period and return the units it completed.

        See :meth:`kiosk.codec.block_encoder.BlockEncoder.encode`, also for errors.
        """
        return tuple(AacUnit(*unit) for unit in self._blocks.encode(pcm, captured_at))
