"""
VP8 in software, for browsers that encode nothing else: one picture in, one out.

As with H.264, what comes from the network is judged before FFmpeg sees it.
Not thread-safe: one decoder belongs to one thread.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.av_frames import SoftFrames
from kiosk.codec.h264_decoder import MAX_PIXELS, MICROSECOND, fault_of
from kiosk.errors import MediaError
from kiosk.ports import Micros, SoftFrame


_KEY_HEADER_BYTES = 10
"""RFC 6386 9.1: the first three bytes, and of a key frame seven more."""


class Vp8Decoder:
    """The decoder of one stream, whose picture size may change."""

    def __init__(self) -> None:
        self._context: VideoCodecContext | None = None
        self._frames = SoftFrames()

    def decode(self, data: bytes, captured_at: Micros) -> SoftFrame | None:
        """
        Decode one picture.

        Before the first key picture, and after damage until the next one, nothing
        comes out.

        Raises:
            MediaError: If it is damaged; the next key picture makes it good.

        """
        if is_vp8_key(data):
            # a picture of another size, or the first after damage
            self._context = self._context or _opened()
        if self._context is None:
            return None
        packet = Packet(data)
        packet.pts = captured_at
        packet.time_base = MICROSECOND
        try:
            frames = self._context.decode(packet) if data else []
            cause = "; ".join(fault_of(frame) for frame in frames).strip("; ")
            if frames and not cause:
                return self._frames.of(frames[-1], captured_at)
        except AV_ERRORS as exc:
            cause = cause_of(exc)
        self._context = None
        raise MediaError(f"VP8 picture is damaged: {cause or 'empty'}")


def is_vp8_key(data: bytes) -> bool:
    """Whether a picture needs no other: RFC 6386 9.1, bit 0 and the start code."""
    return (
        len(data) >= _KEY_HEADER_BYTES
        and not data[0] & 1
        and data[3:6] == b"\x9d\x01\x2a"
    )


def _opened() -> VideoCodecContext:
    try:
        context = av.CodecContext.create("vp8", "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.open()
    except AV_ERRORS as exc:
        raise MediaError(f"VP8 decoder: {cause_of(exc)}") from exc
    return context
