"""
What comes out of the speaker of a stream: AAC or Opus in, 48 kHz mono out.

The config of a stream says which of the two it is; all else is alike.  What
comes from the network is judged before a decoder sees it: an empty packet would
mean "end of stream" to FFmpeg, and "lost" to libopus.
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
from kiosk.codec.libopus import MonoDecoder
from kiosk.codec.to_pcm import ToPcm
from kiosk.errors import MediaError
from kiosk.rtmp import opus


MAX_AAC_BYTES = 64 * 1024
"""A unit is at most 768 bytes a channel; nobody sends 85 channels."""

MAX_OPUS_BYTES = 48 * 1275
"""RFC 6716 3.4: 48 frames of at most 1275 bytes."""

_STEREO = 2


class _Unit(NamedTuple):
    """How people call a unit of a codec, and how large it may be."""

    name: str
    max_bytes: int


_AAC = _Unit("AAC unit", MAX_AAC_BYTES)
_OPUS = _Unit("Opus packet", MAX_OPUS_BYTES)


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
        is_opus = config.startswith(opus.MARK)
        self._unit = _OPUS if is_opus else _AAC
        self._decoder = _opus_decoder(config) if is_opus else _AacDecoder(config)

    def decode(self, data: bytes) -> bytes:
        """
        Decode one unit to signed 16 bit little endian mono at 48 kHz.

        Raises:
            MediaError: If it is damaged; the next good unit decodes again.

        """
        if not data or len(data) > self._unit.max_bytes:
            raise MediaError(f"{self._unit.name} is damaged: {len(data)} bytes")
        return self._decoder.decode(data)


class _AacDecoder:
    """FFmpeg's."""

    def __init__(self, config: bytes) -> None:
        self._context = _opened(config)
        self._to_pcm = ToPcm()

    def decode(self, data: bytes) -> bytes:
        """Decode a unit, as :meth:`SoundDecoder.decode`."""
        try:
            frames = self._context.decode(Packet(data))
            return b"".join(self._to_pcm.convert(frame) for frame in frames)
        except AV_ERRORS as exc:
            self._context.flush_buffers()
            self._to_pcm.forget()
            raise MediaError(f"AAC unit is damaged: {cause_of(exc)}") from exc


def _opus_decoder(config: bytes) -> MonoDecoder:
    """
    Return a decoder of all samples there are.

    Pre-skip counts for nothing: whoever joins a running stream has nothing to
    skip, and its time counts all samples.
    """
    channels = opus.channels_of(config)
    if not 0 < channels <= _STEREO:
        raise MediaError(f"Opus header: {channels} channels")
    return MonoDecoder()


def _opened(config: bytes) -> AudioCodecContext:
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
