"""
Opus both ways: 48 kHz mono out of the microphone, any stream into the speaker.

Its units carry the capture time of their first sample, priming counted off.

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
from kiosk.rtmp import opus


BLOCK = SAMPLE_RATE // 50
"""Samples in a packet of ours: 20 ms."""

PRE_SKIP = 312
"""Samples of priming that libopus puts in front."""

MAX_PACKET_BYTES = 48 * 1275
"""RFC 6716 3.4: 48 frames of at most 1275 bytes."""


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
        self._context = _opened_encoder(bitrate)
        self._time = CaptureTime(-PRE_SKIP)
        self._waiting = bytearray()
        self._encoded = 0

    @property
    def config(self) -> bytes:
        """The identification header."""
        return bytes(self._context.extradata or b"")

    def encode(self, pcm: bytes, captured_at: Micros) -> tuple[OpusUnit, ...]:
        """
        Take in a period of any length and return the packets it completed.

        Args:
            pcm: Signed 16 bit little endian mono at 48 kHz.
            captured_at: When its first sample was captured.

        Raises:
            MediaError: If half a sample was given, or the encoder failed.

        """
        if len(pcm) % 2:
            raise MediaError(f"Opus encoder: {len(pcm)} bytes are no whole samples")
        self._time.take(captured_at, len(pcm) // 2)
        self._waiting += pcm
        units: list[OpusUnit] = []
        while len(self._waiting) >= 2 * BLOCK:
            block = bytes(self._waiting[: 2 * BLOCK])
            del self._waiting[: 2 * BLOCK]
            units += self._encode_block(block)
        return tuple(units)

    def _encode_block(self, block: bytes) -> list[OpusUnit]:
        samples = np.frombuffer(block, "<i2").reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._encoded
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self._encoded += BLOCK
        try:
            packets = self._context.encode(frame)
        except AV_ERRORS as exc:
            raise MediaError(f"Opus encoder: {cause_of(exc)}") from exc
        return [OpusUnit(bytes(p), self._time.of(p.pts or 0)) for p in packets]


class OpusDecoder:
    """
    Opus, to 48 kHz mono.

    Args:
        config: The identification header of the stream.

    Raises:
        MediaError: If ``config`` makes no sense.

    """

    def __init__(self, config: bytes) -> None:
        self._context = _opened_decoder(config)
        self._to_pcm = ToPcm()

    def decode(self, data: bytes) -> bytes:
        """
        Decode one packet to signed 16 bit little endian mono at 48 kHz.

        Raises:
            MediaError: If it is damaged; the next good packet decodes again.

        """
        if not data or len(data) > MAX_PACKET_BYTES:
            raise MediaError(f"Opus packet is damaged: {len(data)} bytes")
        try:
            frames = self._context.decode(Packet(data))
            return b"".join(self._to_pcm.convert(frame) for frame in frames)
        except AV_ERRORS as exc:
            self._context.flush_buffers()
            self._to_pcm.forget()
            raise MediaError(f"Opus packet is damaged: {cause_of(exc)}") from exc


def _opened_encoder(bitrate: int) -> AudioCodecContext:
    try:
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono"
        context.format = "s16"
        context.bit_rate = bitrate
        context.time_base = Fraction(1, SAMPLE_RATE)
        context.options = {"application": "voip", "frame_duration": "20"}
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"Opus encoder: {cause_of(exc)}") from exc
    return context


def _opened_decoder(config: bytes) -> AudioCodecContext:
    channels = opus.channels_of(config)
    try:
        context = av.CodecContext.create("libopus", "r")
        assert isinstance(context, AudioCodecContext)
        # No pre-skip: whoever joins a running stream has nothing to skip, and
        # its time counts all samples.
        context.extradata = opus.head(channels, 0, SAMPLE_RATE)
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"Opus header: {cause_of(exc)}") from exc
    return context
