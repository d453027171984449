"""Handshakes that do not end: counted, given up in time, and nobody else's trouble."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.http import Door
from kiosk.roomserver.http_server import listen, serving
from kiosk.roomserver.last_arrivals import close_port
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Crowd, RelayLimits
from kiosk.roomserver.tls import TlsFiles, server_context
from kiosk.roomserver.tls_arrivals import TlsArrivals, TlsTerms
from tests.fakes.raw_http import HEALTH, HEARTBEAT, RawClient, post
from tests.fakes.room_core import FakeCore
from tests.fakes.self_signed import self_signed


PATIENT_S = 60.0
"""Longer than a test: who is cut before is cut for another reason."""


@dataclass(frozen=True)
class Certificate:
    """What the ports prove themselves with, and who believes it."""

    served: ssl.SSLContext
    trusting: ssl.SSLContext


@dataclass(frozen=True)
class Limits:
    """The same for either port; the room service's are doubled for heartbeats."""

    handshake_s: float = PATIENT_S
    per_address: int = 64
    in_all: int = 1024


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    pem, key = self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")
    return Certificate(
        server_context(TlsFiles(str(pem), str(key))),
        ssl.create_default_context(cafile=str(pem)),
    )


@asynccontextmanager
async def room_service(
    certificate: Certificate | None, limits: Limits
) -> AsyncIterator[int]:
    admission = AdmissionLimits(
        connections=limits.in_all // 2,
        connections_per_address=limits.per_address // 2,
        proxies=(),
    )
    border = BorderLimits(handshake_s=limits.handshake_s, admission=admission)
    listener = listen("http", "127.0.0.1", 0)
    door = Door(FakeCore().routes, LongPolls())
    async with serving(door, listener, border, tls=served_by(certificate)):
        yield listener.getsockname()[1]


@asynccontextmanager
async def relay(certificate: Certificate | None, limits: Limits) -> AsyncIterator[int]:
    made = Relay(
        authorize_publish=lambda app, name, query: lambda: "",
        authorize_play=lambda app, name, query: lambda: "",
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
        limits=RelayLimits(
            handshake_s=limits.handshake_s,
            connections=limits.in_all,
            connections_per_address=limits.per_address,
            proxies=(),
        ),
    )
    tls = served_by(certificate)
    async with made.serve("127.0.0.1", 0, ssl_context=tls) as (_, port):
        yield port


def served_by(certificate: Certificate | None) -> ssl.SSLContext | None:
    return certificate.served if certificate is not None else None


Port: TypeAlias = Callable[
    [Certificate | None, Limits], AbstractAsyncContextManager[int]
]
BOTH = pytest.mark.parametrize("port_of", [room_service, relay])


async def silent(port: int) -> RawClient:
    return RawClient(*await asyncio.open_connection("127.0.0.1", port))


async def is_let_in(port: int, certificate: Certificate) -> bool:
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=certificate.trusting
            )
    except OSError:
        return False
    writer.close()
    return True


async def let_in(port: int, certificate: Certificate) -> None:
    """Return once somebody is let in: who left is forgotten a moment later."""
    async with asyncio.timeout(5):
        while not await is_let_in(port, certificate):
            pass


@BOTH
async def test_handshakes_that_do_not_end_count_against_their_address(
    port_of: Port, certificate: Certificate
) -> None:
    async with port_of(certificate, Limits(per_address=4)) as port:
        flood = [await silent(port) for _ in range(4)]
        one_more = await silent(port)

        assert await one_more.rest() == b""
        assert not await is_let_in(port, certificate)
        flood.pop().close()
        await let_in(port, certificate)
        for client in (*flood, one_more):
            client.close()


@pytest.mark.parametrize(
    ("one", "two", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
    ],
)
def test_the_relay_counts_by_places_as_the_room_service_does(
    one: str, two: str, other: str
) -> None:
    crowd = Crowd(RelayLimits(connections_per_address=2))

    assert [crowd.came(address) for address in (one, two, one)] == [True, True, False]
    assert crowd.came(other)
    for address in (one, two):
        crowd.went(address)
    assert crowd.came(two)


def test_the_relay_counts_no_proxy_by_its_address_but_among_all() -> None:
    limits = RelayLimits(
        connections=3, connections_per_address=1, proxies=("192.0.2.0/28",)
    )
    crowd = Crowd(limits)

    assert all(crowd.came("192.0.2.1") for _ in range(3))
    assert not crowd.came("192.0.2.1")
    for _ in range(4):
        crowd.went("192.0.2.1")
    assert [crowd.came("192.0.2.16") for _ in range(2)] == [True, False]


@BOTH
async def test_handshakes_that_do_not_end_count_among_all_connections(
    port_of: Port, certificate: Certificate
) -> None:
    async with port_of(certificate, Limits(in_all=4)) as port:
        flood = [await silent(port) for _ in range(4)]
        one_more = await silent(port)

        assert await one_more.rest() == b""
        for client in (*flood, one_more):
            client.close()


