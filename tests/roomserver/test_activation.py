"""Sockets that systemd opened."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import Generator
from contextlib import closing

import httpx
import pytest

from kiosk.roomserver.activation import Listeners, listeners_of
from kiosk.roomserver.service import ServerAddresses, serve
from kiosk.roomserver.settings import ServerSettings


FIRST = 300
PID = 4711


def listening() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


@pytest.fixture
def handed_over() -> Generator[list[int]]:
    """Two listening sockets under neighbouring descriptors, from FIRST on."""
    ports: list[int] = []
    for number in (FIRST, FIRST + 1):
        with listening() as sock:
            ports.append(sock.getsockname()[1])
            assert fcntl.fcntl(sock, fcntl.F_DUPFD_CLOEXEC, number) == number
    yield ports
    for number in (FIRST, FIRST + 1):
        try:
            os.close(number)
        except OSError:
            continue  # the test took it over


def environ(names: str | None, count: str = "2", pid: int = PID) -> dict[str, str]:
    told = {"LISTEN_PID": str(pid), "LISTEN_FDS": count}
    return told if names is None else {**told, "LISTEN_FDNAMES": names}


@pytest.mark.parametrize(
    ("names", "order"),
    [(None, (0, 1)), ("unknown:unknown", (0, 1)), ("rtmp:http", (1, 0))],
)
def test_sockets_are_told_apart_by_name_or_order(
    handed_over: list[int], names: str | None, order: tuple[int, int]
) -> None:
    found = listeners_of(environ(names), PID, FIRST)

    assert found.http is not None
    assert found.rtmp is not None
    with closing(found.http) as http, closing(found.rtmp) as rtmp:
        got = (http.getsockname()[1], rtmp.getsockname()[1])
    assert got == (handed_over[order[0]], handed_over[order[1]])


@pytest.mark.parametrize(
    "told",
    [{}, environ(None, pid=1), environ(None, count="0"), environ(None, count="x")],
)
def test_sockets_of_another_process_or_none_are_left_alone(
    told: dict[str, str],
) -> None:
    assert listeners_of(told, PID, FIRST) == Listeners()


def test_a_socket_nobody_knows_is_named(handed_over: list[int]) -> None:
    with pytest.raises(OSError, match="FileDescriptorName="):
        listeners_of(environ("web"), PID, FIRST)


def test_what_does_not_listen_is_refused() -> None:
    with socket.socket() as idle:
        number = fcntl.fcntl(idle, fcntl.F_DUPFD_CLOEXEC, FIRST)
    try:
        with pytest.raises(OSError, match=r"http of systemd: needs ListenStream="):
            listeners_of(environ(None, count="1"), PID, number)
    finally:
        os.close(number)
    with pytest.raises(OSError, match="http of systemd: Bad file descriptor"):
        listeners_of(environ(None, count="1"), PID, FIRST + 50)


async def test_a_server_serves_on_the_sockets_it_was_given() -> None:
    http, rtmp = listening(), listening()
    ports = [sock.getsockname()[1] for sock in (http, rtmp)]
    ready: asyncio.Future[ServerAddresses] = asyncio.get_running_loop().create_future()
    for sock in (http, rtmp):
        sock.setblocking(False)
    # The addresses of the settings are taken: only the given sockets can serve.
    settings = ServerSettings(http_port=ports[0], rtmp_port=ports[1])
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(
            serve(settings, ready.set_result, listeners=Listeners(http, rtmp))
        )
        at = await ready
        async with httpx.AsyncClient(base_url=at.http_url) as client:
            answer = await client.get("/readyz")
        _, writer = await asyncio.open_connection(*at.rtmp)
        writer.close()
        serving.cancel()

    assert answer.status_code == 200
    assert [at.http[1], at.rtmp[1]] == ports
