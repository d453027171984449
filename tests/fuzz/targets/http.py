"""
HTTP from both sides: our server's requests, our client's answers, the control socket.

Nothing is sent anywhere: the bytes come to where a socket's would.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Coroutine, MutableMapping
from functools import cache
from typing import Any
from zlib import crc32

import h11
import httpcore
import httpx
from typing_extensions import override

from kiosk.control.routes import make_app
from kiosk.download.answer import GaveUp, TryAgain, judge
from kiosk.errors import RoomError
from kiosk.room import messages as msg
from kiosk.roomclient.exchange import HttpExchange
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import Border, BorderLimits
from kiosk.roomserver.crossing import Crossing
from kiosk.roomserver.http import Door
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.request_head import HeadRefused, read_head
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.room_core import FakeCore
from tests.fuzz.target import Target
from tests.fuzz.targets.room import JSON_WORDS, READ


_MANY = AdmissionLimits(requests_per_address=1e9)
_LIMITS = BorderLimits(admission=_MANY)
_SHORT_S = 0.02
_LONGEST_S = 10.0


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _carried_out(what: Coroutine[Any, Any, None]) -> None:
    _loop().run_until_complete(what)


class _Wire(asyncio.Transport):
    """Where an answer goes to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written += bytes(data)

    @override
    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 5) if name == "peername" else default

    @override
    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        pass

    @override
    def get_write_buffer_size(self) -> int:
        return 0

    @override
    def can_write_eof(self) -> bool:
        return False

    @override
    def close(self) -> None:
        self.is_closed = True

    @override
    def abort(self) -> None:
        self.is_closed = True


async def _served(given: bytes) -> None:
    border = Border(_LIMITS, Door(FakeCore().routes, LongPolls()))
    crossing, wire = Crossing(border), _Wire()
    crossing.connection_made(wire)
    at = crc32(given) % (len(given) + 1)
    for piece in (given[:at], given[at:]):
        if piece and not wire.is_closed:
            crossing.data_received(piece)
    for _ in range(4):  # an answer that is waited for; a poll is not waited out
        await asyncio.sleep(0)
    crossing.connection_lost(None)
    await border.close(0)
    _judge_answers(wire.written)


def _judge_answers(written: bytes) -> None:
    """Have another program read what our server wrote."""
    if not written:
        return
    reader = h11.Connection(h11.CLIENT)
    reader.receive_data(written.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""))
    while True:
        if reader.our_state is h11.IDLE:
            reader.send(h11.Request(method="POST", target="/", headers=[("host", "h")]))
            reader.send(h11.EndOfMessage())
        event = reader.next_event()
        if isinstance(event, h11.Response):
            assert event.status_code in range(200, 600)
            assert event.status_code != 500, written[-200:]
        elif isinstance(event, h11.Data):
            assert b"internal error" not in event.data, bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            if reader.their_state is not h11.DONE:
                return
            reader.start_next_cycle()
        else:
            return


def _server(given: bytes) -> None:
    _carried_out(_served(given))


def _head(given: bytes) -> None:
    head = read_head(given, 64 * 1024)
    assert head.bytes_read == len(given)
    assert head.path.startswith("/")
    assert 0 <= head.body_bytes <= 64 * 1024


@cache
def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _answered(given: bytes) -> None:
    transport = httpx.AsyncHTTPTransport(verify=_nobody())
    # httpx takes no network backend; its pool is replaced before it is used
    transport._pool = httpcore.AsyncConnectionPool(
        network_backend=httpcore.AsyncMockBackend([given, b""])
    )
    exchange = HttpExchange("http://h:1", transport=transport)
    try:
        await exchange.ask(msg.GetPushers("r"), None, _LONGEST_S)
    finally:
        await exchange.aclose()


def _client(given: bytes) -> None:
    _carried_out(_answered(given))


