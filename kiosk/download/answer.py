"""
What to make of the head of an answer: take it, go on, wait, or give up. Pure.

Sources: RFC 9110 (13.1.2 If-None-Match, 14 range requests, 10.2.3 Retry-After).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit


MOST_REDIRECTS: Final = 3
MOST_RETRY_AFTER_S: Final = 30.0

_OK, _PARTIAL, _NOT_MODIFIED = 200, 206, 304
_RANGE_WRONG = 416
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_SERVER_TROUBLE = 500
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/(?:[0-9]{1,15}|\*)")
_STRONG = re.compile(r'"[!#-~]{0,200}"')
_SECONDS = re.compile(r"[0-9]{1,5}")


class GaveUp(Exception):
    """The answer is no, and asking again would not change it."""


class TryAgain(Exception):
    """
    Something that passes.

    Attributes:
        after_s: The server wants to be left alone for so long.
        from_start: What was kept of the file is of no use.

    """

    def __init__(
        self, reason: str, *, after_s: float = 0.0, from_start: bool = False
    ) -> None:
        super().__init__(reason)
        self.after_s = after_s
        self.from_start = from_start


@dataclass(frozen=True, slots=True)
class Taken:
    """
    The body may be read: it goes on at ``begin``, and is known by ``etag``.

    ``left`` is how many bytes are to come, as the server says; 0 where it does not.
    """

    begin: int
    etag: str
    left: int = 0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """It is at another address."""

    url: str


class NotModified:
    """What is known already is still so."""


Verdict = Taken | Elsewhere | NotModified


def judge(
    url: str, status: int, headers: Mapping[str, str], *, kept: int, most: int
) -> Verdict:
    """
    Decide on the head of an answer.

    Args:
        url: What was asked for.
        status: Of the answer.
        headers: By lower-case name.
        kept: Bytes of the file that are here already.
        most: Bytes that the whole file may have.

    Raises:
        GaveUp: It is no use.
        TryAgain: Another time.

    """
    if status == _NOT_MODIFIED:
        return NotModified()
    if status in _REDIRECTS:
        return _elsewhere(url, status, headers.get("location", ""))
    if status == _RANGE_WRONG:
        raise TryAgain("HTTP 416: the file there is another one", from_start=True)
    if status in _PASSING or status >= _SERVER_TROUBLE:
        raise TryAgain(f"HTTP {status}", after_s=_retry_after(headers))
    if status not in {_OK, _PARTIAL}:
        raise GaveUp(f"HTTP {status}")
    if headers.get("content-encoding", "identity") != "identity":
        raise GaveUp("compressed, though that was not asked for")
    begin = _begin(status, headers, kept)
    length = headers.get("content-length", "0")
    if not length.isdecimal() or begin + int(length[:15]) > most:
        raise GaveUp(f"larger than {most} bytes")
    return Taken(begin, headers.get("etag", "")[:200], int(length[:15]))


def strong(etag: str) -> str:
    """Return an ETag that vouches for every byte, or nothing."""
    return etag if _STRONG.fullmatch(etag) else ""


def _begin(status: int, headers: Mapping[str, str], kept: int) -> int:
    if status == _OK:
        return 0
    match = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if match is None or int(match[1]) != kept:
        raise TryAgain("HTTP 206 with another part than asked for", from_start=True)
    return kept


def _elsewhere(url: str, status: int, location: str) -> Elsewhere:
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
        is_web = bool(parts.hostname) and parts.username is None
    except ValueError:
        is_web, target, parts = False, "", urlsplit("")
    if not is_web or not location or parts.scheme != "https":
        raise GaveUp(
            f"HTTP {status} sends us away, and not to https://; does this network "
            "need a sign-in?"
        )
    return Elsewhere(target)


def _retry_after(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    return min(float(text), MOST_RETRY_AFTER_S) if _SECONDS.fullmatch(text) else 0.0
