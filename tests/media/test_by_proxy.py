"""Media through a site's proxy: a real relay behind it, and each way to be refused."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.app.private_ca import make_private_ca
from kiosk.errors import MediaError, StreamEnded, StreamRefused, StreamStalled
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Address, Resolver
from kiosk.proxy import Proxy
from kiosk.rtmp.url import RtmpUrl
from kiosk.tls import trusting
from tests.fakes.connect_proxy import LEADS, connect_proxy
from tests.fakes.media_kit import QUICK, MediaKit, open_relay, until


SECRET = "txSecret=77"
LIMITS = LinkLimits(start_s=0.6)


def nobody(host: str, port: int) -> Sequence[Address]:
    raise AssertionError(f"{host} is the proxy's to look up")


async def dialled(way: Proxy, scheme: str = "rtmps") -> Link:
    """Return a link to a relay that only the proxy knows, or fail as it does."""
    url = RtmpUrl.parse(f"{scheme}://relay.invalid:1935/live/k1?{SECRET}")
    limits = LIMITS if scheme == "rtmps" else replace(LIMITS, plain_anywhere=True)
    link = Link(url, Resolver(nobody), limits=limits, proxy=way)
    try:
        await asyncio.to_thread(link.dial)
    except BaseException:
        link.close()
        raise
    return link


async def test_a_relay_only_the_proxy_can_name_is_published_to(tmp_path: Path) -> None:
    ca = make_private_ca(tmp_path, ["relay.invalid"])
    relay_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    relay_tls.load_cert_chain(ca.certificate, ca.key)
    names = {"relay.invalid": "127.0.0.1"}
    async with (
        open_relay(relay_tls) as (relay, _, port),
        connect_proxy(names, pieces=3) as proxy,
    ):
        tls = trusting(ca.authority)
        kit = MediaKit(replace(QUICK, tls=tls, proxy=proxy.way("kiosk", "canary")))
        pusher = kit.session.new_pusher(kit.facts.append)
        try:
            await pusher.start(f"rtmps://relay.invalid:{port}/live/k1?{SECRET}")
            await until(lambda: pusher.stats.pictures_sent > 3)
            assert relay.is_live("k1")
        finally:
            await pusher.close()

    assert proxy.asked == [f"CONNECT relay.invalid:{port} HTTP/1.1"]
    assert proxy.proofs[0].startswith("Proxy-Authorization: Basic ")


async def test_what_comes_behind_the_proxys_head_is_the_relays() -> None:
    async with connect_proxy(answer=LEADS + b"early") as proxy:
        link = await dialled(proxy.way(), "rtmp")
        try:
            assert link.receive(1.0) == b"early"
        finally:
            link.close()


@pytest.mark.parametrize(
    ("answer", "told", "kind"),
    [
        (b"HTTP/1.1 407 Who?\r\n\r\n", "kiosk.network.proxy_password", StreamRefused),
        (b"HTTP/1.1 403 No\r\n\r\n", "must permit CONNECT to relay", StreamRefused),
        (b"HTTP/1.1 502 Gone\r\n\r\n", "cannot reach relay.invalid:1935", StreamEnded),
        (b"HTTP/1.1 200 O", "hung up before it answered", StreamEnded),
        (b"", "no answer within 0.6 s (the proxy 127.0.0.1:", StreamStalled),
    ],
)
async def test_a_proxy_that_does_not_lead_there_is_named_within_the_deadline(
    answer: bytes, told: str, kind: type[MediaError]
) -> None:
    async with connect_proxy(answer=answer) as proxy:
        began = time.monotonic()
        with pytest.raises(kind) as failed:
            await dialled(proxy.way("kiosk", "canary"))
        took_s = time.monotonic() - began

    assert told in str(failed.value)
    assert "canary" not in str(failed.value)
    assert SECRET not in str(failed.value)
    assert took_s < 3.0


async def test_plain_rtmp_leaves_this_machine_by_no_proxy_either() -> None:
    async with connect_proxy() as proxy:
        url = RtmpUrl.parse("rtmp://relay.invalid/live/k1")
        link = Link(url, Resolver(nobody), limits=LIMITS, proxy=proxy.way())
        try:
            with pytest.raises(StreamRefused, match="may not leave this machine"):
                await asyncio.to_thread(link.dial)
        finally:
            link.close()

    assert not proxy.asked


async def test_a_call_that_ends_does_not_wait_for_the_proxy() -> None:
    url = RtmpUrl.parse("rtmps://relay.invalid/live/k1")
    async with connect_proxy(answer=b"") as proxy:
        limits = LinkLimits(start_s=20.0)
        link = Link(url, Resolver(nobody), limits=limits, proxy=proxy.way())

        async def hang_up() -> None:
            await until(lambda: bool(proxy.asked))
            link.cancel()

        try:
            with pytest.raises(StreamEnded, match="closed by us"):
                async with asyncio.timeout(3.0):
                    await asyncio.gather(asyncio.to_thread(link.dial), hang_up())
        finally:
            link.close()
