"""The link: deadlines, cancelling at any moment, no corrupt stream, no keys."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import pytest

from kiosk.errors import StreamEnded, StreamStalled
from kiosk.media.dialling import LinkLimits
from kiosk.media.resolver import Address, Resolver
from tests.fakes.linked import SECRET, linked, to_port
from tests.fakes.listening import filled, full_server, listening
from tests.fakes.silent_server import silent_server


def test_bytes_go_both_ways() -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(connection.recv(100).upper())
        connection.recv(1)

    with listening(echo) as port, linked(to_port(port)) as link:
        link.dial()
        link.send(b"hello")

        assert link.receive(1.0) == b"HELLO"
        assert link.receive(0) == b""
        assert link.receive(0.02) == b""


def test_a_closed_port_is_named_without_the_key() -> None:
    with silent_server() as port:
        pass
    with linked(to_port(port)) as link, pytest.raises(StreamEnded) as caught:
        link.dial()

    assert "Connection refused" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_address_that_does_not_answer_leaves_time_for_the_next() -> None:
    with full_server() as dead, silent_server() as alive:

        def two(host: str, port: int) -> Sequence[Address]:
            return [
                (socket.AF_INET, ("127.0.0.1", dead)),
                (socket.AF_INET, ("127.0.0.1", alive)),
            ]

        url = to_port(1935, host="relay.example")
        with linked(url, resolver=Resolver(two)) as link:
            link.dial()

            assert link.measure().backlog_bytes == 0


def test_no_answer_to_a_connect_ends_by_the_start_deadline() -> None:
    limits = LinkLimits(start_s=0.2)
    with (
        full_server() as dead,
        linked(to_port(dead), limits=limits) as link,
        pytest.raises(StreamStalled, match=r"within 0\.2 s \(connect\)"),
    ):
        link.dial()


def test_a_host_that_answers_late_is_reached_before_tcp_itself_tries_again() -> None:
    limits = LinkLimits(start_s=0.9, another_s=0.05)  # TCP: after a whole second
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        with filled(port):
            room = threading.Timer(0.2, _take_one, (listener,))
            room.start()
            with linked(to_port(port), limits=limits) as link:
                link.dial()

                assert link.measure().rtt_us > 0
            room.join()


def test_of_addresses_that_all_refuse_the_last_reason_is_told() -> None:
    with silent_server() as port:
        pass

    def two(host: str, port_: int) -> Sequence[Address]:
        return [(socket.AF_INET, (address, port)) for address in ("127.0.0.1",) * 2]

    url = to_port(1935, host="relay.example")
    with (
        linked(url, resolver=Resolver(two)) as link,
        pytest.raises(StreamEnded, match="cannot be reached: Connection refused"),
    ):
        link.dial()


def test_an_address_that_cannot_be_tried_is_one_that_refuses() -> None:
    def nowhere(host: str, port: int) -> Sequence[Address]:
        return [(socket.AF_INET, ("255.255.255.255", port))]

    url = to_port(1935, host="relay.example")
    limits = LinkLimits(plain_anywhere=True)
    with (
        linked(url, limits=limits, resolver=Resolver(nowhere)) as link,
        pytest.raises(StreamEnded, match="cannot be reached"),
    ):
        link.dial()


def _take_one(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.close()


def test_an_unknown_host_is_named() -> None:
    def unknown(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(-2, "Name or service not known")

    url = to_port(1935, host="relay.example")
    with (
        linked(url, resolver=Resolver(unknown)) as link,
        pytest.raises(StreamEnded, match="unknown host: Name or service not known"),
    ):
        link.dial()


def test_a_name_without_an_address_cannot_be_reached() -> None:
    url = to_port(1935, host="relay.example")
    with (
        linked(url, resolver=Resolver(lambda host, port: [])) as link,
        pytest.raises(StreamEnded, match="the name has no address"),
    ):
        link.dial()


def test_a_name_that_is_not_resolved_in_time_is_a_stall() -> None:
    release = threading.Event()

    def slow(host: str, port: int) -> Sequence[Address]:
        release.wait(30)
        return []

    url = to_port(1935, host="relay.example")
    with (
        linked(url, resolver=Resolver(slow)) as link,
        pytest.raises(StreamStalled, match="name lookup"),
    ):
        link.dial()
    release.set()
