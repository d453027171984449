"""
Thirty servers one must not talk to, refused by room client and media alike (S20).

Each is a real server on a real port, wrong in one thing.  Who is refused is told in one
line what is wrong and what to do about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from kiosk.app.trust import client_context
from kiosk.config.network_section import NetworkSection
from kiosk.errors import MediaError, RoomUnreachable
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Address, Resolver
from kiosk.room import messages as msg
from kiosk.roomclient.connections import RoomTransport
from kiosk.roomclient.exchange import HttpExchange
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.bad_certificates import NAME, Chains


QUICK = LinkLimits(start_s=4.0)
QUICK_S = 4.0
ANOTHER_PIN = "sha256//" + "A" * 43 + "="


@dataclass(frozen=True, slots=True)
class Wrong:
    """
    A server by what is wrong with it.

    Attributes:
        says: What both clients say: the cause, then the cure.

    """

    says: tuple[str, str]
    suites: str = ""
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED


CLOCK, CA, OTHER = "clock of this machine", "[network] ca_file", "use the name that"
ANEW, SAFE = "made anew", "does it speak TLS 1.2 or newer"

CERTIFICATES = {
    "expired": ("expired", CLOCK),
    "not yet valid": ("not yet valid", CLOCK),
    "signed by itself": ("self-signed", CA),
    "of an authority nobody knows": ("unable to get local issuer", CA),
    "without what lies between": ("unable to get local issuer", CA),
    "of an expired one between": ("expired", CLOCK),
    "of one between for other names": ("permitted subtree violation", ANEW),
    "of one that is no authority": ("invalid CA certificate", ANEW),
    "for clients": ("unsuitable certificate purpose", ANEW),
    "of another host": ("Hostname mismatch", OTHER),
    "with its name in the subject alone": ("Hostname mismatch", OTHER),
    "of any host": ("Hostname mismatch", OTHER),
    "of a wildcard for too much": ("Hostname mismatch", OTHER),
    "of a wildcard within a name": ("Hostname mismatch", OTHER),
    "of a name with NUL in it": ("Hostname mismatch", OTHER),
    "with a key of 1024 bits": ("EE certificate key too weak", ANEW),
    "signed with SHA-1": ("CA signature digest algorithm too weak", ANEW),
}
TLS_1_2 = ssl.TLSVersion.TLSv1_2
WAYS = {
    "TLS 1.0": Wrong(("", SAFE), "ALL", ssl.TLSVersion.TLSv1),
    "TLS 1.1": Wrong(("", SAFE), "ALL", ssl.TLSVersion.TLSv1_1),
    "keys that stay the same": Wrong(("", SAFE), "AES128-GCM-SHA256", TLS_1_2),
    "CBC": Wrong(("", SAFE), "ECDHE-ECDSA-AES128-SHA256", TLS_1_2),
    "CBC with SHA-1": Wrong(("", SAFE), "ECDHE-ECDSA-AES256-SHA", TLS_1_2),
    "nobody's certificate": Wrong(("", SAFE), "AECDH-AES128-SHA", TLS_1_2),
    "no encryption": Wrong(("", SAFE), "ECDHE-ECDSA-NULL-SHA", TLS_1_2),
}


def rc4(hello: bytes) -> bytes:
    """Choose RC4 with MD5, which was not offered."""
    body = b"\x03\x03" + secrets.token_bytes(32) + b"\x00" + b"\x00\x04" + b"\x00"
    shake = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(shake).to_bytes(2, "big") + shake


WORDS: dict[str, tuple[Callable[[bytes], bytes], tuple[str, str]]] = {
    "RC4": (rc4, ("", SAFE)),
    "compression": (lambda hello: rc4(hello)[:-3] + b"\x13\x01\x01", ("", SAFE)),
    "SSL 3": (
        lambda hello: rc4(hello).replace(b"\x03\x03", b"\x03\x00", 2),
        ("", SAFE),
    ),
    "half a hello": (lambda hello: rc4(hello)[:20], ("", SAFE)),
    "nothing and hangs up": (lambda hello: b"", ("", SAFE)),
    "plain HTTP": (lambda hello: b"HTTP/1.1 400 Bad Request\r\n\r\n", ("", SAFE)),
    "an alert": (
        lambda hello: b"\x15\x03\x03\x00\x02\x02\x28",
        ("HANDSHAKE_FAILURE", SAFE),
    ),
}


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Chains:
    return Chains(tmp_path_factory.mktemp("chains"))


@pytest.fixture
def trust(chains: Chains) -> ssl.SSLContext:
    return client_context(NetworkSection(ca_file=str(chains.trusted)))


def speaking(file: Path, wrong: Wrong | None = None) -> ssl.SSLContext:
    """Return the context of a server that would talk to anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(
        f"{wrong.suites if wrong and wrong.suites else 'ALL'}:@SECLEVEL=0"
    )
    context.load_cert_chain(file)
    if wrong is not None:
        with warnings.catch_warnings():  # that is why it must be refused
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = wrong.newest
    return context


