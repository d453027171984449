"""Servers one should not believe, refused by room client and media alike (S20)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.errors import MediaError, RoomUnreachable
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Resolver
from kiosk.room import messages as msg
from kiosk.roomclient.exchange import HttpExchange
from kiosk.rtmp.url import RtmpUrl
from kiosk.tls import trusting
from tests.fakes.certificates import DAY, Authority, address, host


Files = tuple[Path, Path]


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def make_old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context speak nothing newer than TLS 1.1."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():  # that is why it must be refused
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@asynccontextmanager
async def serving(files: Files, *, old: bool = False) -> AsyncIterator[int]:
    """Answer whoever completes a handshake; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    if old:
        make_old(context)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            if await reader.read(1):
                writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        writer.transport.abort()

    async with asyncio.TaskGroup() as answering:

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            answering.create_task(answer(reader, writer))

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1]


async def room_refusal(port: int, trust: ssl.SSLContext) -> str:
    """Return why the room client does not talk to a server."""
    exchange = HttpExchange(f"https://127.0.0.1:{port}", tls=trust)
    with pytest.raises(RoomUnreachable) as refused:
        await exchange.ask(msg.GetLoginInfo("kiosk"), None, 5.0)
    await exchange.aclose()
    return str(refused.value)


async def media_refusal(port: int, trust: ssl.SSLContext) -> str:
    """Return why a stream is not sent to a server."""
    url = RtmpUrl.parse(f"rtmps://127.0.0.1:{port}/live/x?a=b")
    link = Link(url, Resolver(), limits=LinkLimits(), tls=trust)
    with pytest.raises(MediaError) as refused:
        await asyncio.to_thread(link.dial)
    link.close()
    return str(refused.value)


def bad_servers(ours: Authority, folder: Path) -> dict[str, Files]:
    """Return certificates that are not to be believed, by what is wrong."""
    other = Authority(folder, "another")
    return {
        "expired": ours.server("a", alternative=address(), valid=(-3 * DAY, -DAY)),
        "not yet valid": ours.server("b", alternative=address(), valid=(DAY, 3 * DAY)),
        "of another authority": other.server("c", alternative=address()),
        "signed by itself": ours.server("d", alternative=address(), by_itself=True),
        "of another address": ours.server("e", alternative=address("127.0.0.2")),
        "of another host": ours.server("f", alternative=host("rooms.example")),
        "of any host": ours.server("g", alternative=host("*")),
        "with its name in the subject alone": ours.server("h"),
    }


async def test_a_certificate_not_to_be_believed_is_refused_by_name(
    ours: Authority, tmp_path: Path
) -> None:
    trust = trusting(ours.file)
    for name, files in bad_servers(ours, tmp_path).items():
        async with serving(files) as port:
            room = await room_refusal(port, trust)
            media = await media_refusal(port, trust)

        assert "its certificate is not trusted" in room, name
        assert "certificate" in media.lower(), name


async def test_a_server_of_old_tls_is_refused(ours: Authority) -> None:
    trust = trusting(ours.file)
    old = make_old(trusting(ours.file))
    async with serving(ours.server(alternative=address()), old=True) as port:
        room = await room_refusal(port, trust)
        media = await media_refusal(port, trust)
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=old)
        spoken = writer.get_extra_info("ssl_object").version()
        writer.close()

    assert "did not answer" in room
    assert "127.0.0.1" in media
    assert spoken == "TLSv1.1"  # to whom it could be spoken with


async def test_a_good_certificate_is_believed(ours: Authority) -> None:
    trust = trusting(ours.file)
    async with serving(ours.server(alternative=address())) as port:
        room = await room_refusal(port, trust)

    assert "HTTP 500" in room  # it was asked, and had no answer


async def test_our_contexts_begin_at_tls_1_2() -> None:
    assert trusting().minimum_version >= ssl.TLSVersion.TLSv1_2
