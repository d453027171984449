"""
H.264 in software, one picture in and that picture out.

Frame threads would hold back a picture a thread (104 ms measured with four):
one thread and ``low_delay`` here.  What comes from the network is judged
before FFmpeg sees it: an empty packet would mean "end of stream" to FFmpeg.
Not thread-safe: one decoder belongs to one thread.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from fractions import Fraction

import av
from av.codec.context import Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.av_frames import SoftFrames
from kiosk.errors import MediaError
from kiosk.ports import Micros, SoftFrame


MICROSECOND = Fraction(1, 1_000_000)

MAX_PIXELS = 4096 * 2304
"""A stranger's SPS may ask for more memory than the kiosk has."""

LEAST_SIDE, LARGEST_SIDE = 16, 4096
"""Or for a picture as wide as it has pixels, which no display takes."""

AVCC_MIN_BYTES = 7


class H264Decoder:
    """
    A decoder for access units as FLV carries them.

    Args:
        avcc: AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) with
            the SPS and PPS.

    Raises:
        MediaError: If ``avcc`` makes no sense.

    """

    def __init__(self, avcc: bytes) -> None:
        self._length_size = 4
        self._frames = SoftFrames()
        self._context = self._opened(avcc)

    def configure(self, avcc: bytes) -> None:
        """
        Go on with another avcC, e.g. another picture size; next comes an IDR.

        Raises:
            MediaError: If ``avcc`` makes no sense; the old one stays in force.

        """
        self._context = self._opened(avcc)

    def decode(self, avcc_payload: bytes, captured_at: Micros) -> tuple[SoftFrame, ...]:
        """
        Decode one access unit of length-prefixed NAL units.

        Before the first IDR, and after damage until the next one, nothing
        comes out.

        Args:
            avcc_payload: The NAL units, each after its length.
            captured_at: Comes out with the picture, also when a stranger's
                stream reorders pictures.

        Raises:
            MediaError: If it is damaged; the next IDR makes it good.

        """
        self._check_lengths(avcc_payload)
        packet = Packet(avcc_payload)
        packet.pts = captured_at
        packet.time_base = MICROSECOND
        try:
            frames = self._context.decode(packet)
            cause = "; ".join(fault_of(frame) for frame in frames).strip("; ")
            if not cause:
                return tuple(self._frames.of(f, Micros(f.pts or 0)) for f in frames)
        except AV_ERRORS as exc:
            cause = cause_of(exc)
        self._context.flush_buffers()
        raise MediaError(f"H.264 picture is damaged: {cause}")

    def _check_lengths(self, payload: bytes) -> None:
        at, size = 0, self._length_size
        while at + size <= len(payload):
            length = int.from_bytes(payload[at : at + size], "big")
            at += size + length
        if at != len(payload) or not payload:
            self._context.flush_buffers()
            raise MediaError(
                f"H.264 picture is damaged: NAL units end at byte {at}"
                f" of {len(payload)}"
            )

    def _opened(self, avcc: bytes) -> VideoCodecContext:
        if len(avcc) < AVCC_MIN_BYTES or avcc[0] != 1:
            raise MediaError(f"avcC of {len(avcc)} bytes: not a version 1 record")
        try:
            context = av.CodecContext.create("h264", "r")
            assert isinstance(context, VideoCodecContext)
            context.extradata = avcc
            context.thread_count = 1
            context.thread_type = "SLICE"
            context.flags |= int(Flags.low_delay)
            context.options = {"max_pixels": str(MAX_PIXELS)}
            context.open()
        except AV_ERRORS as exc:
            raise MediaError(f"avcC cannot be used: {cause_of(exc)}") from exc
        self._length_size = (avcc[4] & 3) + 1
        return context


def fault_of(frame: VideoFrame) -> str:
    """Return what is wrong with a decoded picture, nothing if it may be shown."""
    if frame.is_corrupt:
        return "FFmpeg made parts of it up"  # and parts of all that refer to it
    sides = (frame.width, frame.height)
    if min(sides) < LEAST_SIDE or max(sides) > LARGEST_SIDE:
        return f"{frame.width}x{frame.height} pixels"
    return ""
