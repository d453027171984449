"""Whom the room client trusts, and what it says of others."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from kiosk.app.private_ca import PrivateCa, make_private_ca
from kiosk.errors import RoomUnreachable
from kiosk.room import messages as msg
from kiosk.roomclient.exchange import HttpExchange
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles
from tests.fakes.room_server import running_server


@pytest.fixture
def ca(tmp_path: Path) -> PrivateCa:
    return make_private_ca(tmp_path / "ours", ["127.0.0.1"])


async def asked(url: str, authority: Path) -> msg.Account:
    trust = ssl.create_default_context(cafile=str(authority))
    exchange = HttpExchange(url, tls=trust)
    try:
        return await exchange.ask(msg.GetLoginInfo("kiosk"), None, 5.0)
    finally:
        await exchange.aclose()


async def test_only_the_authority_one_was_told_of_is_believed(
    ca: PrivateCa, tmp_path: Path
) -> None:
    other = make_private_ca(tmp_path / "other", ["127.0.0.1"])
    files = TlsFiles(str(ca.certificate), str(ca.key))
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files)
    async with running_server(settings) as (at, _):
        account = await asked(at.http_url, ca.authority)
        with pytest.raises(RoomUnreachable) as refused:
            await asked(at.http_url, other.authority)
        with pytest.raises(RoomUnreachable) as misnamed:
            await asked(at.http_url.replace("127.0.0.1", "localhost"), ca.authority)

    assert account.user_id == "kiosk"
    assert "its certificate is not trusted: " in str(refused.value)
    assert "see [network] ca_file" in str(refused.value)
    assert "its certificate is not trusted: Hostname mismatch" in str(misnamed.value)


async def test_a_server_without_tls_is_named_as_that(ca: PrivateCa) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        with pytest.raises(RoomUnreachable, match=r"no TLS: [A-Z_]+"):
            await asked(f"https://127.0.0.1:{port}", ca.authority)