@BOTH
async def test_a_handshake_that_trickles_in_is_given_up(
    port_of: Port, certificate: Certificate
) -> None:
    limits = Limits(handshake_s=0.2, per_address=4)
    async with port_of(certificate, limits) as port:
        begun = first_flight(certificate)
        clients = [await silent(port) for _ in range(4)]
        async with asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(client.drip(begun))

        assert await is_let_in(port, certificate)
        for client in clients:
            client.close()


@BOTH
async def test_whoever_comes_and_goes_leaves_nothing_counted(
    port_of: Port, certificate: Certificate
) -> None:
    async with port_of(certificate, Limits(per_address=4)) as port:
        for _ in range(12):
            await let_in(port, certificate)
            half = await silent(port)
            half.send(first_flight(certificate)[:40])
            half.close()
            nonsense = await silent(port)
            nonsense.send(b"GET / HTTP/1.1\r\n\r\n")
            await nonsense.rest()
            nonsense.close()

        await let_in(port, certificate)


@BOTH
async def test_stopping_waits_for_no_handshake(
    port_of: Port, certificate: Certificate
) -> None:
    async with asyncio.timeout(5):
        async with port_of(certificate, Limits()) as port:
            client = await silent(port)
            client.send(first_flight(certificate)[:40])
            await asyncio.sleep(0.05)
        assert await client.rest() == b""
    client.close()


async def test_half_open_handshakes_leave_room_for_heartbeats_only(
    certificate: Certificate,
) -> None:
    async with room_service(certificate, Limits(per_address=8)) as port:
        flood = [await silent(port) for _ in range(4)]
        statuses: list[int] = []
        for request in (post(HEARTBEAT), post()):
            member = RawClient(
                *await asyncio.open_connection(
                    "127.0.0.1", port, ssl=certificate.trusting
                )
            )
            statuses.append(await member.ask(request))
            member.close()

        assert statuses == [200, 503]
        for client in flood:
            client.close()


async def test_what_comes_with_the_end_of_the_handshake_is_answered(
    certificate: Certificate,
) -> None:
    async with room_service(certificate, Limits()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        back, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = certificate.trusting.wrap_bio(back, out, server_hostname="127.0.0.1")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        while True:
            writer.write(out.read())
            back.write(await reader.read(65536))
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                continue
            break
        tls.write(HEALTH)
        writer.write(out.read())  # the last of the handshake and a request, at once

        answer = b""
        async with asyncio.timeout(5):
            while b'"ok"' not in answer:
                back.write(await reader.read(65536))
                with contextlib.suppress(ssl.SSLWantReadError):
                    answer += tls.read(65536)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")


def first_flight(certificate: Certificate) -> bytes:
    """Return a whole ClientHello."""
    out = ssl.MemoryBIO()
    tls = certificate.trusting.wrap_bio(
        ssl.MemoryBIO(), out, server_hostname="127.0.0.1"
    )
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


@dataclass
class Counted:
    """Counts, and refuses nobody."""

    now: int = 0
    ever: int = 0

    def came(self, address: str) -> bool:
        self.now += 1
        self.ever += 1
        return True

    def went(self, address: str) -> None:
        self.now -= 1


TURNS = pytest.mark.parametrize("turns", range(7))
"""Between the connects and the stop: in each a connection is at another stage."""


@TURNS
async def test_a_stop_at_any_moment_of_an_arrival_leaves_nobody_counted(
    turns: int, certificate: Certificate
) -> None:
    counted = Counted()
    terms = TlsTerms(certificate.served, PATIENT_S)
    arrivals = TlsArrivals(terms, counted, asyncio.Protocol)
    server = await asyncio.get_running_loop().create_server(arrivals, "127.0.0.1", 0)
    clients = connects(server.sockets[0].getsockname()[1])
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await close_port(server)
        await arrivals.close()
        await server.wait_closed()
        for client in clients:
            assert await is_ended(client)

    assert counted.now == 0
    assert counted.ever == 3 or turns < 6


@TURNS
@BOTH
@pytest.mark.parametrize("is_tls", [True, False])
async def test_a_port_stops_at_any_moment_of_an_arrival(
    port_of: Port, turns: int, certificate: Certificate, *, is_tls: bool
) -> None:
    async with asyncio.timeout(5):
        async with port_of(certificate if is_tls else None, Limits()) as port:
            clients = connects(port)
            for _ in range(turns):
                await asyncio.sleep(0)
        for client in clients:
            assert await is_ended(client)


def connects(port: int) -> list[socket.socket]:
    """Connect in no turn of the event loop: the kernel takes them."""
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    for client in clients:
        client.settimeout(0)
    return clients


async def is_ended(client: socket.socket) -> bool:
    """Return once the other side ended it; it says nothing before."""
    with client, contextlib.suppress(ConnectionResetError):
        return await asyncio.get_running_loop().sock_recv(client, 1) == b""
    return True
