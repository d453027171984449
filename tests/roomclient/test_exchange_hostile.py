"""One request against servers that stall, flood, break off or are not there."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import tracemalloc

import httpx
import pytest

from kiosk.errors import RoomProtocolError, RoomUnreachable
from kiosk.room.messages import SendRoomTextMsg
from kiosk.roomclient import HttpExchange
from tests.fakes.answered import GOOD, Body, answering, ask, error_of, sent_by
from tests.fakes.http_listener import Listener, asking


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

    await asyncio.sleep(0.05)  # the loop closes what was left half read
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
