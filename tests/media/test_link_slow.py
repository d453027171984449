"""A link whose other side reads slowly: it lives, as long as it reads."""

from __future__ import annotations

import socket
import time

from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Resolver
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.listening import listening


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
