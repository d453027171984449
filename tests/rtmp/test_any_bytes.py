"""Properties: any split, any value, any garbage."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.rtmp import avc, flv
from kiosk.rtmp import messages as m
from kiosk.rtmp.amf0 import UNDEFINED, Date, EcmaArray, Value, Xml, decode, encode
from kiosk.rtmp.chunks import ChunkLimits, ChunkReader, ChunkWriter, Message, unwrapped
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.live_queue import Kind, LiveQueue, QueueLimits
from kiosk.rtmp.server import ServerSession
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.rtmp_chunking import CompressingWriter
from tests.fakes.rtmp_goldens import served, to_client, to_server
from tests.fakes.rtmp_pair import CLIENT_RANDOM, SERVER_RANDOM, URL


messages = st.builds(
    Message,
    type_id=st.sampled_from([8, 9, 18, 20]),
    stream_id=st.integers(0, 2),
    timestamp=st.integers(0, 2**32 - 1),
    payload=st.integers(0, 400).map(bytes),
)
conversations = st.lists(
    st.tuples(messages, st.sampled_from([2, 3, 6, 63, 64, 319, 320, 65_599])),
    max_size=12,
)


def cut(wire: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(wire), *(at % (len(wire) + 1) for at in cuts)})
    return [wire[start:end] for start, end in pairwise(edges)]


@given(conversations, st.lists(st.integers(0, 5000)), st.integers(1, 500))
def test_any_split_of_any_chunk_stream_gives_the_same_messages(
    sent: list[tuple[Message, int]], cuts: list[int], chunk_bytes: int
) -> None:
    writer = CompressingWriter()
    announce = ChunkWriter().set_chunk_bytes(chunk_bytes)
    writer.chunk_bytes = chunk_bytes
    wire = announce + b"".join(writer.write(*one) for one in sent)
    reader = ChunkReader()

    got = [message for piece in cut(wire, cuts) for message in reader.feed(piece)]

    assert got == [message for message, _ in sent]


@given(conversations, st.integers(1, 500))
def test_what_our_writer_writes_our_reader_reads(
    sent: list[tuple[Message, int]], chunk_bytes: int
) -> None:
    writer = ChunkWriter()
    wire = writer.set_chunk_bytes(chunk_bytes)
    wire += b"".join(writer.write(message, 3) for message, _ in sent)

    assert ChunkReader().feed(wire) == [message for message, _ in sent]


@given(st.binary(max_size=2000))
def test_a_reader_of_garbage_holds_no_more_than_its_limit(garbage: bytes) -> None:
    reader = ChunkReader(ChunkLimits(message_bytes=500, unfinished_bytes=600))

    with suppress(WireError):
        got = reader.feed(garbage)
        assert all(len(message.payload) <= 500 for message in got)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = texts.filter(bool)
values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(allow_nan=False),
        texts,
        st.just(UNDEFINED),
        st.builds(Date, st.floats(allow_nan=False), st.integers(-720, 720)),
        st.builds(Xml, texts),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(names, inner, max_size=4),
        st.dictionaries(names, inner, max_size=4).map(EcmaArray),
    ),
    max_leaves=12,
)


@given(st.lists(values, max_size=4))
def test_amf0_values_round_trip(sent: list[Value]) -> None:
    assert decode(encode(*sent)) == sent


@given(st.binary(max_size=300))
@pytest.mark.parametrize(
    "parse",
    [
        decode,
        flv.parse_video,
        flv.parse_audio,
        flv.parse_metadata,
        flv.is_video_config,
        flv.is_video_key,
        flv.is_audio_config,
        avc.read_config,
        avc.split_annex_b,
        avc.split_avcc,
        lambda payload: m.split_aggregate(Message(22, 1, 0, payload)),
        lambda payload: m.parse_command(Message(17, 1, 0, payload)),
        lambda payload: m.parse_user_control(Message(4, 0, 0, payload)),
    ],
)
def test_a_parser_of_garbage_says_so(
    parse: Callable[[bytes], object], garbage: bytes
) -> None:
    with suppress(WireError):
        parse(garbage)


damage = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=6
)


def damaged(half: bytes, wrong: list[tuple[int, int]]) -> bytes:
    worse = bytearray(half)
    for at, value in wrong:
        worse[(3073 + at) % len(worse)] = value
    return bytes(worse)


@given(damage)
def test_a_damaged_conversation_never_breaks_a_server(
    wrong: list[tuple[int, int]],
) -> None:
    for name in ("ffmpeg_publish", "nginx_play"):
        with suppress(WireError):
            served(ServerSession(SERVER_RANDOM), damaged(to_server(name), wrong))


@given(damage)
def test_a_damaged_conversation_never_breaks_a_client(
    wrong: list[tuple[int, int]],
) -> None:
    with suppress(WireError):
        PlayClient(URL, CLIENT_RANDOM).feed(damaged(to_client("nginx_play"), wrong))
    with suppress(WireError):
        publisher = PublishClient(URL, CLIENT_RANDOM)
        publisher.feed(damaged(to_client("nginx_publish"), wrong))


@given(st.integers(0, 2**40), st.integers(-(2**31) + 1, 2**31 - 1))
def test_a_wrapped_timestamp_is_found_again(previous: int, step: int) -> None:
    assert unwrapped(previous, (previous + step) % 2**32) == previous + step


@given(st.text(max_size=60))
@example("rtmp://h/live/s?txSecret=5ec7e7")
@example("rtmp://[::1]:99999/live/s?txSecret=5ec7e7")
def test_any_text_is_a_stream_url_or_refused(text: str) -> None:
    with suppress(WireError):
        url = RtmpUrl.parse(text)
        assert RtmpUrl.parse(f"{url.redacted}?{url.query}") == url


url_words = st.text("abcXYZ019-_.~", min_size=1, max_size=12)


@given(url_words, st.integers(1, 65_535), url_words, url_words, url_words)
def test_stream_urls_round_trip(
    host: str, port: int, app: str, name: str, secret: str
) -> None:
    url = RtmpUrl.parse(f"rtmp://{host}:{port}/{app}/{name}?txSecret={secret}")

    assert (url.host, url.port, url.app, url.name) == (host.lower(), port, app, name)
    assert url.wire_name == f"{name}?txSecret={secret}"


steps = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from([*Kind, None, None]),
        st.integers(1, 300),
    ),
    max_size=60,
)


LIMITS = QueueLimits(video_age=100, audio_age=150, size_bytes=1000)


class Witness:
    """Checks every unit that leaves a queue against those that went in."""

    def __init__(self) -> None:
        self.pictures: list[int] = []  # numbers of all pictures put in
        self._last_picture = -1  # as an index of pictures; -1: nothing decoded yet
        self._last_sound = -1

    def see(self, number: int, age: int, kind: Kind) -> None:
        if kind in (Kind.AUDIO, Kind.AUDIO_CONFIG):
            assert number > self._last_sound
            self._last_sound = number
            assert kind is Kind.AUDIO_CONFIG or age <= LIMITS.audio_age
        elif kind is not Kind.VIDEO_CONFIG:
            index = self.pictures.index(number)
            follows = self._last_picture >= 0 and index == self._last_picture + 1
            assert age <= LIMITS.video_age
            assert index > self._last_picture
            assert follows or kind is Kind.IDR
            self._last_picture = index


@given(steps)
def test_what_leaves_a_live_queue_is_decodable_in_order_and_young(
    plan: list[tuple[int, Kind | None, int]],
) -> None:
    queue: LiveQueue[tuple[int, int, Kind]] = LiveQueue(LIMITS)
    witness = Witness()
    now = 0
    for number, (step, kind, size) in enumerate(plan):
        now += step
        if kind is None:
            got = queue.get(now)
            if got is not None:
                unit, since, was = got
                witness.see(unit, now - since, was)
            else:
                assert len(queue) == queue.size_bytes == 0
        else:
            if kind in (Kind.IDR, Kind.INTER):
                witness.pictures.append(number)
            queue.put(now, kind, size, (number, now, kind))
