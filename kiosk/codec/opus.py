"""
Opus out of the microphone: 48 kHz, mono, for voices.

Not thread-safe: one encoder belongs to one thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.codec.block_encoder import BlockCodec, BlockEncoder
from kiosk.ports import SAMPLE_RATE, Micros


BLOCK = SAMPLE_RATE // 50
"""Samples in a packet of ours: 20 ms."""

PRE_SKIP = 312
"""Samples of priming that libopus puts in front."""

_CODEC = BlockCodec(
    name="Opus",
    ffmpeg="libopus",
    samples=BLOCK,
    priming=PRE_SKIP,
    form="s16",
    options={"application": "voip", "frame_duration": "20"},
)


@dataclass(frozen=True, slots=True)
class OpusUnit:
    """
    One Opus packet.

    Attributes:
        data: As enhanced RTMP carries it.
        captured_at: When the first sample it decodes to was captured.

    """

    data: bytes
    captured_at: Micros


class OpusEncoder:
    """
    Opus for voices, 48 kHz, mono, 20 ms a packet.

    Args:
        bitrate: Bits per second.

    Raises:
        MediaError: If the encoder cannot be opened like that.

    """

    def __init__(self, bitrate: int = 48_000) -> None:
        self._blocks = BlockEncoder(_CODEC, bitrate)

    @property
    def config(self) -> bytes:
        """The identification header."""
        return self._blocks.config

    def encode(self, pcm: bytes, captured_at: Micros) -> tuple[OpusUnit, ...]:
        """
        Take in a period and return the packets it completed.

        See :meth:`kiosk.codec.block_encoder.BlockEncoder.encode`, also for errors.
        """
        return tuple(OpusUnit(*unit) for unit in self._blocks.encode(pcm, captured_at))
