"""A link with a smaller packet size than Ethernet carries calls, whoever says nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from kiosk.media.dialling import Dialling, LinkLimits
from kiosk.media.resolver import Resolver
from kiosk.media.waiting import Waiting
from kiosk.roomclient.reaching import reached
from kiosk.rtmp.url import RtmpUrl
from kiosk.small_segments import SEGMENT_BYTES


def segment_of(taken: socket.socket) -> int:
    """Return how large the segments are that a server sends."""
    return int(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))


def test_a_relay_sends_segments_that_pass_everywhere() -> None:
    waiting = Waiting(lambda: None)
    with contextlib.closing(waiting), socket.create_server(("127.0.0.1", 0)) as relay:
        url = RtmpUrl.parse(f"rtmp://127.0.0.1:{relay.getsockname()[1]}/live/k1")
        limits = LinkLimits(start_s=10.0)
        with Dialling(
            url, Resolver(), waiting, limits=limits, tls=None
        ).connected() as ours:
            taken, _ = relay.accept()
            with taken:
                assert segment_of(taken) <= SEGMENT_BYTES
                assert segment_of(ours) <= SEGMENT_BYTES


async def test_a_room_server_sends_segments_that_pass_everywhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with asyncio.timeout(20):
            ours = await reached(["127.0.0.1"], server.getsockname()[1])
        taken, _ = server.accept()
        with ours, taken:
            assert segment_of(taken) <= SEGMENT_BYTES
            assert segment_of(ours) <= SEGMENT_BYTES
