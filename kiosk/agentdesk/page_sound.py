"""
A page's sound as the bodies of FLV tags: AAC made here, or its Opus as it came.

Works on a thread of :mod:`kiosk.agentdesk.codec_threads`, one unit at a time.
"""

from __future__ import annotations

from typing import Final

from kiosk.agentdesk.framing import Codec, Unit
from kiosk.agentdesk.page_pictures import Tag
from kiosk.codec.aac import AacEncoder
from kiosk.codec.opus import PRE_SKIP
from kiosk.codec.sound_decoder import SoundDecoder
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE, Micros
from kiosk.rtmp import flv, opus
from kiosk.rtmp.live_queue import Kind


_PRE_SKIP_US: Final = PRE_SKIP * 1_000_000 // SAMPLE_RATE
_HEAD: Final = opus.head(1, PRE_SKIP, SAMPLE_RATE)


class PageSound:
    """
    One page's sound. Not thread-safe.

    Attributes:
        as_opus: Whether Opus passes through.

    """

    def __init__(self) -> None:
        self.as_opus = False
        self._encoder = AacEncoder()
        self._decoder: SoundDecoder | None = None
        self._sent: Codec | None = None

    def restart(self) -> None:
        """Another stream begins: with AAC, and its config."""
        self.as_opus = False
        self._sent = None

    def first_tag(self) -> Tag:
        """Return the config that a stream begins with."""
        self._sent = Codec.AAC
        return self._config(Codec.AAC, Micros(0))

    def tags(self, unit: Unit) -> list[Tag]:
        """
        Return what is to be sent of a unit.

        Raises:
            MediaError: If it is damaged; the next one may be good.

        """
        if unit.kind is Kind.AUDIO_CONFIG:
            return []  # of a mono encoder of ours there is nothing to learn
        if unit.codec is Codec.OPUS:
            opus.duration_us(unit.payload)  # judged before anybody decodes it
            at = Micros(unit.pts_us - _PRE_SKIP_US)
            if self.as_opus:
                body = flv.opus_unit(unit.payload)
                return self._with_config(Codec.OPUS, [Tag(Kind.AUDIO, at, body)])
            return self._encoded(self._decoded(unit.payload), at)
        if unit.codec is Codec.PCM:
            return self._encoded(unit.payload, Micros(unit.pts_us))
        raise MediaError(f"sound of a page in {unit.codec.name}")

    def _decoded(self, packet: bytes) -> bytes:
        if self._decoder is None:
            self._decoder = SoundDecoder(_HEAD)
        return self._decoder.decode(packet)

    def _encoded(self, pcm: bytes, at: Micros) -> list[Tag]:
        coded = self._encoder.encode(pcm, at)
        tags = [
            Tag(Kind.AUDIO, one.captured_at, flv.audio_unit(one.data)) for one in coded
        ]
        return self._with_config(Codec.AAC, tags)

    def _with_config(self, codec: Codec, tags: list[Tag]) -> list[Tag]:
        if not tags or codec is self._sent:
            return tags
        self._sent = codec
        return [self._config(codec, tags[0].captured_at), *tags]

    def _config(self, codec: Codec, at: Micros) -> Tag:
        body = (
            flv.opus_config(_HEAD)
            if codec is Codec.OPUS
            else flv.audio_config(self._encoder.config)
        )
        return Tag(Kind.AUDIO_CONFIG, at, body)
