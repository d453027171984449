"""The room client's connections: used again, closed when quiet, never forgotten."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from kiosk.room.membership import LONGEST_PERIOD_S
from kiosk.roomclient.cancelling import within
from kiosk.roomclient.connections import KEEP_ALIVE_S, ONCE, RoomTransport, _Connection
from tests.fakes.http_listener import (
    OK,
    Babbling,
    BreakingOff,
    Ending,
    Listener,
    Resetting,
    asking,
    until,
)
from tests.fakes.self_signed import self_signed


async def test_a_connection_serves_one_request_after_the_other() -> None:
    listener = Listener(OK)
    async with asking(listener) as http:
        for _ in range(5):
            assert (await http.get("/")).status_code == 200

        assert (listener.accepted, listener.requests) == (1, 5)


def test_a_connection_outlives_the_pause_between_two_heartbeats() -> None:
    assert KEEP_ALIVE_S > LONGEST_PERIOD_S


async def test_a_connection_that_is_quiet_is_closed_without_being_asked() -> None:
    listener = Listener(OK)
    async with asking(listener, keep_alive_s=0.05) as http:
        await http.get("/")

        await until(lambda: not listener.open)
        assert (await http.get("/")).status_code == 200
        assert listener.accepted == 2


async def test_a_request_that_waits_long_is_not_a_quiet_connection() -> None:
    listener = Listener(OK)
    listener.reads.clear()
    async with (
        asking(listener, keep_alive_s=0.05) as http,
        asyncio.TaskGroup() as group,
    ):
        asked = group.create_task(http.get("/"))
        await asyncio.sleep(0.2)
        listener.reads.set()

        assert (await asked).status_code == 200


async def test_a_connection_that_the_server_ends_is_closed_at_once() -> None:
    listener = Listener(OK, hangs_up=True)
    async with asking(listener) as http:
        await http.get("/")

        await until(lambda: not listener.open)


async def test_what_comes_unasked_is_no_answer_to_the_next_request() -> None:
    listener = Listener(OK, afterwards=b"HTTP/1.1 408 Slow\r\n\r\n")
    async with asking(listener) as http:
        statuses: list[int] = []
        for _ in range(3):
            statuses.append((await http.get("/")).status_code)
            await asyncio.sleep(0.05)

    assert statuses == [200, 200, 200]
    assert listener.accepted == 3


@pytest.mark.parametrize("n_turns", range(16))
async def test_a_request_cancelled_at_any_turn_leaves_no_connection(
    n_turns: int,
) -> None:
    listener = Listener(OK)
    async with asking(listener) as http:
        for _ in range(12):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(within(5, lambda: http.get("/")))
                for _ in range(n_turns):
                    await asyncio.sleep(0)
                task.cancel()

        assert (await within(5, lambda: http.get("/"))).status_code == 200
        # What was cancelled has ended; one connection serves.
        await until(lambda: listener.open == 1)


@pytest.mark.parametrize("other", ["127.0.0.2", "255.255.255.255", "::1"])
async def test_an_address_that_refuses_gives_way_to_the_next_one(other: str) -> None:
    async def two(host: str, port: int) -> list[str]:
        return [other, "127.0.0.1"]

    async with asking(Listener(OK), resolve=two) as http:
        assert (await http.get("/")).status_code == 200


async def test_when_all_addresses_refuse_the_reason_is_told() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.3"]

    async with asking(Listener(OK), resolve=two) as http:
        with pytest.raises(httpx.ConnectError, match="refused"):
            await http.get("/")


async def test_a_connect_that_nobody_answers_is_repeated_before_tcp_does_it() -> None:
    listener = Listener(OK)
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.settimeout(0)
        filler.connect_ex(full.getsockname())
    transport = RoomTransport(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    url = f"http://127.0.0.1:{full.getsockname()[1]}"
    async with (
        httpx.AsyncClient(transport=transport, base_url=url, timeout=None) as http,
        asyncio.TaskGroup() as group,
    ):
        asked = group.create_task(within(0.95, lambda: http.get("/")))
        await asyncio.sleep(0.1)
        assert not asked.done()
        server = await asyncio.start_server(listener.serve, sock=full)  # takes more

        assert (await asked).status_code == 200
    for filler in fillers:
        filler.close()
    server.close()
    await until(lambda: not listener.open)


async def test_a_long_answer_stays_with_the_server_until_it_is_read() -> None:
    length = 30_000_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    listener = Listener(head + bytes(length))
    async with asking(listener) as http, http.stream("GET", "/") as response:
        await asyncio.sleep(0.2)
        answered_unread = listener.answered
        parts = [len(part) async for part in response.aiter_raw()]

    assert not answered_unread
    assert sum(parts) == length
    assert max(parts) <= 65_536


async def test_a_server_that_takes_nothing_is_given_up_by_cancelling() -> None:
    listener = Listener(OK)
    listener.reads.clear()
    async with asking(listener) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await http.post("/", content=b"x" * 9_000_000)
        listener.reads.set()


async def test_a_server_that_resets_is_told_as_such() -> None:
    async with asking(Resetting(OK)) as http:
        with pytest.raises(httpx.TransportError):
            await http.get("/")


async def test_nobody_at_the_address_is_told_as_such() -> None:
    async with asking(Listener(OK)) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("http://127.0.0.1:9/")


async def test_a_host_is_asked_at_its_next_address_when_one_does_not_answer() -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    listener = Listener(OK)
    async with asking(listener, resolve=two) as http:
        url = http.base_url.copy_with(host="room.test")
        assert (await http.get(url)).status_code == 200


async def test_a_host_by_name_is_found() -> None:
    async with asking(Listener(OK)) as http:
        url = http.base_url.copy_with(host="localhost")
        assert (await http.get(url)).status_code == 200


async def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    async with asking(Listener(OK)) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("http://nobody.invalid/")


async def test_a_connection_that_ended_unnoticed_costs_the_request_nothing() -> None:
    listener = Ending(OK)
    async with asking(listener) as http:
        statuses = [(await http.post("/")).status_code for _ in range(4)]

    assert statuses == [200] * 4
    assert listener.unanswered == 3


async def test_many_connections_that_ended_unnoticed_cost_a_request_nothing() -> None:
    listener = Ending(OK)
    listener.reads.clear()
    async with asking(listener) as http:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(http.get("/"))
            await until(lambda: listener.open == 5)
            listener.reads.set()

        assert (await http.get("/")).status_code == 200
    assert listener.unanswered == 5


async def test_a_look_in_the_moment_tls_is_lost_sees_nothing(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    parting = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await parting.wait()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with asyncio.timeout(10), server:
        connection = _Connection(KEEP_ALIVE_S)
        await asyncio.get_running_loop().create_connection(
            lambda: connection, *server.sockets[0].getsockname(), ssl=trusting
        )
        await connection.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await connection.read(len(OK)) == OK
        parting.set()
        while not connection.get_extra_info("is_readable"):
            connection._close_if_unheard()
            await asyncio.sleep(0)  # every turn of the loop: one is that moment
        await connection.aclose()


async def test_what_must_come_once_is_never_sent_on_an_old_connection() -> None:
    listener = Ending(OK)
    async with asking(listener) as http:
        for _ in range(3):
            await http.get("/")
            answer = await http.post("/", extensions={ONCE: True})

            assert answer.status_code == 200
        assert listener.unanswered == 2  # of those that may come again
        # Nor is a new one kept for others.
        await until(lambda: listener.open <= 1)


async def test_a_new_connection_that_ends_without_an_answer_is_not_tried_again() -> (
    None
):
    listener = Resetting(OK)
    async with asking(listener) as http:
        with pytest.raises(httpx.TransportError):
            await http.get("/")

    assert listener.accepted == 1


async def test_an_answer_that_breaks_off_is_not_asked_for_again() -> None:
    listener = BreakingOff(OK)
    async with asking(listener) as http:
        assert (await http.get("/")).status_code == 200
        with pytest.raises(httpx.TransportError):
            await http.get("/")

    assert listener.accepted == 1


async def test_a_server_that_speaks_first_is_asked_once() -> None:
    listener = Babbling(OK)
    async with asking(listener) as http:
        with pytest.raises(httpx.TransportError):
            await http.get("/")

    assert listener.accepted == 1
