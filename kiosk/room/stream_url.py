"""
Push and play URLs with the anti-leech key, and the names of streams.

The form is Tencent's: ``rtmp://host/live/<stream>?bizid=&txSecret=&txTime=``
with ``txSecret = md5(key + stream + txTime)`` (protocol section 5).  The
published formula has no separators and can be forged by moving a hex digit from
the stream's name into the time; the originals also sign play URLs with the push
key (``reliability.md`` findings 1 and 2).  So here: the time is exactly eight
upper-case hex digits in a bounded future, a stream's name never ends in a hex
digit, and pushing and playing have different keys.  Nothing here logs a URL;
:func:`redact` is for those who must.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from kiosk.room.fields import MAX_URL_BYTES


APP = "live"
CLOCK_TOLERANCE_S = 90
MAX_VALIDITY_S = 7 * 24 * 3600
"""The originals' validity; nothing further in the future is believed."""
_RANDOM_BYTES = 16
_MAX_FIELDS = 8
_STREAM = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIME = re.compile(r"[0-9A-F]{8}")
_TIMES = range(0x1000_0000, 0x1_0000_0000)
_SECRET = re.compile(r"[0-9a-f]{32}")
_SECRETS_IN_TEXT = re.compile(r"(?i)\b(txSecret|txTime|token|userSig|sig)=[^&\s\"'<>]*")


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One anti-leech key, for pushing or for playing but never for both."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse an empty key: it signs whatever anybody likes."""
        if not self.secret:
            raise ValueError("a stream key must not be empty")

    def signature(self, stream: str, time_text: str) -> str:
        """Return txSecret for a stream and the eight digits of its end."""
        text = self.secret + stream.encode() + time_text.encode()
        return hashlib.md5(text, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class StreamHost:
    """Where streams live, as written into URLs."""

    address: str
    """``host`` or ``host:port``; an IPv6 host in brackets."""
    scheme: str = "rtmp"

    def url(self, stream: str, query: str) -> str:
        """Return the URL of a stream with its key."""
        return f"{self.scheme}://{self.address}/{APP}/{stream}?{query}"


def signed_query(key: StreamKey, stream: str, expires_at: int, bizid: str) -> str:
    """Return bizid, txSecret and txTime in the originals' order."""
    time_text = hex_time(expires_at)
    return (
        f"bizid={bizid}&txSecret={key.signature(stream, time_text)}&txTime={time_text}"
    )


def hex_time(unix_s: int) -> str:
    """
    Return a time as the eight upper-case hex digits of txTime.

    Raises:
        ValueError: If it does not fit (before 1978 or after 2106).

    """
    if unix_s not in _TIMES:
        raise ValueError("the time does not fit into eight hex digits")
    return f"{unix_s:X}"


def refusal_of(
    key: StreamKey,
    stream: str,
    query: str,
    now_s: float,
    max_validity_s: int = MAX_VALIDITY_S,
) -> str | None:
    """
    Verify the query of a push or play URL.

    Returns:
        None if the key is right, else the reason, without anything secret.

    """
    if not _STREAM.fullmatch(stream):
        return "the stream's name is malformed"
    signature = _signature_in(query)
    if signature is None:
        return "the key is missing or malformed"
    time_text, secret = signature
    if not hmac.compare_digest(key.signature(stream, time_text), secret):
        return "the key is wrong"
    return _refusal_of_time(int(time_text, 16), now_s, max_validity_s)


def _signature_in(query: str) -> tuple[str, str] | None:
    """Return txTime and txSecret, each there exactly once and well formed."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None
    values = dict(pairs)
    time_text = values.get("txTime", "")
    secret = values.get("txSecret", "")
    formed = _TIME.fullmatch(time_text) and _SECRET.fullmatch(secret)
    return (time_text, secret) if formed and len(values) == len(pairs) else None


def _refusal_of_time(end: int, now_s: float, max_validity_s: int) -> str | None:
    if end + CLOCK_TOLERANCE_S < now_s:
        return "the key is expired"
    if end > now_s + max_validity_s + CLOCK_TOLERANCE_S:
        return "the key ends too far in the future"
    return None


def stream_of(url: str) -> str:
    """
    Return the stream's name in any push, play or mixed URL.

    As the original clients do it: cut at ``?``, take what follows the last
    ``/``, cut at the first ``.`` (protocol section 5).
    """
    return url.split("?", 1)[0].rsplit("/", 1)[-1].split(".", 1)[0]


def new_stream_name(bizid: str, random_bytes: Callable[[int], bytes]) -> str:
    """
    Return a fresh name: 128 random bits, fixed length, ending in ``x``.

    Args:
        bizid: Prefix; the originals expect ``<bizid>_``.
        random_bytes: ``secrets.token_bytes``.

    """
    text = base64.b32encode(random_bytes(_RANDOM_BYTES)).decode().rstrip("=").lower()
    return f"{bizid}_{text}_x"


def is_stream_url(url: str) -> bool:
    """Say whether a text is an rtmp(s) URL of a stream, short enough to keep."""
    if len(url) > MAX_URL_BYTES or not url.isascii() or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    named = _STREAM.fullmatch(stream_of(url)) is not None
    return parts.scheme in {"rtmp", "rtmps"} and bool(parts.hostname) and named


def redact(text: str) -> str:
    """Return a text with every signature and token replaced by ``***``."""
    return _SECRETS_IN_TEXT.sub(lambda match: f"{match.group(1)}=***", text)
