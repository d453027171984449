"""Whichever address of a host answers first, whatever the other ones do."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterator

import pytest

from kiosk.roomclient.reaching import reached
from tests.fakes.listening import full_server


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def without_ipv6(
    family: socket.AddressFamily, kind: socket.SocketKind
) -> socket.socket:
    """Open a socket as a kernel that was started with ipv6.disable=1."""
    if family is socket.AF_INET6:
        raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
    return socket.socket(family, kind)


@pytest.mark.parametrize("addresses", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
async def test_a_machine_without_ipv6_reaches_the_other_address(
    addresses: tuple[str, ...], port: int
) -> None:
    async with asyncio.timeout(5):
        sock = await reached(addresses, port, without_ipv6)
    with sock:
        assert sock.getpeername() == ("127.0.0.1", port)


async def test_what_is_written_in_two_pieces_waits_for_no_acknowledgement(
    port: int,
) -> None:
    async with asyncio.timeout(5):
        sock = await reached(["127.0.0.1"], port)
    with sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_an_address_of_an_interface_that_is_gone_costs_nothing(port: int) -> None:
    async with asyncio.timeout(5):
        sock = await reached(["fe80::1%gone", "127.0.0.1"], port)
    with sock:
        assert sock.getpeername() == ("127.0.0.1", port)


async def test_it_is_over_when_there_is_no_socket_for_any_address(port: int) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(OSError, match="not supported"):
            await reached(["::1", "::2"], port, without_ipv6)


async def test_a_server_that_answers_nobody_gets_few_connects() -> None:
    begun: list[socket.socket] = []

    def noted(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        begun.append(socket.socket(family, kind))
        return begun[-1]

    with full_server() as full, pytest.raises(TimeoutError):
        async with asyncio.timeout(1.9):
            await reached(["127.0.0.1"], full, noted)

    # at 0.0, 0.3, 0.9 and 1.5 s; on a machine that pauses the last one comes too late
    assert len(begun) in {3, 4}
