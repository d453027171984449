"""
What comes out of the speaker of a stream: AAC or Opus in, 48 kHz mono out.

The config of a stream says which of the two it is; all else is alike.  What
comes from the network is judged before FFmpeg sees it: an empty packet would
mean "end of stream" to FFmpeg.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import NamedTuple

import av
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.to_pcm import ToPcm
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE
from kiosk.rtmp import opus


MAX_AAC_BYTES = 64 * 1024
"""A unit is at most 768 bytes a channel; nobody sends 85 channels."""

MAX_OPUS_BYTES = 48 * 1275
"""RFC 6716 3.4: 48 frames of at most 1275 bytes."""


class _Codec(NamedTuple):
    """How FFmpeg and people call a codec and its parts."""

    ffmpeg: str
    config: str
    unit: str
    max_bytes: int


_AAC = _Codec("aac", "AudioSpecificConfig", "AAC unit", MAX_AAC_BYTES)
_OPUS = _Codec("libopus", "Opus header", "Opus packet", MAX_OPUS_BYTES)


class SoundDecoder:
    """
    The decoder of one stream. Not thread-safe.

    Args:
        config: AudioSpecificConfig of AAC of any profile FFmpeg knows, or the
            identification header of Opus.

    Raises:
        MediaError: If ``config`` makes no sense.

    """

    def __init__(self, config: bytes) -> None:
        self._codec = _OPUS if config.startswith(opus.MARK) else _AAC
        self._context = _opened(self._codec, config)
        self._to_pcm = ToPcm()

    def decode(self, data: bytes) -> bytes:
        """
        Decode one unit to signed 16 bit little endian mono at 48 kHz.

        Raises:
            MediaError: If it is damaged; the next good unit decodes again.

        """
        unit = self._codec.unit
        if not data or len(data) > self._codec.max_bytes:
            raise MediaError(f"{unit} is damaged: {len(data)} bytes")
        try:
            frames = self._context.decode(Packet(data))
            return b"".join(self._to_pcm.convert(frame) for frame in frames)
        except AV_ERRORS as exc:
            self._context.flush_buffers()
            self._to_pcm.forget()
            raise MediaError(f"{unit} is damaged: {cause_of(exc)}") from exc


def _opened(codec: _Codec, config: bytes) -> AudioCodecContext:
    if not config:
        raise MediaError(f"{codec.config} is empty")
    if codec is _OPUS:
        # No pre-skip: whoever joins a running stream has nothing to skip, and
        # its time counts all samples.
        config = opus.head(opus.channels_of(config), 0, SAMPLE_RATE)
    try:
        context = av.CodecContext.create(codec.ffmpeg, "r")
        assert isinstance(context, AudioCodecContext)
        context.extradata = config
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"{codec.config}: {cause_of(exc)}") from exc
    return context
