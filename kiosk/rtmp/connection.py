"""
What both ends of an RTMP connection do alike, below commands and media.

Handshake, chunks, acknowledgements, pings and bandwidth are dealt with here;
everything else is handed up.  Bytes to send pile up until they are taken: the
driver takes them after every call.
"""

from __future__ import annotations

import sys
from typing import Final

from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import (
    ChunkLimits,
    ChunkReader,
    ChunkWriter,
    Message,
)
from kiosk.rtmp.handshake import Handshake


CONTROL_CHUNK_STREAM: Final = 2
COMMAND_CHUNK_STREAM: Final = 3
AUDIO_CHUNK_STREAM: Final = 4
STATUS_CHUNK_STREAM: Final = 5
VIDEO_CHUNK_STREAM: Final = 6

OWN_CHUNK_BYTES: Final = 64 * 1024
"""Nearly every media unit then is one chunk; nginx-rtmp takes up to 10 MiB."""

SHORT_CHUNK_BYTES: Final = 1160
"""One with its head, also encrypted, is a segment of TCP of ours: sound goes between."""

COMMAND_BYTES: Final = 64 * 1024
"""The largest message of a peer that is not trusted yet."""

STRANGER_MESSAGES: Final = 256
"""A dialogue needs some 15 messages; an empty one costs a stranger one byte."""

_FIRST_WINDOW: Final = 2_500_000  # acknowledge this often until told otherwise


class Connection:
    """
    One end of one connection.

    Attributes:
        acknowledged_bytes: What the peer says it received (modulo 2**32).
        pongs: How many of our pings it answered.

    """

    def __init__(self, handshake: Handshake, limits: ChunkLimits) -> None:
        self._handshake: Handshake | None = handshake
        self._reader = ChunkReader(limits)
        self._writer = ChunkWriter()
        self._message_bytes = limits.message_bytes
        self._reader.messages_left = STRANGER_MESSAGES
        self._reader.max_message_bytes = min(COMMAND_BYTES, limits.message_bytes)
        self._outgoing = [handshake.opening] if handshake.opening else []
        self._received_bytes = 0
        self._reported_bytes = 0
        self._report_every = _FIRST_WINDOW // 2
        self._announced_window = 0
        self.acknowledged_bytes = 0
        self.pongs = 0

    @property
    def is_open(self) -> bool:
        """Whether the handshake is over."""
        return self._handshake is None

    def bytes_to_send(self) -> bytes:
        """Return what must be sent now, once."""
        outgoing = self._outgoing
        taken = outgoing[0] if len(outgoing) == 1 else b"".join(outgoing)
        outgoing.clear()
        return taken

    def feed(self, received: bytes) -> list[Message]:
        """
        Take what arrived and return commands, data and media.

        Raises:
            WireError: If it is not RTMP; the connection is then of no use.

        """
        if self._handshake is not None:
            received = self._shake_hands(self._handshake, received)
        self._received_bytes += len(received)
        passed: list[Message] = []
        for message in self._reader.feed(received):
            if message.type_id >= m.AUDIO:  # the usual case
                if message.type_id == m.AGGREGATE:
                    passed += m.split_aggregate(message)
                else:
                    passed.append(message)
            else:
                self._control(message)
        if self._received_bytes - self._reported_bytes >= self._report_every:
            self.report()
        return passed

    def report(self) -> None:
        """Say how much was received; may be said again at any time."""
        self._reported_bytes = self._received_bytes
        self.send_control(m.acknowledgement(self._received_bytes))

    def send(self, message: Message, chunk_stream: int) -> None:
        """Add a message to what must be sent."""
        self._outgoing.append(self._writer.write(message, chunk_stream))

    def send_control(self, message: Message) -> None:
        """Add a control message to what must be sent."""
        self.send(message, CONTROL_CHUNK_STREAM)

    def send_command(self, message: Message) -> None:
        """Add a command to what must be sent."""
        self.send(message, COMMAND_CHUNK_STREAM)

    def use_large_chunks(self) -> None:
        """Announce :data:`OWN_CHUNK_BYTES` and use it from now on."""
        self._outgoing.append(self._writer.set_chunk_bytes(OWN_CHUNK_BYTES))

    def use_short_chunks(self) -> None:
        """
        Announce :data:`SHORT_CHUNK_BYTES` and use it from now on.

        At the beginning only: nginx-rtmp loses what came in the same breath where
        chunks become shorter.
        """
        self._outgoing.append(self._writer.set_chunk_bytes(SHORT_CHUNK_BYTES))

    def chunks_of(self, message: Message, chunk_stream: int) -> list[bytes]:
        """Return the chunks of a message that the driver itself sends, in order."""
        return self._writer.write_chunks(message, chunk_stream)

    def trust(self, *, media: bool) -> None:
        """Count the messages of the peer no more; with media, take large ones."""
        self._reader.messages_left = sys.maxsize
        if media:
            self._reader.max_message_bytes = self._message_bytes

    def _shake_hands(self, handshake: Handshake, received: bytes) -> bytes:
        reply = handshake.feed(received)
        if reply:
            self._outgoing.append(reply)
        if handshake.done:
            self._handshake = None
        return handshake.rest

    def _control(self, message: Message) -> None:
        match message.type_id:
            case m.ACKNOWLEDGEMENT:
                self.acknowledged_bytes = m.parse_number(message)
            case m.WINDOW_SIZE:
                # half a window early, for peers that stop when it is used up
                self._report_every = max(1, m.parse_number(message) // 2)
            case m.PEER_BANDWIDTH:
                window = m.parse_number(message)
                if window != self._announced_window:
                    self._announced_window = window
                    self.send_control(m.window_size(window))
            case m.USER_CONTROL:
                event = m.parse_user_control(message)
                if event.event == m.PING_REQUEST:
                    pong = m.user_control(m.PING_RESPONSE, event.value)
                    self.send_control(pong)
                elif event.event == m.PING_RESPONSE:
                    self.pongs += 1
            case _:  # 0 and 7 mean nothing; stream events repeat onStatus
                pass
