"""
The head of an HTTP request, read strictly: what two readers could understand
differently is refused (``reliability.md`` S13).

Pure.  The parsers behind the border are lenient, each in its own way: bare line
feeds, folded lines, two lengths.  Here one grammar decides for both: lines end
in CR LF, names are tokens, values are printable, a body has one decimal length
and no transfer coding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


HEAD_END: Final = b"\r\n\r\n"
MAX_HEADERS: Final = 64

BAD_REQUEST, TIMED_OUT, LENGTH_REQUIRED = 400, 408, 411
TOO_BIG, TOO_LONG, EXPECTATION, HEAD_TOO_BIG = 413, 414, 417, 431

_LINE = re.compile(rb"[A-Z]{1,16} /[!-~]* HTTP/1\.[01]")
_FIELDS = re.compile(rb"(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*)*")
_TELLING = re.compile(
    rb"\r\n(content-length|transfer-encoding|host|expect|upgrade|connection):"
    rb"[\t ]*([^\r]*)",
    re.IGNORECASE,
)
_EXPECT = re.compile(rb"\r\nexpect:[^\r]*", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,12}")


class HeadRefused(Exception):
    """A request that is not served; ``status`` is what HTTP calls it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """
    What the border needs to know of a request.

    Attributes:
        raw: The head up to its empty line, fit for any parser.
        route: The last part of the path.
        body_bytes: How much follows.
        wants_continue: The client waits to be told to send it.
        closes: No other request follows on this connection.

    """

    raw: bytes
    route: str
    body_bytes: int
    wants_continue: bool
    closes: bool


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
    line, separator, fields = raw[: -len(HEAD_END)].partition(b"\r\n")
    fields = separator + fields
    if not _LINE.fullmatch(line) or not _FIELDS.fullmatch(fields):
        raise _malformed()
    if fields.count(b"\r\n") > MAX_HEADERS:
        raise HeadRefused(HEAD_TOO_BIG, f"more than {MAX_HEADERS} headers")
    telling: dict[bytes, bytes] = {}
    for name, value in _TELLING.findall(fields):
        if name.lower() in telling:
            raise _malformed()
        telling[name.lower()] = value.rstrip(b"\t ").lower()
    old = line.endswith(b"1.0")
    if b"upgrade" in telling or (b"host" not in telling and not old):
        raise _malformed()
    expects = telling.get(b"expect", b"")
    if expects not in {b"", b"100-continue"}:
        raise HeadRefused(EXPECTATION, "only 100-continue can be expected")
    path = line.split(b" ")[1].partition(b"?")[0]
    return Head(
        raw=_EXPECT.sub(b"", raw) if expects else raw,
        route=path.rpartition(b"/")[2].decode("ascii"),
        body_bytes=_body_bytes(telling, max_body),
        wants_continue=bool(expects) and not old,
        closes=old or telling.get(b"connection") == b"close",
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
