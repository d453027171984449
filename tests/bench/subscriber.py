"""
Our receiving half without playout: play client, FLV, decoder, painted clock.

Runs on the calling thread; nothing buffers and nothing waits for a sound.
"""

from __future__ import annotations

import secrets
import time

import numpy as np

from kiosk.codec import painted_clock
from kiosk.codec.h264_decoder import H264Decoder
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.relay_stream import RelayStream
from kiosk.media.resolver import Resolver
from kiosk.ports import Micros, SoftFrame
from kiosk.rtmp import flv
from kiosk.rtmp.client import PlayClient
from kiosk.rtmp.events import AudioTag, VideoTag
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.bench.ages import Ages


def subscribe(address: str, seconds: float) -> Ages:
    """Decode a stream for so long and return how old its pictures were."""
    url = RtmpUrl.parse(address)
    link = Link(url, Resolver(), limits=LinkLimits(plain_anywhere=True))
    stream = RelayStream(link, PlayClient(url, secrets.token_bytes(RANDOM_BYTES)))
    taking = _Taking()
    until = time.monotonic() + seconds
    try:
        events = stream.start()
        while time.monotonic() < until:
            for event in events:
                if isinstance(event, VideoTag):
                    taking.picture(event)
                elif isinstance(event, AudioTag):
                    taking.ages.sounds += 1
            events = stream.exchange(0.1)
    finally:
        stream.close()
    return taking.ages


class _Taking:
    """What has been decoded so far."""

    def __init__(self) -> None:
        self.ages = Ages()
        self._clock = MonotonicClock()
        self._decoder: H264Decoder | None = None

    def picture(self, tag: VideoTag) -> None:
        unit = flv.parse_video(tag.payload)
        if isinstance(unit, flv.VideoConfig):
            self._decoder = H264Decoder(unit.record)
        elif isinstance(unit, flv.VideoUnit) and self._decoder is not None:
            for frame in self._decoder.decode(unit.avcc, Micros(tag.timestamp_ms)):
                now = self._clock.now()
                self.ages.add(now, _painted_at(frame, now))


def _painted_at(frame: SoftFrame, now: Micros) -> Micros | None:
    pitch = frame.pitches[0]
    rows = np.frombuffer(frame.planes[0], np.uint8)[: pitch * frame.height]
    luma = rows.reshape(frame.height, pitch)[:, : frame.width]
    return painted_clock.read(luma, now)
