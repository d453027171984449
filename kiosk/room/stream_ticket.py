"""
Tickets: the anti-leech keys between our own parties (``reliability.md`` 5.4).

``v=2&kid=&p=push|play&rm=&st=&sub=&nbf=&exp=&jti=&sig=`` says: whoever connects
between ``nbf`` and ``exp``, a minute at most, may push or play the stream ``st``
of the room ``rm`` as ``sub``.  ``sig`` is HMAC-SHA-256 under the key ``kid`` over
the other fields, each with its length before it, in base64url; pushing and playing
have different secrets.  ``rm`` and ``sub`` are digests (:func:`tag_of`): nginx-rtmp
keeps 255 bytes of a stream's name with its query, and user names are nobody's
business on the way.

There is one text for one ticket: fields in this order, once each, nothing encoded.
Any other text is none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from kiosk.room.stream_url import CLOCK_TOLERANCE_S, hex_time


CONNECT_S: Final = 60
"""How long a ticket may be used to connect; no other is believed."""
FIELDS: Final = ("v", "kid", "p", "rm", "st", "sub", "nbf", "exp", "jti", "sig")
_TAG_CHARS: Final = 16
_JTI_BYTES: Final = 12
_KID_BYTES: Final = 5
_KID_CHARS: Final = 4
_LENGTH_BYTES: Final = 4
_LENGTHS: Final = tuple(
    length.to_bytes(_LENGTH_BYTES, "big").decode("latin-1") for length in range(256)
)
"""How each length is written; no value is as long as that."""
_BEFORE_STREAM: Final = "v=2&kid=%s&p=%s&rm=%s&st="
_AFTER_STREAM: Final = "&sub=%s&nbf=%s&exp=%s&jti="
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_TAG: Final = r"[A-Za-z0-9_-]{16}"
_TIME: Final = r"[1-9A-F][0-9A-F]{7}"  # as hex_time writes it: 1978 to 2106
_FORM: Final = re.compile(
    rf"v=2&kid=([a-z2-7]{{4}})&p=(push|play)&rm=({_TAG})&st=([A-Za-z0-9_-]{{1,128}})"
    rf"&sub=({_TAG})&nbf=({_TIME})&exp=({_TIME})&jti=({_TAG})&sig=([A-Za-z0-9_-]{{43}})"
)
_MARK: Final = re.compile(r"(?:^|&)v=")


class Purpose(Enum):
    """What a ticket is for; the value is the wire's ``p``."""

    PUSH = "push"
    PLAY = "play"


class Ticket(NamedTuple):
    """
    One right to connect, not yet signed or not yet believed.

    A cheap tuple: whoever looks at a room is given one for each member.

    Attributes:
        kid: Which key signs it.
        purpose: Pushing or playing.
        room: Tag of the room; that of the empty text before there is one.
        stream: The stream's name.
        holder: Tag of the userID.
        not_before, expires: Unix seconds.
        jti: Its own number: no two tickets have one.

    """

    kid: str
    purpose: Purpose
    room: str
    stream: str
    holder: str
    not_before: int
    expires: int
    jti: str


@dataclass(frozen=True, slots=True)
class TicketKey:
    """A key with its name: one secret for push tickets, another for play tickets."""

    kid: str
    push: bytes = field(repr=False)
    play: bytes = field(repr=False)
    _push_mac: hmac.HMAC = field(init=False, repr=False, compare=False)
    _play_mac: hmac.HMAC = field(init=False, repr=False, compare=False)
    """Begun with each secret: a copy costs half of beginning anew."""

    def __post_init__(self) -> None:
        """Prepare to sign."""
        object.__setattr__(self, "_push_mac", hmac.new(self.push, None, "sha256"))
        object.__setattr__(self, "_play_mac", hmac.new(self.play, None, "sha256"))

    def query(self, ticket: Ticket) -> str:
        """Return the signed query of a ticket that names this key."""
        return self._signer_of(ticket).query(ticket.stream, ticket.jti)

    def signature(self, ticket: Ticket) -> str:
        """Return ``sig``, 43 characters."""
        return self._signer_of(ticket).signature(ticket.stream, ticket.jti)

    def signer(
        self, purpose: Purpose, room: str, holder: str, times: tuple[int, int]
    ) -> Signer:
        """Return who signs tickets that are alike but for their streams and numbers."""
        begun = self._push_mac if purpose is Purpose.PUSH else self._play_mac
        return Signer(begun, (self.kid, purpose.value, room), holder, times)

    def _signer_of(self, ticket: Ticket) -> Signer:
        times = ticket.not_before, ticket.expires
        return self.signer(ticket.purpose, ticket.room, ticket.holder, times)


