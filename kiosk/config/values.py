"""
The values a key may have, with the sentence a technician gets otherwise.

1. A parser raises ``ValueError``; its text says what is wrong and what is
   right, and never repeats the value (it may be a secret).
2. Nothing here opens, resolves or looks at anything.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema
from pydantic_core import PydanticKnownError


MAX_SOCKET_BYTES = 107
"""Longest path of a Unix socket (``sun_path`` is 108 with its NUL)."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SIZE = re.compile(r"([1-9][0-9]{2,3})x([1-9][0-9]{2,3})")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_RATE = re.compile(r"[1-9][0-9]{1,2}(\.[0-9]{1,3})?")
_CONNECTOR = re.compile(r"[A-Za-z]{2,16}(-[A-Z])?-[0-9]{1,2}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_MAX_PASSWORD_CHARS = 256
_MIN_KEY_CHARS, _MAX_KEY_CHARS = 16, 128
_MIN_SIDE, _MAX_SIDE = 128, 3840
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """
    Which adapter a device key names.

    Attributes:
        kind: The adapter, e.g. ``synthetic`` or ``file``.
        argument: What follows the colon (a path, a frequency), or empty.

    """

    kind: str
    argument: str = ""


def parse_device(text: str) -> DeviceChoice:
    """Split a device text that passed the checker, e.g. ``file:/a/b.mp4``."""
    kind, _, argument = text.partition(":")
    return DeviceChoice(kind, argument)


def parse_address(text: str) -> tuple[str, int]:
    """
    Split ``HOST:PORT``; an IPv6 host stands in brackets, which are taken off.

    Raises:
        ValueError: It is no such text.

    """
    host, colon, port = text.rpartition(":")
    if (
        not colon
        or not port.isascii()
        or not port.isdigit()
        or len(port) > len("65535")
    ):
        raise ValueError(
            'needs HOST:PORT, e.g. "127.0.0.1:8080" (port 0: any free one)'
        )
    if int(port) > _MAX_PORT:
        raise ValueError(f"the port must be from 0 to {_MAX_PORT}")
    return _parse_host(host, bracketed=True), int(port)


def parse_size(text: str) -> tuple[int, int]:
    """
    Split ``WIDTHxHEIGHT`` in pixels, both even.

    Raises:
        ValueError: It is no such text, or out of range.

    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError('needs WIDTHxHEIGHT in pixels, e.g. "1280x720"')
    width, height = int(match[1]), int(match[2])
    if width % 2 or height % 2:
        raise ValueError("width and height must be even")
    if not all(_MIN_SIDE <= side <= _MAX_SIDE for side in (width, height)):
        raise ValueError(f"width and height must be from {_MIN_SIDE} to {_MAX_SIDE}")
    return width, height


def parse_mode(text: str) -> tuple[tuple[int, int], float | None]:
    """
    Split ``WIDTHxHEIGHT`` or ``WIDTHxHEIGHT@RATE``, e.g. ``1280x720@60``.

    Raises:
        ValueError: It is no such text, or out of range.

    """
    size, at, rate = text.partition("@")
    if at and not _RATE.fullmatch(rate):
        raise ValueError('needs pictures a second after the "@", e.g. "1280x720@60"')
    return parse_size(size), float(rate) if at else None


def parse_reply(text: str) -> tuple[str, str]:
    """
    Split ``PATTERN => TEXT``, or a ``TEXT`` without a pattern, which is then empty.

    Raises:
        ValueError: It is no such text.

    """
    no_control_characters(text)
    pattern, arrow, answer = text.rpartition(" => ")
    if not answer.strip() or (arrow and not pattern.strip()):
        raise ValueError('needs "TEXT" or "PATTERN => TEXT", e.g. "?where => Zurich"')
    return pattern.strip(), answer.strip()


def formed(pattern: str) -> WithJsonSchema:
    """
    Return what the JSON Schema says of a text that a validator here judges.

    Args:
        pattern: Fits every text that is right, and perhaps others.

    """
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"})


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine by its very name; asks no resolver."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_everywhere(host: str) -> bool:
    """Say whether a host to listen at means all addresses of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def split_server_url(text: str) -> SplitResult:
    """
    Check and split the room server's URL.

    Raises:
        ValueError: It is no plain ``http`` or ``https`` URL.

    """
    example = 'e.g. "https://rooms.example.org"'
    no_control_characters(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"is no URL; {example}") from error
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"must begin with https:// or http://; {example}")
    if not parts.hostname or port == 0 or " " in text:
        raise ValueError(f"is no URL; {example}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user name or password")
    if parts.query or parts.fragment:
        raise ValueError(f"must end after the path, without ? or #; {example}")
    return parts


