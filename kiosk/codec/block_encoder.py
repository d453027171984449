"""
What the two encoders of the microphone do alike: blocks of samples into units.

A unit carries the capture time of the first sample *heard* when all are decoded
in a row, so the priming that an encoder puts in front needs no care elsewhere.
Knows no codec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kiosk.codec.capture_time import CaptureTime
from kiosk.errors import MediaError
from kiosk.ports import Micros


EncodeBlock: TypeAlias = Callable[[bytes], Iterable[tuple[bytes, int]]]
"""
From a block to the units it completed, each with the number of its first sample.

Samples are counted from those of the first block on: priming is below zero.
"""


@dataclass(frozen=True, slots=True)
class Blocks:
    """
    What an encoder works in.

    Attributes:
        name: Of the codec, for people.
        samples: Of a block.
        priming: Samples that the encoder puts in front.

    """

    name: str
    samples: int
    priming: int


class BlockEncoder:
    """
    One encoder at work. Not thread-safe.

    Args:
        encode_block: Raises MediaError.

    """

    def __init__(self, blocks: Blocks, encode_block: EncodeBlock) -> None:
        self._blocks = blocks
        self._encode_block = encode_block
        self._waiting = bytearray()
        self._time = CaptureTime(-blocks.priming)

    def encode(self, pcm: bytes, captured_at: Micros) -> Iterator[tuple[bytes, Micros]]:
        """
        Take in a period of any length and yield the units it completed.

        Args:
            pcm: Signed 16 bit little endian mono at 48 kHz.
            captured_at: When its first sample was captured.  A jump of more
                than 20 ms against the sample count is taken over at once, a
                smaller difference slowly.

        Raises:
            MediaError: If half a sample was given, or the encoder failed.

        """
        if len(pcm) % 2:
            raise MediaError(
                f"{self._blocks.name} encoder: {len(pcm)} bytes are no whole samples"
            )
        self._time.take(captured_at, len(pcm) // 2)
        self._waiting += pcm
        block_bytes = 2 * self._blocks.samples
        while len(self._waiting) >= block_bytes:
            block = bytes(self._waiting[:block_bytes])
            del self._waiting[:block_bytes]
            for data, sample in self._encode_block(block):
                yield data, self._time.of(sample)
