"""The link: deadlines, cancelling at any moment, no corrupt stream, no keys."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.errors import StreamEnded, StreamRefused, StreamStalled
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Address, Resolver
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.listening import filled, full_server, listening
from tests.fakes.self_signed import self_signed
from tests.fakes.silent_server import silent_server
from tests.fakes.waiting import wait_until


SECRET = "txSecret=77"
LIMITS = LinkLimits(start_s=0.4, another_s=0.2, send_s=0.3, send_buffer_bytes=4096)


def to_port(port: int, *, scheme: str = "rtmp", host: str = "127.0.0.1") -> RtmpUrl:
    return RtmpUrl.parse(f"{scheme}://{host}:{port}/live/k1?{SECRET}")


@contextmanager
def linked(
    url: RtmpUrl,
    *,
    limits: LinkLimits = LIMITS,
    resolver: Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Link]:
    link = Link(url, resolver or Resolver(), limits=limits, tls=tls)
    try:
        yield link
    finally:
        link.close()
        link.close()


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
        pytest.raises(StreamRefused, match="CA file"),
    ):
        link.dial()


def test_a_server_without_tls_is_told() -> None:
    def plain(connection: socket.socket) -> None:
        connection.sendall(b"this is no TLS record at all")
        connection.recv(1000)

    with (
        listening(plain) as port,
        linked(to_port(port, scheme="rtmps")) as link,
        pytest.raises(StreamEnded, match="TLS failed"),
    ):
        link.dial()


def test_silence_instead_of_tls_ends_by_the_start_deadline() -> None:
    with (
        silent_server() as port,
        linked(to_port(port, scheme="rtmps")) as link,
        pytest.raises(StreamStalled, match="TLS"),
    ):
        link.dial()
