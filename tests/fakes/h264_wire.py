"""Annex B to what FLV carries, for tests that decode what an encoder made."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.scene import Scene
from kiosk.ports import AccessUnit, Bitrate, Micros


SPS, PPS, IDR = 7, 8, 5


def nal_units(annex_b: bytes) -> list[bytes]:
    """Return the NAL units between the start codes."""
    return [unit for unit in re.split(b"\0\0\0\1|\0\0\1", annex_b) if unit]


def nal_types(annex_b: bytes) -> list[int]:
    return [unit[0] & 31 for unit in nal_units(annex_b)]


def avcc_of(annex_b: bytes) -> bytes:
    """Return the avcC with the SPS and PPS found."""
    units = nal_units(annex_b)
    sps = next(unit for unit in units if unit[0] & 31 == SPS)
    pps = next(unit for unit in units if unit[0] & 31 == PPS)
    head = bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1])
    return head + _sized(sps, 2) + b"\x01" + _sized(pps, 2)


def payload_of(annex_b: bytes) -> bytes:
    """Return the NAL units each after its length, without SPS and PPS."""
    return b"".join(
        _sized(unit, 4) for unit in nal_units(annex_b) if unit[0] & 31 not in {SPS, PPS}
    )


def encoder(
    size: tuple[int, int] = (320, 240),
    *,
    bitrate: int = 300_000,
    ceiling: int = 600_000,
    gop_s: float = 10.0,
) -> H264Encoder:
    """Return an encoder for 30 pictures a second."""
    return H264Encoder(
        width=size[0],
        height=size[1],
        picture_rate=30,
        bitrate=Bitrate(bitrate),
        ceiling=Bitrate(ceiling),
        gop_s=gop_s,
    )


def picture_times(n: int, *, every_us: int = 33_333) -> list[Micros]:
    return [Micros(5_000_000 + i * every_us) for i in range(n)]


def clip(
    n: int, size: tuple[int, int] = (320, 240), *, idr_at: Sequence[int] = ()
) -> list[AccessUnit]:
    """Return ``n`` coded pictures of the scene with the painted clock."""
    scene, coder, units = Scene(*size), encoder(size), list[AccessUnit]()
    for number, at in enumerate(picture_times(n)):
        picture = scene.draw(number)
        paint_i420(picture, at)
        units += coder.encode(picture, at, idr=number in idr_at)
    return units


def noise(size: tuple[int, int], seed: int) -> I420:
    """Return a picture that is hard to encode."""
    random = np.random.default_rng(seed)
    shape = (size[1] * 3 // 2, size[0])
    return random.integers(90, 140, shape, dtype=np.uint8)


def _sized(unit: bytes, size: int) -> bytes:
    return len(unit).to_bytes(size, "big") + unit
