"""
What a client of RTMP says until its stream runs, as publisher or as player.

Handshake, ``connect``, ``createStream``, ``publish`` or ``play``, and the goodbye;
what flows in between is :mod:`kiosk.rtmp.client`.  No socket and no clock.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkLimits, Message
from kiosk.rtmp.connection import (
    STATUS_CHUNK_STREAM,
    Connection,
)
from kiosk.rtmp.events import (
    ClientEvent,
    Ended,
    IdrRequested,
    OpusWanted,
    Playing,
    Publishing,
    Refused,
)
from kiosk.rtmp.extensions import IDR_KEY, OPUS_KEY
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


class Phase(enum.Enum):
    """How far a client got; useful to say what a deadline cut short."""

    HANDSHAKE = "handshake"
    CONNECT = "connect"
    CREATE_STREAM = "createStream"
    START = "publish or play"
    LIVE = "live"
    CLOSED = "closed"


class Dialogue:
    """
    The conversation up to the running stream, for both roles.

    Attributes:
        wire: What carries it.
        phase: How far it got.
        idr_on_join: The server asks for an IDR when somebody joins.
        stream_id: The server's number of the stream; 0 while there is none.

    """

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
        """Take what arrived; return what is not the connection's own."""
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
        """Say something about the stream that wants no answer."""
        command = m.command(name, 0, None, *arguments, stream_id=self.stream_id)
        self.wire.send_command(command)

    def close(self) -> None:
        """Say goodbye in what must be sent; safe to repeat."""
        if self.stream_id and self.phase is not Phase.CLOSED:
            if self.publish:
                unpublish = m.command("FCUnpublish", 0, None, self.url.wire_name)
                self.wire.send_command(unpublish)
            delete = m.command("deleteStream", 0, None, self.stream_id)
            self.wire.send_command(delete)
        self.phase = Phase.CLOSED

    def started(self, events: list[ClientEvent]) -> None:
        """Note that the stream runs, once, and add the event that says so."""
        if self.phase is Phase.START:
            self.phase = Phase.LIVE
            events.append(Publishing() if self.publish else Playing())

    def _connect(self) -> None:
        self.phase = Phase.CONNECT
        if self.publish:
            self.wire.use_short_chunks()
        else:
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


def _code_and_description(fields: Mapping[str, amf0.Value]) -> tuple[str, str]:
    texts: list[str] = []
    for key in ("code", "description"):
        value = fields.get(key)
        text = value if isinstance(value, str) else ""
        clean = "".join(mark if mark.isprintable() else "?" for mark in text)
        texts.append(clean[:_DESCRIPTION_MAX])
    return texts[0], texts[1]