class Signer:
    """
    Signs tickets of one key, purpose, room, holder and time.

    Args:
        begun: The MAC with the secret in it.
        names: kid, purpose and room, as they are written.
        holder, times: As a :class:`Ticket` has them.

    """

    __slots__ = ("_begun", "_query", "_signed")

    def __init__(
        self,
        begun: hmac.HMAC,
        names: tuple[str, str, str],
        holder: str,
        times: tuple[int, int],
    ) -> None:
        rest = (holder, hex_time(times[0]), hex_time(times[1]))
        self._begun = begun
        self._signed = _with_lengths(("2", *names)), _with_lengths(rest)
        self._query = _BEFORE_STREAM % names, _AFTER_STREAM % rest

    def query(self, stream: str, jti: str) -> str:
        """Return the signed query of one ticket."""
        before, after = self._query
        return f"{before}{stream}{after}{jti}&sig={self.signature(stream, jti)}"

    def signature(self, stream: str, jti: str) -> str:
        """Return ``sig`` of one ticket, 43 characters."""
        before, after = self._signed
        signed = before + _with_lengths((stream,)) + after + _with_lengths((jti,))
        mac = self._begun.copy()
        mac.update(signed.encode("latin-1"))
        return _base64url(mac.digest())


def new_key(random_bytes: Callable[[int], bytes]) -> TicketKey:
    """Return a fresh key; ``random_bytes`` is ``secrets.token_bytes``."""
    kid = base64.b32encode(random_bytes(_KID_BYTES)).decode().lower()[:_KID_CHARS]
    return TicketKey(kid, random_bytes(32), random_bytes(32))


def new_jti(random_bytes: Callable[[int], bytes]) -> str:
    """Return the number of a fresh ticket, 96 random bits."""
    return _base64url(random_bytes(_JTI_BYTES))


@lru_cache(maxsize=4096)
def tag_of(name: str) -> str:
    """Return the digest by which a ticket names a room or a user, 96 bits."""
    return _base64url(hashlib.sha256(name.encode()).digest())[:_TAG_CHARS]


def is_ticket(query: str) -> bool:
    """Say whether a query is meant as a ticket, were it a bad one."""
    return _MARK.search(query) is not None


def read_ticket(query: str) -> tuple[Ticket, str] | None:
    """Return a ticket and its signature, not yet believed; None if it is none."""
    form = _FORM.fullmatch(query)
    if form is None:
        return None
    kid, purpose, room, stream, holder, begin, end, jti, signature = form.groups()
    times = int(begin, 16), int(end, 16)
    ticket = Ticket(kid, Purpose(purpose), room, stream, holder, *times, jti)
    return ticket, signature


def refusal_of_ticket(
    key: TicketKey, ticket: Ticket, signature: str, now_s: float
) -> str | None:
    """
    Verify signature and times of a ticket that names this key.

    Returns:
        None if it is good, else the reason, without anything secret.

    """
    if not hmac.compare_digest(key.signature(ticket), signature):
        return "the key is wrong"
    if not 0 < ticket.expires - ticket.not_before <= CONNECT_S:
        return "the key is good for too long"
    if now_s > ticket.expires + CLOCK_TOLERANCE_S:
        return "the key is expired"
    if now_s < ticket.not_before - CLOCK_TOLERANCE_S:
        return "the key is not good yet"
    return None


def is_astray(ticket: Ticket, now_s: float) -> bool:
    """Say whether a ticket is used outside its own times: clocks differ."""
    return not ticket.not_before <= now_s <= ticket.expires


def place_of(url: str) -> str:
    """
    Return what of a play URL names its stream: two looks give equal texts.

    That is the whole URL in the originals' form, where another key means another
    stream; a URL with a ticket has another one at every look.
    """
    place, _, query = url.partition("?")
    return place if is_ticket(query) else url


def _with_lengths(values: tuple[str, ...]) -> str:
    return "".join([_LENGTHS[len(value)] + value for value in values])


def _base64url(content: bytes) -> str:
    coded = binascii.b2a_base64(content, newline=False)
    return coded.translate(_URL_SAFE, b"=").decode("ascii")
