"""A link ends when it is cancelled, when its peer stalls or resets, and by TLS that fails."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kiosk.errors import StreamEnded, StreamRefused, StreamStalled
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Address, Resolver
from tests.fakes.linked import linked, to_port
from tests.fakes.listening import full_server, listening
from tests.fakes.self_signed import self_signed
from tests.fakes.silent_server import silent_server
from tests.fakes.waiting import wait_until


def _cancelled_soon(link: Link, waits: Callable[[], object]) -> float:
    """Return how long a wait lasted that was cancelled after 50 ms."""
    timer = threading.Timer(0.05, link.cancel)
    timer.start()
    began = time.monotonic()
    with pytest.raises(StreamEnded, match="closed by us"):
        waits()
    timer.join()
    return time.monotonic() - began


def test_a_connect_is_cancelled_at_once() -> None:
    limits = LinkLimits(start_s=30, another_s=30)
    with full_server() as dead, linked(to_port(dead), limits=limits) as link:
        assert _cancelled_soon(link, link.dial) < 1.0


def test_a_read_is_cancelled_at_once() -> None:
    with silent_server() as port, linked(to_port(port)) as link:
        link.dial()

        assert _cancelled_soon(link, lambda: link.receive(30)) < 1.0


def test_a_send_is_cancelled_at_once() -> None:
    limits = LinkLimits(send_s=30, send_buffer_bytes=4096)
    with silent_server() as port, linked(to_port(port), limits=limits) as link:
        link.dial()

        assert _cancelled_soon(link, lambda: link.send(bytes(20_000_000))) < 1.0


def test_a_name_lookup_is_cancelled_at_once() -> None:
    release = threading.Event()

    def slow(host: str, port: int) -> Sequence[Address]:
        release.wait(30)
        return []

    limits = LinkLimits(start_s=30)
    url = to_port(1935, host="relay.example")
    with linked(url, limits=limits, resolver=Resolver(slow)) as link:
        waited = _cancelled_soon(link, link.dial)
    release.set()

    assert waited < 1.0


def test_a_link_that_was_cancelled_before_does_not_connect() -> None:
    with silent_server() as port, linked(to_port(port)) as link:
        link.cancel()

        with pytest.raises(StreamEnded, match="closed by us"):
            link.dial()


def test_a_peer_that_stops_reading_ends_the_link() -> None:
    with silent_server() as port, linked(to_port(port)) as link:
        link.dial()
        with pytest.raises(StreamStalled, match=r"took nothing more for 0\.3 s"):
            link.send(bytes(20_000_000))


def test_a_backlog_that_nobody_acknowledges_ends_the_link() -> None:
    with silent_server() as port, linked(to_port(port)) as link:
        link.dial()
        with pytest.raises(StreamStalled):
            link.send(bytes(20_000_000))

        assert wait_until(lambda: _is_stalled(link))


def _is_stalled(link: Link) -> bool:
    try:
        backlog = link.measure().backlog_bytes
    except StreamStalled:
        return True
    assert backlog > 0
    return False


def test_what_a_stalled_peer_did_not_take_never_reaches_it() -> None:
    got: list[int] = []

    def late(connection: socket.socket) -> None:
        release.wait(5)
        try:
            while received := connection.recv(65536):
                got.append(len(received))
        except ConnectionResetError:
            got.append(0)

    release = threading.Event()
    with listening(late, receive_buffer=4096) as port:
        with linked(to_port(port)) as link:
            link.dial()
            with pytest.raises(StreamStalled):
                link.send(bytes(20_000_000))
        release.set()

        assert wait_until(lambda: bool(got) and got[-1] == 0)


def test_a_slow_reader_gets_every_byte_in_order() -> None:
    payload = bytes(range(256)) * 1000
    got = bytearray()

    def slowly(connection: socket.socket) -> None:
        while len(got) < len(payload):
            got.extend(connection.recv(8192))
            time.sleep(0.0005)

    limits = LinkLimits(send_s=5, send_buffer_bytes=4096)
    with (
        listening(slowly, receive_buffer=4096) as port,
        linked(to_port(port), limits=limits) as link,
    ):
        link.dial()
        link.send(payload)

    assert bytes(got) == payload


def test_the_end_of_the_peer_is_told() -> None:
    with listening(lambda connection: None) as port, linked(to_port(port)) as link:
        link.dial()

        with pytest.raises(StreamEnded, match="closed the connection"):
            link.receive(2)


def _reset(connection: socket.socket) -> None:
    connection.recv(10)
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def test_a_reset_is_told_by_every_call() -> None:
    with listening(_reset) as port, linked(to_port(port)) as link:
        link.dial()
        link.send(b"x")
        with pytest.raises(StreamEnded, match="reset by peer"):
            link.receive(2)
        with pytest.raises(StreamEnded):
            link.send(bytes(1_000_000))


def test_a_link_that_was_never_dialled_says_so() -> None:
    with linked(to_port(1)) as link:
        with pytest.raises(StreamEnded):
            link.send(b"x")
        with pytest.raises(StreamEnded):
            link.measure()


def test_what_was_acknowledged_is_measured() -> None:
    def read(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with listening(read) as port, linked(to_port(port)) as link:
        link.dial()
        link.send(bytes(5000))
        deadline = time.monotonic() + 2
        while link.measure().backlog_bytes and time.monotonic() < deadline:
            time.sleep(0.005)
        reading = link.measure()
        link.close()

    assert reading.acked_bytes >= 5000
    assert reading.rtt_us > 0


def test_a_trusted_certificate_is_taken(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    with listening(_tls_echo(certificate, key)) as port:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with linked(to_port(port, scheme="rtmps"), tls=trusting) as link:
            link.dial()
            link.send(b"hello" * 10_000)
            got = b""
            while len(got) < 50_000:
                got += link.receive(2)

    assert got == b"HELLO" * 10_000


def _tls_echo(certificate: Path, key: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                got = b""
                while len(got) < 50_000:
                    received = secure.recv(65536)
                    if not received:
                        return
                    got += received
                secure.sendall(got.upper())
        except OSError:
            return

    return serve


def test_a_certificate_nobody_trusts_is_refused_with_the_cure(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    with (
        listening(_tls_echo(certificate, key)) as port,
        linked(to_port(port, scheme="rtmps")) as link,
        pytest.raises(StreamRefused, match=r"see \[network\] ca_file"),
    ):
        link.dial()


def test_a_server_without_tls_is_told() -> None:
    def plain(connection: socket.socket) -> None:
        connection.sendall(b"this is no TLS record at all")
        connection.recv(1000)

    with (
        listening(plain) as port,
        linked(to_port(port, scheme="rtmps")) as link,
        pytest.raises(StreamEnded, match="no TLS: "),
    ):
        link.dial()


def test_silence_instead_of_tls_ends_by_the_start_deadline() -> None:
    with (
        silent_server() as port,
        linked(to_port(port, scheme="rtmps")) as link,
        pytest.raises(StreamStalled, match="TLS"),
    ):
        link.dial()
