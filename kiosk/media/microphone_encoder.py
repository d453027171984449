"""
The encoder of the microphone: AAC for everybody, Opus where it is asked for.

Which one works is wished for by the sender's thread and changed on the mic
thread, between two periods; what the old one held back is lost, some 40 ms,
which happens once, in the first moments of a call.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.codec.aac import AacEncoder
from kiosk.codec.opus import OpusEncoder
from kiosk.media.outgoing import SoundUnit
from kiosk.ports import Micros


class MicrophoneEncoder:
    """
    Both encoders; implements :class:`kiosk.media.sender.AudioChoice`.

    Args:
        bitrate: Bits per second of either.
        opus: Whether Opus may be used at all.

    """

    def __init__(self, bitrate: int = 48_000, *, opus: bool = True) -> None:
        self._bitrate = bitrate
        self._encoder: AacEncoder | OpusEncoder = AacEncoder(bitrate)
        self._wants_opus = False
        self.aac_config = self._encoder.config
        self.opus_config = OpusEncoder(bitrate).config if opus else None

    @property
    def is_opus(self) -> bool:
        """Whether Opus is at work."""
        return isinstance(self._encoder, OpusEncoder)

    def use_opus(self, *, wanted: bool) -> None:
        """Encode with Opus, or AAC, from the next period on; any thread."""
        self._wants_opus = wanted and self.opus_config is not None

    def encode(self, pcm: bytes, captured_at: Micros) -> Sequence[SoundUnit]:
        """
        Take in a period and return the units it completed; on the mic thread.

        Raises:
            MediaError: If half a sample was given, or the encoder failed.

        """
        if self._wants_opus != self.is_opus:
            kind = OpusEncoder if self._wants_opus else AacEncoder
            self._encoder = kind(self._bitrate)
        return self._encoder.encode(pcm, captured_at)
