"""Relays that are slow, refuse or talk nonsense, and streams no page can show."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from kiosk.agentdesk.framing import Codec
from kiosk.agentdesk.relay_link import RelayDoor, publishing
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Refusal
from kiosk.rtmp import flv
from kiosk.rtmp.events import AudioTag, ClientEvent, VideoTag
from kiosk.rtmp.live_queue import Kind
from tests.agentdesk.test_media_socket import capturing, carried, seen_and_heard
from tests.agentdesk.test_showing import shown
from tests.fakes.desk_page import PaperCall
from tests.fakes.eventually import eventually
from tests.fakes.listening import listening
from tests.fakes.media_kit import open_relay, proxied_relay
from tests.fakes.self_signed import self_signed


async def test_a_relay_that_takes_nothing_costs_pictures_not_memory() -> None:
    async with proxied_relay() as (way, address):
        paper = PaperCall(push_url=f"rtmp://{way.address}/live/agent")
        async with carried(paper) as it, capturing(it.page, Codec.VP8, Codec.PCM):
            await eventually(lambda: it.counts.units_up > 20)
            way.stall()
            await eventually(lambda: it.counts.units_dropped_up > 20, 30)
            assert it.page.heard("rate")
            way.flow()
            await seen_and_heard(f"rtmp://{address}/live/agent")

    assert it.counts.pushes_lost == 0


async def test_a_relay_that_says_no_is_told_with_its_reason_and_asked_again() -> None:
    relay = Relay(
        authorize_publish=lambda app, name, query: Refusal(
            f"the key is too old: {query}"
        ),
        authorize_play=lambda app, name, query: Refusal("the key is too old"),
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with relay.serve("127.0.0.1", 0) as (host, port):
        place = f"rtmp://{host}:{port}/live"
        paper = PaperCall(f"{place}/kiosk-7", f"{place}/agent?txSecret=5ec7e7")
        async with carried(paper) as it, capturing(it.page, None, Codec.OPUS):
            await eventually(lambda: paper.pushes_asked > 1)
            await eventually(lambda: bool(it.page.heard("silent")))

    why = it.page.heard("unpublished")[0]["why"]
    assert "the key is too old" in why
    assert "the key is too old" in it.page.heard("silent")[0]["why"]
    assert "5ec7e7" not in why


async def test_what_is_no_relay_is_told_and_left() -> None:
    def nonsense(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200)
        connection.recv(100_000)

    with listening(nonsense) as port:
        async with shown(PaperCall(f"rtmp://127.0.0.1:{port}/live/kiosk-7")) as it:
            await eventually(lambda: bool(it.page.heard("silent")))


async def test_a_name_that_is_no_url_and_a_host_that_is_none_are_told() -> None:
    for url in ("http://here/live/x", "rtmp://127.0.0.1:1/live/x"):
        async with shown(PaperCall(url)) as it:
            await eventually(lambda: bool(it.page.heard("silent")))


async def test_what_no_page_can_show_is_left_out_and_the_rest_shown() -> None:
    async with open_relay() as (relay, host, port):
        stream = relay.originate("kiosk-7", SilentPublisher())
        async with shown(PaperCall(f"rtmp://{host}:{port}/live/kiosk-7")) as it:
            await eventually(lambda: bool(stream.subscribers))
            for body in (
                b"\x90hvc1" + bytes(40),  # HEVC
                b"\x17\0\0\0\0\xff",  # a broken avcC
                b"\x17\2\0\0\0",  # the end of a sequence
                b"\x17\1\0\0\0",  # a picture of nothing
                b"\x17\1\0\0\x21" + bytes(8),  # shown 33 ms after it is decoded
            ):
                stream.relay(VideoTag(40, body), now())
            for body in (
                b"\x2f\xff",  # MP3
                b"\x90fLaC" + bytes(20),
                flv.audio_config(flv.aac_config(48_000, 1)),
                flv.audio_unit(b"\x21\x10"),
            ):
                stream.relay(AudioTag(50, body), now())
            await eventually(lambda: it.page.count(Kind.AUDIO) == 1)

    assert it.page.count(Kind.VIDEO_CONFIG) == 0
    assert [u.pts_us for _, u in it.page.units if u.kind is Kind.IDR] == [73_000]


async def test_over_tls_a_stream_is_sent_to_who_proves_its_name(
    tmp_path: Path,
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    strict = ssl.create_default_context()
    async with open_relay(serving) as (relay, host, port):
        paper = PaperCall(push_url=f"rtmps://{host}:{port}/live/agent")
        async with (
            carried(paper, door=RelayDoor(trusting)) as it,
            capturing(it.page, Codec.H264, Codec.OPUS),
        ):
            await eventually(lambda: it.counts.units_up > 20)
            assert relay.is_live("agent")
        async with (
            carried(paper, door=RelayDoor(strict)) as it,
            capturing(it.page, None, Codec.OPUS),
        ):
            await eventually(lambda: bool(it.page.heard("unpublished")))

    assert it.counts.units_up == 0


async def test_nothing_waits_at_a_relay_in_the_moment_tls_is_lost(
    tmp_path: Path,
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    door = RelayDoor(ssl.create_default_context(cafile=str(certificate)))
    async with asyncio.timeout(10), open_relay(serving) as (relay, host, port):
        url = f"rtmps://{host}:{port}/live/agent"
        heard: list[ClientEvent] = []
        async with publishing(
            url, door, heard.append, lambda: None, opus=False
        ) as link:
            relay.cut("agent")
            backlogs: list[int] = []
            while not link.over.done():
                backlogs.append(link.backlog_bytes)
                await asyncio.sleep(0)  # every turn of the loop: one is that moment

    assert backlogs[-1] == 0


class SilentPublisher:
    """Sends nothing by itself."""

    opus = False

    def request_idr(self) -> None:
        pass

    def use_opus(self, *, wanted: bool) -> None:
        pass


def now() -> float:
    return asyncio.get_running_loop().time()