def _download(given: bytes) -> None:
    text = given.decode("latin-1")
    lines = [line.partition(":") for line in text.split("\n")]
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    status = 200 + crc32(given) % 400
    if text[:3].isdecimal() and text[:3].isascii():
        status = int(text[:3])
    judge("https://h/a.kiosk", status, headers, kept=10, most=1 << 20)


_CONTROL = ("/press", "/text", "/still", "/stand-down", "/screenshot")


async def _controlled(given: bytes) -> None:
    line, _, body = given.partition(b"\n")
    path = line.decode("latin-1")
    if path not in _CONTROL:
        path = _CONTROL[crc32(given) % len(_CONTROL)]
    daemon = _EncodingDaemon()
    app = make_app(daemon, asyncio.Event(), _SHORT_S)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [],
        "query_string": b"",
    }
    await app(scope, receive, send)
    status = sent[0]["status"]
    told = sent[1]["body"]
    assert status in {200, 400, 413}, told
    if path != "/still" or status != 200:
        json.loads(told)


class _EncodingDaemon(FakeDaemon):
    """Takes what it is asked as the real one does: as text for the room's server."""

    @override
    async def send_text(self, text: str) -> None:
        msg.dump_json({"text": text})

    @override
    async def save_screenshot(self, path: str) -> None:
        path.encode("utf-8")


def _control(given: bytes) -> None:
    _carried_out(_controlled(given))


_LINE = b" /weapp/double_room/"
HTTP_WORDS = (
    *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x0b", b"\x00", b"\xff"),
    *(
        b"GET",
        b"POST",
        b"HEAD",
        b"HTTP/1.0",
        b"HTTP/2.0",
        b"Host: h\r\n",
        b"%00",
        b"%2f",
    ),
    *(
        b"Content-Length: 4\r\n",
        b"Content-Length: 99999999999\r\n",
        b"Connection: close\r\n",
    ),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"Upgrade: h2c\r\n",
    ),
    *(
        b"Content-Type: application/x-www-form-urlencoded\r\n",
        b"0\r\n\r\n",
        b"?token=a",
    ),
    *(
        b"X-Forwarded-For: ::1, a\r\n",
        b"Kiosk-Request-Id: a\r\n",
        b"Authorization: Bearer a\r\n",
    ),
    *(_LINE + name.encode() for name in READ),
)
_ANSWER_WORDS = (
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"HTTP/1.1 101 X\r\n"),
    *(b"Content-Encoding: gzip\r\n", b"Retry-After: 99999999\r\n", b"ffffffffffff\r\n"),
    *(
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"204",
        b"<html>",
    ),
    *(b"Content-Length: \xb2\r\n", b"Content-Length: 300000\r\n", b"X: y\r\n" * 70),
)
_DOWNLOAD_WORDS = (
    *(
        b"200\n",
        b"206\n",
        b"302\n",
        b"304\n",
        b"416\n",
        b"503\n",
        b"\nLocation: https://[",
    ),
    *(
        b"\nLocation: //a@b/",
        b"\nContent-Range: bytes 10-19/20",
        b"\nContent-Length: \xb2",
    ),
    *(
        b"\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT",
        b"\nRetry-After: -1",
        b'\nETag: "a"',
    ),
)
_CONTROL_WORDS = (
    *(name.encode() + b"\n" for name in _CONTROL),
    *(b'{"text":"', b'{"button":"call"', b'"held_ms":', b'{"seconds":', b'{"reply":'),
)


TARGETS = (
    Target("http_server", _server, (), (*HTTP_WORDS, *JSON_WORDS)),
    Target("http_head", _head, (HeadRefused,), HTTP_WORDS),
    Target("http_client", _client, (RoomError,), (*_ANSWER_WORDS, *JSON_WORDS)),
    Target("download_answer", _download, (GaveUp, TryAgain), _DOWNLOAD_WORDS),
    Target(
        "control_socket", _control, (), (*_CONTROL_WORDS, *JSON_WORDS), is_json=True
    ),
)
