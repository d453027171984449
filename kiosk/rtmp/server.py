"""
The dialled end of RTMP: one session with one publisher or one player.

No socket and no clock.  The driver feeds what it received and sends what
``bytes_to_send()`` returns after every call.  A request (connect, publish,
play) stops the reading: answer it with accept() or refuse(), then call
``feed(b"")`` for what came behind it.

A connection carries one stream at a time, and its number is always 1, as in
nginx-rtmp: the relay can then pack a media message once for all players.
"""

from __future__ import annotations

import enum
from collections import deque
from typing import Final

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkLimits, Message
from kiosk.rtmp.connection import STATUS_CHUNK_STREAM, Connection
from kiosk.rtmp.events import (
    AudioTag,
    Closed,
    ConnectRequested,
    IdrRequested,
    Metadata,
    PlayRequested,
    PublishRequested,
    ServerEvent,
    VideoTag,
)
from kiosk.rtmp.extensions import IDR_COMMAND, IDR_KEY, OPUS_COMMAND, OPUS_KEY
from kiosk.rtmp.handshake import Handshake
from kiosk.rtmp.url import split_query


STREAM_ID: Final = 1

_WINDOW_BYTES: Final = 2_500_000
_NAME_MAX: Final = 256
_CODECS_MAX: Final = 16
_DEFAULT_LIMITS: Final = ChunkLimits()


class Role(enum.Enum):
    """What an accepted session does."""

    NONE = "none"
    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"


