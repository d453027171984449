"""A link whose other side reads slowly: it lives, as long as it reads."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Resolver
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.linked import linked, to_port
from tests.fakes.listening import listening
from tests.fakes.self_signed import self_signed
from tests.fakes.waiting import wait_until


SEND_S = 0.5
LIMITS = LinkLimits(start_s=5.0, send_s=SEND_S, send_buffer_bytes=32_768)


def test_a_unit_may_take_longer_than_the_deadline_if_it_is_read_all_the_time() -> None:
    payload = bytes(1_000_000)
    got = 0

    def slowly(connection: socket.socket) -> None:
        nonlocal got
        while got < len(payload):
            got += len(connection.recv(16_384))
            time.sleep(0.02)

    with listening(slowly, receive_buffer=32_768) as port:
        url = RtmpUrl.parse(f"rtmp://127.0.0.1:{port}/live/k1")
        link = Link(url, Resolver(), limits=LIMITS)
        try:
            link.dial()
            began = time.monotonic()
            link.send(payload)
            took_s = time.monotonic() - began
        finally:
            link.close()

    assert got == len(payload)
    assert took_s > SEND_S


def test_a_unit_may_take_as_long_over_tls_which_says_nothing_of_its_parts(
    tmp_path: Path,
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    payload = bytes(1_000_000)
    got = 0

    def slowly(connection: socket.socket) -> None:
        nonlocal got
        with serving.wrap_socket(connection, server_side=True) as secure:
            while got < len(payload):
                received = len(secure.recv(16_384))
                if not received:
                    return
                got += received
                time.sleep(0.02)

    with (
        listening(slowly, receive_buffer=32_768) as port,
        linked(to_port(port, scheme="rtmps"), limits=LIMITS, tls=trusting) as link,
    ):
        link.dial()
        began = time.monotonic()
        link.send(payload)
        took_s = time.monotonic() - began

    assert got == len(payload)
    assert took_s > SEND_S


def test_a_sign_after_a_long_silence_has_its_time_to_arrive() -> None:
    under_way = []
    with (
        listening(_acknowledging_late) as port,
        linked(to_port(port), limits=LIMITS) as link,
    ):
        link.dial()
        for _ in range(5):
            link.send(b"sign")
            under_way.append(link.measure().backlog_bytes)
            assert wait_until(lambda: link.measure().backlog_bytes == 0)
            time.sleep(SEND_S + 0.1)  # nobody measures meanwhile

    assert any(under_way[1:])


def _acknowledging_late(connection: socket.socket) -> None:
    """Read what comes; the kernel tells of it some 40 ms later, if it can wait."""
    received = b"first"
    while received:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        received = connection.recv(100)
