"""Closing a link takes no longer than what had come by then, whatever still comes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link, drain
from kiosk.media.resolver import Resolver
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.listening import listening
from tests.fakes.self_signed import self_signed


LIMITS = LinkLimits(start_s=5.0, send_s=0.3, send_buffer_bytes=4096)
FLOOD = b"x" * 4_000_000


def flooding(context: ssl.SSLContext | None) -> Callable[[socket.socket], None]:
    """Return a relay that sends for ever, as fast as it is read."""

    def send(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if context is None:
                while True:
                    connection.sendall(FLOOD)
            with context.wrap_socket(connection, server_side=True) as secured:
                while True:
                    secured.sendall(FLOOD)

    return send


def test_what_had_come_is_taken_until_nothing_is_left() -> None:
    left = [b"x", b"y", b"", b"later"]
    drain(lambda: left.pop(0))

    assert left == [b"later"]


def test_no_more_is_taken_than_a_buffer_holds() -> None:
    taken: list[bytes] = []

    def read() -> bytes:
        taken.append(b"x" * 16_384)
        return taken[-1]

    drain(read)

    assert 6_000_000 < sum(map(len, taken)) < 20_000_000


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_a_relay_that_sends_for_ever_does_not_hold_up_the_close(
    tmp_path: Path, scheme: str
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with listening(flooding(served if scheme == "rtmps" else None)) as port:
        url = RtmpUrl.parse(f"{scheme}://127.0.0.1:{port}/live/k1")
        link = Link(url, Resolver(), limits=LIMITS, tls=trusting)
        link.dial()
        while not link.receive(1.0):
            pass  # TLS told something of its own first
        closing = threading.Thread(target=link.close)
        closing.start()
        closing.join(5.0)
        was_held_up = closing.is_alive()
        link.cancel()

    closing.join(5.0)
    assert not was_held_up