@asynccontextmanager
async def serving(
    context: ssl.SSLContext | None, said: Callable[[bytes], bytes] | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answer whoever comes; yield the port, and what was heard behind a handshake."""
    heard: list[bytes] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            first = await reader.read(4096)
            if said is not None:
                writer.write(said(first))
                await writer.drain()
            elif first:
                heard.append(first)
        writer.close()

    async with asyncio.TaskGroup() as answering:

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            answering.create_task(answer(reader, writer))

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1], heard


async def room_refusal(port: int, trust: ssl.SSLContext) -> str:
    """Return why the room client does not talk to a server."""

    async def found(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    transport = RoomTransport(trust, resolve=found)
    exchange = HttpExchange(f"https://{NAME}:{port}", transport=transport)
    with pytest.raises(RoomUnreachable) as refused:
        await exchange.ask(msg.GetLoginInfo("canary0user"), None, QUICK_S)
    await exchange.aclose()
    return str(refused.value)


async def media_refusal(port: int, trust: ssl.SSLContext) -> str:
    """Return why a stream is not sent to a server."""

    def found(host: str, port: int) -> list[Address]:
        return [(socket.AF_INET, ("127.0.0.1", port))]

    url = RtmpUrl.parse(f"rtmps://{NAME}:{port}/live/x?txSecret=canary0secret")
    link = Link(url, Resolver(found), limits=QUICK, tls=trust)
    try:
        with pytest.raises(MediaError) as refused:
            await asyncio.to_thread(link.dial)
    finally:
        link.close()
    return str(refused.value)


async def judge(
    context: ssl.SSLContext | None,
    trust: ssl.SSLContext,
    says: tuple[str, str],
    said: Callable[[bytes], bytes] | None = None,
) -> None:
    async with serving(context, said) as (port, heard):
        for refusal in (room_refusal, media_refusal):
            told = await refusal(port, trust)
            cause, cure = says

            assert cause in told
            assert cure in told
            assert "\n" not in told
            assert "canary" not in told
        assert heard == []  # it learned nothing


@pytest.mark.parametrize("name", CERTIFICATES)
async def test_a_certificate_wrong_in_one_thing_is_refused(
    name: str, chains: Chains, trust: ssl.SSLContext
) -> None:
    await judge(speaking(chains.all[name]), trust, CERTIFICATES[name])


@pytest.mark.parametrize("name", WAYS)
async def test_a_way_to_speak_that_is_not_safe_is_refused(
    name: str, chains: Chains, trust: ssl.SSLContext
) -> None:
    wrong = WAYS[name]
    await judge(speaking(chains.good_for(wrong.suites), wrong), trust, wrong.says)


@pytest.mark.parametrize("name", WORDS)
async def test_words_that_are_no_handshake_are_refused(
    name: str, trust: ssl.SSLContext
) -> None:
    said, says = WORDS[name]
    await judge(None, trust, says, said)


async def test_a_key_that_is_not_the_pinned_one_is_refused(chains: Chains) -> None:
    network = NetworkSection(ca_file=str(chains.trusted), pins=(ANOTHER_PIN,))
    says = ("its public key is", "none of [network] pins")

    await judge(speaking(chains.good), client_context(network), says)


async def test_silence_ends_at_the_deadline(trust: ssl.SSLContext) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        room, media = await asyncio.gather(
            room_refusal(port, trust), media_refusal(port, trust)
        )

    assert "within 4.0 s" in room
    assert "within 4.0 s (TLS)" in media


async def test_every_chain_that_was_made_is_judged(chains: Chains) -> None:
    assert chains.all.keys() == CERTIFICATES.keys()


async def test_the_same_server_with_nothing_wrong_is_talked_to(
    chains: Chains, trust: ssl.SSLContext
) -> None:
    async with serving(speaking(chains.good)) as (port, heard):
        told = await room_refusal(port, trust)

    assert "not trusted" not in told
    assert "no TLS" not in told
    assert heard[0].startswith(b"GET /weapp/utils/get_login_info")


@pytest.mark.parametrize("name", WAYS)
async def test_such_a_server_talks_to_who_is_less_careful(
    name: str, chains: Chains
) -> None:
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    careless.set_ciphers("ALL:eNULL:aNULL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        careless.minimum_version = ssl.TLSVersion.TLSv1
    async with serving(speaking(chains.good_for(WAYS[name].suites), WAYS[name])) as (
        port,
        _,
    ):
        connect = partial(asyncio.open_connection, "127.0.0.1", port, ssl=careless)
        async with asyncio.timeout(5):
            _, writer = await connect()
        spoken = writer.get_extra_info("ssl_object").cipher()
        writer.close()

    assert spoken is not None
