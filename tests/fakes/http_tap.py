"""
HTTP/1.1 as a proxy passes it: each request and each answer whole, and either changed.

One tap serves all connections of a proxy (:meth:`tests.fakes.proxy.Proxy.follow`).
Requests and answers here have a ``Content-Length``, or no body; a connection that says
anything else (TLS, chunks) is passed as it is from there on.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from tests.fakes.proxy import Passing, Way


_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_BEGINS = {Way.THERE: re.compile(rb"[A-Z]+ /"), Way.BACK: re.compile(rb"HTTP/1\.1 \d")}
_ROUTE = re.compile(rb"[A-Z]+ (?:[^ ?]*/)?([^ ?/]*)[ ?]")


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    A request and its answer.

    Attributes:
        route: The last part of the path.
        request, answer: As they were sent, heads included.

    """

    route: str
    request: bytes
    answer: bytes

    @property
    def body(self) -> bytes:
        """Of the answer."""
        return self.answer.partition(b"\r\n\r\n")[2]


_SHORT = 12

Alter = Callable[[Exchange], bytes | None]
"""What is answered instead, nothing to leave it unanswered; None: as it was."""


class HttpTap:
    """
    What is done to requests and answers; told by any thread.

    Attributes:
        altered: How many answers were not passed as they were.
        lost: How many requests were not passed on.

    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._alter: Alter | None = None
        self._loses: frozenset[str] = frozenset()
        self.altered = 0
        self.lost = 0

    def alter(self, alter: Alter | None) -> None:
        """Have answers changed from now on."""
        with self._turn:
            self._alter = alter
            self.altered = 0

    def lose(self, *routes: str) -> None:
        """Pass requests of these routes on no more."""
        with self._turn:
            self._loses = frozenset(routes)
            self.lost = 0

    def connection(self) -> Passing:
        """Return what follows one connection."""
        return _Connection(self)

    def takes(self, route: str) -> bool:
        """Say whether a request is passed on."""
        with self._turn:
            is_lost = route in self._loses
            self.lost += is_lost
            return not is_lost

    def answer(self, exchange: Exchange) -> bytes:
        """Return what is passed on of an answer."""
        with self._turn:
            said = None if self._alter is None else self._alter(exchange)
            self.altered += said is not None
            return exchange.answer if said is None else said


class _Connection(Passing):
    def __init__(self, tap: HttpTap) -> None:
        self._tap = tap
        self._coming = {way: bytearray() for way in Way}
        self._asked: deque[tuple[str, bytes]] = deque()
        self._is_strange = False

    @override
    def pass_on(self, way: Way, received: bytes) -> bytes:
        coming = self._coming[way]
        coming += received
        if self._is_strange or not _is_understood(way, coming):
            self._is_strange = True
            rest = bytes(coming)
            coming.clear()
            return rest
        passed = b""
        while whole := _take_whole(coming):
            passed += self._request(whole) if way is Way.THERE else self._answer(whole)
        return passed

    def _request(self, request: bytes) -> bytes:
        found = _ROUTE.match(request)
        route = found[1].decode("ascii", "replace") if found else ""
        if not self._tap.takes(route):
            return b""
        self._asked.append((route, request))
        return request

    def _answer(self, answer: bytes) -> bytes:
        asked = self._asked.popleft() if self._asked else ("", b"")
        return self._tap.answer(Exchange(*asked, answer))


def _is_understood(way: Way, coming: bytearray) -> bool:
    """Say whether what came is, or may become, a message of a known length."""
    head, blank, _ = coming.partition(b"\r\n\r\n")
    if not blank:
        return len(coming) < _SHORT or _BEGINS[way].match(coming) is not None
    is_counted = way is Way.THERE or _LENGTH.search(head) is not None
    return _BEGINS[way].match(coming) is not None and is_counted


def _take_whole(coming: bytearray) -> bytes:
    """Take one message off the front, nothing while it is not all there."""
    head, blank, body = coming.partition(b"\r\n\r\n")
    if not blank:
        return b""
    found = _LENGTH.search(head)
    size = int(found[1]) if found else 0
    if len(body) < size:
        return b""
    end = len(head) + len(blank) + size
    whole = bytes(coming[:end])
    del coming[:end]
    return whole
