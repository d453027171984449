"""The network cable: what passes, what does not, and what is left behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.simulator.cable import Cable
from kiosk.simulator.switches import Switch, Switches
from tests.fakes.leaks import held
from tests.fakes.waiting import wait_until


@contextmanager
def echo() -> Iterator[int]:
    """Serve one connection after the other that sends everything back."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while chunk := connection.recv(4096):
                    connection.sendall(chunk)

    thread = threading.Thread(target=run)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
def cable(switches: Switches) -> Iterator[Cable]:
    made = Cable(switches)
    yield made
    made.close()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        yield sock


def answer(sock: socket.socket, said: bytes, seconds: float) -> bytes:
    """Say something and return what came back in time."""
    sock.settimeout(seconds)
    sock.sendall(said)
    try:
        return sock.recv(100)
    except TimeoutError:
        return b""


def test_a_port_leads_to_another_and_both_ways(cable: Cable) -> None:
    with echo() as far, connected(cable.port_to("127.0.0.1", far)) as sock:
        assert answer(sock, b"hello", 5) == b"hello"


def test_the_same_server_has_the_same_port(cable: Cable) -> None:
    first = cable.port_to("127.0.0.1", 9)

    assert cable.port_to("127.0.0.1", 9) == first
    assert cable.port_to("127.0.0.1", 10) != first


def test_a_pulled_cable_passes_nothing_and_then_what_waited(
    cable: Cable, switches: Switches
) -> None:
    with echo() as far, connected(cable.port_to("127.0.0.1", far)) as sock:
        assert answer(sock, b"one", 5) == b"one"
        switches.throw(Switch.NETWORK, on=True)
        unheard = answer(sock, b"two", 0.3)
        switches.throw(Switch.NETWORK, on=False)
        sock.settimeout(5)
        heard = sock.recv(100)

    assert (unheard, heard) == (b"", b"two")


def test_who_comes_while_the_cable_is_pulled_is_heard_when_it_is_back(
    cable: Cable, switches: Switches
) -> None:
    with echo() as far:
        port = cable.port_to("127.0.0.1", far)
        switches.throw(Switch.NETWORK, on=True)
        with connected(port) as sock:
            unheard = answer(sock, b"new", 0.3)
            switches.throw(Switch.NETWORK, on=False)
            sock.settimeout(5)
            heard = sock.recv(100)

    assert (unheard, heard) == (b"", b"new")


def test_a_server_that_is_away_is_away_behind_the_cable_too(cable: Cable) -> None:
    with connected(cable.port_to("127.0.0.1", 1)) as sock:
        sock.settimeout(5)

        assert sock.recv(1) == b""


def test_an_end_that_is_closed_closes_the_other(cable: Cable) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        with connected(cable.port_to("127.0.0.1", listener.getsockname()[1])):
            far, _ = listener.accept()
        with far:
            far.settimeout(5)
            assert far.recv(1) == b""


def test_a_closed_cable_leaves_no_thread_and_no_descriptor() -> None:
    with echo() as far:
        before = held()
        switches = Switches()
        cable = Cable(switches)
        with connected(cable.port_to("127.0.0.1", far)) as sock:
            assert answer(sock, b"hello", 5) == b"hello"
            cable.close()
            cable.close()
            switches.throw(Switch.NETWORK, on=True)

        assert wait_until(lambda: held() == before)  # the server's end as well
