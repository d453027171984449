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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from kiosk.room.stream_url import CLOCK_TOLERANCE_S, hex_time


CONNECT_S: Final = 60
"""How long a ticket may be used to connect; no other is believed."""
FIELDS: Final = ("v", "kid", "p", "rm", "st", "sub", "nbf", "exp", "jti", "sig")
_QUERY: Final = "&".join(f"{name}=%s" for name in FIELDS)
_TAG_CHARS: Final = 16
_JTI_BYTES: Final = 12
_KID_BYTES: Final = 5
_KID_CHARS: Final = 4
_LENGTH_BYTES: Final = 4
_LENGTHS: Final = tuple(
    length.to_bytes(_LENGTH_BYTES, "big").decode("latin-1") for length in range(256)
)
"""How each length is written; no value is as long as that."""
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_TAG: Final = r"[A-Za-z0-9_-]{16}"
_TIME: Final = r"[0-9A-F]{8}"
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

    def values(self) -> tuple[str, ...]:
        """Return what is signed, in the order of :data:`FIELDS`."""
        return (
            "2",
            self.kid,
            self.purpose.value,
            self.room,
            self.stream,
            self.holder,
            hex_time(self.not_before),
            hex_time(self.expires),
            self.jti,
        )


@dataclass(frozen=True, slots=True)
class TicketKey:
    """A key with its name: one secret for push tickets, another for play tickets."""

    kid: str
    push: bytes = field(repr=False)
    play: bytes = field(repr=False)
    _macs: Mapping[Purpose, hmac.HMAC] = field(init=False, repr=False, compare=False)
    """Begun with each secret: a copy costs half of beginning anew."""

    def __post_init__(self) -> None:
        """Prepare to sign."""
        secrets = {Purpose.PUSH: self.push, Purpose.PLAY: self.play}
        macs = {what: hmac.new(key, None, "sha256") for what, key in secrets.items()}
        object.__setattr__(self, "_macs", macs)

    def query(self, ticket: Ticket) -> str:
        """Return the signed query of a ticket that names this key."""
        values = ticket.values()
        return _QUERY % (*values, self._sign(ticket.purpose, values))

    def signature(self, ticket: Ticket) -> str:
        """Return ``sig``, 43 characters."""
        return self._sign(ticket.purpose, ticket.values())

    def _sign(self, purpose: Purpose, values: tuple[str, ...]) -> str:
        signed = "".join([_LENGTHS[len(value)] + value for value in values])
        mac = self._macs[purpose].copy()
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


def _base64url(content: bytes) -> str:
    coded = binascii.b2a_base64(content, newline=False)
    return coded.translate(_URL_SAFE, b"=").decode("ascii")
