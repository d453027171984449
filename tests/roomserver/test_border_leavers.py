"""Clients that go at the worst moment, and one connection's failure: nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from typing_extensions import override

from kiosk.roomserver.admission import Admission, AdmissionLimits, Welcome
from kiosk.roomserver.border import Border, BorderLimits
from kiosk.roomserver.crossing import Crossing
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest
from tests.fakes.raw_http import HEARTBEAT, post, raw_server
from tests.fakes.soon import soon


async def app(_request: HttpRequest) -> HttpAnswer:
    return HttpAnswer(b"{}")


async def test_a_client_that_went_just_now_can_still_be_refused() -> None:
    border = Border(BorderLimits(), app)
    made: list[Crossing] = []

    def welcome() -> Crossing:
        made.append(Crossing(border))
        return made[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(welcome, "127.0.0.1", 0)
    client = socket.create_connection(server.sockets[0].getsockname())
    client.sendall(b"GET / HT")
    await asyncio.sleep(0.05)
    client.close()  # nothing runs before the deadline is looked at
    made[0].check(loop.time() + 60)
    server.close()
    await border.close(1.0)


class Failing:
    """A connection whose check fails."""

    def __init__(self) -> None:
        self.aborted = False

    def check(self, now: float) -> None:
        raise OSError(107, "not connected")

    def close_soon(self) -> None:
        """Have nothing to say."""

    def abort(self) -> None:
        self.aborted = True


class Checked(Failing):
    """A connection that is well."""

    def __init__(self) -> None:
        super().__init__()
        self.checks = 0

    @override
    def check(self, now: float) -> None:
        self.checks += 1


async def test_a_connection_that_cannot_be_checked_costs_the_others_no_check(
    caplog: pytest.LogCaptureFixture,
) -> None:
    border = Border(BorderLimits(head_s=0.02), app)
    failing, well = Failing(), Checked()
    border.entered(failing)
    border.entered(well)
    watch = asyncio.get_running_loop().create_task(border.watch())
    await soon(lambda: well.checks >= 2)
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch

    assert failing.aborted
    assert "connection not checked" in caplog.text


async def test_the_end_of_the_server_ends_what_a_gone_client_had_asked() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def held(_request: HttpRequest) -> HttpAnswer:
        asked.set()
        try:
            return await asyncio.Future()
        finally:
            ended.set()

    async with asyncio.timeout(5), raw_server(BorderLimits(), held) as connect:
        client = await connect()
        client.send(post())
        await asked.wait()
        client.close()
        await asyncio.sleep(0.05)
        assert not ended.is_set()  # what was begun is done, for whoever asks again

    assert ended.is_set()


async def test_a_head_put_off_is_answered_with_a_head_alone() -> None:
    slow = AdmissionLimits(requests_per_address=0.2, proxies=())
    head = b"HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    async with raw_server(BorderLimits(admission=slow), app) as connect:
        client = await connect()
        assert await client.ask(post()) == 200
        client.send(head)
        client.send(
            post(HEARTBEAT).replace(b"Host: h", b"Host: h\r\nConnection: close")
        )
        said = await client.rest()

    assert said.count(b"HTTP/1.1 ") == 2
    assert b"\r\n\r\nHTTP/1.1 200 " in said


def test_one_host_with_many_addresses_of_its_network_is_one_place() -> None:
    admission = Admission(AdmissionLimits(connections_per_address=4, proxies=()))
    mine = [f"2001:db8:1:2::{number:x}" for number in range(1, 6)]
    welcomes = [admission.connected(address) for address in mine]
    other = admission.connected("2001:db8:1:3::1")
    for address in mine:
        admission.disconnected(address)

    assert welcomes == [Welcome.OPEN] * 4 + [Welcome.HEARTBEATS_ONLY]
    assert other is Welcome.OPEN
    assert admission.connected(mine[0]) is Welcome.OPEN
