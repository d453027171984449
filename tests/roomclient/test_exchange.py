"""One request against servers that lie, stall and flood."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from typing_extensions import override

from kiosk.errors import (
    ConfigError,
    LoginRefused,
    NotAMember,
    RoomError,
    RoomFull,
    RoomNotFound,
    RoomProtocolError,
    RoomRefused,
    RoomUnreachable,
)
from kiosk.room.messages import (
    Credentials,
    GetLoginInfo,
    GetPushers,
    Request,
    Room,
    RouteUnknown,
    SendRoomTextMsg,
)
from kiosk.room.script import ServerBusy
from kiosk.roomclient import HttpExchange
from tests.fakes.http_listener import Listener, asking


GOOD = {"code": 0, "message": "ok", "pushers": []}
ASK = GetPushers("r1")
CREDENTIALS = Credentials("kiosk7", "780e*53727e39*MTIzNDU=")


class Body(httpx.AsyncByteStream):
    """Sends chunks, each after a pause, and counts what was taken."""

    def __init__(self, *chunks: bytes, pause_s: float = 0.0, repeat: int = 1) -> None:
        self._chunks = chunks * repeat
        self._pause_s = pause_s
        self.sent = 0

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            await asyncio.sleep(self._pause_s)
            self.sent += len(chunk)
            yield chunk


def answering(
    body: bytes | Body = b"", status: int = 200, **headers: str
) -> HttpExchange:
    stream = body if isinstance(body, Body) else Body(body)
    head = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=head, stream=stream)

    return HttpExchange("http://room.test", httpx.MockTransport(answer))


async def ask(exchange: HttpExchange, deadline_s: float = 5.0) -> object:
    try:
        return await exchange.ask(ASK, CREDENTIALS, deadline_s)
    finally:
        await exchange.aclose()


async def error_of(exchange: HttpExchange, deadline_s: float = 5.0) -> RoomError:
    with pytest.raises(RoomError) as caught:
        await ask(exchange, deadline_s)
    assert "780e" not in str(caught.value)
    return caught.value


async def sent_by(
    exchange_url: str,
    request: Request[object] = ASK,
    credentials: Credentials = CREDENTIALS,
) -> httpx.Request:
    sent: list[httpx.Request] = []

    def answer(outgoing: httpx.Request) -> httpx.Response:
        sent.append(outgoing)
        return httpx.Response(200, stream=Body(json.dumps(GOOD).encode()))

    exchange = HttpExchange(exchange_url, httpx.MockTransport(answer))
    with suppress(RoomProtocolError):  # only what was sent matters
        await exchange.ask(request, None if request.IN_QUERY else credentials, 5.0)
    await exchange.aclose()
    return sent[0]


@pytest.mark.parametrize(
    "url", ["http://room.test", "http://room.test/", "http://room.test//"]
)
async def test_a_trailing_slash_changes_nothing(url: str) -> None:
    request = await sent_by(url)

    assert request.url.path == "/weapp/double_room/get_pushers"


async def test_a_path_before_the_routes_is_kept() -> None:
    request = await sent_by("http://room.test:8080/branch/")

    assert request.url.path == "/branch/weapp/double_room/get_pushers"
    assert request.url.port == 8080


async def test_a_request_is_json_with_the_token_in_the_query() -> None:
    request = await sent_by("http://room.test")

    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert json.loads(request.content) == {"roomID": "r1"}
    assert dict(request.url.params) == {
        "userID": "kiosk7",
        "token": "780e*53727e39*MTIzNDU=",
    }


async def test_a_server_that_takes_the_token_in_a_header_is_sent_it_there() -> None:
    bearer = Credentials("kiosk7", CREDENTIALS.token, bearer=True)
    request = await sent_by("http://room.test", credentials=bearer)

    assert dict(request.url.params) == {"userID": "kiosk7"}
    assert request.headers["authorization"] == "Bearer 780e*53727e39*MTIzNDU="


async def test_a_login_asks_by_its_query_alone() -> None:
    request = await sent_by("http://room.test", GetLoginInfo("kiosk7"))

    assert request.method == "GET"
    assert request.url.path == "/weapp/utils/get_login_info"
    assert request.content == b""


@pytest.mark.parametrize(
    "url",
    ["", "room.test", "ftp://room.test", "http://", "http://[::1", "http://a?b=c"],
)
def test_an_address_that_is_none_is_a_mistake_of_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError, match="room server's address"):
        HttpExchange(url)


async def test_an_address_may_be_ipv6_or_tls() -> None:
    for url in ("http://[::1]:8080", "https://room.test"):
        await HttpExchange(url).aclose()


async def test_a_good_answer_is_read() -> None:
    answer = await ask(answering(json.dumps(GOOD).encode()))

    assert answer == Room("", "", "", ())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-1, RoomRefused),
        (1, RoomRefused),
        (2, RoomRefused),
        (3, RoomNotFound),
        (4, RoomRefused),
        (5, NotAMember),
        (6, RoomRefused),
        (7, LoginRefused),
        (10, RoomRefused),
        (11, RoomRefused),
        (5001, RoomFull),
        (-2007, RoomRefused),
    ],
)
async def test_every_code_is_its_error(code: int, kind: type[RoomRefused]) -> None:
    error = await error_of(answering(json.dumps({"code": code}).encode()))

    assert type(error) is kind
    assert isinstance(error, RoomRefused)
    assert (error.route, error.room_code) == ("get_pushers", code)


@pytest.mark.parametrize("status", [500, 502, 503, 511])
async def test_a_broken_server_is_busy(status: int) -> None:
    error = await error_of(answering(b"Internal Server Error", status))

    assert isinstance(error, ServerBusy)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("9" * 40, 0.0)],
)
async def test_a_busy_server_may_say_for_how_long(text: str, seconds: float) -> None:
    error = await error_of(answering(b"", 429, retry_after=text))

    assert isinstance(error, ServerBusy)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("status", [404, 405])
async def test_a_path_the_server_does_not_have_asks_for_the_address(
    status: int,
) -> None:
    error = await error_of(answering(b"Not Found", status))

    assert isinstance(error, RouteUnknown)
    assert "address" in str(error)


async def test_the_originals_answer_to_an_unknown_route_is_recognised() -> None:
    error = await error_of(answering(b'{"code":0,"data":{}}'))

    assert isinstance(error, RouteUnknown)


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403])
async def test_any_other_status_is_no_answer(status: int) -> None:
    error = await error_of(answering(b"", status))

    assert isinstance(error, RoomProtocolError)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    error = await error_of(answering(b"", status, location="http://room.test/loop"))

    assert isinstance(error, RoomProtocolError)
    assert "sign-in" in str(error)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!doctype html><html>Welcome to our guest network", "application/json"),
        (b"  \n<html>", "text/plain"),
        (b'{"code":0}', "text/html; charset=utf-8"),
    ],
)
async def test_a_web_page_asks_whether_the_network_wants_a_sign_in(
    body: bytes, kind: str
) -> None:
    error = await error_of(answering(body, content_type=kind))

    assert isinstance(error, RoomProtocolError)
    assert "sign-in" in str(error)


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
async def test_a_wrong_content_type_is_forgiven(kind: str) -> None:
    answer = await ask(answering(json.dumps(GOOD).encode(), content_type=kind))

    assert answer is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"code":0,"mess',
        b'\xef\xbb\xbf{"code":0,"pushers":[]}',
        '{"code":0,"message":"\u00e9"}'.encode("latin-1"),
        b"null",
        b"[]",
        b"0",
        b'{"code":false,"pushers":[]}',
        b'{"code":"0","pushers":[]}',
        b'{"code":NaN}',
        b'{"code":0,"pushers":Infinity}',
        b'{"code":1e999}',
        b'{"code":' + b"9" * 5000 + b"}",
        b'{"code":0,"code":0,"pushers":[]}',
        b'{"code":0,"message":"\\ud800","pushers":[]}',
        b'{"code":0,"message":"ok","pushers":' + b"[" * 100_000,
        b'{"message":"ok","pushers":[]}',
        b'{"code":0,"message":"ok"}',
        b'{"code":0,"message":"ok","pushers":{}}',
        b'{"code":0,"message":"ok","pushers":[null]}',
        b'{"code":0,"message":"ok","pushers":[{"userID":7}]}',
    ],
)
async def test_nonsense_is_a_protocol_error_that_names_the_route(body: bytes) -> None:
    error = await error_of(answering(body))

    assert type(error) is RoomProtocolError
    assert "get_pushers" in str(error)


async def test_a_wrong_field_is_named() -> None:
    error = await error_of(answering(b'{"code":0,"message":"ok","pushers":7}'))

    assert "pushers" in str(error)


async def test_a_body_that_drips_ends_at_the_deadline() -> None:
    exchange = answering(Body(b"x", pause_s=0.02, repeat=1000))

    error = await error_of(exchange, deadline_s=0.1)

    assert isinstance(error, RoomUnreachable)
    assert "room.test" in str(error)


async def test_a_huge_body_is_not_even_begun_when_it_announces_itself() -> None:
    body = Body(b"x" * 1000, repeat=1000)

    error = await error_of(answering(body, content_length=str(2**30)))

    assert isinstance(error, RoomProtocolError)
    assert body.sent == 0


@pytest.mark.parametrize("length", ["-5", "1e3", "9" * 400])
async def test_an_absurd_length_is_refused(length: str) -> None:
    error = await error_of(answering(b"{}", content_length=length))

    assert isinstance(error, RoomProtocolError)


async def test_a_huge_body_that_does_not_is_cut_off() -> None:
    body = Body(b"x" * 65536, repeat=16_000)

    error = await error_of(answering(body))

    assert isinstance(error, RoomProtocolError)
    assert body.sent <= 400_000


async def test_a_compressed_bomb_is_refused_and_never_inflated() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    tracemalloc.start()

    error = await error_of(answering(bomb, content_encoding="gzip"))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, RoomProtocolError)
    assert "compressed" in str(error)
    assert peak < 2_000_000


async def test_a_flood_of_headers_is_refused() -> None:
    flood = {f"x-{n}": "y" for n in range(100)}

    error = await error_of(answering(b"{}", 200, **flood))

    assert isinstance(error, RoomProtocolError)
    assert "headers" in str(error)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("token=780e"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("garbage"),
        httpx.UnsupportedProtocol("x"),
    ],
)
async def test_a_broken_connection_is_unreachable(failure: httpx.HTTPError) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure

    exchange = HttpExchange("http://room.test", httpx.MockTransport(fail))

    assert isinstance(await error_of(exchange), RoomUnreachable)


async def test_any_other_failure_of_the_library_is_a_protocol_error() -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.TooManyRedirects("token=780e")

    exchange = HttpExchange("http://room.test", httpx.MockTransport(fail))

    assert isinstance(await error_of(exchange), RoomProtocolError)


async def test_no_log_line_carries_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await ask(answering(json.dumps(GOOD).encode()))

    assert "780e" not in caplog.text


async def test_cancelling_a_request_is_not_an_error_of_the_room() -> None:
    exchange = answering(Body(b"x", pause_s=10.0))

    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(ask(exchange))
        await asyncio.sleep(0.01)
        asking.cancel()

    assert asking.cancelled()


RAW_ANSWERS = {
    "a megabyte in one header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000,
    "ten thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "garbage in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no HTTP at all": b"SSH-2.0-OpenSSH_9.2\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "less than announced": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    "nothing": b"",
}


@pytest.mark.parametrize("name", RAW_ANSWERS)
async def test_a_server_without_manners_is_a_room_error(name: str) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(RAW_ANSWERS[name])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()

        error = await error_of(HttpExchange(f"http://{host}:{port}"))

    assert isinstance(error, RoomUnreachable | RoomProtocolError)


async def test_headers_that_never_end_do_so_at_the_deadline() -> None:
    ended = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()

        error = await error_of(HttpExchange(f"http://{host}:{port}"), deadline_s=0.2)
        await ended.wait()

    assert isinstance(error, RoomUnreachable)


async def test_nobody_listening_is_unreachable_and_named() -> None:
    error = await error_of(HttpExchange("http://127.0.0.1:9"))

    assert isinstance(error, RoomUnreachable)
    assert "127.0.0.1:9 did not answer (connection refused)" in str(error)


async def test_a_host_that_nobody_knows_is_named_as_such() -> None:
    error = await error_of(HttpExchange("http://nobody.invalid"))

    assert isinstance(error, RoomUnreachable)
    assert "(name or service not known)" in str(error)


async def test_who_speaks_something_else_is_told_apart_from_who_is_silent() -> None:
    async with asking(Listener(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as http:
        error = await error_of(HttpExchange(str(http.base_url)))

    assert isinstance(error, RoomUnreachable)
    assert "what came is no HTTP" in str(error)


async def test_a_text_with_quotes_and_signs_is_sent_whole() -> None:
    text = 'hello }} "B" 你好'

    request = await sent_by("http://room.test", SendRoomTextMsg("r1", "kiosk7", text))

    assert json.loads(request.content)["text"] == text
