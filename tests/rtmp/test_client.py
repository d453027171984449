"""Our clients with servers of other habits."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkLimits, Message
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.connection import SHORT_CHUNK_BYTES, Connection
from kiosk.rtmp.dialogue import Phase
from kiosk.rtmp.events import (
    AudioTag,
    ClientEvent,
    Ended,
    Playing,
    Publishing,
    Refused,
    VideoTag,
)
from kiosk.rtmp.handshake import Handshake
from tests.fakes.rtmp_pair import CLIENT_RANDOM, SERVER_RANDOM, URL, RtmpPair


class OtherServer:
    """A server that says what the test tells it to say."""

    def __init__(self, client: PublishClient | PlayClient) -> None:
        self.client = client
        self._wire = Connection(Handshake.server(SERVER_RANDOM), ChunkLimits())
        self.heard: list[m.Command] = []
        while up := client.bytes_to_send():
            self._listen(up)
            client.feed(self._wire.bytes_to_send())

    @property
    def acknowledged_bytes(self) -> int:
        return self._wire.acknowledged_bytes

    def say(self, *messages: Message) -> list[ClientEvent]:
        for message in messages:
            self._wire.send(message, 3)
        events = self.client.feed(self._wire.bytes_to_send())
        self._listen(self.client.bytes_to_send())
        return events

    def connected(self) -> OtherServer:
        self.say(m.command("_result", 1, None, {"code": "ok"}))
        return self

    def created(self) -> OtherServer:
        self.connected().say(m.command("_result", 4, None, 7))
        return self

    def started(self) -> OtherServer:
        self.created().say(m.status("NetStream.Play.Start", "go"))
        return self

    def _listen(self, up: bytes) -> None:
        self.heard += [
            m.parse_command(message)
            for message in self._wire.feed(up)
            if message.type_id == m.COMMAND
        ]


@pytest.fixture
def play() -> OtherServer:
    return OtherServer(PlayClient(URL, CLIENT_RANDOM))


@pytest.fixture
def publish() -> OtherServer:
    return OtherServer(PublishClient(URL, CLIENT_RANDOM))


def test_the_publisher_says_what_flash_encoders_say(publish: OtherServer) -> None:
    publish.created()

    assert [command.name for command in publish.heard] == [
        "connect",
        "releaseStream",
        "FCPublish",
        "createStream",
        "publish",
    ]
    assert publish.heard[0].fields(0)["tcUrl"] == "rtmp://room.example:1935/live"
    assert publish.heard[-1] == m.Command(
        "publish", 5.0, (None, "kiosk-7?txSecret=5ec7e7&txTime=6a", "live"), 7
    )


def test_the_player_asks_for_the_live_stream(play: OtherServer) -> None:
    play.created()

    assert [command.name for command in play.heard] == [
        "connect",
        "createStream",
        "play",
    ]
    assert play.heard[-1].arguments == (
        None,
        "kiosk-7?txSecret=5ec7e7&txTime=6a",
        -2000.0,
    )


def test_a_server_that_knows_no_idr_requests_gets_none(play: OtherServer) -> None:
    play.started()

    assert isinstance(play.client, PlayClient)
    assert not play.client.idr_on_join
    assert not play.client.request_idr()


def test_a_publisher_pings_and_counts_the_answers(publish: OtherServer) -> None:
    assert isinstance(publish.client, PublishClient)

    publish.client.ping(5_000_000_000)
    publish.say()
    publish.say()

    assert publish.client.pongs == 1


def test_a_player_gives_a_sign_by_telling_again_how_much_came(
    play: OtherServer,
) -> None:
    play.started()
    assert isinstance(play.client, PlayClient)
    assert play.acknowledged_bytes == 0

    play.client.give_sign()
    play.say()

    assert play.acknowledged_bytes > 0


@pytest.mark.parametrize("place", [0, 1])
def test_the_idr_key_may_be_in_either_object(place: int, play: OtherServer) -> None:
    objects: list[amf0.Value] = [{}, {}]
    objects[place] = {"kioskIdr": True}
    play.say(m.command("_result", 1, *objects))

    assert play.client.idr_on_join


def test_results_of_other_calls_change_nothing(play: OtherServer) -> None:
    play.say(m.command("_result", 9, None, 1))
    assert play.client.phase is Phase.CONNECT
    play.connected()
    play.say(m.command("_result", 1, None, 1))
    assert play.client.phase is Phase.CREATE_STREAM
    play.say(m.command("_result", 4, None, 1))
    play.say(m.command("_result", 4, None, 1))
    assert play.client.phase is Phase.START


@pytest.mark.parametrize("answer", [(), (None,), (None, "1"), (None, 0), (None, -1)])
def test_a_stream_needs_a_number(
    answer: tuple[amf0.Value, ...], play: OtherServer
) -> None:
    play.connected()

    with pytest.raises(WireError, match="without a stream number"):
        play.say(m.command("_result", 4, *answer))


def test_an_error_to_connect_is_a_refusal(play: OtherServer) -> None:
    fields: amf0.Value = {"code": "NetConnection.Connect.Rejected", "description": "?"}

    assert play.say(m.command("_error", 1, None, fields)) == [
        Refused("NetConnection.Connect.Rejected", "?")
    ]


def test_an_error_may_stand_in_the_first_object(play: OtherServer) -> None:
    fields: amf0.Value = {"code": "No", "description": 5}

    assert play.say(m.command("_error", 1, fields)) == [Refused("No", "")]


def test_errors_to_the_courtesies_of_publishing_are_ignored(
    publish: OtherServer,
) -> None:
    publish.connected()

    assert publish.say(m.command("_error", 2, None), m.command("_error", 3, None)) == []
    assert publish.client.phase is Phase.CREATE_STREAM


def test_the_words_of_a_server_are_cleaned_and_cut(play: OtherServer) -> None:
    status = m.status("Bad\x1b[31m", "x" * 999 + "\n", level="error")

    (refused,) = play.started().say(status)

    assert refused == Refused("Bad?[31m", "x" * 200)


def test_a_close_command_is_a_refusal(play: OtherServer) -> None:
    assert play.say(m.command("close", 0, None)) == [
        Refused("NetConnection.Connect.Closed", "")
    ]


def test_other_commands_and_statuses_are_news_we_do_not_need(
    play: OtherServer,
) -> None:
    play.created()

    assert (
        play.say(
            m.command("onBWDone", 0, None, 8192),
            m.status("NetStream.Play.Reset", "reset"),
            m.command("onStatus", 0, None),
        )
        == []
    )


def test_a_server_may_never_say_that_play_started(play: OtherServer) -> None:
    events = play.created().say(Message(9, 7, 40, b"v"), Message(8, 7, 41, b"a"))

    assert events == [Playing(), VideoTag(40, b"v"), AudioTag(41, b"a")]


def test_a_start_before_the_stream_exists_means_nothing(publish: OtherServer) -> None:
    assert publish.say(m.status("NetStream.Publish.Start", "early")) == []
    publish.created()
    assert publish.say(m.status("NetStream.Publish.Start", "now")) == [Publishing()]


@pytest.mark.parametrize("code", ["NetStream.Play.Stop", "NetStream.Play.Complete"])
def test_the_end_of_a_stream_has_several_names(code: str, play: OtherServer) -> None:
    assert play.started().say(m.status(code, "over")) == [Ended(code)]


def test_a_large_picture_may_come_with_the_first_word(play: OtherServer) -> None:
    picture = Message(9, 7, 0, bytes(300_000))

    assert play.created().say(
        m.status("NetStream.Play.Start", "go"), *[Message(8, 7, 0, b"a")] * 300, picture
    )[-1] == VideoTag(0, picture.payload)


def test_there_is_no_media_without_a_stream(publish: OtherServer) -> None:
    assert isinstance(publish.client, PublishClient)

    with pytest.raises(WireError, match="before the server gave us a stream"):
        publish.client.send_video(0, b"v")


def test_a_publisher_ignores_media(publish: OtherServer) -> None:
    assert publish.created().say(Message(9, 7, 0, b"v")) == []


def test_an_aggregate_reaches_the_player_as_single_tags(play: OtherServer) -> None:
    tag = bytes.fromhex("08 000001 000000 00 000000 61 0000000c")

    assert play.started().say(Message(22, 7, 90, tag)) == [AudioTag(90, b"a")]


def test_the_servers_bandwidth_is_answered_once_per_change(play: OtherServer) -> None:
    wire = Connection(Handshake.client(CLIENT_RANDOM), ChunkLimits())
    wire.feed(b"\3" + bytes(3072))
    wire.bytes_to_send()
    server = Connection(Handshake.server(SERVER_RANDOM), ChunkLimits())
    for window in (5000, 5000, 6000):
        server.send_control(m.peer_bandwidth(window))

    wire.feed(server.bytes_to_send())

    assert wire.bytes_to_send().count(b"\4\5\0\0\0\0") == 2


def test_unknown_control_messages_are_ignored(play: OtherServer) -> None:
    control = [
        Message(7, 0, 0, b"?"),
        m.user_control(m.STREAM_DRY, 1),
        m.user_control(99, 1),
    ]

    assert play.started().say(*control) == []


def test_a_window_of_nothing_is_no_reason_to_divide(play: OtherServer) -> None:
    play.say(m.window_size(0), m.window_size(1))

    assert play.client.phase is Phase.CONNECT


def test_a_publisher_says_of_itself_what_servers_expect() -> None:
    (connect,) = OtherServer(PublishClient(URL, CLIENT_RANDOM)).heard

    assert connect == m.Command(
        "connect",
        1.0,
        (
            {
                "app": "live",
                "type": "nonprivate",
                "flashVer": "FMLE/3.0 (compatible; kiosk)",
                "tcUrl": "rtmp://room.example:1935/live",
                "kioskIdr": True,
            },
        ),
    )


def test_a_player_says_which_codecs_it_takes() -> None:
    (connect,) = OtherServer(PlayClient(URL, CLIENT_RANDOM)).heard

    said = connect.fields(0)
    names = ("fpad", "capabilities", "audioCodecs", "videoCodecs", "videoFunction")
    assert [said[name] for name in names] == [False, 15.0, 4071.0, 252.0, 1.0]


def test_a_player_asks_for_no_buffer_after_it_asked_to_play() -> None:
    client = PlayClient(URL, CLIENT_RANDOM)
    wire = Connection(Handshake.server(SERVER_RANDOM), ChunkLimits())
    for _ in range(3):
        wire.feed(client.bytes_to_send())
        client.feed(wire.bytes_to_send())
    wire.send(m.command("_result", 1, None, {"code": "ok"}), 3)
    wire.send(m.command("_result", 4, None, 7), 3)
    client.feed(wire.bytes_to_send())

    buffer = m.user_control(m.SET_BUFFER_LENGTH, 7, 0)
    assert buffer.payload[:6] in client.bytes_to_send()


def test_a_picture_in_short_chunks_lets_sound_between() -> None:
    pair = RtmpPair.publishing().run()
    client = pair.client
    assert isinstance(client, PublishClient)
    chunks = client.video_chunks(40, b"\x17" + bytes(5_000))
    client.send_audio(40, b"\xaf\x01sound")

    wire = chunks[0] + client.bytes_to_send() + b"".join(chunks[1:])

    assert len(chunks) == 1 + 5_000 // SHORT_CHUNK_BYTES
    assert pair.server.feed(wire) == [
        AudioTag(40, b"\xaf\x01sound"),
        VideoTag(40, b"\x17" + bytes(5_000)),
    ]
