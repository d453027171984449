"""Our client and our server with each other."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp.amf0 import EcmaArray, encode
from kiosk.rtmp.chunks import ChunkLimits, Message
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.dialogue import Phase
from kiosk.rtmp.events import (
    AudioTag,
    Closed,
    ConnectRequested,
    Ended,
    IdrRequested,
    Metadata,
    Playing,
    PlayRequested,
    Publishing,
    PublishRequested,
    Refused,
    ServerEvent,
    VideoTag,
)
from kiosk.rtmp.server import Role, ServerSession
from tests.fakes.rtmp_pair import CLIENT_RANDOM, SERVER_RANDOM, URL, RtmpPair


def test_a_publisher_is_accepted() -> None:
    pair = RtmpPair.publishing().run()

    assert pair.client_events == [Publishing()]
    assert pair.server_events == [
        ConnectRequested("live", idr_on_join=True, codecs=()),
        PublishRequested("live", "kiosk-7", "txSecret=5ec7e7&txTime=6a", True),
    ]
    assert pair.client.phase is Phase.LIVE
    assert pair.client.idr_on_join
    assert pair.server.role is Role.PUBLISHER


def test_a_player_is_accepted() -> None:
    pair = RtmpPair.playing().run()

    assert pair.client_events == [Playing()]
    assert pair.server_events[1] == PlayRequested(
        "live", "kiosk-7", "txSecret=5ec7e7&txTime=6a"
    )
    assert pair.client.phase is Phase.LIVE
    assert pair.server.role is Role.SUBSCRIBER


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000])
def test_a_dialogue_in_pieces_is_the_same_dialogue(piece_bytes: int) -> None:
    for begin in (RtmpPair.publishing, RtmpPair.playing):
        pair = begin().run(piece_bytes)
        whole = begin().run()

        assert pair.client_events == whole.client_events
        assert pair.server_events == whole.server_events
        assert (pair.to_server, pair.to_client) == (whole.to_server, whole.to_client)


def test_media_of_a_publisher_arrives() -> None:
    pair = RtmpPair.publishing().run()
    assert isinstance(pair.client, PublishClient)
    pair.client.send_metadata(0, {"width": 640})
    pair.client.send_audio(20, b"\xaf\1sound")
    pair.client.send_video(1 << 32 | 40, b"\x17\1" + bytes(100_000))
    pair.run(5000)

    assert pair.server_events[2:] == [
        Metadata(0, encode("onMetaData", EcmaArray(width=640))),
        AudioTag(20, b"\xaf\1sound"),
        VideoTag(40, b"\x17\1" + bytes(100_000)),
    ]


def test_media_reaches_a_player_with_timestamps_that_never_wrap() -> None:
    pair = RtmpPair.playing().run()
    late = 0xFFFFFFF0
    metadata = encode("onMetaData", EcmaArray(width=640))
    pair.server.send_media(Message(18, 1, late, metadata), 4)
    pair.server.send_media(Message(18, 1, late, encode("|RtmpSampleAccess")), 4)
    pair.server.send_media(Message(9, 1, late, b"v"), 6)
    pair.server.send_media(Message(8, 1, 0x10, b"a"), 4)
    pair.server.send_media(Message(19, 1, 0x10, b"shared object"), 4)
    pair.run()

    assert pair.client_events[1:] == [
        Metadata(late, metadata),
        VideoTag(late, b"v"),
        AudioTag(0x1_0000_0010, b"a"),
    ]


def refuse(session: ServerSession, request: ServerEvent) -> None:
    if isinstance(request, ConnectRequested):
        session.accept()
    else:
        session.refuse("NetStream.Publish.BadName", "the key is wrong")


def test_a_refused_publisher_learns_why() -> None:
    pair = RtmpPair(PublishClient(URL, CLIENT_RANDOM), answer=refuse).run()

    assert pair.client_events == [
        Refused("NetStream.Publish.BadName", "the key is wrong")
    ]
    assert pair.client.phase is Phase.CLOSED
    assert pair.server.role is Role.NONE


def test_a_refused_connection_learns_why() -> None:
    pair = RtmpPair(
        PlayClient(URL, CLIENT_RANDOM),
        answer=lambda session, request: session.refuse("NetConnection.Down", "closed"),
    ).run()

    assert pair.client_events == [Refused("NetConnection.Down", "closed")]


def test_the_relay_asks_a_publisher_for_an_idr() -> None:
    pair = RtmpPair.publishing().run()

    assert pair.server.request_idr()
    pair.run()

    assert pair.client_events[1:] == [IdrRequested()]


def test_a_player_asks_the_relay_for_an_idr() -> None:
    pair = RtmpPair.playing()
    assert isinstance(pair.client, PlayClient)
    assert not pair.client.request_idr()
    pair.run()

    assert pair.client.request_idr()
    pair.run()

    assert pair.server_events[2:] == [IdrRequested()]
    assert not pair.server.request_idr()


def test_a_publisher_says_goodbye_once() -> None:
    pair = RtmpPair.publishing().run()
    pair.client.close()
    pair.client.close()
    pair.run()

    assert pair.server_events[2:] == [Closed()]
    assert pair.client_events[1:] == [Ended("NetStream.Unpublish.Success")]
    assert pair.server.role is Role.NONE


def test_a_player_says_goodbye() -> None:
    pair = RtmpPair.playing().run()
    pair.client.close()
    pair.run()

    assert pair.server_events[2:] == [Closed()]
    assert pair.client_events == [Playing()]


def test_there_is_nothing_to_say_goodbye_to_before_the_stream_exists() -> None:
    client = PublishClient(URL, CLIENT_RANDOM)
    client.bytes_to_send()
    client.close()

    assert client.bytes_to_send() == b""
    assert client.phase is Phase.CLOSED


def test_a_player_hears_when_its_publisher_leaves_and_returns() -> None:
    pair = RtmpPair.playing().run()
    pair.server.notify_unpublished()
    pair.server.notify_published()
    pair.server.send_media(Message(9, 1, 0, b"v"), 6)
    pair.run()

    assert pair.client_events[1:] == [
        Ended("NetStream.Play.UnpublishNotify"),
        VideoTag(0, b"v"),
    ]


def test_a_ping_is_answered() -> None:
    pair = RtmpPair.playing().run()
    pair.client.feed(bytes.fromhex("02 000000 000006 04 00000000 0006 000004d2"))

    assert pair.client.bytes_to_send() == bytes.fromhex(
        "02 000000 000006 04 00000000 0007 000004d2"
    )


def test_received_bytes_are_acknowledged_within_the_window() -> None:
    pair = RtmpPair.publishing().run()
    assert isinstance(pair.client, PublishClient)
    assert pair.client.acknowledged_bytes == 0
    for _ in range(30):
        pair.client.send_video(0, bytes(50_000))
    pair.run()

    assert 1_250_000 <= pair.client.acknowledged_bytes <= 1_500_000 + 5000


def test_a_player_acknowledges_too() -> None:
    pair = RtmpPair.playing().run()
    for _ in range(30):
        pair.server.send_media(Message(9, 1, 0, bytes(50_000)), 6)
    pair.run()

    assert pair.server.acknowledged_bytes >= 1_250_000


def test_a_large_message_is_taken_from_an_accepted_publisher_only() -> None:
    limits = ChunkLimits(message_bytes=200_000)
    pair = RtmpPair(
        PublishClient(URL, CLIENT_RANDOM), ServerSession(SERVER_RANDOM, limits)
    ).run()
    assert isinstance(pair.client, PublishClient)
    pair.client.send_video(0, bytes(200_000))
    pair.run()
    pair.client.send_video(0, bytes(200_001))

    with pytest.raises(WireError, match="200001 bytes, allowed are 200000"):
        pair.run()
