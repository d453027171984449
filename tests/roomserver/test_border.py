"""Deadlines and limits of the HTTP port, against raw sockets; deadlines scaled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.http_message import Answering, HttpAnswer, HttpRequest
from kiosk.roomserver.http_server import listen, serving
from tests.fakes.raw_http import (
    HEALTH,
    HEARTBEAT,
    LIST,
    Connect,
    RawClient,
    post,
    raw_server,
)


SHORT = BorderLimits(head_s=0.15, body_s=0.25, idle_s=0.3, stall_s=0.2, farewell_s=0.1)
CROWD = AdmissionLimits(connections_per_address=2, proxies=())
NO_BODY = b"Content-Length: 0\r\n\r\n"


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with raw_server(SHORT) as connect:
        yield connect


async def test_a_head_that_trickles_in_is_given_up(connect: Connect) -> None:
    client = await connect()
    client.send(LIST + b"Host: h\r\n")
    said = await client.drip(b"X-a: b\r\n")

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in said.lower()


async def test_a_body_that_trickles_in_is_given_up(connect: Connect) -> None:
    client = await connect()
    client.send(LIST + b"Host: h\r\nContent-Length: 1000\r\n\r\n")
    said = await client.drip(b" ")

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'{"code":-1,' in said


SLOW = (
    (LIST + b"Host: h\r\n", b"X-a: b\r\n" * 4),
    (LIST + b"Host: h\r\nContent-Length: 1000\r\n\r\n", b" " * 32),
)


@pytest.mark.parametrize("slow", SLOW, ids=["head", "body"])
async def test_others_are_served_between_any_two_bytes_of_a_slow_one(
    slow: tuple[bytes, bytes],
) -> None:
    begun, bytes_to_come = slow
    one = AdmissionLimits(ordinary=1)
    patient = BorderLimits(head_s=30, body_s=30, admission=one)
    async with raw_server(patient) as connect:
        trickling, legit = await connect(), await connect()
        trickling.send(begun)
        statuses: list[int] = []
        async with asyncio.timeout(5):  # all of them take a tenth of a second
            for byte in bytes_to_come:
                trickling.send(bytes([byte]))
                statuses.append(await legit.ask(post()))

    assert statuses == [200] * len(bytes_to_come)


@pytest.mark.parametrize("slow", SLOW, ids=["head", "body"])
async def test_others_are_served_while_a_slow_one_is_given_up(
    connect: Connect, slow: tuple[bytes, bytes]
) -> None:
    begun, bytes_to_come = slow
    trickling, legit = await connect(), await connect()
    trickling.send(begun)
    statuses: list[int] = []
    async with asyncio.TaskGroup() as tasks:
        given_up = tasks.create_task(trickling.drip(bytes_to_come))
        while not given_up.done():
            statuses.append(await legit.ask(post()))

    assert given_up.result().startswith(b"HTTP/1.1 408 ")
    assert set(statuses) == {200}


async def test_who_says_nothing_is_hung_up_on(connect: Connect) -> None:
    client = await connect()

    assert await client.rest() == b""


async def test_a_connection_is_kept_for_the_next_request_but_not_for_ever(
    connect: Connect,
) -> None:
    client = await connect()
    first = await client.ask(post())
    await asyncio.sleep(0.2)  # longer than a head may take
    second = await client.ask(post())

    assert (first, second) == (200, 200)
    assert await client.rest() == b""


async def test_requests_sent_in_one_go_are_answered_in_order(connect: Connect) -> None:
    client = await connect()
    client.send(post() + HEALTH + post())
    answers = [await client.answer() for _ in range(3)]

    assert [status for status, _ in answers] == [200, 200, 200]
    assert b'"ok"' in answers[1][1]


async def test_a_client_that_asks_whether_to_go_on_is_told_to(connect: Connect) -> None:
    client = await connect()
    client.send(LIST + b"Host: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    await asyncio.sleep(0.05)
    client.send(b"{}")
    said = await client.rest()

    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert said.count(b"HTTP/1.1 ") == 2


async def test_an_old_client_is_answered_and_hung_up_on(connect: Connect) -> None:
    client = await connect()
    client.send(b"GET /healthz HTTP/1.0\r\n\r\n")

    assert b" 200 OK" in await client.rest()


TOO_MUCH = (
    (LIST + b"Host: h\r\nContent-Length: 65537\r\n\r\n", 413),
    (b"GET /" + b"a" * 9000, 414),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    (LIST + b"X: " + b"a" * 17_000, 431),
    (LIST + b"Host: h\r\n" + b"X: a\r\n" * 64 + b"\r\n", 431),
    (LIST + b"Host: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    (LIST + b"Host: h\r\nExpect: the best\r\n" + NO_BODY, 417),
)


async def test_what_is_too_much_is_refused_by_name(connect: Connect) -> None:
    said: list[bytes] = []
    for request, _ in TOO_MUCH:
        client = await connect()
        client.send(request)
        said.append(await client.rest())

    assert [int(one.split(b" ")[1]) for one in said] == [code for _, code in TOO_MUCH]
    assert all(b"\r\nConnection: close\r\n" in one for one in said)


async def test_an_oversize_body_is_not_read(connect: Connect) -> None:
    client = await connect()
    client.send(LIST + b"Host: h\r\nContent-Length: 50000000\r\n\r\n")
    await asyncio.sleep(0.02)
    client.send(b" " * 3_000_000)

    assert (await client.rest())[:13] in {b"HTTP/1.1 413 ", b""}
    assert await (await connect()).ask(post()) == 200


async def test_nobody_piles_up_requests_behind_an_answer() -> None:
    release = asyncio.Event()

    async with raw_server(SHORT, waiting_app(release)) as connect:
        client = await connect()
        client.send(HEALTH)
        await asyncio.sleep(0.05)
        client.send(HEALTH * 1000)
        said = await client.rest()
        release.set()

    assert said == b""


def waiting_app(release: asyncio.Event, body: bytes = b"") -> Answering:
    async def app(_request: HttpRequest) -> HttpAnswer:
        await release.wait()
        return HttpAnswer(body)

    return app


async def test_who_does_not_take_the_answer_is_hung_up_on() -> None:
    release = asyncio.Event()
    release.set()
    async with raw_server(SHORT, waiting_app(release, b"x" * 9_000_000)) as to:
        client = await to()
        client.send(HEALTH)
        await asyncio.sleep(0.7)
        said = await client.rest()

    assert len(said) < 9_000_000


async def test_above_the_limit_of_an_address_only_heartbeats_are_served() -> None:
    async with raw_server(BorderLimits(admission=CROWD)) as connect:
        within = [await connect() for _ in range(2)]
        assert [await client.ask(post()) for client in within] == [200, 200]

        crowded = await connect()
        crowded.send(post())
        said = await crowded.rest()
        beating = await connect()
        beating.send(post(HEARTBEAT))
        beat = await beating.rest()

    assert said.startswith(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n")
    assert beat.startswith(b"HTTP/1.1 200 ")


async def test_at_twice_the_limit_of_an_address_nothing_is() -> None:
    async with raw_server(BorderLimits(admission=CROWD)) as connect:
        clients = [await connect() for _ in range(5)]
        said = await clients[-1].rest()
        clients[-1].close()
        clients[-2].close()
        await asyncio.sleep(0.05)

        assert said.startswith(b"HTTP/1.1 503 ")
        assert await clients[0].ask(post()) == 200


async def test_no_connection_is_kept_that_has_no_descriptor_to_spare() -> None:
    few = AdmissionLimits(connections=2, descriptors=3)
    async with raw_server(BorderLimits(admission=few)) as connect:
        clients = [await connect() for _ in range(4)]
        said = await clients[-1].rest()
        clients[2].send(post(HEARTBEAT))
        beat = await clients[2].rest()

    assert said.startswith(b"HTTP/1.1 503 ")
    assert beat.startswith(b"HTTP/1.1 200 ")


async def test_a_busy_server_says_when_to_come_back_and_beats_on() -> None:
    release = asyncio.Event()
    busy = BorderLimits(admission=AdmissionLimits(ordinary=1))
    async with raw_server(busy, waiting_app(release)) as connect:
        working, refused, beating = [await connect() for _ in range(3)]
        working.send(post())
        await asyncio.sleep(0.05)
        status, said = await asked(refused, post())
        beating.send(post(HEARTBEAT))
        closing = await connect()
        closing.send(post().replace(b"Host: h", b"Host: h\r\nConnection: close"))
        last = await closing.rest()
        release.set()

        assert status == 503
        assert b"\r\nRetry-After: 2\r\n" in said
        assert b"onnection: close" not in said
        assert b"Connection: close" in last
        assert (await working.answer())[0] == 200
        assert (await beating.answer())[0] == 200
        assert await refused.ask(post()) == 200


async def asked(client: RawClient, request: bytes) -> tuple[int, bytes]:
    client.send(request)
    return await client.answer()


async def test_a_client_gone_before_its_answer_leaves_its_place_to_others() -> None:
    release = asyncio.Event()
    busy = BorderLimits(admission=AdmissionLimits(ordinary=1))
    async with raw_server(busy, waiting_app(release)) as connect:
        gone = await connect()
        gone.send(post())
        await asyncio.sleep(0.05)
        gone.close()
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.sleep(0.05)

        assert await (await connect()).ask(post()) == 200


async def test_half_a_request_reaches_nobody() -> None:
    asked: list[HttpRequest] = []

    async def app(request: HttpRequest) -> HttpAnswer:
        asked.append(request)
        return HttpAnswer(b"")

    async with raw_server(SHORT, app) as connect:
        client = await connect()
        client.send(LIST + b"Host: h\r\nContent-Length: 9\r\n\r\n{}")
        await asyncio.sleep(0.02)
        client.close()
        await asyncio.sleep(0.05)

    assert asked == []


async def test_an_application_that_fails_is_500_and_the_next_request_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(request: HttpRequest) -> HttpAnswer:
        if request.path == "/broken":
            raise ZeroDivisionError
        return HttpAnswer(b"{}")

    busy = BorderLimits(admission=AdmissionLimits(ordinary=1))
    async with raw_server(busy, app) as connect:
        client = await connect()
        statuses = [
            await client.ask(b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
            for path in (b"/broken", b"/whole")
        ]

    assert statuses == [500, 200]
    assert "request failed" in caplog.text


async def test_the_head_alone_is_told_to_who_asks_for_it_alone(
    connect: Connect,
) -> None:
    client = await connect()
    client.send(b"HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: TE, close\r\n\r\n")
    said = await client.rest()

    assert b"\r\nContent-Length: 15\r\n" in said
    assert b"\r\nDate: " in said
    assert said.endswith(b"\r\nConnection: close\r\n\r\n")


async def test_at_the_stop_what_was_asked_is_answered_and_idle_clients_go() -> None:
    release = asyncio.Event()
    listener = listen("http", "127.0.0.1", 0)
    port = listener.getsockname()[1]
    async with serving(waiting_app(release, b"well"), listener):
        idle, asking = [
            RawClient(*await asyncio.open_connection("127.0.0.1", port))
            for _ in range(2)
        ]
        asking.send(HEALTH)
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().call_later(0.1, release.set)

    assert await idle.rest() == b""
    assert (await asking.rest()).endswith(b"\r\nConnection: close\r\n\r\nwell")
    for client in (idle, asking):
        client.close()


async def test_at_the_stop_nobody_is_waited_for_long() -> None:
    listener = listen("http", "127.0.0.1", 0)
    port = listener.getsockname()[1]
    began = asyncio.get_running_loop().time()
    async with serving(waiting_app(asyncio.Event()), listener):
        asking = RawClient(*await asyncio.open_connection("127.0.0.1", port))
        asking.send(HEALTH)
        await asyncio.sleep(0.05)

    assert await asking.rest() == b""
    assert asyncio.get_running_loop().time() - began < 4.0
    asking.close()
