"""
The network between two namespaces does what it says.

Times are bounded from below only: the link may never be faster than asked,
but a busy machine may always be slower.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.waiting import wait_until
from tests.lab.network import Network, Place, needs_network, network
from tests.lab.shuttle import DEVICE


pytestmark = needs_network

PORT = 5000
WIRE = 28  # bytes of IP and UDP before the payload


@pytest.fixture
def lab() -> Iterator[Network]:
    with network() as lab:
        yield lab


@pytest.fixture
def ends(lab: Network) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A datagram socket at each place, each sending to the other."""
    near, far = datagrams(lab.near), datagrams(lab.far)
    near.connect((lab.far.address, PORT))
    far.connect((lab.near.address, PORT))
    yield near, far
    near.close()
    far.close()


def datagrams(place: Place) -> socket.socket:
    with place.entered():
        sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind((place.address, PORT))
    sock.settimeout(5)
    return sock


def received(sock: socket.socket, quiet_s: float) -> int:
    """Return how many datagrams came until none came for a while."""
    sock.settimeout(quiet_s)
    count = 0
    while True:
        try:
            sock.recv(2048)
        except TimeoutError:
            return count
        count += 1


def test_there_and_back_takes_both_delays(
    lab: Network, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    lab.change("up", delay_ms=40)
    lab.change("down", delay_ms=20)

    began = time.monotonic()
    near.send(b"ping")
    far.send(far.recv(100))
    near.recv(100)

    assert time.monotonic() - began >= 0.06


def test_a_rate_is_never_exceeded(
    lab: Network, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    lab.change("up", rate_kbps=400)

    began = time.monotonic()
    for _ in range(20):
        near.send(bytes(1000))
    for _ in range(20):
        far.recv(2048)

    assert time.monotonic() - began >= 20 * (1000 + WIRE) * 8 / 400_000


def test_a_rate_is_of_one_direction(
    lab: Network, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    lab.change("up", rate_kbps=1)
    near.send(bytes(1000))  # takes eight seconds
    far.send(b"at once")

    assert near.recv(100) == b"at once"


def test_the_queue_takes_so_many_bytes_and_refuses_the_rest(
    lab: Network, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    lab.change("up", rate_kbps=0.001, queue_bytes=10 * (1000 + WIRE))
    for _ in range(30):
        near.send(bytes(1000))
    assert wait_until(lambda: lab.tally("up").offered == 30)
    lab.change("up", rate_kbps=2_000)

    assert received(far, 1.0) == 10
    assert lab.tally("up").refused == 20


def test_an_outage_loses_everything_and_ends(
    lab: Network, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    lab.change(loss_percent=100)
    near.send(b"lost")
    assert wait_until(lambda: lab.tally("up").lost == 1)
    lab.change(loss_percent=0)
    near.send(b"arrived")

    assert far.recv(100) == b"arrived"


def test_some_are_lost_by_chance(
    lab: Network, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    lab.change("up", loss_percent=20)
    for _ in range(200):
        near.send(b"perhaps")

    arrived = received(far, 1.0)

    assert arrived == lab.tally("up").arrived
    assert 120 <= arrived <= 190


def test_tcp_at_both_ends_is_cubic(lab: Network) -> None:
    with lab.far.entered():
        listener = socket.create_server((lab.far.address, PORT))
    with lab.near.entered():
        near = socket.create_connection((lab.far.address, PORT), 5)
    far, _ = listener.accept()
    with listener, near, far:
        used = [
            sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
            for sock in (near, far)
        ]

    assert [name.rstrip(b"\0") for name in used] == [b"cubic", b"cubic"]


def test_a_command_runs_in_its_place_and_sees_nothing_else(lab: Network) -> None:
    with lab.near.entered():
        names = [name for _, name in socket.if_nameindex()]

    assert names == ["lo", DEVICE]
    assert DEVICE not in [name for _, name in socket.if_nameindex()]


def test_nothing_stays_when_it_is_over() -> None:
    with network() as lab:
        inodes = {Path(place.namespace).stat().st_ino for place in (lab.near, lab.far)}
        assert len(inodes) == 2

    assert not inodes & namespaces_in_use()


def test_nothing_stays_when_the_shuttle_is_killed() -> None:
    with network() as lab:
        inodes = {Path(place.namespace).stat().st_ino for place in (lab.near, lab.far)}
        os.kill(lab.pid, signal.SIGKILL)

    assert not inodes & namespaces_in_use()


def namespaces_in_use() -> set[int]:
    """Return the network namespaces that any process is in."""
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(entry.stat().st_ino)
        except OSError:
            continue
    return found
