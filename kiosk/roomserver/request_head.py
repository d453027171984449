"""
The head of an HTTP request, read strictly: what two readers could understand
differently is refused (``reliability.md`` S13).

Pure.  Parsers at large are lenient, each in its own way: bare line feeds, folded
lines, two lengths.  Here lines end in CR LF, names are tokens, values are
printable, what tells us something is told once, a body has one decimal length and
no transfer coding.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


HEAD_END: Final = b"\r\n\r\n"
MAX_HEADERS: Final = 64

BAD_REQUEST, TIMED_OUT, LENGTH_REQUIRED = 400, 408, 411
TOO_BIG, TOO_LONG, EXPECTATION, HEAD_TOO_BIG = 413, 414, 417, 431

_HEAD = re.compile(
    rb"([A-Z]{1,16}) (/[!->@-~]*)(?:\?([!-~]*))? HTTP/1\.([01])"
    rb"((?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*)*)\r\n\r\n"
)
_TELLING = frozenset(
    {
        *(b"authorization", b"connection", b"content-length", b"content-type"),
        *(b"expect", b"host", b"kiosk-request-id", b"transfer-encoding", b"upgrade"),
    }
)
_is_hop = re.compile(
    rb"x-forwarded-|(?:forwarded|via|x-(?:real|client|cluster-client)-ip"
    rb"|cf-connecting-ip|true-client-ip)\Z"
).match
_FORWARDED_FOR: Final = b"x-forwarded-for"
_LENGTH = re.compile(rb"[0-9]{1,12}")


class HeadRefused(Exception):
    """A request that is not served; ``status`` is what HTTP calls it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Head(NamedTuple):
    """
    What a request's head says.

    Attributes:
        bytes_read: The head with its empty line.
        path: As it came, without the query.
        query: As it came.
        fields: All of them, each behind CR LF.
        body_bytes: How much follows.
        wants_continue: The client waits to be told to send it.
        closes: No other request follows on this connection.
        is_forwarded: Some proxy says, in one of its headers, that it passed the
            request on.
        forwarded_for: For whom, in one line however many it came in.

    """

    bytes_read: int
    method: str
    path: str
    query: str
    fields: bytes
    content_type: str
    authorization: str
    request_id: str
    body_bytes: int
    wants_continue: bool
    closes: bool
    is_forwarded: bool = False
    forwarded_for: str = ""

    @property
    def route(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def judge_part(part: bytes | bytearray, max_line: int, max_head: int) -> None:
    """
    Refuse the beginning of a head as early as it can be told.

    Raises:
        HeadRefused: It is too long already, or has a bare line feed.

    """
    if len(part) > max_line and b"\r\n" not in part[: max_line + 2]:
        raise HeadRefused(TOO_LONG, f"the request line is over {max_line} bytes")
    if len(part) > max_head:
        raise HeadRefused(HEAD_TOO_BIG, f"the head is over {max_head} bytes")
    if part.count(b"\n") != part.count(b"\r\n"):
        raise _malformed()


def read_head(raw: bytes, max_body: int) -> Head:
    """
    Read a whole head, its empty line included.

    Raises:
        HeadRefused: With the status that names the fault.

    """
    read = _HEAD.fullmatch(raw)
    if read is None:
        raise _malformed()
    method, path, query, version, fields = read.groups(b"")
    telling = _telling(fields)
    old = version == b"0"
    if b"upgrade" in telling or (b"host" not in telling and not old):
        raise _malformed()
    expects = telling.get(b"expect", b"").lower()
    if expects not in {b"", b"100-continue"}:
        raise HeadRefused(EXPECTATION, "only 100-continue can be expected")
    return Head(
        bytes_read=len(raw),
        method=method.decode("ascii"),
        path=path.decode("ascii"),
        query=query.decode("ascii"),
        fields=fields,
        content_type=telling.get(b"content-type", b"").decode("latin-1"),
        authorization=telling.get(b"authorization", b"").decode("latin-1"),
        request_id=telling.get(b"kiosk-request-id", b"").decode("latin-1"),
        body_bytes=_body_bytes(telling, max_body),
        wants_continue=bool(expects) and not old,
        closes=old or _says_close(telling.get(b"connection", b"")),
        is_forwarded=any(map(_is_hop, telling)),
        forwarded_for=telling.get(_FORWARDED_FOR, b"").decode("latin-1"),
    )


def _telling(fields: bytes) -> dict[bytes, bytes]:
    """Return the fields that tell us something; but for hops none comes twice."""
    lines = fields.split(b"\r\n")
    if len(lines) > MAX_HEADERS + 1:
        raise HeadRefused(HEAD_TOO_BIG, f"more than {MAX_HEADERS} headers")
    telling: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name = name.lower()
        value = value.strip(b"\t ")
        if name in _TELLING:
            if name in telling:
                raise _malformed()
            telling[name] = value
        elif _is_hop(name):
            # Each proxy may add a line of its own instead of to the last (RFC 9110).
            telling[name] = telling[name] + b"," + value if name in telling else value
    return telling


def _says_close(connection: bytes) -> bool:
    return bool(connection) and any(
        option.strip() == b"close" for option in connection.lower().split(b",")
    )


def _body_bytes(telling: dict[bytes, bytes], max_body: int) -> int:
    length = telling.get(b"content-length")
    if b"transfer-encoding" in telling:
        if length is not None:
            raise _malformed()
        raise HeadRefused(LENGTH_REQUIRED, "a body needs a Content-Length")
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise _malformed()
    if int(length) > max_body:
        raise HeadRefused(TOO_BIG, f"at most {max_body} bytes are read")
    return int(length)


def _malformed() -> HeadRefused:
    return HeadRefused(BAD_REQUEST, "this is no HTTP request we understand")
