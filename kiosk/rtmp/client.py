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

from collections.abc import Mapping
from typing import Final

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkLimits, Message, unwrapped
from kiosk.rtmp.connection import (
    AUDIO_CHUNK_STREAM,
    VIDEO_CHUNK_STREAM,
)
from kiosk.rtmp.dialogue import Dialogue, Phase
from kiosk.rtmp.events import (
    AudioTag,
    ClientEvent,
    Metadata,
    VideoTag,
)
from kiosk.rtmp.extensions import IDR_COMMAND
from kiosk.rtmp.url import RtmpUrl


_DEFAULT_LIMITS: Final = ChunkLimits()


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
        self._dialogue = Dialogue(url, random_bytes, limits, publish=True, opus=opus)

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

    def video_chunks(self, timestamp_ms: int, payload: bytes) -> list[bytes]:
        """
        Return the chunks of a video tag body, for the driver to send in this order.

        Each fits a segment of TCP.  Whatever else is to be sent may go between
        them, other video not.

        Raises:
            WireError: As :meth:`send_video`.

        """
        message = self._message(m.VIDEO, timestamp_ms, payload)
        return self._dialogue.wire.chunks_of(message, VIDEO_CHUNK_STREAM)

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
        message = self._message(type_id, timestamp_ms, payload)
        self._dialogue.wire.send(message, chunk_stream)

    def _message(self, type_id: int, timestamp_ms: int, payload: bytes) -> Message:
        stream_id = self._dialogue.stream_id
        if not stream_id:
            raise WireError("media before the server gave us a stream")
        return Message(type_id, stream_id, timestamp_ms, payload)


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
        self._dialogue = Dialogue(url, random_bytes, limits, publish=False, opus=opus)
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
