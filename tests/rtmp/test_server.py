"""Our session with clients of other habits."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkLimits, Message
from kiosk.rtmp.connection import Connection
from kiosk.rtmp.events import (
    AudioTag,
    Closed,
    ConnectRequested,
    PlayRequested,
    PublishRequested,
    ServerEvent,
    VideoTag,
)
from kiosk.rtmp.handshake import Handshake
from kiosk.rtmp.server import Role, ServerSession
from tests.fakes.rtmp_pair import CLIENT_RANDOM, SERVER_RANDOM


class OtherClient:
    """A client that says what the test tells it to say."""

    def __init__(self, **connect: amf0.Value) -> None:
        self.session = ServerSession(SERVER_RANDOM)
        self.wire = Connection(Handshake.client(CLIENT_RANDOM), ChunkLimits())
        self.heard: list[m.Command] = []
        self.carry()
        self.carry()
        self.connect: dict[str, amf0.Value] = {"app": "live", **connect}

    def say(self, *messages: Message) -> list[ServerEvent]:
        for message in messages:
            self.wire.send(message, 3)
        return self.carry()

    def carry(self) -> list[ServerEvent]:
        events = self.session.feed(self.wire.bytes_to_send())
        for message in self.wire.feed(self.session.bytes_to_send()):
            self.heard.append(m.parse_command(message))
        return events

    def accept(self) -> list[ServerEvent]:
        self.session.accept()
        return self.carry()

    def connected(self) -> OtherClient:
        self.say(m.command("connect", 1, self.connect))
        self.accept()
        return self

    def publishing(self) -> OtherClient:
        self.connected().say(m.command("publish", 5, None, "s", "live", stream_id=1))
        self.accept()
        return self

    def playing(self) -> OtherClient:
        self.connected().say(m.command("play", 5, None, "s", stream_id=1))
        self.accept()
        return self


def test_enhanced_rtmp_announces_its_codecs() -> None:
    codecs: amf0.Value = ["avc1", "hvc1", 5, "Opus"]
    client = OtherClient(app="live?vhost=x", fourCcList=codecs)

    assert client.say(m.command("connect", 1, client.connect)) == [
        ConnectRequested("live", False, ("avc1", "hvc1", "Opus"))
    ]


def test_a_client_without_our_key_gets_no_word_of_ours() -> None:
    client = OtherClient().publishing()

    assert "kioskIdr" not in client.heard[0].fields(1)
    assert not client.session.request_idr()


def test_everything_may_be_said_at_once() -> None:
    client = OtherClient()
    events = client.say(
        m.command("connect", 1, client.connect),
        m.command("releaseStream", 2, None, "s"),
        m.command("createStream", 3, None),
        m.command("publish", 4, None, "s?k=v", "live", stream_id=1),
        Message(9, 1, 40, b"v"),
    )

    assert events == [ConnectRequested("live", False, ())]
    assert client.accept() == [PublishRequested("live", "s", "k=v", False)]
    assert client.accept() == [VideoTag(40, b"v")]
    assert [command.transaction for command in client.heard] == [1.0, 2.0, 3.0, 0.0]


def test_questions_are_answered_whatever_they_are() -> None:
    client = OtherClient().connected()
    client.say(
        m.command("_checkbw", 7, None),
        m.command("getStreamLength", 8, None, "s"),
        m.command("createStream", 9, None),
        m.command("setPeerInfo", 0, None),
    )

    assert client.heard[1:] == [
        m.Command("_result", 7.0, (None, None)),
        m.Command("_result", 8.0, (None, 0.0)),
        m.Command("_result", 9.0, (None, 1.0)),
    ]


def test_a_publishers_aggregate_is_split() -> None:
    tag = bytes.fromhex("08 000001 000000 00 000000 61 0000000c")

    assert OtherClient().publishing().say(Message(22, 1, 90, tag)) == [
        AudioTag(90, b"a")
    ]


def test_data_that_is_no_metadata_is_dropped() -> None:
    client = OtherClient().publishing()

    assert client.say(Message(18, 1, 0, amf0.encode("onTextData", {}))) == []
    assert client.say(Message(19, 1, 0, b"shared object")) == []


def test_media_of_somebody_who_does_not_publish_is_dropped() -> None:
    assert OtherClient().connected().say(Message(9, 1, 0, b"v")) == []
    assert OtherClient().playing().say(Message(9, 1, 0, b"v")) == []


def test_a_publisher_cannot_ask_itself_for_an_idr() -> None:
    ask = m.command("requestIdr", 0, None, stream_id=1)

    assert OtherClient(kioskIdr=True).publishing().say(ask) == []


@pytest.mark.parametrize("word", ["deleteStream", "closeStream", "FCUnpublish"])
def test_a_stream_ends_in_one_of_three_words(word: str) -> None:
    client = OtherClient().publishing()

    assert client.say(m.command(word, 0, None, 1)) == [Closed()]
    assert client.say(m.command(word, 0, None, 1)) == []
    assert client.session.role is Role.NONE


def test_a_connection_may_be_used_again() -> None:
    client = OtherClient().publishing()
    client.say(m.command("deleteStream", 0, None, 1))

    assert client.say(m.command("play", 0, None, "s", stream_id=1)) == [
        PlayRequested("live", "s", "")
    ]


def test_a_second_stream_on_one_connection_is_refused() -> None:
    with pytest.raises(WireError, match="second stream"):
        OtherClient().publishing().say(m.command("play", 0, None, "s", stream_id=1))


def test_a_command_before_connect_is_refused() -> None:
    with pytest.raises(WireError, match="before connect: 'publish'"):
        OtherClient().say(m.command("publish", 0, None, "s"))


def test_connecting_twice_is_refused() -> None:
    client = OtherClient().connected()

    with pytest.raises(WireError, match="twice"):
        client.say(m.command("connect", 1, client.connect))


@pytest.mark.parametrize("name", ["", "?k=v", "x" * 257, "s\n", "s\u00df", None, 5])
def test_a_stream_needs_a_name_that_can_be_logged(name: amf0.Value) -> None:
    client = OtherClient().connected()

    with pytest.raises(WireError, match="name is empty, too long or not ASCII"):
        client.say(m.command("publish", 5, None, name))


@pytest.mark.parametrize("app", ["", "a\x1bb", None])
def test_an_application_needs_a_name_too(app: amf0.Value) -> None:
    client = OtherClient(app=app)

    with pytest.raises(WireError, match="name is empty, too long or not ASCII"):
        client.say(m.command("connect", 1, client.connect))


def test_the_query_is_not_in_the_text_of_a_request() -> None:
    client = OtherClient().connected()

    (publish,) = client.say(m.command("publish", 5, None, "s?k=5ec7e7"))
    (play,) = OtherClient().connected().say(m.command("play", 5, None, "s?k=5ec7e7"))

    assert "5ec7e7" not in f"{publish!r}{play!r}"


def test_a_stranger_may_not_talk_for_ever() -> None:
    client = OtherClient().connected()

    with pytest.raises(WireError, match="too many messages"):
        client.say(*[m.command("_checkbw", 7, None)] * 256)


def test_a_strangers_message_has_a_small_limit() -> None:
    client = OtherClient().connected()

    with pytest.raises(WireError, match="65537 bytes, allowed are 65536"):
        client.say(Message(9, 1, 0, bytes(65_537)))


def test_an_accepted_player_may_talk_for_ever() -> None:
    client = OtherClient().playing()

    for _ in range(300):
        assert client.say(m.user_control(m.SET_BUFFER_LENGTH, 1, 0)) == []


def test_an_answer_without_a_request_is_a_mistake_of_the_driver() -> None:
    with pytest.raises(AssertionError, match="without a request"):
        ServerSession(SERVER_RANDOM).accept()


def test_a_publisher_is_told_in_words_that_it_begins_and_ends() -> None:
    client = OtherClient().publishing()
    client.say(m.command("deleteStream", 0, None, 1))

    told = [command.fields(1) for command in client.heard[1:]]
    assert told == [
        {
            "level": "status",
            "code": "NetStream.Publish.Start",
            "description": "publishing",
        },
        {
            "level": "status",
            "code": "NetStream.Unpublish.Success",
            "description": "unpublished",
        },
    ]


def test_a_player_is_told_in_words_that_it_begins() -> None:
    told = [command.fields(1) for command in OtherClient().playing().heard[1:]]

    assert [(status["code"], status["description"]) for status in told] == [
        ("NetStream.Play.Reset", "reset"),
        ("NetStream.Play.Start", "playing"),
    ]


def test_a_refused_connection_is_told_that_it_is_an_error() -> None:
    client = OtherClient()
    client.say(m.command("connect", 3, client.connect))
    client.session.refuse("NetConnection.Connect.Rejected", "no such application")
    client.carry()

    assert client.heard == [
        m.Command(
            "_error",
            3.0,
            (
                None,
                {
                    "level": "error",
                    "code": "NetConnection.Connect.Rejected",
                    "description": "no such application",
                },
            ),
        )
    ]
