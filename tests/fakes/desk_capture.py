"""What a page's camera and microphone would send, made here in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from kiosk.agentdesk.framing import Codec, Unit
from kiosk.codec.beep import ToneSource
from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.opus import OpusEncoder
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.scene import Scene
from kiosk.ports import Bitrate, Micros
from kiosk.rtmp import avc
from kiosk.rtmp.live_queue import Kind
from tests.fakes.desk_page import PaperSocket


WIDTH, HEIGHT = 160, 96
HERTZ = 600
PAGE_CLOCK_US = 55_000_000_000
"""A page's clock has nothing to do with ours."""


class PaperPictures:
    """A camera and an encoder; ``wants_key`` makes the next picture a key."""

    def __init__(self, codec: Codec) -> None:
        self.wants_key = True
        self._codec = codec
        self._scene = Scene(WIDTH, HEIGHT)
        self._number = 0
        self._is_configured = False
        bitrate = Bitrate(200_000)
        self._h264 = H264Encoder(
            width=WIDTH,
            height=HEIGHT,
            picture_rate=30,
            bitrate=bitrate,
            ceiling=bitrate,
            gop_s=10,
        )
        self._vp8 = _vp8_encoder()

    def units(self, at: int) -> list[Unit]:
        self._number += 1
        picture = self._scene.draw(self._number)
        paint_i420(picture, Micros(at))
        key, self.wants_key = self.wants_key, False
        stamp = at + PAGE_CLOCK_US
        if self._codec is Codec.VP8:
            frame = VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = at, Fraction(1, 1_000_000)
            frame.pict_type = PictureType.I if key else PictureType.NONE
            return [
                Unit(_kind(key=p.is_keyframe), Codec.VP8, stamp, stamp, bytes(p))
                for p in self._vp8.encode(frame)
            ]
        coded = self._h264.encode(picture, Micros(at), idr=key)
        return [unit for one in coded for unit in self._avcc(one.data, stamp)]

    def _avcc(self, data: bytes, stamp: int) -> list[Unit]:
        nals = avc.split_annex_b(data)
        config = avc.config_of(nals)
        first: list[Unit] = []
        if config is not None and not self._is_configured:
            self._is_configured = True  # a browser says it once
            record = avc.write_config(config)
            first.append(Unit(Kind.VIDEO_CONFIG, Codec.H264, stamp, stamp, record))
        coded = [nal for nal in nals if avc.nal_type(nal) not in (avc.SPS, avc.PPS)]
        key = any(avc.nal_type(nal) == avc.IDR for nal in nals)
        payload = avc.to_avcc(coded)
        return [*first, Unit(_kind(key=key), Codec.H264, stamp, stamp, payload)]


class PaperSound:
    """A microphone that hears a tone, as Opus or as samples."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._tone = ToneSource(HERTZ)
        self._opus = OpusEncoder()

    def units(self, at: int) -> Sequence[Unit]:
        pcm = self._tone.fill(Micros(at), 960).astype(np.int16).tobytes()
        stamp = at + PAGE_CLOCK_US
        if self._codec is Codec.PCM:
            return [Unit(Kind.AUDIO, Codec.PCM, stamp, stamp, pcm)]
        return [
            Unit(Kind.AUDIO, Codec.OPUS, stamp, stamp, unit.data)
            for unit in self._opus.encode(pcm, Micros(at))
        ]


async def capture(
    page: PaperSocket,
    pictures: PaperPictures | None,
    sound: PaperSound | None,
) -> None:
    """Send both in real time until cancelled; obeys what the page is told."""
    clock = asyncio.get_running_loop().time
    began = clock()
    heard = 0
    for number in range(1_000_000):
        await asyncio.sleep(max(0.0, began + number * 0.02 - clock()))
        if page.closed is not None:
            return
        told, heard = page.said[heard:], len(page.said)
        if pictures is not None and any(words["say"] == "idr" for words in told):
            pictures.wants_key = True
        at = round((began + number * 0.02) * 1_000_000)
        for unit in sound.units(at) if sound is not None else ():
            page.send_unit(unit)
        for unit in pictures.units(at) if pictures is not None and number % 2 else ():
            page.send_unit(unit)


def _kind(*, key: bool) -> Kind:
    return Kind.IDR if key else Kind.INTER


def _vp8_encoder() -> VideoCodecContext:
    context = av.CodecContext.create("libvpx", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = WIDTH, HEIGHT
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 1_000_000)
    context.bit_rate = 200_000
    context.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
    return context