def parse_range(item: object) -> str:
    """
    Check one address range in CIDR form.

    Raises:
        ValueError: It is none.

    """
    try:
        if isinstance(item, str):
            return str(ipaddress.ip_network(item))
    except ValueError:
        pass
    raise ValueError('needs address ranges such as "192.0.2.0/24"')


def no_control_characters(text: str) -> str:
    """Refuse text with line ends, NUL and their like, or none at all."""
    if not text.strip():
        raise ValueError("must not be empty")
    if not text.isprintable():
        raise ValueError("must not contain line ends or other control characters")
    return text


def _parse_host(host: str, *, bracketed: bool) -> str:
    if bracketed and host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        ipaddress.IPv6Address(host)
        return host
    if not bracketed and ":" in host:
        ipaddress.IPv6Address(host)
        return host
    if not _HOST.fullmatch(host):
        raise ValueError('needs a host name or address, e.g. "127.0.0.1" or "[::1]"')
    return host


def _address(text: str) -> str:
    parse_address(text)
    return text


def _host(text: str) -> str:
    return _parse_host(text, bracketed=False)


def _size(text: str) -> str:
    parse_size(text)
    return text


def _mode(text: str) -> str:
    parse_mode(text)
    return text


def _degrees(value: object) -> object:
    if value is False:  # Python's False is in a list that has 0
        raise PydanticKnownError("literal_error", {"expected": "0, 90, 180 or 270"})
    return value


def _connector(text: str) -> str:
    if not _CONNECTOR.fullmatch(text):
        raise ValueError('needs a name as in /sys/class/drm, e.g. "HDMI-A-1"')
    return text


def _reply(text: str) -> str:
    parse_reply(text)
    return text


def _server_url(text: str) -> str:
    split_server_url(text)
    return text.rstrip("/")


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("needs 1 to 64 letters, digits, - or _")
    return text


def _strong(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text.isascii() or not text.isalnum():
        raise ValueError("needs letters and digits only")
    if not _MIN_KEY_CHARS <= len(text) <= _MAX_KEY_CHARS:
        raise ValueError(f"needs {_MIN_KEY_CHARS} to {_MAX_KEY_CHARS} characters")
    return key


def _password(password: SecretStr) -> SecretStr:
    text = password.get_secret_value()
    if not text.isascii() or not 0 < len(text) <= _MAX_PASSWORD_CHARS:
        raise ValueError(
            f"needs 1 to {_MAX_PASSWORD_CHARS} letters, digits and signs of ASCII"
        )
    return password


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise ValueError('needs a colour such as "#1e63b8"')
    return text.lower()


def _socket_path(text: str) -> str:
    no_control_characters(text)
    if len(text.encode()) > MAX_SOCKET_BYTES:
        raise ValueError(
            f"is longer than the {MAX_SOCKET_BYTES} bytes of a socket path"
        )
    return text


Name = Annotated[str, Field(max_length=64), AfterValidator(no_control_characters)]
"""What people read: a kiosk's, a person's or a room's name."""

FilePath = Annotated[str, Field(max_length=4000), AfterValidator(no_control_characters)]
"""A path; a relative one counts from where the program was started."""

Identifier = Annotated[str, AfterValidator(_identifier), formed(_IDENTIFIER.pattern)]
"""A userID or roomID as every RTCRoom server takes it."""

Key = Annotated[SecretStr, AfterValidator(_strong)]
"""A secret: never printed."""

Password = Annotated[SecretStr, AfterValidator(_password)]
"""A secret that somebody else chose."""

ReplyText = Annotated[str, Field(max_length=256), AfterValidator(_reply)]
"""What a kiosk says without a keyboard; see :func:`parse_reply`."""

Colour = Annotated[str, AfterValidator(_colour), formed(_COLOUR.pattern)]
"""Red, green and blue, two hexadecimal digits each."""

SocketPath = Annotated[
    str, AfterValidator(_socket_path), formed(f".{{0,{MAX_SOCKET_BYTES}}}")
]
ServerUrl = Annotated[str, Field(max_length=1024), AfterValidator(_server_url)]
Address = Annotated[str, AfterValidator(_address), formed(".+:[0-9]{1,5}")]
Host = Annotated[str, AfterValidator(_host)]
DisplaySize = Annotated[str, AfterValidator(_size), formed(_SIZE.pattern)]
DisplayMode = Annotated[str, AfterValidator(_mode), formed(f"{_SIZE.pattern}(@.+)?")]
ConnectorName = Annotated[str, AfterValidator(_connector), formed(_CONNECTOR.pattern)]
DisplayRotation = Annotated[Literal[0, 90, 180, 270], BeforeValidator(_degrees)]
