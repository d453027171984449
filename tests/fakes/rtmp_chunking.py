"""An RTMP sender that uses every form of chunk header, to test readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kiosk.rtmp.chunks import Message


@dataclass
class _Last:
    message: Message
    field_value: int


@dataclass
class CompressingWriter:
    """
    Writes the shortest header the specification allows.

    Written from section 5.3 apart from the product, which writes full headers.
    """

    chunk_bytes: int = 128
    _last: dict[int, _Last] = field(default_factory=dict)

    def chunks(self, message: Message, chunk_stream: int) -> Iterator[bytes]:
        """Yield the chunks of a message one by one, so that they can mix."""
        last = self._last.get(chunk_stream)
        ahead = message.timestamp - last.message.timestamp if last else -1
        same_stream = last is not None and last.message.stream_id == message.stream_id
        if last is None or not same_stream or ahead < 0:
            form, value = 0, message.timestamp
        else:
            before, value = last.message, ahead
            alike = (before.type_id, len(before.payload)) == (
                message.type_id,
                len(message.payload),
            )
            form = 1
            if alike:
                form = 3 if value == last.field_value else 2
        self._last[chunk_stream] = _Last(message, value)
        extended = value.to_bytes(4, "big") if value >= 0xFFFFFF else b""
        fields = b"".join(
            (
                min(value, 0xFFFFFF).to_bytes(3, "big"),
                len(message.payload).to_bytes(3, "big"),
                bytes((message.type_id,)),
                message.stream_id.to_bytes(4, "little"),
            )
        )[: (11, 7, 3, 0)[form]]
        size, payload = self.chunk_bytes, message.payload
        yield basic_header(form, chunk_stream) + fields + extended + payload[:size]
        for at in range(size, len(payload), size):
            yield basic_header(3, chunk_stream) + extended + payload[at : at + size]

    def write(self, message: Message, chunk_stream: int) -> bytes:
        return b"".join(self.chunks(message, chunk_stream))


def basic_header(form: int, chunk_stream: int) -> bytes:
    """Return the first one, two or three bytes of a chunk."""
    if chunk_stream < 64:
        return bytes((form << 6 | chunk_stream,))
    rest = chunk_stream - 64
    if rest < 256:
        return bytes((form << 6, rest))
    return bytes((form << 6 | 1,)) + rest.to_bytes(2, "little")
