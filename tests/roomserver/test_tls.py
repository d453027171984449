"""HTTPS and RTMPS: what a server offers, and what it turns away."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import ssl
import subprocess
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kiosk.app.private_ca import PrivateCa, make_private_ca
from kiosk.room import messages as msg
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles, TlsUnusable, server_context
from tests.fakes.room_server import Member, running_server
from tests.fakes.self_signed import self_signed


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> PrivateCa:
    return make_private_ca(tmp_path_factory.mktemp("ca"), ["localhost", "127.0.0.1"])


def files_of(ca: PrivateCa) -> TlsFiles:
    return TlsFiles(str(ca.certificate), str(ca.key))


def trusting(ca: PrivateCa) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca.authority))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    return context


@pytest.fixture
async def at(ca: PrivateCa) -> AsyncIterator[ServerAddresses]:
    limits = BorderLimits(handshake_s=0.3)
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files_of(ca), border=limits)
    async with running_server(settings) as (at, _):
        yield at


async def test_a_whole_seat_over_https_has_rtmps_urls(
    at: ServerAddresses, ca: PrivateCa
) -> None:
    async with httpx.AsyncClient(base_url=at.http_url, verify=trusting(ca)) as client:
        member = Member(client, "kiosk")
        await member.log_in()
        push_url = await member.create()
        room = await member.ask(msg.GetPushers("desk"))

    assert at.http_url.startswith("https://127.0.0.1:")
    assert at.rtmp_url == f"rtmps://127.0.0.1:{at.rtmp[1]}"
    assert push_url.startswith(f"{at.rtmp_url}/live/")
    assert room.members[0].play_url.startswith(f"{at.rtmp_url}/live/")


async def test_both_ports_have_fresh_keys_and_no_old_protocols(
    at: ServerAddresses, ca: PrivateCa
) -> None:
    seen: list[tuple[str | None, str, bool]] = []
    for port in (at.http[1], at.rtmp[1]):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting(ca)
            context.minimum_version = context.maximum_version = version
            async with asyncio.timeout(5):
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", port, ssl=context
                )
            tls = writer.get_extra_info("ssl_object")
            seen.append((tls.version(), tls.cipher()[0], tls.session.has_ticket))
            writer.close()

    for version_name, suite, has_ticket in seen:
        assert version_name in {"TLSv1.2", "TLSv1.3"}
        assert version_name == "TLSv1.3" or suite.startswith("ECDHE-")
        assert re.search("GCM|CHACHA20", suite)
        assert not has_ticket


@pytest.mark.parametrize(
    "arguments",
    [
        ("-tls1",), ("-tls1_1",),
        ("-tls1_2", "-cipher", "AES128-GCM-SHA256"),
        ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"),
        ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"),
        ("-tls1_2", "-cipher", "AECDH-AES128-SHA"),
    ],
)  # fmt: skip
async def test_older_protocols_and_suites_without_fresh_keys_are_refused(
    at: ServerAddresses, arguments: tuple[str, ...]
) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "openssl is not installed: apt-get install openssl"
    weakest = ("-legacy_renegotiation",) if arguments[0] == "-tls1" else ()
    for port in (at.http[1], at.rtmp[1]):
        client = await asyncio.create_subprocess_exec(
            *(openssl, "s_client", "-connect", f"127.0.0.1:{port}"),
            *arguments,
            *weakest,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        async with asyncio.timeout(10):
            said, _ = await client.communicate()

        assert client.returncode != 0
        assert b"Cipher is (NONE)" in said or b"error" in said.lower()


async def test_an_idle_connection_holds_little_memory(
    at: ServerAddresses, ca: PrivateCa
) -> None:
    context, connections = trusting(ca), 10
    async with asyncio.timeout(20):
        for port in (at.http[1], at.rtmp[1]):
            tracemalloc.start()
            try:
                writers = [
                    (await asyncio.open_connection("127.0.0.1", port, ssl=context))[1]
                    for _ in range(connections)
                ]
                held, _ = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            for writer in writers:
                writer.close()

            assert held < connections * 2 * 64 * 1024  # its two ends


async def test_what_is_more_than_one_read_arrives_whole(
    at: ServerAddresses, ca: PrivateCa
) -> None:
    wanted = msg.GetRoomList()
    padded = json.dumps(wanted.to_wire()).rjust(msg.MAX_REQUEST_BYTES)
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(base_url=at.http_url, verify=trusting(ca)) as client,
    ):
        answer = await client.post(
            msg.path_of(wanted),
            content=padded,
            headers={"content-type": "application/json"},
        )

    assert msg.read_answer(wanted, answer.content).rooms == ()


async def test_a_client_that_begins_no_handshake_is_hung_up_on(
    at: ServerAddresses,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.http[1])
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_plain_http_to_the_tls_port_is_not_answered(at: ServerAddresses) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.http[1])
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
    async with asyncio.timeout(5):
        said = await reader.read()
    writer.close()

    assert b"HTTP/1.1 200" not in said


def test_what_cannot_be_served_is_named_with_its_cure(
    ca: PrivateCa, tmp_path: Path
) -> None:
    other, other_key = self_signed(tmp_path, "127.0.0.1")
    locked = tmp_path / "locked.key"
    subprocess.run(
        [
            *("openssl", "ec", "-in", str(other_key), "-aes128"),
            *("-passout", "pass:sesame", "-out", str(locked)),
        ],
        check=True,
        capture_output=True,
        timeout=20,
    )
    for certificate, key, cause in (
        ("/nowhere", str(ca.key), "No such file"),
        (str(ca.certificate), str(other_key), "KEY_VALUES_MISMATCH"),
        (str(ca.key), str(ca.key), "must be PEM"),
        (str(other), str(locked), "no passphrase"),
    ):
        with pytest.raises(TlsUnusable, match=cause) as raised:
            server_context(TlsFiles(certificate, key))
        assert certificate in str(raised.value)