class ServerSession:
    """
    One connection as the server sees it.

    Attributes:
        role: Changes with accept() of a publish or play request, and back to
            NONE with Closed.
        app: The application connected to.
        idr_on_join: The peer knows ``requestIdr``.
        opus: A publisher that can send Opus, a player that can hear it.

    """

    def __init__(
        self, random_bytes: bytes, limits: ChunkLimits = _DEFAULT_LIMITS
    ) -> None:
        """Wait for a client; random_bytes are 1528 for the handshake."""
        self.role = Role.NONE
        self.app = ""
        self.idr_on_join = False
        self.opus = False
        self._wire = Connection(Handshake.server(random_bytes), limits)
        self._backlog: deque[Message] = deque()  # read, but a request came first
        self._request: ConnectRequested | PublishRequested | PlayRequested | None = None
        self._transaction = 0.0
        self._connected = False

    @property
    def acknowledged_bytes(self) -> int:
        """What the peer says it received, modulo 2**32; 0 if it never did."""
        return self._wire.acknowledged_bytes

    def bytes_to_send(self) -> bytes:
        """Return what must be sent now, once."""
        return self._wire.bytes_to_send()

    def feed(self, received: bytes) -> list[ServerEvent]:
        """
        Take what arrived and return what it meant, up to the next request.

        Raises:
            WireError: If the peer does not speak RTMP or breaks a limit.

        """
        backlog = self._backlog
        backlog.extend(self._wire.feed(received))
        events: list[ServerEvent] = []
        while backlog and self._request is None:
            message = backlog.popleft()
            event = self._read(message)
            if event is not None:
                events.append(event)
        return events

    def accept(self) -> None:
        """Grant the pending request."""
        match self._take_request():
            case ConnectRequested():
                self._welcome()
            case PublishRequested():
                self.role = Role.PUBLISHER
                self._wire.trust(media=True)
                self._status("NetStream.Publish.Start", "publishing")
            case _:
                self.role = Role.SUBSCRIBER
                self._wire.trust(media=False)
                self._wire.send_control(m.user_control(m.STREAM_BEGIN, STREAM_ID))
                self._status("NetStream.Play.Reset", "reset")
                self._status("NetStream.Play.Start", "playing")

    def refuse(self, code: str, description: str) -> None:
        """
        Decline the pending request; send the answer, then close.

        Args:
            code: E.g. ``NetStream.Publish.BadName``.
            description: One line for the person at the other end.

        """
        if isinstance(self._take_request(), ConnectRequested):
            fields: amf0.Value = {
                "level": "error",
                "code": code,
                "description": description,
            }
            answer = m.command("_error", self._transaction, None, fields)
            self._wire.send_command(answer)
        else:
            self._status(code, description, level="error")

    def request_idr(self) -> bool:
        """Ask the publisher for an IDR; False if it does not know how."""
        able = self.idr_on_join and self.role is Role.PUBLISHER
        if able:
            asked = m.command(IDR_COMMAND, 0, None, stream_id=STREAM_ID)
            self._wire.send_command(asked)
        return able

    def use_opus(self, *, wanted: bool) -> None:
        """Have a publisher that can send both codecs send Opus, or AAC again."""
        asked = m.command(OPUS_COMMAND, 0, None, wanted, stream_id=STREAM_ID)
        self._wire.send_command(asked)

    def notify_published(self) -> None:
        """Tell a waiting subscriber that its publisher is here."""
        self._status("NetStream.Play.PublishNotify", "published")

    def notify_unpublished(self) -> None:
        """Tell a subscriber that its publisher is gone."""
        self._wire.send_control(m.user_control(m.STREAM_EOF, STREAM_ID))
        self._status("NetStream.Play.UnpublishNotify", "unpublished")

    def send_media(self, message: Message, chunk_stream: int) -> None:
        """Add a media message as it is; its stream must be STREAM_ID."""
        self._wire.send(message, chunk_stream)

    def _read(self, message: Message) -> ServerEvent | None:
        type_id = message.type_id
        if type_id in (m.COMMAND, m.COMMAND_AMF3):
            return self._command(m.parse_command(message))
        if self.role is not Role.PUBLISHER:
            return None
        match type_id:
            case m.VIDEO:
                return VideoTag(message.timestamp, message.payload)
            case m.AUDIO:
                return AudioTag(message.timestamp, message.payload)
            case m.METADATA | m.METADATA_AMF3:
                payload = m.metadata_of(message)
                return None if payload is None else Metadata(message.timestamp, payload)
            case _:
                return None

    def _command(self, command: m.Command) -> ServerEvent | None:
        if command.name == "connect":
            return self._connect(command)
        if not self._connected:
            raise WireError(f"command before connect: {command.name[:32]!r}")
        match command.name:
            case "publish" | "play":
                return self._start(command)
            case "createStream":
                self._result(command.transaction, None, STREAM_ID)
            case "getStreamLength":  # a live stream has none
                self._result(command.transaction, None, 0)
            case "FCUnpublish" | "deleteStream" | "closeStream":
                return self._end()
            case "requestIdr":
                return IdrRequested() if self.role is Role.SUBSCRIBER else None
            case _:
                # releaseStream, FCPublish, _checkbw ...: some
                # clients wait for the answer, none looks into it
                if command.transaction:
                    self._result(command.transaction, None, None)
        return None

    def _connect(self, command: m.Command) -> ConnectRequested:
        if self._connected:
            raise WireError("connect came twice")
        fields = command.fields(0)
        app = fields.get("app")
        codecs = fields.get("fourCcList")
        self._connected = True
        self._transaction = command.transaction
        self.app = _checked_name(split_query(app if isinstance(app, str) else "")[0])
        self.idr_on_join = fields.get(IDR_KEY) is True
        self.opus = fields.get(OPUS_KEY) is True
        listed = codecs[:_CODECS_MAX] if isinstance(codecs, list) else []
        self._request = ConnectRequested(
            app=self.app,
            idr_on_join=self.idr_on_join,
            codecs=tuple(codec for codec in listed if isinstance(codec, str)),
        )
        return self._request

    def _start(self, command: m.Command) -> ServerEvent:
        if self.role is not Role.NONE:
            raise WireError("a second stream on one connection")
        name, query = split_query(command.text(1))
        name = _checked_name(name)
        if command.name == "publish":
            self._request = PublishRequested(self.app, name, query, self.idr_on_join)
        else:
            self._request = PlayRequested(self.app, name, query)
        return self._request

    def _end(self) -> Closed | None:
        if self.role is Role.NONE:
            return None
        if self.role is Role.PUBLISHER:
            self._status("NetStream.Unpublish.Success", "unpublished")
        self.role = Role.NONE
        return Closed()

    def _welcome(self) -> None:
        self._wire.send_control(m.window_size(_WINDOW_BYTES))
        self._wire.send_control(m.peer_bandwidth(_WINDOW_BYTES))
        self._wire.use_large_chunks()
        status: dict[str, amf0.Value] = {
            "level": "status",
            "code": "NetConnection.Connect.Success",
            "description": "connected",
            "objectEncoding": 0,
        }
        if self.idr_on_join:
            status[IDR_KEY] = True
        # the version is the one clients compare: below it they use old dialects
        server: amf0.Value = {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31}
        self._result(self._transaction, server, status)

    def _take_request(
        self,
    ) -> ConnectRequested | PublishRequested | PlayRequested:
        request, self._request = self._request, None
        assert request is not None, "accept or refuse without a request"
        return request

    def _result(self, transaction: float, *arguments: amf0.Value) -> None:
        self._wire.send_command(m.command("_result", transaction, *arguments))

    def _status(self, code: str, description: str, *, level: str = "status") -> None:
        message = m.status(code, description, level=level, stream_id=STREAM_ID)
        self._wire.send(message, STATUS_CHUNK_STREAM)


def _checked_name(name: str) -> str:
    """Return a name that is safe to log and to compare."""
    if not 0 < len(name) <= _NAME_MAX or not (name.isascii() and name.isprintable()):
        raise WireError("application or stream name is empty, too long or not ASCII")
    return name
