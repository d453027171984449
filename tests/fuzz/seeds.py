"""
Real streams to be made worse: of our own encoders, and of ffmpeg's.

ffmpeg makes what ours do not: B pictures, CABAC, several slices, interlaced
and 4:2:2 pictures, stereo at another rate.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kiosk.codec.aac import AacEncoder, AacUnit
from kiosk.codec.opus import OpusEncoder, OpusUnit
from kiosk.codec.speech import SpeechSource
from kiosk.ports import Micros
from kiosk.rtmp import avc, flv
from tests.fakes.h264_wire import clip
from tests.fakes.rtmp_goldens import WIRE, to_client, to_server


_SIZE = (160, 96)
_PICTURES, _PERIODS = 24, 50
_AUDIO, _VIDEO = 8, 9
_FILE_HEAD, _TAG_HEAD, _TAG_END = 13, 11, 4
_END_OF_VIDEO = b"\x17\2"
_FFMPEG_VIDEO = {
    "B pictures, CABAC": "-profile:v high -bf 2 -g 10 -pix_fmt yuv420p",
    "slices": "-profile:v baseline -g 10 -x264-params slices=4 -pix_fmt yuv420p",
    "interlaced": "-flags +ildct+ilme -g 10 -pix_fmt yuv420p",
    "4:2:2": "-profile:v high422 -g 10 -pix_fmt yuv422p",
}


@dataclass(frozen=True, slots=True)
class SeedStream:
    """
    One stream as FLV tag bodies.

    Attributes:
        config: The sequence header.
        units: Access units in decoding order.

    """

    name: str
    config: bytes
    units: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Seeds:
    """
    All there is to begin with.

    Attributes:
        to_client, to_server: Recorded RTMP conversations, one direction.

    """

    h264: tuple[SeedStream, ...]
    aac: tuple[SeedStream, ...]
    opus: tuple[SeedStream, ...]
    to_client: tuple[bytes, ...]
    to_server: tuple[bytes, ...]


def made_seeds(scratch: Path) -> Seeds:
    """Encode and record all seeds; ``scratch`` is an empty directory."""
    foreign = [
        _from_ffmpeg(name, words, scratch) for name, words in _FFMPEG_VIDEO.items()
    ]
    return Seeds(
        h264=(_our_h264(), *(video for video, _ in foreign)),
        aac=(_our_aac(), foreign[0][1]),
        opus=(_our_opus(), _opus_of_ffmpeg()),
        to_client=tuple(map(to_client, ("ffmpeg_play", "nginx_play", "nginx_publish"))),
        to_server=tuple(
            map(to_server, ("ffmpeg_publish", "ffmpeg_play", "nginx_publish"))
        ),
    )


def _our_h264() -> SeedStream:
    units = [
        (avc.split_annex_b(unit.data), unit.is_idr)
        for unit in clip(_PICTURES, _SIZE, idr_at=[12])
    ]
    config = avc.config_of(units[0][0])
    assert config is not None
    return SeedStream(
        "ours",
        flv.video_config(config),
        tuple(flv.video_unit(nals, is_idr=is_idr) for nals, is_idr in units),
    )


class _Encoder(Protocol):
    def encode(
        self, pcm: bytes, captured_at: Micros
    ) -> tuple[AacUnit | OpusUnit, ...]: ...


def _our_aac() -> SeedStream:
    encoder = AacEncoder()
    units = tuple(map(flv.audio_unit, _spoken(encoder)))
    return SeedStream("ours", flv.audio_config(encoder.config), units)


def _our_opus() -> SeedStream:
    encoder = OpusEncoder()
    units = tuple(map(flv.opus_unit, _spoken(encoder)))
    return SeedStream("ours", flv.opus_config(encoder.config), units)


def _spoken(encoder: _Encoder) -> Iterator[bytes]:
    voice = SpeechSource()
    for number in range(_PERIODS):
        at = Micros(number * 20_000)
        pcm = voice.fill(at, 960).astype("<i2").tobytes()
        yield from (unit.data for unit in encoder.encode(pcm, at))


def _from_ffmpeg(name: str, words: str, scratch: Path) -> tuple[SeedStream, SeedStream]:
    path = scratch / "seed.flv"
    inputs = ("testsrc2=size=160x96:rate=25:duration=1", "sine=duration=1")
    command = ["ffmpeg", "-v", "error", "-y"]
    for source in inputs:
        command += ["-f", "lavfi", "-i", source]
    command += ["-c:v", "libx264", *words.split()]
    command += ["-c:a", "aac", "-ar", "44100", "-ac", "2", str(path)]
    subprocess.run(command, check=True, timeout=30)
    bodies = list(_tags(path.read_bytes()))
    return (
        _stream(name, [body for kind, body in bodies if kind == _VIDEO]),
        _stream(name, [body for kind, body in bodies if kind == _AUDIO]),
    )


def _opus_of_ffmpeg() -> SeedStream:
    file = (WIRE / "ffmpeg_opus.flv").read_bytes()
    return _stream("ffmpeg", [body for kind, body in _tags(file) if kind == _AUDIO])


def _stream(name: str, bodies: list[bytes]) -> SeedStream:
    config, *units = bodies
    return SeedStream(name, config, tuple(u for u in units if u[:2] != _END_OF_VIDEO))


def _tags(file: bytes) -> Iterator[tuple[int, bytes]]:
    at = _FILE_HEAD
    while at + _TAG_HEAD <= len(file):
        size = int.from_bytes(file[at + 1 : at + 4], "big")
        yield file[at], file[at + _TAG_HEAD : at + _TAG_HEAD + size]
        at += _TAG_HEAD + size + _TAG_END
