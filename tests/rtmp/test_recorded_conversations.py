"""Conversations of real software, whole, cut, and with a wrong byte anywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import flv
from kiosk.rtmp.chunks import ChunkReader
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import (
    AudioTag,
    ClientEvent,
    Closed,
    ConnectRequested,
    Metadata,
    Playing,
    PlayRequested,
    Publishing,
    PublishRequested,
    Refused,
    ServerEvent,
    VideoTag,
)
from kiosk.rtmp.server import ServerSession
from tests.fakes.rtmp_goldens import recorded_media, served, to_client, to_server
from tests.fakes.rtmp_pair import CLIENT_RANDOM, SERVER_RANDOM, URL, pieces


HANDSHAKE = 1 + 2 * 1536
"""Nothing in these bytes but the first one means anything."""


def server_events(name: str) -> list[ServerEvent]:
    return served(ServerSession(SERVER_RANDOM), to_server(name))


def publisher_events(name: str) -> list[ClientEvent]:
    return PublishClient(URL, CLIENT_RANDOM).feed(to_client(name))


def player_events(name: str) -> list[ClientEvent]:
    return PlayClient(URL, CLIENT_RANDOM).feed(to_client(name))


def test_ffmpeg_publishes_h264_and_aac() -> None:
    events = server_events("ffmpeg_publish")

    assert events[:2] == [
        ConnectRequested("live", False, ()),
        PublishRequested("live", "clip", "txSecret=ab&txTime=6a", False),
    ]
    metadata = next(event for event in events if isinstance(event, Metadata))
    assert flv.parse_metadata(metadata.payload)["width"] == 64.0
    assert events[-1] == Closed()


def test_every_tag_of_ffmpeg_can_be_read() -> None:
    media = recorded_media("ffmpeg_publish")
    video = [tag for tag in media if isinstance(tag, VideoTag)]
    audio = [tag for tag in media if isinstance(tag, AudioTag)]
    parsed = [flv.parse_video(tag.payload) for tag in video]

    assert [type(unit) for unit in parsed] == [
        flv.VideoConfig,
        *[flv.VideoUnit] * 15,
        flv.VideoEnd,
    ]
    assert [tag.timestamp_ms for tag in video[1:4]] == [21, 61, 101]
    config, first = (flv.parse_audio(tag.payload) for tag in audio[:2])
    assert isinstance(config, flv.AacConfig)
    assert (config.sample_rate, config.channels) == (48_000, 1)
    assert isinstance(first, flv.AacUnit)


def test_ffmpeg_plays() -> None:
    assert server_events("ffmpeg_play") == [
        ConnectRequested("live", False, ()),
        PlayRequested("live", "clip", "txSecret=ab&txTime=6a"),
    ]


def test_nginx_takes_our_stream() -> None:
    assert publisher_events("nginx_publish")[0] == Publishing()


def test_nginx_plays_to_us() -> None:
    events = player_events("nginx_play")

    assert events[0] == Playing()
    assert sum(isinstance(event, VideoTag) for event in events) == 3
    assert sum(isinstance(event, AudioTag) for event in events) == 3


def test_nginx_refuses_a_name_that_is_taken() -> None:
    assert publisher_events("nginx_refuses") == [
        Refused("NetStream.Publish.BadName", "Already publishing")
    ]


def test_we_still_say_to_nginx_what_it_accepted() -> None:
    """Our half was recorded too; it changes only on purpose."""
    client = PublishClient(URL, CLIENT_RANDOM)
    said = client.bytes_to_send()
    client.feed(to_client("nginx_publish")[:HANDSHAKE])
    said += client.bytes_to_send()
    recorded = to_server("nginx_publish")

    ours, theirs = (ChunkReader().feed(half[HANDSHAKE:]) for half in (said, recorded))
    assert ours[0].type_id == theirs[0].type_id == 20
    assert b"\0\x08kioskIdr\1\1" in ours[0].payload
    assert b"\0\x08kioskIdr\1\1" in theirs[0].payload


SERVED = ("ffmpeg_publish", "ffmpeg_play", "nginx_publish", "nginx_play")
PUBLISHED = ("ffmpeg_publish", "nginx_publish", "nginx_refuses")
PLAYED = ("ffmpeg_play", "nginx_play")


def serve(received: bytes) -> list[ServerEvent]:
    return served(ServerSession(SERVER_RANDOM), received)


def publish(received: bytes) -> list[ClientEvent]:
    return PublishClient(URL, CLIENT_RANDOM).feed(received)


def play(received: bytes) -> list[ClientEvent]:
    return PlayClient(URL, CLIENT_RANDOM).feed(received)


Read = Callable[[bytes], object]
HALVES: list[tuple[Read, bytes]] = [
    *((serve, to_server(name)) for name in SERVED),
    *((publish, to_client(name)) for name in PUBLISHED),
    *((play, to_client(name)) for name in PLAYED),
]
IDS = [
    *(f"server-{name}" for name in SERVED),
    *(f"publisher-{name}" for name in PUBLISHED),
    *(f"player-{name}" for name in PLAYED),
]


@pytest.mark.parametrize("name", SERVED)
def test_a_server_reads_single_bytes_like_the_whole(name: str) -> None:
    """A truncation at every byte: whatever came before it was read in full."""
    session = ServerSession(SERVER_RANDOM)
    got = [
        event
        for piece in pieces(to_server(name), 1)
        for event in served(session, piece)
    ]

    assert got == serve(to_server(name))


@pytest.mark.parametrize("name", [*PUBLISHED, *PLAYED])
def test_a_client_reads_single_bytes_like_the_whole(name: str) -> None:
    make = PublishClient if name in PUBLISHED else PlayClient
    client = make(URL, CLIENT_RANDOM)
    got = [
        event for piece in pieces(to_client(name), 1) for event in client.feed(piece)
    ]

    assert got == make(URL, CLIENT_RANDOM).feed(to_client(name))


@pytest.mark.parametrize(("read", "half"), HALVES, ids=IDS)
def test_a_wrong_byte_anywhere_is_read_or_refused_as_such(
    read: Read, half: bytes
) -> None:
    refused = 0
    for at in (0, *range(HANDSHAKE, min(len(half), HANDSHAKE + 700))):
        wrong = bytearray(half[: HANDSHAKE + 900])
        wrong[at] ^= 0xFF
        try:
            read(bytes(wrong))
        except WireError:
            refused += 1

    assert refused > 0
