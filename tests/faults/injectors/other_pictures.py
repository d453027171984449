"""Pictures that nobody took: small ones, odd ones, costly ones, and few of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

import numpy as np

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420
from kiosk.ports import Bitrate, Micros
from kiosk.rtmp import avc, flv
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import Message
from tests.fakes.h264_wire import noise
from tests.fakes.rtmp_tap import Alter


_PICTURES: Final = 30
_COSTLY: Final = (960, 540)
_COSTLY_BPS: Final = 20_000_000


class Clip:
    """The tags of some pictures, an IDR with its parameters first, again and again."""

    def __init__(self, tags: Sequence[Sequence[bytes]]) -> None:
        self._tags = tags
        self._next = 0

    def next_tags(self) -> Sequence[bytes]:
        """Return the bodies of the next picture's tags."""
        tags = self._tags[self._next % len(self._tags)]
        self._next += 1
        return tags


def clips_of_sizes(sizes: Sequence[Sequence[int]]) -> list[Clip]:
    """Return a clip of each size."""
    return [Clip(_tags(width, height)) for width, height in sizes]


def costly() -> Clip:
    """Return a clip of 20 Mbit/s at 30 pictures a second."""
    return Clip(_tags(*_COSTLY, bitrate=_COSTLY_BPS))


def slow() -> Alter:
    """Return what sends one picture a second, each of them complete."""
    clip = Clip([_tags(320, 180)[0]])
    again: list[float] = [0.0]

    def alter(message: Message) -> Iterable[Message | bytes]:
        if message.type_id != m.VIDEO:
            return (message,)
        now = time.monotonic()
        if now < again[0]:
            return ()
        again[0] = now + 1.0
        return [message._replace(payload=tag) for tag in clip.next_tags()]

    return alter


@cache
def _tags(
    width: int, height: int, bitrate: int = 300_000
) -> tuple[tuple[bytes, ...], ...]:
    encoder = H264Encoder(
        width=width,
        height=height,
        picture_rate=30,
        bitrate=Bitrate(bitrate),
        ceiling=Bitrate(bitrate * 2),
        gop_s=1.0,
    )
    found: list[tuple[bytes, ...]] = []
    for number in range(_PICTURES):
        picture = _picture(width, height, number)
        for unit in encoder.encode(picture, Micros(number * 33_333), idr=not number):
            nals = avc.split_annex_b(unit.data)
            tags = [flv.video_unit(nals, is_idr=unit.is_idr)]
            config = avc.config_of(nals) if unit.is_idr else None
            if config is not None:
                tags.insert(0, flv.video_config(config))
            found.append(tuple(tags))
    return tuple(found)


def _picture(width: int, height: int, number: int) -> I420:
    if (width, height) == _COSTLY:
        return noise((width, height), number)
    grey = np.full((height * 3 // 2, width), 128, np.uint8)
    grey[:height] = 60 + 4 * number
    return grey
