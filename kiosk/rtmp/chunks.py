"""
The chunk layer: a byte stream in messages, messages in a byte stream.

Source: Adobe "RTMP specification 1.0" section 5.3.  Set-chunk-size and abort
are carried out here; every other message is passed up.  Rules:

1. Whatever a peer names (message length, chunk size, chunk stream) has a
   limit, and no memory is set aside before the bytes are there.
2. A partial chunk costs nothing twice: its payload is taken as it comes, so
   a stream cut in single bytes is still read in linear time.
3. We write only full headers (type 0) and continuations (type 3).  A message
   then means the same whoever gets it, whatever was dropped before it: the
   relay packs once for all subscribers.  The price is 4 bytes a message.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final, NamedTuple

from kiosk.errors import WireError


class Message(NamedTuple):
    """
    One RTMP message.

    A named tuple, not a dataclass as elsewhere: one is made per media unit,
    and a frozen dataclass costs three times as much.

    Attributes:
        type_id: Section 6 of the specification, e.g. 9 for video.
        stream_id: 0 for the connection, else what createStream returned.
        timestamp: Milliseconds, 0 to 2**32 - 1, on the publisher's clock.
        payload: The message without any header.

    """

    type_id: int
    stream_id: int
    timestamp: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """What a peer may ask of the reader."""

    message_bytes: int = 4 * 1024 * 1024
    least_chunk_bytes: int = 1
    chunk_bytes: int = 16 * 1024 * 1024
    chunk_streams: int = 64
    unfinished_bytes: int = 8 * 1024 * 1024


DEFAULT_CHUNK_BYTES: Final = 128
SET_CHUNK_SIZE: Final = 1
ABORT: Final = 2

_WRAP: Final = 1 << 32
_TIMESTAMP_MASK: Final = _WRAP - 1
_EXTENDED: Final = 0xFFFFFF
_LENGTH_MAX: Final = 0xFFFFFF
_HEADER_BYTES: Final = (11, 7, 3, 0)  # by chunk type
_WITH_LENGTH: Final = 1  # chunk types 0 and 1 carry length and message type
_CONTINUATION: Final = 3
_LONGER_HEADER: Final = 1  # 0: number in the next byte, 1: in the next two
_NUMBER_BYTES: Final = 4
_DEFAULT_LIMITS: Final = ChunkLimits()


def unwrapped(previous_ms: int, wire_ms: int) -> int:
    """
    Return the endless timestamp nearest to the previous one.

    Timestamps on the wire wrap after 49.7 days (section 5.3.1.3); the one
    meant is at most 2**31 ms away.
    """
    ahead = (wire_ms - previous_ms) & _TIMESTAMP_MASK
    return previous_ms + (ahead if ahead < _WRAP // 2 else ahead - _WRAP)


def pack(message: Message, chunk_stream: int, chunk_bytes: int) -> bytes:
    """
    Return the chunks of one message.

    Args:
        message: Its timestamp may be any integer; it is sent modulo 2**32.
        chunk_stream: 2 to 63.
        chunk_bytes: The chunk size announced to the peer before.

    Raises:
        WireError: If the payload is 16 MiB or more.

    """
    type_id, stream_id, timestamp, payload = message
    timestamp &= _TIMESTAMP_MASK
    length = len(payload)
    if length > _LENGTH_MAX:
        raise WireError(f"message of {length} bytes: RTMP carries {_LENGTH_MAX}")
    if timestamp < _EXTENDED:
        short, extended = timestamp, b""
    else:
        short, extended = _EXTENDED, timestamp.to_bytes(4, "big")
    # one big number is the quickest way to write the 12 bytes of the header
    head = (chunk_stream << 88 | short << 64 | length << 40 | type_id << 32).to_bytes(
        12, "big"
    )
    if stream_id:
        head = head[:8] + stream_id.to_bytes(4, "little")
    if length <= chunk_bytes:
        return b"".join((head, extended, payload))
    between = bytes((0xC0 | chunk_stream,)) + extended
    pieces = (payload[at : at + chunk_bytes] for at in range(0, length, chunk_bytes))
    return head + extended + between.join(pieces)


def chunks_of(message: Message, chunk_stream: int, chunk_bytes: int) -> list[bytes]:
    """Return the same one by one: messages of other chunk streams may go between."""
    wire = pack(message, chunk_stream, chunk_bytes)
    extended = 4 if message.timestamp & _TIMESTAMP_MASK >= _EXTENDED else 0
    first, next_one = 12 + extended + chunk_bytes, 1 + extended + chunk_bytes
    starts = range(first, len(wire), next_one)
    return [wire[:first], *(wire[at : at + next_one] for at in starts)]


class ChunkWriter:
    """Packs messages and remembers the chunk size announced."""

    __slots__ = ("chunk_bytes",)

    def __init__(self) -> None:
        self.chunk_bytes = DEFAULT_CHUNK_BYTES

    def write(self, message: Message, chunk_stream: int) -> bytes:
        """Return the bytes to send."""
        return pack(message, chunk_stream, self.chunk_bytes)

    def write_chunks(self, message: Message, chunk_stream: int) -> list[bytes]:
        """Return the same one by one, see :func:`chunks_of`."""
        return chunks_of(message, chunk_stream, self.chunk_bytes)

    def set_chunk_bytes(self, chunk_bytes: int) -> bytes:
        """Use chunks of this size from now on; return the announcement to send."""
        payload = chunk_bytes.to_bytes(4, "big")
        announcement = self.write(Message(SET_CHUNK_SIZE, 0, 0, payload), 2)
        self.chunk_bytes = chunk_bytes
        return announcement


class _ChunkStream:
    """What a chunk stream remembers from one header to the next."""

    __slots__ = (
        "chunk_stream",
        "delta",
        "extended",
        "length",
        "partial",
        "stream_id",
        "timestamp",
        "type_id",
    )

    def __init__(self, chunk_stream: int) -> None:
        self.chunk_stream = chunk_stream
        self.timestamp = 0
        self.delta = 0
        self.extended: bytes = b""  # the four bytes, while they are in use
        self.length = 0
        self.type_id = 0
        self.stream_id = 0
        self.partial: bytearray | None = None  # an unfinished message


class ChunkReader:
    """
    Turns received bytes into messages.

    Attributes:
        max_message_bytes: The limit in force; may be moved while reading, so
            that a stranger gets less than an accepted publisher.
        messages_left: How many more messages are taken.

    """

    def __init__(self, limits: ChunkLimits = _DEFAULT_LIMITS) -> None:
        self.max_message_bytes = limits.message_bytes
        self.messages_left = sys.maxsize
        self._limits = limits
        self._chunk_bytes = DEFAULT_CHUNK_BYTES
        self._streams: dict[int, _ChunkStream] = {}
        self._current: _ChunkStream | None = None  # its payload is expected next
        self._chunk_left = 0  # bytes of the current chunk not yet here
        self._header = b""  # an unfinished chunk header, at most 17 bytes
        self._unfinished = 0  # bytes in all partial messages

    def feed(self, received: bytes) -> list[Message]:
        """
        Take what arrived and return the messages it completed.

        Raises:
            WireError: If the bytes are no chunks or break a limit.  The
                reader is of no further use then.

        """
        messages: list[Message] = []
        if self._header:
            received = self._header + received
            self._header = b""
        position, end = 0, len(received)
        while position < end:
            stream = self._current
            if stream is None:
                opened = self._open_chunk(received, position, end)
                if not opened:
                    self._header = received[position:]
                    break
                position = opened
                stream = self._current
                assert stream is not None
            start = position
            position = min(end, start + self._chunk_left)
            self._chunk_left -= position - start
            message = self._take(stream, received, start, position)
            if not self._chunk_left:
                self._current = None
            if message is not None:
                messages.append(message)
        return messages

    def _take(
        self, stream: _ChunkStream, received: bytes, start: int, end: int
    ) -> Message | None:
        """Add payload to the stream's message; return the message if whole."""
        partial = stream.partial
        if partial is None:
            if end - start == stream.length:  # the usual case: one chunk, all here
                return self._finish(stream, received[start:end])
            stream.partial = partial = bytearray()
        partial += received[start:end]
        self._unfinished += end - start
        if self._unfinished > self._limits.unfinished_bytes:
            raise WireError(
                f"over {self._limits.unfinished_bytes} bytes in unfinished messages"
            )
        if len(partial) < stream.length:
            return None
        stream.partial = None
        self._unfinished -= len(partial)
        return self._finish(stream, bytes(partial))

    def _finish(self, stream: _ChunkStream, payload: bytes) -> Message | None:
        self.messages_left -= 1
        if self.messages_left < 0:
            raise WireError("too many messages before anything was accepted")
        type_id = stream.type_id
        if type_id == SET_CHUNK_SIZE:
            self._set_chunk_bytes(payload)
            return None
        if type_id == ABORT:
            self._abort(payload)
            return None
        return Message(type_id, stream.stream_id, stream.timestamp, payload)

    def _open_chunk(self, received: bytes, start: int, end: int) -> int:
        """Read a chunk header; return where it ends, or 0 if it is not all here."""
        first = received[start]
        chunk_type = first >> 6
        number = first & 0x3F
        position = start + 1
        if number <= _LONGER_HEADER:
            position += 1 + number
            if position > end:
                return 0
            number = 64 + int.from_bytes(received[start + 1 : position], "little")
        fields = position
        position += _HEADER_BYTES[chunk_type]
        if position > end:
            return 0
        stream = self._streams.get(number)
        if stream is None:
            stream = self._new_stream(number, chunk_type)
        if chunk_type == _CONTINUATION:
            extended = stream.extended
            if extended:
                if position + 4 > end:
                    return 0
                position += self._repeated_timestamp(stream, received, position)
        else:
            extended = b""
            if received[fields : fields + 3] == b"\xff\xff\xff":
                if position + 4 > end:
                    return 0
                extended = received[position : position + 4]
                position += 4
            self._read_fields(stream, chunk_type, received, fields, extended)
        self._expect_payload(stream, chunk_type)
        return position

    def _read_fields(
        self,
        stream: _ChunkStream,
        chunk_type: int,
        received: bytes,
        at: int,
        extended: bytes,
    ) -> None:
        if stream.partial is not None:
            raise WireError(
                f"chunk stream {stream.chunk_stream}: a new message inside another"
            )
        if chunk_type <= _WITH_LENGTH:
            length = int.from_bytes(received[at + 3 : at + 6], "big")
            if length > self.max_message_bytes:
                raise WireError(
                    f"message of {length} bytes, allowed are {self.max_message_bytes}"
                )
            stream.length = length
            stream.type_id = received[at + 6]
        stream.extended = extended
        stream.delta = int.from_bytes(extended or received[at : at + 3], "big")
        if chunk_type == 0:
            stream.stream_id = int.from_bytes(received[at + 7 : at + 11], "little")
            stream.timestamp = 0  # a full header is a difference to nothing

    def _expect_payload(self, stream: _ChunkStream, chunk_type: int) -> None:
        partial = stream.partial
        if partial is None:
            # A type 3 chunk that begins a message repeats the last difference,
            # after type 0 its timestamp (section 5.3.1.2.4; FFmpeg relies on it)
            stream.timestamp = (stream.timestamp + stream.delta) & _TIMESTAMP_MASK
            left = stream.length
        else:
            left = stream.length - len(partial)
        self._chunk_left = min(left, self._chunk_bytes)
        self._current = stream

    def _repeated_timestamp(
        self, stream: _ChunkStream, received: bytes, at: int
    ) -> int:
        """
        Return how many bytes a continuation spends on the extended timestamp.

        The specification repeats it; some encoders do not, some repeat the
        absolute time behind a difference.  Anything else there is payload.
        """
        found = received[at : at + 4]
        if stream.partial is None or found == stream.extended:
            return 4
        return 4 if int.from_bytes(found, "big") == stream.timestamp else 0

    def _new_stream(self, number: int, chunk_type: int) -> _ChunkStream:
        # librtmp opens chunk stream 2 with type 1, so only a missing length is
        # an error
        if chunk_type > _WITH_LENGTH:
            raise WireError(f"chunk stream {number} begins without a full header")
        if len(self._streams) >= self._limits.chunk_streams:
            raise WireError(f"more than {self._limits.chunk_streams} chunk streams")
        stream = self._streams[number] = _ChunkStream(number)
        return stream

    def _set_chunk_bytes(self, payload: bytes) -> None:
        chunk_bytes = int.from_bytes(payload[:4], "big")
        if len(payload) < _NUMBER_BYTES or not (
            self._limits.least_chunk_bytes <= chunk_bytes <= self._limits.chunk_bytes
        ):
            raise WireError(f"chunk size {chunk_bytes} is out of bounds")
        self._chunk_bytes = chunk_bytes

    def _abort(self, payload: bytes) -> None:
        stream = self._streams.get(int.from_bytes(payload[:4], "big"))
        if stream is not None and stream.partial is not None:
            self._unfinished -= len(stream.partial)
            stream.partial = None
