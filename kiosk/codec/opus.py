"""
Opus out of the microphone: 48 kHz, mono, for voices.

Not thread-safe: one encoder belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.codec.block_encoder import BlockEncoder, Blocks
from kiosk.codec.libopus import VoiceEncoder
from kiosk.ports import SAMPLE_RATE, Micros
from kiosk.rtmp.opus import head


BLOCK = SAMPLE_RATE // 50
"""Samples in a packet of ours: 20 ms."""

PRE_SKIP = 312
"""Samples of priming that libopus puts in front."""

_BLOCKS = Blocks("Opus", samples=BLOCK, priming=PRE_SKIP)


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
        self._blocks = BlockEncoder(_BLOCKS, _Packets(bitrate).encode)

    @property
    def config(self) -> bytes:
        """The identification header."""
        return head(1, PRE_SKIP, SAMPLE_RATE)

    def encode(self, pcm: bytes, captured_at: Micros) -> tuple[OpusUnit, ...]:
        """
        Take in a period and return the packets it completed.

        See :meth:`kiosk.codec.block_encoder.BlockEncoder.encode`, also for errors.
        """
        return tuple(OpusUnit(*unit) for unit in self._blocks.encode(pcm, captured_at))


class _Packets:
    """One packet a block."""

    def __init__(self, bitrate: int) -> None:
        self._voice = VoiceEncoder(bitrate)
        self._first = -PRE_SKIP

    def encode(self, block: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield the packet of a block; see ``EncodeBlock``."""
        yield self._voice.encode(block), self._first
        self._first += BLOCK
