"""
A page's pictures as the bodies of FLV tags.

H.264 passes through, put together anew so that no byte of it is taken on trust;
VP8 is decoded and encoded again, on a thread of :mod:`kiosk.agentdesk.codec_threads`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from kiosk.agentdesk.framing import Codec, Unit
from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.presets import GOP_S
from kiosk.codec.vp8_decoder import Vp8Decoder
from kiosk.errors import MediaError, WireError
from kiosk.ports import AccessUnit, Bitrate, Micros, SoftFrame
from kiosk.rtmp import avc, flv
from kiosk.rtmp.live_queue import Kind


PICTURE_RATE: Final = 30.0
MOST_PIXELS: Final = 1920 * 1088
"""Larger ones are not encoded again: one page would take a whole core."""

_NOT_SENT: Final = (avc.SPS, avc.PPS, avc.DELIMITER)


@dataclass(frozen=True, slots=True)
class Tag:
    """The body of an FLV tag, and when what it carries was captured."""

    kind: Kind
    captured_at: Micros
    body: bytes


class PagePictures:
    """
    One page's pictures. Not thread-safe: one unit at a time.

    Args:
        bitrate: That VP8 is encoded again with, to begin with.
        ceiling: Never exceeded.

    Attributes:
        bitrate: For the next pictures; any thread may set it.

    """

    def __init__(self, bitrate: Bitrate, ceiling: Bitrate) -> None:
        self._ceiling = ceiling
        self._config: avc.AvcConfig | None = None
        self._sent: avc.AvcConfig | None = None
        self._length_size = 4
        self._decoder = Vp8Decoder()
        self._encoder: H264Encoder | None = None
        self._idr_wanted = False
        self.bitrate = bitrate

    def restart(self) -> None:
        """Another stream begins: with its config, and an IDR."""
        self._sent = None
        self._idr_wanted = True

    def configure(self, record: bytes) -> None:
        """
        Take the avcC record of H.264 that follows; pages say it once.

        Raises:
            WireError: If it makes no sense.

        """
        config = avc.read_config(record)
        self._length_size = config.length_size
        self._config = replace(config, length_size=4)

    @property
    def is_transcoding(self) -> bool:
        """Whether pictures are encoded here."""
        return self._encoder is not None

    def want_idr(self) -> None:
        """Make the next picture that is encoded here an IDR."""
        self._idr_wanted = True

    def tags(self, unit: Unit) -> list[Tag]:
        """
        Return what is to be sent of a unit, nothing before the first config.

        Raises:
            MediaError: If it is damaged; the next IDR makes it good.

        """
        if unit.codec is Codec.VP8:
            return self._transcoded(unit)
        self._encoder = None
        nals = avc.split_avcc(unit.payload, self._length_size)
        self._config = avc.config_of(nals) or self._config
        return self._tagged(nals, Micros(unit.pts_us), is_idr=unit.kind is Kind.IDR)

    def _tagged(self, nals: list[bytes], at: Micros, *, is_idr: bool) -> list[Tag]:
        coded = [nal for nal in nals if avc.nal_type(nal) not in _NOT_SENT]
        if not coded:
            raise WireError("a picture without a picture")
        tags: list[Tag] = []
        if is_idr and self._config is not None and self._config != self._sent:
            self._sent = self._config
            body = flv.video_config(self._config)
            tags.append(Tag(Kind.VIDEO_CONFIG, at, body))
        if self._sent is not None:
            kind = Kind.IDR if is_idr else Kind.INTER
            tags.append(Tag(kind, at, flv.video_unit(coded, is_idr=is_idr)))
        return tags

    # -- from VP8 ---------------------------------------------------------------

    def _transcoded(self, unit: Unit) -> list[Tag]:
        at = Micros(unit.pts_us)
        frame = self._decoder.decode(unit.payload, at)
        if frame is None:
            return []
        wanted = self._idr_wanted
        if wanted:  # not otherwise: a wish of another thread would be lost
            self._idr_wanted = False
        encoder = self._encoder_for(frame)
        if encoder.bitrate != self.bitrate:
            encoder.set_bitrate(self.bitrate)
        return [
            tag
            for one in encoder.encode(frame, at, idr=wanted)
            for tag in self._of_encoder(one)
        ]

    def _of_encoder(self, coded: AccessUnit) -> list[Tag]:
        nals = avc.split_annex_b(coded.data)
        self._config = avc.config_of(nals) or self._config
        return self._tagged(nals, coded.captured_at, is_idr=coded.is_idr)

    def _encoder_for(self, frame: SoftFrame) -> H264Encoder:
        if frame.width * frame.height > MOST_PIXELS:
            raise MediaError(f"a page's picture of {frame.width}x{frame.height}")
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (
            frame.width,
            frame.height,
        ):
            encoder = self._encoder = H264Encoder(
                width=frame.width,
                height=frame.height,
                picture_rate=PICTURE_RATE,
                bitrate=self.bitrate,
                ceiling=self._ceiling,
                gop_s=GOP_S,
            )
        return encoder
