"""
One HTTP request and its answer, whole, as values.

A request is collected by :mod:`kiosk.roomserver.border` before anybody sees it,
and an answer leaves in one piece: nothing of RTCRoom streams.  Values are cheap
tuples here, as each request makes two.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple, TypeAlias

from kiosk.room.wire_json import Wire, dump_json


JSON = "application/json; charset=utf-8"
OK = 200


class HttpRequest(NamedTuple):
    """
    What was asked; whoever logs it leaves out all but method and route.

    Attributes:
        path: Without escapes.
        query: As it came.
        fields: The head's fields as they came, each behind CR LF.
        address: The client's IP address.
        request_id: The same for a request that comes again.

    """

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    authorization: str = ""
    address: str = ""
    fields: bytes = b""
    request_id: str = ""


class HttpAnswer(NamedTuple):
    """What is answered; length, date and connection are added at the border."""

    body: bytes
    media_type: str = JSON
    status: int = OK
    headers: tuple[tuple[str, str], ...] = ()

    def with_header(self, name: str, value: str) -> HttpAnswer:
        """Return the answer with one header more."""
        body, media_type, status, headers = self
        return HttpAnswer(body, media_type, status, (*headers, (name, value)))


Answered: TypeAlias = HttpAnswer | Awaitable[HttpAnswer]
"""An answer, at once where nothing has to be waited for: a task costs as much again."""
Answering: TypeAlias = Callable[[HttpRequest], Answered]
"""Anything that answers whole requests."""


def json_answer(wire: Wire) -> HttpAnswer:
    """Return an object as an answer of status 200."""
    return HttpAnswer(dump_json(wire))


def packed(answer: HttpAnswer, date: str, *, head_only: bool, closes: bool) -> bytes:
    """
    Return an answer as it goes out.

    Args:
        answer: What to say; its headers are ours and hold no line break.
        date: As HTTP has it.
        head_only: The client asked for no more.
        closes: It is the last on its connection.

    """
    body, media_type, status, headers = answer
    lines = [_status_line(status)]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    lines.append(f"Date: {date}\r\nContent-Length: {len(body)}\r\n")
    if media_type:
        lines.append(f"Content-Type: {media_type}\r\n")
    lines.append("Connection: close\r\n\r\n" if closes else "\r\n")
    head = "".join(lines).encode("latin-1")
    return head if head_only else head + body


@lru_cache
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
