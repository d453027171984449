"""
The plain RTMP handshake, both sides, as bytes arrive.

Source: Adobe "RTMP specification 1.0" section 5.2.  The digest variant of
C1/S1 is answered plainly, by echo, which every publisher and player met so
far accepts.  Random bytes are an argument: this package has no entropy of
its own.  RTMPE is not offered; encryption is TLS around the whole stream.
"""

from __future__ import annotations

from typing import Final

from kiosk.errors import WireError


RANDOM_BYTES: Final = 1528
"""How many random bytes each side has to bring."""

_VERSION: Final = b"\x03"
_FIRST_TEXT_VERSION: Final = 32  # 32-255 are not allowed: they look like text
_PACKET: Final = 1536  # C1, S1, C2 and S2


class Handshake:
    """
    One side of one handshake.

    Attributes:
        opening: What to send before anything arrives (empty for a server).
        done: The other side said everything.
        rest: Once done, what arrived behind the handshake.

    """

    __slots__ = ("_answer", "_buffer", "_replied", "done", "opening", "rest")

    def __init__(self, opening: bytes, answer: bytes) -> None:
        self.opening = opening
        self.done = False
        self.rest = b""
        self._answer = answer
        self._buffer = bytearray()
        self._replied = False

    @classmethod
    def client(cls, random_bytes: bytes) -> Handshake:
        """Return the half of the side that dialled."""
        return cls(opening=_VERSION + _own_packet(random_bytes), answer=b"")

    @classmethod
    def server(cls, random_bytes: bytes) -> Handshake:
        """Return the half of the side that was dialled."""
        return cls(opening=b"", answer=_VERSION + _own_packet(random_bytes))

    def feed(self, received: bytes) -> bytes:
        """
        Take what arrived and return what to send.

        Raises:
            WireError: If the other side does not speak RTMP.

        """
        buffer = self._buffer
        buffer += received
        reply = b""
        if buffer and buffer[0] >= _FIRST_TEXT_VERSION:
            # 0-2 and 4-31 are answered with 3, as the specification asks
            raise WireError(
                f"the other side does not speak RTMP: its first byte is"
                f" {buffer[0]:#04x}; check scheme, host and port of the stream URL"
            )
        if not self._replied and len(buffer) > _PACKET:
            self._replied = True
            echo = bytes(buffer[1 : 1 + _PACKET])  # C2 or S2
            reply = self._answer + echo
        if len(buffer) > 2 * _PACKET:
            self.done = True
            self.rest = bytes(buffer[1 + 2 * _PACKET :])
            buffer.clear()
        return reply


def _own_packet(random_bytes: bytes) -> bytes:
    # Time 0 and version 0.0.0.0: version bytes would promise a digest.
    if len(random_bytes) != RANDOM_BYTES:
        raise WireError(f"the handshake takes {RANDOM_BYTES} random bytes")
    return bytes(8) + random_bytes
