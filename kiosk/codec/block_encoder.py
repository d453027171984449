"""
What the two encoders of the microphone do alike: blocks of samples into units.

A unit carries the capture time of the first sample *heard* when all are decoded
in a row, so the priming that an encoder puts in front needs no care elsewhere.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.capture_time import CaptureTime
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE, Micros


_SAMPLE = Fraction(1, SAMPLE_RATE)
"""FFmpeg's unit of time for sound, in seconds."""


@dataclass(frozen=True, slots=True)
class BlockCodec:
    """
    An encoder of FFmpeg, 48 kHz and mono.

    Attributes:
        name: For people.
        samples: Of a block.
        priming: Samples that it puts in front.
        form: Of the samples it takes.

    """

    name: str
    ffmpeg: str
    samples: int
    priming: int
    form: Literal["s16", "fltp"]
    options: Mapping[str, str]


class BlockEncoder:
    """
    One encoder at work. Not thread-safe.

    Args:
        bitrate: Bits per second.

    Raises:
        MediaError: If it cannot be opened like that.

    """

    def __init__(self, codec: BlockCodec, bitrate: int) -> None:
        self._codec = codec
        self._context = _opened(codec, bitrate)
        self._waiting = bytearray()
        self._time = CaptureTime(-codec.priming)
        self._encoded = 0  # samples given to FFmpeg

    @property
    def config(self) -> bytes:
        """What a decoder is opened with."""
        return bytes(self._context.extradata or b"")

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
                f"{self._codec.name} encoder: {len(pcm)} bytes are no whole samples"
            )
        self._time.take(captured_at, len(pcm) // 2)
        self._waiting += pcm
        block_bytes = 2 * self._codec.samples
        while len(self._waiting) >= block_bytes:
            block = bytes(self._waiting[:block_bytes])
            del self._waiting[:block_bytes]
            yield from self._encode_block(block)

    def _encode_block(self, block: bytes) -> Iterator[tuple[bytes, Micros]]:
        codec = self._codec
        samples = np.frombuffer(block, "<i2").reshape(1, -1)
        if codec.form == "fltp":
            samples = samples.astype(np.float32) / 32768
        frame = AudioFrame.from_ndarray(samples, format=codec.form, layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._encoded
        frame.time_base = _SAMPLE
        self._encoded += codec.samples
        try:
            packets = self._context.encode(frame)
        except AV_ERRORS as exc:
            raise MediaError(f"{codec.name} encoder: {cause_of(exc)}") from exc
        # pts counts samples and begins below zero: FFmpeg has subtracted the priming
        for packet in packets:
            yield bytes(packet), self._time.of(packet.pts or 0)


def _opened(codec: BlockCodec, bitrate: int) -> AudioCodecContext:
    try:
        context = av.CodecContext.create(codec.ffmpeg, "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono"
        context.format = codec.form
        context.bit_rate = bitrate
        context.time_base = _SAMPLE
        context.options = dict(codec.options)
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"{codec.name} encoder: {cause_of(exc)}") from exc
    return context
