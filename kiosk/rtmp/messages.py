"""
What the messages of RTMP mean: control, commands, metadata, aggregates.

Source: Adobe "RTMP specification 1.0" sections 5.4, 6 and 7.  Builders return
a Message; parsers take one and raise WireError only.  Nothing here remembers
anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.errors import WireError
from kiosk.rtmp import amf0
from kiosk.rtmp.chunks import Message


ACKNOWLEDGEMENT: Final = 3
USER_CONTROL: Final = 4
WINDOW_SIZE: Final = 5
PEER_BANDWIDTH: Final = 6
AUDIO: Final = 8
VIDEO: Final = 9
METADATA_AMF3: Final = 15
COMMAND_AMF3: Final = 17
METADATA: Final = 18
COMMAND: Final = 20
AGGREGATE: Final = 22

STREAM_BEGIN: Final = 0
STREAM_EOF: Final = 1
STREAM_DRY: Final = 2
SET_BUFFER_LENGTH: Final = 3
PING_REQUEST: Final = 6
PING_RESPONSE: Final = 7

SET_DATA_FRAME: Final = amf0.encode("@setDataFrame")
ON_METADATA: Final = amf0.encode("onMetaData")

_COMMAND_LIMITS: Final = amf0.Limits(values=512)
_DYNAMIC_LIMIT: Final = 2
_NUMBER_BYTES: Final = 4
_EVENT_BYTES: Final = 2
_FLV_TAG_HEADER: Final = 11
_FLV_BACK_POINTER: Final = 4


@dataclass(frozen=True, slots=True)
class Command:
    """
    A call of one side on the other, or the answer to it.

    Attributes:
        name: E.g. ``connect``, ``_result``, ``onStatus``.
        transaction: 0 when no answer is expected.
        arguments: What follows; the first one is the command object, mostly
            null.
        stream_id: The stream it is about, 0 for the connection.

    """

    name: str
    transaction: float
    arguments: tuple[amf0.Value, ...]
    stream_id: int = 0

    def text(self, index: int) -> str:
        """Return an argument if it is text, else the empty string."""
        value = self.arguments[index] if index < len(self.arguments) else None
        return value if isinstance(value, str) else ""

    def fields(self, index: int) -> dict[str, amf0.Value]:
        """Return an argument if it is an object, else an empty one."""
        value = self.arguments[index] if index < len(self.arguments) else None
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class UserControl:
    """A user control event: its number, what it is about, a second number."""

    event: int
    value: int
    extra: int = 0


def command(
    name: str, transaction: float, *arguments: amf0.Value, stream_id: int = 0
) -> Message:
    """Return a command message in AMF0."""
    payload = amf0.encode(name, transaction, *arguments)
    return Message(COMMAND, stream_id, 0, payload)


def status(
    code: str, description: str, *, level: str = "status", stream_id: int = 1
) -> Message:
    """Return an onStatus message, section 7.2.2."""
    info: amf0.Value = {"level": level, "code": code, "description": description}
    return command("onStatus", 0, None, info, stream_id=stream_id)


def parse_command(message: Message) -> Command:
    """
    Return the command in a message of type 20 or 17.

    Type 17 says AMF3, but starts with a format byte 0 and carries AMF0 from
    every sender met.
    """
    payload = message.payload
    if message.type_id == COMMAND_AMF3 and payload[:1] == b"\0":
        payload = payload[1:]
    values = amf0.decode(payload, _COMMAND_LIMITS)
    name = values[0] if values else None
    transaction = values[1] if len(values) > 1 else 0.0
    if not isinstance(name, str) or not isinstance(transaction, float):
        raise WireError("a command without name and transaction number")
    return Command(name, transaction, tuple(values[2:]), message.stream_id)


def acknowledgement(received_bytes: int) -> Message:
    """Say how many bytes arrived so far (the wire counts modulo 2**32)."""
    return _number(ACKNOWLEDGEMENT, received_bytes & 0xFFFFFFFF)


def window_size(window_bytes: int) -> Message:
    """Ask the peer to acknowledge at least once per window."""
    return _number(WINDOW_SIZE, window_bytes)


def peer_bandwidth(window_bytes: int) -> Message:
    """Tell the peer which window to announce; the limit type is dynamic."""
    payload = window_bytes.to_bytes(4, "big") + bytes((_DYNAMIC_LIMIT,))
    return Message(PEER_BANDWIDTH, 0, 0, payload)


def parse_number(message: Message) -> int:
    """Return the number that acknowledgement, window and bandwidth start with."""
    if len(message.payload) < _NUMBER_BYTES:
        raise WireError(f"control message {message.type_id} is cut short")
    return int.from_bytes(message.payload[:4], "big")


def user_control(event: int, value: int, extra: int | None = None) -> Message:
    """Return a user control message, section 7.1.7."""
    payload = event.to_bytes(2, "big") + value.to_bytes(4, "big")
    if extra is not None:
        payload += extra.to_bytes(4, "big")
    return Message(USER_CONTROL, 0, 0, payload)


def parse_user_control(message: Message) -> UserControl:
    """Return event, value and, where sent, the second number."""
    payload = message.payload
    if len(payload) < _EVENT_BYTES:
        raise WireError("user control message is cut short")
    return UserControl(
        int.from_bytes(payload[:2], "big"),
        int.from_bytes(payload[2:6], "big"),
        int.from_bytes(payload[6:10], "big"),
    )


def metadata_of(message: Message) -> bytes | None:
    """
    Return onMetaData and its values as a player gets them.

    ``@setDataFrame``, with which a publisher says "keep this", is taken off.
    None means another data message (cue points, access rights).
    """
    payload = message.payload
    if message.type_id == METADATA_AMF3 and payload[:1] == b"\0":
        payload = payload[1:]
    payload = payload.removeprefix(SET_DATA_FRAME)
    return payload if payload.startswith(ON_METADATA) else None


def split_aggregate(message: Message) -> list[Message]:
    """
    Return the messages packed in one of type 22, section 7.1.6.

    They are FLV tags; the first one happened at the message's timestamp.
    """
    payload, found, at = message.payload, list[Message](), 0
    first_timestamp = 0
    while at < len(payload):
        body = at + _FLV_TAG_HEADER
        end = body + int.from_bytes(payload[at + 1 : at + 4], "big")
        if end > len(payload):
            raise WireError("an aggregate message is cut short")
        timestamp = int.from_bytes(payload[at + 4 : at + 7], "big")
        timestamp |= payload[at + 7] << 24
        if not found:
            first_timestamp = timestamp
        timestamp = (message.timestamp + timestamp - first_timestamp) & 0xFFFFFFFF
        type_id = payload[at]
        found.append(Message(type_id, message.stream_id, timestamp, payload[body:end]))
        at = end + _FLV_BACK_POINTER
    return found


def _number(type_id: int, value: int) -> Message:
    return Message(type_id, 0, 0, value.to_bytes(4, "big"))
