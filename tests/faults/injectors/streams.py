"""
Faults of what a peer sends: changed on its way from the relay to the kiosk's player.

The peer is the stage's agent; what it hears and sees itself stays as it is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kiosk.rtmp import amf0, flv
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import Message
from tests.fakes.branch import play_urls, wait_until
from tests.fakes.rtmp_tap import Alter
from tests.fakes.stranger_agent import Pull
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.other_pictures import Clip, clips_of_sizes, costly, slow
from tests.faults.stage import Stage


Passed = Iterable[Message | bytes]

_MEDIA: Final = (m.AUDIO, m.VIDEO)
_CAME_S: Final = 10.0
_JOINS_S: Final = 1.0
_FIRST_BYTES: Final = 5  # of a tag's body: what it is, and for H.264 its offset
_KEY: Final = 1


@contextmanager
def sending(stage: Stage, alter: Alter) -> Iterator[None]:
    """Have what the kiosk is sent of the agent changed until left."""
    stage.media_tap.alter(alter, agents_stream(stage))
    try:
        yield
        wait_until(lambda: stage.media_tap.altered > 0, "something was sent", _CAME_S)
    finally:
        stage.media_tap.alter(None)
    let_begin_anew(stage)


def let_begin_anew(stage: Stage) -> None:
    """Have the agent's camera make an IDR, as for anybody who begins to watch."""
    user = str(stage.agent.status()["user_id"])
    url = play_urls(stage.server.url).get(user)
    if url:
        with TemporaryDirectory() as folder, Pull(Path(folder)).running(url):
            time.sleep(_JOINS_S)


def agents_stream(stage: Stage) -> str:
    """Return the name of the stream that the agent publishes."""
    (peer,) = stage.status()["peers"]
    user = str(peer["user_id"])
    wait_until(lambda: user in play_urls(stage.server.url), "the agent publishes")
    return play_urls(stage.server.url)[user].partition("?")[0].rpartition("/")[2]


def in_turn(seconds: float, *alters: Alter) -> Alter:
    """Return what does one after the other, each for a while, the last one for good."""
    began = time.monotonic()

    def alter(message: Message) -> Passed:
        number = int((time.monotonic() - began) / seconds)
        return alters[min(number, len(alters) - 1)](message)

    return alter


def without(*type_ids: int) -> Alter:
    """Return what passes no message of those types."""
    return lambda message: () if message.type_id in type_ids else (message,)


@injector("M07")
@contextmanager
def sends_less(stage: Stage, params: Params) -> Iterator[None]:
    """No sound, then no picture, then neither."""
    parts = without(m.AUDIO), without(m.VIDEO), without(*_MEDIA)
    with sending(stage, in_turn(float(params["each_s"]), *parts)):
        yield


@injector("M08")
@contextmanager
def begins_amid(stage: Stage, params: Params) -> Iterator[None]:
    """The stream begins with pictures that need others, and without parameters."""
    began = time.monotonic()
    kept: list[Message] = []

    def alter(message: Message) -> Passed:
        if message.type_id != m.VIDEO:
            return (message,)
        if flv.is_video_config(message.payload):
            kept[:] = [message]
            return ()
        is_late = time.monotonic() - began > float(params["for_s"]) - 1.0
        if flv.is_video_key(message.payload):
            config, kept[:] = kept[:], []
            return (*config, message) if is_late else ()
        return (message,)

    with sending(stage, alter):
        yield


@injector("M09")
@contextmanager
def changes_codec(stage: Stage, params: Params) -> Iterator[None]:
    """Pictures become HEVC and AV1, sound G.711 and MP3, in the middle of the stream."""
    hevc, old_hevc = b"\x91hvc1" + bytes(4), b"\x1c\x01" + bytes(3)
    av1, alaw, mp3 = b"\x91av01", b"\x7e", b"\x2e"

    def become(video: bytes, audio: bytes) -> Alter:
        heads = {m.VIDEO: video, m.AUDIO: audio}
        return lambda message: (
            (with_payload(message, heads[message.type_id] + message.payload[2:]),)
            if message.type_id in heads
            else (message,)
        )

    broken = become(b"\x17\x00\x00\x00\x00\xff", b"\xaf\x00\xff")  # configs of nothing
    parts = become(hevc, alaw), become(old_hevc, mp3), become(av1, alaw), broken
    with sending(stage, in_turn(1.5, *parts)):
        yield


@injector("M10")
@contextmanager
def changes_size(stage: Stage, params: Params) -> Iterator[None]:
    """Pictures change their size and shape, each for a while."""
    parts = [showing(clip) for clip in clips_of_sizes(params["sizes"])]
    with sending(stage, in_turn(float(params["each_s"]), *parts)):
        yield


