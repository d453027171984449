"""
A peer's stream in virtual time: real H.264, AAC and Opus, and when each is there.

Time is the peer's capture clock, in seconds from its first picture.  Pictures
carry it painted, so that what is shown tells how old it is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kiosk.codec.aac import AacEncoder
from kiosk.codec.beep import ToneSource
from kiosk.codec.opus import OpusEncoder
from kiosk.ports import AccessUnit, Micros
from kiosk.rtmp import avc, flv
from kiosk.rtmp import messages as m
from tests.fakes.h264_wire import clip
from tests.fakes.receive_path import PERIOD_US, Coming, Tag


BEGIN_US = 5_000_000
"""When the first picture was taken, on the clock of both ends."""

SIZE, LARGE = (160, 96), (320, 192)
SECONDS = 8
_RATE, _GOP_S = 30, 2
_TRAVEL_US = 30_000
_ENCODED_US = {m.VIDEO: 15_000, m.AUDIO: 45_000}  # from capture to the wire


@dataclass(frozen=True, slots=True)
class Sent:
    """
    A tag and when it comes, in microseconds of the common clock.

    Attributes:
        taken: When what it carries was captured.

    """

    taken: int
    there: int
    tag: Tag

    @classmethod
    def of(cls, type_id: int, taken: int, body: bytes) -> Sent:
        """Return a tag as it comes on a good network."""
        there = taken + _ENCODED_US[type_id] + _TRAVEL_US
        return cls(taken, there, Tag(type_id, body, (taken - BEGIN_US) // 1000 + 200))

    def at_timestamp(self, timestamp_ms: int) -> Sent:
        """Return the same with another RTMP time."""
        return replace(self, tag=replace(self.tag, timestamp_ms=timestamp_ms))

    def delayed(self, begin_s: float, end_s: float) -> Sent:
        """Return the same, held back if it comes within that time."""
        begin, end = (BEGIN_US + round(s * 1_000_000) for s in (begin_s, end_s))
        return replace(self, there=end) if begin <= self.there < end else self


def pictures(begin_s: float, end_s: float, size: tuple[int, int] = SIZE) -> list[Sent]:
    """Return the pictures taken in that time, their config first, an IDR first."""
    first = round(begin_s * _RATE)
    coded = _clip(size, first)[first : round(end_s * _RATE)]
    units = [avc.split_annex_b(unit.data) for unit in coded]
    config = avc.config_of(units[0])
    assert config is not None
    begin = [Sent.of(m.VIDEO, coded[0].captured_at, flv.video_config(config))]
    return begin + [
        Sent.of(m.VIDEO, unit.captured_at, flv.video_unit(nals, is_idr=unit.is_idr))
        for unit, nals in zip(coded, units, strict=True)
    ]


def sound(begin_s: float, end_s: float, *, opus: bool = False) -> list[Sent]:
    """Return a tone of that time, its config first."""
    encoder = OpusEncoder() if opus else AacEncoder()
    config = (flv.opus_config if opus else flv.audio_config)(encoder.config)
    wrap = flv.opus_unit if opus else flv.audio_unit
    tone = ToneSource(500)
    sent = [Sent.of(m.AUDIO, BEGIN_US + round(begin_s * 1_000_000), config)]
    for number in range(round(begin_s * 50), round(end_s * 50)):
        at = Micros(BEGIN_US + number * 20_000)
        pcm = tone.fill(at, 960).astype("<i2").tobytes()
        sent += (
            Sent.of(m.AUDIO, unit.captured_at, wrap(unit.data))
            for unit in encoder.encode(pcm, at)
        )
    return sent


def coming(
    sent: Sequence[Sent], until_s: float, broken_off_at: float | None = None
) -> Iterator[Coming]:
    """
    Yield what comes in every ten milliseconds from the first picture on.

    Args:
        broken_off_at: When the connection ends.

    """
    waiting = sorted(sent, key=lambda one: one.there)
    at = 0
    for now in range(BEGIN_US, BEGIN_US + round(until_s * 1_000_000), PERIOD_US):
        begin = at
        while at < len(waiting) and waiting[at].there <= now:
            at += 1
        is_end = broken_off_at is not None and now == BEGIN_US + broken_off_at * 1e6
        yield Coming([one.tag for one in waiting[begin:at]], is_broken_off=is_end)


@functools.cache
def _clip(size: tuple[int, int], first: int) -> list[AccessUnit]:
    every = range(first, SECONDS * _RATE, _GOP_S * _RATE)
    return clip(SECONDS * _RATE, size, idr_at=every)
