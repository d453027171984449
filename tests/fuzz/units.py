"""
What is sent to the receive path: one unit at a time, each wrong in its own way.

Unit number n of a seed is always the same, whatever was sent before it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from kiosk.rtmp import avc
from kiosk.rtmp import messages as m
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import Seeds, SeedStream


class Kind(enum.Enum):
    """Where a unit is wrong."""

    H264 = "H.264 units"
    AVCC = "avcC records"
    VIDEO_TAG = "FLV video tags"
    AAC = "AAC units"
    OPUS = "Opus packets"
    AUDIO_CONFIG = "audio configs"
    AUDIO_TAG = "FLV audio tags"
    TIME = "timestamps"
    MESSAGE = "RTMP messages"
    CHUNKS = "RTMP chunks"
    CONVERSATION = "RTMP conversations"


_SHARES = {
    Kind.H264: 30,
    Kind.AVCC: 8,
    Kind.VIDEO_TAG: 8,
    Kind.AAC: 12,
    Kind.OPUS: 8,
    Kind.AUDIO_CONFIG: 5,
    Kind.AUDIO_TAG: 5,
    Kind.TIME: 6,
    Kind.MESSAGE: 6,
    Kind.CHUNKS: 10,
    Kind.CONVERSATION: 2,
}
_VIDEO_HEAD, _AVCC_HEAD, _AUDIO_HEAD, _OPUS_HEAD = 5, 5, 2, 5
_FULL_HEADER = 12
_IDR_TAG = 0x17
_CONTROLS = (1, 2, 3, 4, 5, 6, 15, 17, 18, 20, 22)


class Part(NamedTuple):
    """
    A message of the relay to the player.

    Attributes:
        step_ms: From the part before to this one.

    """

    type_id: int
    body: bytes
    step_ms: int = 20


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One thing that is wrong.

    Attributes:
        parts: To the player, the configs that it needs first.
        wire: To the player instead, as bytes behind the parts.
        conversation: To a fresh server instead.

    """

    kind: Kind
    parts: tuple[Part, ...] = ()
    wire: bytes = b""
    conversation: bytes = b""


def unit(seeds: Seeds, seed: int, number: int) -> Unit:
    """Return one unit."""
    random = Random(f"{seed}/{number}")
    kind = random.choices(list(_SHARES), list(_SHARES.values()))[0]
    match kind:
        case Kind.H264 | Kind.AVCC | Kind.VIDEO_TAG:
            return Unit(kind, _video(kind, random.choice(seeds.h264), random))
        case Kind.AAC | Kind.OPUS | Kind.AUDIO_CONFIG | Kind.AUDIO_TAG:
            streams = seeds.opus if kind is Kind.OPUS else seeds.aac
            if kind in (Kind.AUDIO_CONFIG, Kind.AUDIO_TAG):
                streams = (*seeds.aac, *seeds.opus)
            return Unit(kind, _audio(kind, random.choice(streams), random))
        case Kind.TIME:
            return Unit(kind, _timed(seeds, random))
        case Kind.MESSAGE:
            return Unit(kind, (_message(seeds, random),))
        case Kind.CHUNKS:
            return Unit(kind, wire=_chunks(seeds, random))
        case Kind.CONVERSATION:
            whole, other = (
                random.choice(seeds.to_server),
                random.choice(seeds.to_client),
            )
            return Unit(kind, conversation=mutated(whole, other, random))


def _video(kind: Kind, stream: SeedStream, random: Random) -> tuple[Part, ...]:
    config, body = stream.config, random.choice(stream.units)
    other = random.choice(stream.units)
    if kind is Kind.AVCC:
        config = mutated(config, body, random, spare=_AVCC_HEAD)
        body = stream.units[0]
    elif kind is Kind.VIDEO_TAG:
        body = mutated(body, other, random)
    else:
        body = _worse_nals(body, other, random)
    parts = [Part(m.VIDEO, config)]
    if random.random() < 0.5:  # a decoder that knows references
        parts.append(Part(m.VIDEO, stream.units[0]))
    parts.append(Part(m.VIDEO, body))
    if random.random() < 0.3:  # and pictures that refer to what was broken
        at = random.randrange(len(stream.units))
        parts += (Part(m.VIDEO, good) for good in stream.units[at : at + 2])
    return tuple(parts)


def _worse_nals(body: bytes, other: bytes, random: Random) -> bytes:
    """Make one NAL unit worse and keep the lengths true; the tag says IDR."""
    nals = avc.split_avcc(body[_VIDEO_HEAD:])
    at = random.randrange(len(nals))
    nals[at] = mutated(nals[at], other, random, spare=random.choice((0, 1, 1, 4)))
    if random.random() < 0.1:
        random.shuffle(nals)
    return bytes([_IDR_TAG]) + body[1:_VIDEO_HEAD] + avc.to_avcc(nals)


def _audio(kind: Kind, stream: SeedStream, random: Random) -> tuple[Part, ...]:
    config, body = stream.config, random.choice(stream.units)
    other = random.choice(stream.units)
    head = _OPUS_HEAD if kind is Kind.OPUS else _AUDIO_HEAD
    if kind is Kind.AUDIO_CONFIG:
        config = mutated(config, body, random, spare=head)
    elif kind is Kind.AUDIO_TAG:
        body = mutated(body, other, random)
    else:
        body = mutated(body, other, random, spare=head)
    return (Part(m.AUDIO, config), Part(m.AUDIO, body))


def _timed(seeds: Seeds, random: Random) -> tuple[Part, ...]:
    """Return good units at bad times."""
    video, audio = seeds.h264[0], seeds.aac[0]
    step_ms = random.choice(
        (0, -20, -1000, 140, 160, 5_000, 3_600_000, -3_600_000, 2**31, 2**32 - 40)
    )
    return (
        Part(m.VIDEO, video.config),
        Part(m.AUDIO, audio.config),
        Part(m.VIDEO, video.units[0], step_ms),
        Part(m.AUDIO, random.choice(audio.units), random.choice((0, step_ms))),
        Part(m.AUDIO, random.choice(audio.units), random.choice((20, 20, step_ms))),
    )


def _message(seeds: Seeds, random: Random) -> Part:
    body = random.choice(seeds.to_client)
    at = random.randrange(len(body))
    piece = body[at : at + random.randrange(400)]
    if random.random() < 0.5:
        piece = random.randbytes(random.choice((0, 1, 4, 5, 11, 60)))
    return Part(random.choice(_CONTROLS), piece)


def _chunks(seeds: Seeds, random: Random) -> bytes:
    """Return a piece of a conversation, or a media message, as broken chunks."""
    if random.random() < 0.5:
        whole = random.choice(seeds.to_client)
        at = random.randrange(len(whole))
        piece = whole[at : at + random.randrange(1, 600)]
    else:
        stream = random.choice((*seeds.h264, *seeds.aac))
        body = random.choice(stream.units)
        header = bytes([random.choice((4, 6, 0x44, 0x86, 0xC6))]) + random.randbytes(3)
        header += len(body).to_bytes(3, "big")
        piece = (header + bytes([random.choice((8, 9))]) + b"\1\0\0\0")[:_FULL_HEADER]
        piece += body
    return mutated(piece, random.choice(seeds.to_client), random)