@injector("M11")
@contextmanager
def damages(stage: Stage, params: Params) -> Iterator[None]:
    """Bits are flipped in every third picture and sound, then in all that is sent."""
    draw = random.Random(stage.seed)

    def flipped(payload: bytes) -> bytes:
        damaged = bytearray(payload)
        for _ in range(1 + len(payload) // 500):
            damaged[draw.randrange(len(payload))] ^= 1 << draw.randrange(8)
        return bytes(damaged)

    def alter(message: Message) -> Passed:
        if not message.payload or draw.random() > float(params["share"]):
            return (message,)
        return (with_payload(message, flipped(message.payload)),)

    with sending(stage, alter):
        yield


@injector("M12")
@contextmanager
def jumps(stage: Stage, params: Params) -> Iterator[None]:
    """Timestamps jump, stand still and pass what their fields hold."""
    parts = [moved_by(int(by_ms)) for by_ms in params["jumps_ms"]]
    with sending(stage, in_turn(float(params["each_s"]), *parts, at_nought)):
        yield


@injector("M13")
@contextmanager
def drifts(stage: Stage, params: Params) -> Iterator[None]:
    """The peer's clock is faster than ours, then slower."""
    first: list[int] = []

    def alter_by(share: float) -> Alter:
        def alter(message: Message) -> Passed:
            if message.type_id not in _MEDIA:
                return (message,)
            first[:] = first or [message.timestamp]
            ahead = (message.timestamp - first[0]) * share
            return (message._replace(timestamp=message.timestamp + round(ahead)),)

        return alter

    share = float(params["share"])
    with sending(stage, in_turn(float(params["each_s"]), alter_by(share))):
        yield


@injector("M14")
@contextmanager
def sends_at_odd_rates(stage: Stage, params: Params) -> Iterator[None]:
    """One picture a second, then 120, then 20 Mbit/s of them."""
    parts = slow(), showing(clips_of_sizes([[320, 180]])[0], times=4), showing(costly())
    with sending(stage, in_turn(float(params["each_s"]), *parts)):
        yield


@injector("M16")
@contextmanager
def describes_nonsense(stage: Stage, params: Params) -> Iterator[None]:
    """Metadata are huge, broken, out of range, and no text at all."""
    bad = (
        m.ON_METADATA + amf0.encode({"x": "y" * 60_000}),
        m.ON_METADATA + b"\x08\x00\x00\x00\x01\x00\x02\xff\xfe\x00\x7f\xf0" + bytes(6),
        m.ON_METADATA + amf0.encode({"width": 1e308, "framerate": -1.0}),
        b"\x02\x00\x0aonMeta\x00\x00\x00\x00",
        b"\xff" * 100,
        b"",
    )

    def alter(message: Message) -> Passed:
        if message.type_id != m.VIDEO:
            return (message,)
        said = bad[(message.timestamp // 33) % len(bad)]
        about = Message(m.METADATA, message.stream_id, message.timestamp, said)
        return about, message

    with sending(stage, alter):
        yield


@injector("M17")
@contextmanager
def breaks_the_wire(stage: Stage, params: Params) -> Iterator[None]:
    """Messages of 16 MB, chunks of nought and of 2 GB, and streams without end."""
    header = b"\x06\x00\x00\x00%b\x09\x01\x00\x00\x00"
    sizes = [b"\x02" + bytes(6) + b"\x04\x01" + bytes(4) + n for n in _CHUNK_SIZES]
    streams = b"".join(
        b"\x01%b\x00\x00\x00\x00\x00\x01\x08\x01\x00\x00\x00x" % n.to_bytes(2, "little")
        for n in range(65_536)
    )
    wrong: Sequence[bytes] = (
        header % b"\xff\xff\xff" + bytes(4096),
        *sizes,
        b"\x02" + bytes(5) + b"\x04\x05" + bytes(8),  # an acknowledgement window of 0
        streams,
    )
    turn = iter(wrong)
    again: list[float] = [0.0]

    def alter(message: Message) -> Passed:
        now = time.monotonic()
        if message.type_id not in _MEDIA or now < again[0]:
            return (message,)
        again[0] = now + float(params["each_s"])
        return (next(turn, b""), message)

    with sending(stage, alter):
        yield


_CHUNK_SIZES: Final = (bytes(4), b"\x80\x00\x00\x00", b"\x7f\xff\xff\xff")


def with_payload(message: Message, payload: bytes) -> Message:
    """Return a message that carries something else."""
    return message._replace(payload=payload)


def moved_by(by_ms: int) -> Alter:
    """Return what adds to the time of sound and pictures."""

    def alter(message: Message) -> Passed:
        if message.type_id not in _MEDIA:
            return (message,)
        return (message._replace(timestamp=message.timestamp + by_ms),)

    return alter


def at_nought(message: Message) -> Passed:
    """Take the time away."""
    is_media = message.type_id in _MEDIA
    return (message._replace(timestamp=0) if is_media else message,)


def showing(clip: Clip, times: int = 1) -> Alter:
    """Return what sends pictures of a clip in the place of the peer's."""

    def alter(message: Message) -> Passed:
        if message.type_id != m.VIDEO:
            return (message,)
        apart_ms = 33 // times
        return [
            message._replace(payload=tag, timestamp=message.timestamp + apart_ms * n)
            for n in range(times)
            for tag in clip.next_tags()
        ]

    return alter
