"""The decoder that belongs to a stream's audio config."""

from __future__ import annotations

from typing import Protocol

from kiosk.codec.aac import AacDecoder
from kiosk.codec.opus import OpusDecoder
from kiosk.rtmp.opus import MARK


class SoundDecoder(Protocol):
    """Of one codec; not thread-safe."""

    def decode(self, data: bytes) -> bytes:
        """
        Decode one unit to signed 16 bit little endian mono at 48 kHz.

        Raises:
            MediaError: If it is damaged; the next good unit decodes again.

        """
        ...


def sound_decoder(config: bytes) -> SoundDecoder:
    """
    Return the decoder of a stream.

    Args:
        config: AudioSpecificConfig of AAC, or the header of Opus.

    Raises:
        MediaError: If ``config`` makes no sense.

    """
    return OpusDecoder(config) if config.startswith(MARK) else AacDecoder(config)
