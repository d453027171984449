"""
The dialling end of RTMP: publish one stream, or play one.

No socket and no clock: the driver feeds what it received, sends what
``bytes_to_send()`` returns after every call, and keeps the deadlines.

    client = PlayClient(RtmpUrl.parse(play_url), secrets.token_bytes(1528))
    sock.sendall(client.bytes_to_send())
    while chunk := sock.recv(65536):
        for event in client.feed(chunk):
            ...
        sock.sendall(client.bytes_to_send())

Private extensions are negotiated in ``connect``: :mod:`kiosk.rtmp.extensions`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkLimits, Message, unwrapped
from kiosk.rtmp.connection import (
    AUDIO_CHUNK_STREAM,
    STATUS_CHUNK_STREAM,
    VIDEO_CHUNK_STREAM,
    Connection,
)
from kiosk.rtmp.events import (
    AudioTag,
    ClientEvent,
    Ended,
    IdrRequested,
    Metadata,
    OpusWanted,
    Playing,
    Publishing,
    Refused,
    VideoTag,
)
from kiosk.rtmp.extensions import IDR_COMMAND, IDR_KEY, OPUS_KEY
from kiosk.rtmp.handshake import Handshake
from kiosk.rtmp.url import RtmpUrl


_CONNECT: Final = 1  # transaction numbers
_RELEASE: Final = 2
_FC_PUBLISH: Final = 3
_CREATE: Final = 4
_START: Final = 5

_LIVE_OR_RECORDED: Final = -2000  # the "start" FFmpeg and Flash send
_NO_BUFFER_MS: Final = 0
_DESCRIPTION_MAX: Final = 200
_STARTED: Final = ("NetStream.Publish.Start", "NetStream.Play.Start")
_ENDED: Final = (
    "NetStream.Unpublish.Success",
    "NetStream.Play.UnpublishNotify",
    "NetStream.Play.Stop",
    "NetStream.Play.Complete",
)
_DEFAULT_LIMITS: Final = ChunkLimits()


class Phase(enum.Enum):
    """How far a client got; useful to say what a deadline cut short."""

    HANDSHAKE = "handshake"
    CONNECT = "connect"
    CREATE_STREAM = "createStream"
    START = "publish or play"
    LIVE = "live"
    CLOSED = "closed"


class _Dialogue:
    """The conversation up to the running stream, for both roles."""

    def __init__(
        self,
        url: RtmpUrl,
        random_bytes: bytes,
        limits: ChunkLimits,
        *,
        publish: bool,
        opus: bool,
    ) -> None:
        self.url = url
        self.publish = publish
        self._opus = opus
        self.wire = Connection(Handshake.client(random_bytes), limits)
        # we chose the server, and "playing" may share a read with a large IDR
        self.wire.trust(media=True)
        self.phase = Phase.HANDSHAKE
        self.idr_on_join = False
        self.stream_id = 0

    def feed(self, received: bytes) -> list[Message]:
        messages = self.wire.feed(received)
        if self.phase is Phase.HANDSHAKE and self.wire.is_open:
            self._connect()
        return messages

    def obey(self, message: Message, events: list[ClientEvent]) -> bool:
        """Act on a command and add what it meant; False if it is none."""
        if message.type_id not in (m.COMMAND, m.COMMAND_AMF3):
            return False
        self._answer(m.parse_command(message), events)
        return True

    def call_stream(self, name: str, *arguments: amf0.Value) -> None:
        command = m.command(name, 0, None, *arguments, stream_id=self.stream_id)
        self.wire.send_command(command)

    def close(self) -> None:
        if self.stream_id and self.phase is not Phase.CLOSED:
            if self.publish:
                unpublish = m.command("FCUnpublish", 0, None, self.url.wire_name)
                self.wire.send_command(unpublish)
            delete = m.command("deleteStream", 0, None, self.stream_id)
            self.wire.send_command(delete)
        self.phase = Phase.CLOSED

    def started(self, events: list[ClientEvent]) -> None:
        if self.phase is Phase.START:
            self.phase = Phase.LIVE
            events.append(Publishing() if self.publish else Playing())

    def _connect(self) -> None:
        self.phase = Phase.CONNECT
        self.wire.use_large_chunks()
        properties: dict[str, amf0.Value] = {
            "app": self.url.app,
            "type": "nonprivate",
            "flashVer": "FMLE/3.0 (compatible; kiosk)",
            "tcUrl": self.url.tc_url,
            IDR_KEY: True,
        }
        if self._opus:
            properties[OPUS_KEY] = True
        if not self.publish:
            properties |= {
                "fpad": False,
                "capabilities": 15,
                "audioCodecs": 4071,
                "videoCodecs": 252,
                "videoFunction": 1,
            }
        self.wire.send_command(m.command("connect", _CONNECT, properties))

    def _answer(self, command: m.Command, events: list[ClientEvent]) -> None:
        match command.name:
            case "_result":
                self._result(command)
            case "_error":
                self._error(command, events)
            case "onStatus":
                self._status(command, events)
            case "requestIdr":  # IDR_COMMAND; a match would bind the bare name
                events.append(IdrRequested())
            case "useOpus":  # OPUS_COMMAND
                events.append(OpusWanted(True in command.arguments))
            case "close":
                events.append(self._refused("NetConnection.Connect.Closed", ""))
            case _:  # onBWDone, onFCPublish and other news
                pass

    def _result(self, command: m.Command) -> None:
        if self.phase is Phase.CONNECT and command.transaction == _CONNECT:
            self.idr_on_join = any(
                command.fields(index).get(IDR_KEY) is True for index in (0, 1)
            )
            self._create_stream()
        elif self.phase is Phase.CREATE_STREAM and command.transaction == _CREATE:
            number = command.arguments[1] if len(command.arguments) > 1 else None
            if not isinstance(number, float) or not 0 < number < 1 << 32:
                raise WireError("createStream was answered without a stream number")
            self._start(int(number))

    def _create_stream(self) -> None:
        self.phase = Phase.CREATE_STREAM
        name = self.url.wire_name
        if self.publish:
            self.wire.send_command(m.command("releaseStream", _RELEASE, None, name))
            self.wire.send_command(m.command("FCPublish", _FC_PUBLISH, None, name))
        self.wire.send_command(m.command("createStream", _CREATE, None))

    def _start(self, stream_id: int) -> None:
        self.phase = Phase.START
        self.stream_id = stream_id
        if self.publish:
            arguments: tuple[amf0.Value, ...] = (self.url.wire_name, "live")
        else:
            arguments = (self.url.wire_name, _LIVE_OR_RECORDED)
        name = "publish" if self.publish else "play"
        start = m.command(name, _START, None, *arguments, stream_id=stream_id)
        self.wire.send(start, STATUS_CHUNK_STREAM)
        if not self.publish:
            buffer = m.user_control(m.SET_BUFFER_LENGTH, stream_id, _NO_BUFFER_MS)
            self.wire.send_control(buffer)

    def _error(self, command: m.Command, events: list[ClientEvent]) -> None:
        # releaseStream and FCPublish may fail: the name was free, or unknown
        if command.transaction not in (_RELEASE, _FC_PUBLISH):
            fields = command.fields(1) or command.fields(0)
            events.append(self._refused(*_code_and_description(fields)))

    def _status(self, command: m.Command, events: list[ClientEvent]) -> None:
        fields = command.fields(1)
        code, description = _code_and_description(fields)
        if code in _STARTED:
            self.started(events)
        elif code in _ENDED:
            events.append(Ended(code))
        elif fields.get("level") == "error":
            events.append(self._refused(code, description))

    def _refused(self, code: str, description: str) -> Refused:
        self.phase = Phase.CLOSED
        return Refused(code, description)


class PublishClient:
    """
    Publishes one stream.

    Events of :meth:`feed`: Publishing once, then IdrRequested and, with
    ``opus``, OpusWanted; Refused or Ended instead.
    """

    def __init__(
        self,
        url: RtmpUrl,
        random_bytes: bytes,
        limits: ChunkLimits = _DEFAULT_LIMITS,
        *,
        opus: bool = False,
    ) -> None:
        """Prepare the opening; random_bytes are 1528 for the handshake."""
        self._dialogue = _Dialogue(url, random_bytes, limits, publish=True, opus=opus)

    @property
    def phase(self) -> Phase:
        """How far the conversation got."""
        return self._dialogue.phase

    @property
    def idr_on_join(self) -> bool:
        """Whether the server asks for an IDR when somebody joins."""
        return self._dialogue.idr_on_join

    @property
    def acknowledged_bytes(self) -> int:
        """What the server says it received, modulo 2**32; 0 if it never did."""
        return self._dialogue.wire.acknowledged_bytes

    @property
    def pongs(self) -> int:
        """How many pings the server answered; some never answer any."""
        return self._dialogue.wire.pongs

    def bytes_to_send(self) -> bytes:
        """Return what must be sent now, once."""
        return self._dialogue.wire.bytes_to_send()

    def feed(self, received: bytes) -> list[ClientEvent]:
        """
        Take what arrived and return what it meant.

        Raises:
            WireError: If the server does not speak RTMP as we know it.

        """
        events: list[ClientEvent] = []
        for message in self._dialogue.feed(received):
            self._dialogue.obey(message, events)
        return events

    def ping(self, timestamp_ms: int) -> None:
        """Ask the server, not its network, whether it still hears us."""
        request = m.user_control(m.PING_REQUEST, timestamp_ms % (1 << 32))
        self._dialogue.wire.send_control(request)

    def send_video(self, timestamp_ms: int, payload: bytes) -> None:
        """
        Add a video tag body (:mod:`kiosk.rtmp.flv` makes them).

        Raises:
            WireError: If the server did not say Publishing before.

        """
        self._send(m.VIDEO, VIDEO_CHUNK_STREAM, timestamp_ms, payload)

    def send_audio(self, timestamp_ms: int, payload: bytes) -> None:
        """Add an audio tag body, otherwise like :meth:`send_video`."""
        self._send(m.AUDIO, AUDIO_CHUNK_STREAM, timestamp_ms, payload)

    def send_metadata(
        self, timestamp_ms: int, values: Mapping[str, amf0.Value]
    ) -> None:
        """Add onMetaData, which the server keeps for later players."""
        payload = amf0.encode("@setDataFrame", "onMetaData", amf0.EcmaArray(values))
        self._send(m.METADATA, AUDIO_CHUNK_STREAM, timestamp_ms, payload)

    def close(self) -> None:
        """Say goodbye in what must be sent; safe to repeat."""
        self._dialogue.close()

    def _send(
        self, type_id: int, chunk_stream: int, timestamp_ms: int, payload: bytes
    ) -> None:
        dialogue = self._dialogue
        if not dialogue.stream_id:
            raise WireError("media before the server gave us a stream")
        message = Message(type_id, dialogue.stream_id, timestamp_ms, payload)
        dialogue.wire.send(message, chunk_stream)


class PlayClient:
    """
    Plays one stream.

    Events of :meth:`feed`: Playing once, then media with timestamps that
    never wrap; Ended when the publisher left (media may come again); Refused.
    """

    def __init__(
        self,
        url: RtmpUrl,
        random_bytes: bytes,
        limits: ChunkLimits = _DEFAULT_LIMITS,
        *,
        opus: bool = False,
    ) -> None:
        """Prepare the opening; random_bytes are 1528 for the handshake."""
        self._dialogue = _Dialogue(url, random_bytes, limits, publish=False, opus=opus)
        self._last_ms: int | None = None

    @property
    def phase(self) -> Phase:
        """How far the conversation got."""
        return self._dialogue.phase

    @property
    def idr_on_join(self) -> bool:
        """Whether the server passes :meth:`request_idr` on."""
        return self._dialogue.idr_on_join

    def bytes_to_send(self) -> bytes:
        """Return what must be sent now, once."""
        return self._dialogue.wire.bytes_to_send()

    def feed(self, received: bytes) -> list[ClientEvent]:
        """
        Take what arrived and return what it meant.

        Raises:
            WireError: If the server does not speak RTMP as we know it.

        """
        events: list[ClientEvent] = []
        for message in self._dialogue.feed(received):
            if self._dialogue.obey(message, events):
                continue
            self._dialogue.started(events)  # some servers never say Play.Start
            event = self._media(message)
            if event is not None:
                events.append(event)
        return events

    def request_idr(self) -> bool:
        """Ask for an IDR; False if the server does not know how (GOP wait)."""
        able = self.idr_on_join and self._dialogue.phase is Phase.LIVE
        if able:
            self._dialogue.call_stream(IDR_COMMAND)
        return able

    def give_sign(self) -> None:
        """
        Send something that every server expects and none answers.

        Whether it arrives shows if the connection lives while nothing comes.
        """
        self._dialogue.wire.report()

    def close(self) -> None:
        """Say goodbye in what must be sent; safe to repeat."""
        self._dialogue.close()

    def _media(self, message: Message) -> AudioTag | VideoTag | Metadata | None:
        timestamp = message.timestamp
        if self._last_ms is not None:
            timestamp = unwrapped(self._last_ms, timestamp)
        self._last_ms = timestamp
        match message.type_id:
            case m.AUDIO:
                return AudioTag(timestamp, message.payload)
            case m.VIDEO:
                return VideoTag(timestamp, message.payload)
            case m.METADATA | m.METADATA_AMF3:
                payload = m.metadata_of(message)
                return None if payload is None else Metadata(timestamp, payload)
            case _:
                return None


def _code_and_description(fields: Mapping[str, amf0.Value]) -> tuple[str, str]:
    texts: list[str] = []
    for key in ("code", "description"):
        value = fields.get(key)
        text = value if isinstance(value, str) else ""
        clean = "".join(mark if mark.isprintable() else "?" for mark in text)
        texts.append(clean[:_DESCRIPTION_MAX])
    return texts[0], texts[1]
