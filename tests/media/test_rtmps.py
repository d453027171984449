"""RTMPS from the kiosk's side: pins and certificates, with a relay that means it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.app.private_ca import PrivateCa, make_private_ca
from kiosk.app.trust import client_context, pin_of_file
from kiosk.config.network_section import NetworkSection
from kiosk.errors import StreamRefused
from kiosk.media.link import Link
from kiosk.media.resolver import Resolver
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.listening import listening
from tests.fakes.media_kit import QUICK, MediaKit, open_relay, until
from tests.fakes.self_signed import self_signed


OTHER_PIN = "sha256//" + "A" * 43 + "="
KEY = "CANARY"


@pytest.fixture
def ca(tmp_path: Path) -> PrivateCa:
    return make_private_ca(tmp_path / "relay", ["127.0.0.1"])


def serving(ca: PrivateCa, client: Path | None = None) -> ssl.SSLContext:
    """Return a relay's context; one with ``client`` asks who calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca.certificate, ca.key)
    if client is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client)
    return context


async def published(network: NetworkSection, relay_tls: ssl.SSLContext) -> bool:
    """Publish over RTMPS and say whether pictures went out."""
    settings = QUICK.__class__(
        bitrate=QUICK.bitrate, ceiling=QUICK.ceiling, tls=client_context(network)
    )
    kit = MediaKit(settings)
    async with open_relay(relay_tls) as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        try:
            await pusher.start(f"rtmps://{host}:{port}/live/k1?txSecret={KEY}")
            await until(lambda: pusher.stats.pictures_sent > 3)
            return relay.is_live("k1")
        finally:
            await pusher.close()


async def test_a_pinned_relay_is_published_to(ca: PrivateCa) -> None:
    pins = (pin_of_file(ca.certificate), OTHER_PIN)
    network = NetworkSection(ca_file=str(ca.authority), pins=pins)

    assert await published(network, serving(ca))


async def test_a_relay_with_another_key_is_refused_before_it_learns_anything(
    ca: PrivateCa,
) -> None:
    network = NetworkSection(ca_file=str(ca.authority), pins=(OTHER_PIN,))
    read: list[bytes] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first = b""
        with suppress(ConnectionError):
            first = await reader.read(1)
        read.append(first)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving(ca))
    async with server:
        port = server.sockets[0].getsockname()[1]
        told = await asyncio.to_thread(refusal, port, network)
        await until(lambda: bool(read))

    assert f"its public key is {pin_of_file(ca.certificate)}" in told
    assert "ca_file" not in told
    assert KEY not in told
    assert read == [b""]


async def test_a_relay_that_asks_who_we_are_gets_our_certificate(
    ca: PrivateCa, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    network = NetworkSection(
        ca_file=str(ca.authority), certificate=str(certificate), key=str(key)
    )

    assert await published(network, serving(ca, certificate))


def refusal(port: int, network: NetworkSection) -> str:
    """Dial, read what comes, and return why that ended."""
    url = RtmpUrl.parse(f"rtmps://127.0.0.1:{port}/live/k1?txSecret={KEY}")
    link = Link(url, Resolver(), limits=QUICK.link, tls=client_context(network))
    try:
        with pytest.raises(StreamRefused) as refused:  # noqa: PT012 -- either of them
            link.dial()
            link.receive(2.0)
        return str(refused.value)
    finally:
        link.close()


def asking(tls: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """Serve a relay that ends the connection of whom it does not know."""

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    return serve


@pytest.mark.parametrize(
    ("version", "shows_another"),
    [
        (ssl.TLSVersion.TLSv1_3, False),
        (ssl.TLSVersion.TLSv1_3, True),
        # without any, TLS 1.2 has no words of its own for it
        (ssl.TLSVersion.TLSv1_2, True),
    ],
)
def test_a_relay_that_does_not_know_us_makes_us_say_what_to_set(
    ca: PrivateCa, tmp_path: Path, version: ssl.TLSVersion, *, shows_another: bool
) -> None:
    known, unknown = tmp_path / "known", tmp_path / "unknown"
    known.mkdir()
    unknown.mkdir()
    network = NetworkSection(ca_file=str(ca.authority))
    if shows_another:
        certificate, key = self_signed(unknown, "127.0.0.1")
        shown = {"certificate": str(certificate), "key": str(key)}
        network = network.model_copy(update=shown)
    tls = serving(ca, self_signed(known, "127.0.0.1")[0])
    tls.minimum_version = tls.maximum_version = version
    with listening(asking(tls)) as port:
        told = refusal(port, network)

    assert "see [network] certificate and key" in told
    assert KEY not in told
