"""The relay behind TLS: the same streams, and nothing for who does not verify."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from kiosk.roomserver.relay import Relay
from kiosk.rtmp.client import PlayClient
from kiosk.rtmp.events import Playing
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh self-signed certificate and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.fail("openssl is not installed: sudo apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, pem = folder / "key.pem", folder / "relay.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(pem)),
        ],
        check=True,
        capture_output=True,
        timeout=20,
    )
    pem.write_bytes(pem.read_bytes() + key.read_bytes())
    return pem


def open_relay() -> Relay:
    return Relay(
        authorize_publish=lambda app, name, query: lambda: "",
        authorize_play=lambda app, name, query: lambda: "",
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )


async def test_a_player_that_verifies_the_certificate_is_served(
    certificate: Path,
) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with open_relay().serve("127.0.0.1", 0, ssl_context=served) as (host, port):
        url = RtmpUrl.parse(f"rtmps://{host}:{port}/live/s")
        client = PlayClient(url, secrets.token_bytes(RANDOM_BYTES))
        reader, writer = await asyncio.open_connection(host, port, ssl=trusting)
        async with asyncio.timeout(5):
            while True:
                writer.write(client.bytes_to_send())
                events = client.feed(await reader.read(65536))
                if events:
                    break
        writer.close()
        await writer.wait_closed()

    assert events == [Playing()]


async def test_plain_rtmp_gets_nothing_from_a_tls_port(certificate: Path) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    async with open_relay().serve("127.0.0.1", 0, ssl_context=served) as (host, port):
        url = RtmpUrl.parse(f"rtmp://{host}:{port}/live/s")
        client = PlayClient(url, secrets.token_bytes(RANDOM_BYTES))
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(client.bytes_to_send())
        async with asyncio.timeout(5):
            said = await reader.read(65536)
        writer.close()

    assert not said.startswith(b"\x03")
