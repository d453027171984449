"""What proves somebody's right: stream keys, tickets, userSigs; and the URLs with them."""

from __future__ import annotations

import hashlib

from kiosk.agentdesk.framing import HEADER_BYTES, pack, parse
from kiosk.errors import WireError
from kiosk.room.stream_ticket import (
    Purpose,
    Ticket,
    TicketKey,
    read_ticket,
    refusal_of_ticket,
    tag_of,
)
from kiosk.room.stream_url import (
    StreamKey,
    is_stream_url,
    redact,
    refusal_of,
    stream_of,
)
from kiosk.room.usersig import BadUserSig, UserSigKey
from tests.fuzz.target import Target
from tests.fuzz.targets.rtmp import URL_WORDS


NOW = 1_800_000_000
SECRET = "push-key-push-key"
KEY = StreamKey(SECRET.encode())
TICKET_KEY = TicketKey("abcd", b"p" * 32, b"q" * 32)
TICKET = Ticket(
    "abcd", Purpose.PUSH, tag_of("r"), "s_x", tag_of("u"), NOW, NOW + 60, "A" * 16
)
SIG_KEY = UserSigKey(b"s" * 32, 1400012345, "36862")


def _stream_key(given: bytes) -> None:
    url = given.decode("utf-8", "surrogateescape")
    stream, query = stream_of(url), url.partition("?")[2]
    is_stream_url(url)
    assert SECRET not in redact(url)
    refusal = refusal_of(KEY, stream, query, NOW)
    if refusal is None:
        # by the published formula, as the original's own servers sign
        values = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        time = values["txTime"].replace("%", "")[:64]
        text = f"{SECRET}{stream}{time}".encode()
        signature = hashlib.md5(text, usedforsecurity=False).hexdigest()
        assert signature == values["txSecret"], "believed, and signed by nobody"


def _ticket(given: bytes) -> None:
    query = given.decode("latin-1")
    read = read_ticket(query)
    if read is None:
        return
    ticket, signature = read
    assert repr(ticket).isprintable()
    if ticket.kid != TICKET_KEY.kid:
        return  # nobody has that key
    if refusal_of_ticket(TICKET_KEY, ticket, signature, NOW) is None:
        assert TICKET_KEY.query(ticket) == query, "two texts for one ticket"


def _user_sig(given: bytes) -> None:
    text = given.decode("latin-1")
    SIG_KEY.verify(text, "alice", NOW)


def _media_message(given: bytes) -> None:
    sequence, unit = parse(given)
    again = parse(pack(unit, sequence))
    assert (again[0], again[1].payload) == (sequence, given[HEADER_BYTES:])


_TICKET_WORDS = (
    *(b"v=2", b"&v=2", b"kid=abcd", b"p=play", b"p=push", b"&sig=", b"&jti=", b"exp="),
    *(b"%41", b"+", b"==", b"\n", b"&", b"FFFFFFFF", b"00000000"),
)

TARGETS = (
    Target("stream_key", _stream_key, (), (*URL_WORDS, b"6B49D200", b"=", b"f")),
    Target("stream_ticket", _ticket, (), _TICKET_WORDS),
    Target("user_sig", _user_sig, (BadUserSig,)),
    Target("desk_media", _media_message, (WireError,)),
)
