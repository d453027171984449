"""What a stranger's scanner finds at our ports, and keys that no two connections share."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from xml.etree import ElementTree as ET

import pytest

from kiosk.app.private_ca import PrivateCa, make_private_ca
from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles
from tests.fakes.room_server import running_server


SAFE = re.compile(r"(TLS_|ECDHE-(ECDSA|RSA)-).*(GCM|CHACHA20).*")
CONNECTIONS = 1_000
_HANDSHAKE, _SERVER_HELLO, _KEY_EXCHANGE = 22, 2, 12
_KEY_SHARE = 51


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> PrivateCa:
    return make_private_ca(tmp_path_factory.mktemp("ca"), ["localhost", "127.0.0.1"])


@pytest.fixture
async def at(ca: PrivateCa) -> AsyncIterator[ServerAddresses]:
    files = TlsFiles(str(ca.certificate), str(ca.key))
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files)
    async with running_server(settings) as (at, _):
        yield at


async def scanned(port: int) -> ET.Element:
    """Return what sslscan says of a port."""
    program = shutil.which("sslscan")
    assert program, "sslscan is not installed: apt-get install sslscan"
    scan = await asyncio.create_subprocess_exec(
        *(program, "--xml=-", "--no-colour", f"127.0.0.1:{port}"),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(50):
        said, _ = await scan.communicate()
    found = ET.fromstring(said).find("ssltest")
    assert found is not None
    return found


@pytest.mark.parametrize("door", ["http", "rtmp"])
async def test_a_scanner_finds_safe_protocols_and_suites_alone(
    at: ServerAddresses, door: str
) -> None:
    found = await scanned((at.http if door == "http" else at.rtmp)[1])
    enabled = {
        f"{one.get('type')} {one.get('version')}"
        for one in found.findall("protocol")
        if one.get("enabled") == "1"
    }
    suites = [one.get("cipher", "") for one in found.findall("cipher")]

    assert enabled == {"tls 1.2", "tls 1.3"}
    assert len(suites) >= 4
    assert [suite for suite in suites if not SAFE.fullmatch(suite)] == []
    (again,) = found.findall("renegotiation")
    assert (again.get("supported"), again.get("secure")) == ("0", "0")
    bleeding = [one.get("vulnerable") for one in found.findall("heartbleed")]
    assert set(bleeding) == {"0"}


def records(flight: bytes) -> Iterator[bytes]:
    """Yield the handshake messages that a flight shows in the clear."""
    at = 0
    while at + 5 <= len(flight) and flight[at] == _HANDSHAKE:
        end = at + 5 + int.from_bytes(flight[at + 3 : at + 5], "big")
        content = flight[at + 5 : end]
        while len(content) >= 4:
            length = 4 + int.from_bytes(content[1:4], "big")
            yield content[:length]
            content = content[length:]
        at = end


def key_of(flight: bytes) -> bytes:
    """Return the server's public key of this one handshake (RFC 8446, RFC 8422)."""
    for message in records(flight):
        if message[0] == _KEY_EXCHANGE:
            return message[8 : 8 + message[7]]
        if message[0] == _SERVER_HELLO:
            at = 39 + message[38] + 3  # behind session id, suite and compression
            at += 2
            while at < len(message):
                kind = int.from_bytes(message[at : at + 2], "big")
                length = int.from_bytes(message[at + 2 : at + 4], "big")
                if kind == _KEY_SHARE:
                    return message[at + 8 : at + 4 + length]
                at += 4 + length
    raise AssertionError("the server showed no key")


async def key_at(port: int, trust: ssl.SSLContext) -> bytes:
    """Connect, and return the key that the server made for it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trust.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        flight = b""
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                received = await reader.read(65536)
                assert received, "hung up"
                flight += received
                incoming.write(received)
        writer.transport.abort()
    assert tls.compression() is None
    return key_of(flight)


@pytest.mark.parametrize(
    ("version", "many"),
    [(ssl.TLSVersion.TLSv1_3, CONNECTIONS), (ssl.TLSVersion.TLSv1_2, CONNECTIONS // 5)],
)
async def test_no_two_connections_have_the_same_key(
    at: ServerAddresses, ca: PrivateCa, version: ssl.TLSVersion, many: int
) -> None:
    trust = ssl.create_default_context(cafile=str(ca.authority))
    trust.minimum_version = trust.maximum_version = version
    ports = (at.http[1], at.rtmp[1])
    keys = [await key_at(ports[number % 2], trust) for number in range(many)]

    assert len(set(keys)) == many
    assert min(map(len, keys)) >= 32
