"""The room client through a proxy: the tunnel, and each way it can be refused."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from kiosk.app.private_ca import make_private_ca
from kiosk.errors import RoomUnreachable
from kiosk.room import messages as msg
from kiosk.roomclient.connections import RoomTransport
from kiosk.roomclient.exchange import HttpExchange
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.room_server import running_server


PASSWORD = "canary-of-the-proxy"
FAR = "http://rooms.invalid:8080"


async def asked(exchange: HttpExchange, deadline_s: float = 5.0) -> msg.Account:
    try:
        return await exchange.ask(msg.GetLoginInfo("kiosk"), None, deadline_s)
    finally:
        await exchange.aclose()


async def test_a_server_that_only_the_proxy_can_name_is_spoken_to_over_tls(
    tmp_path: Path,
) -> None:
    ca = make_private_ca(tmp_path, ["rooms.invalid"])
    tls = ssl.create_default_context(cafile=str(ca.authority))
    files = TlsFiles(str(ca.certificate), str(ca.key))
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files)
    names = {"rooms.invalid": "127.0.0.1"}
    async with (
        running_server(settings) as (at, _),
        connect_proxy(names, pieces=3) as proxy,
    ):
        url = at.http_url.replace("127.0.0.1", "rooms.invalid")
        way = proxy.way("branch-12", PASSWORD)
        account = await asked(HttpExchange(url, tls=tls, proxy=way))

    assert account.user_id == "kiosk"
    assert proxy.asked == [f"CONNECT {url.removeprefix('https://')} HTTP/1.1"]
    assert proxy.proofs[0].startswith("Proxy-Authorization: Basic ")


async def test_the_resolver_is_asked_for_the_proxy_and_nobody_else() -> None:
    looked_up: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return [host]

    async with connect_proxy(answer=b"HTTP/1.1 403 No\r\n\r\n") as proxy:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        transport = RoomTransport(tls, resolve=resolve, proxy=proxy.way())
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            with pytest.raises(httpx.ConnectError, match="permit CONNECT"):
                await http.get(FAR)

    assert looked_up == ["127.0.0.1"]


async def test_a_server_on_this_machine_is_reached_without_it() -> None:
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with running_server(settings) as (at, _), connect_proxy() as proxy:
        await asked(HttpExchange(at.http_url, proxy=proxy.way()))

    assert not proxy.asked


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 407 Who?\r\n\r\n", "kiosk.network.proxy_password"),
        (b"HTTP/1.1 403 No\r\n\r\n", "must permit CONNECT to rooms.invalid:8080"),
        (b"HTTP/1.1 502 Gone\r\n\r\n", "cannot reach rooms.invalid:8080"),
        (b"HTTP/1.1 200 O", "hung up before it answered"),
    ],
)
async def test_a_refusal_is_one_error_with_the_proxys_name_and_no_password(
    answer: bytes, told: str
) -> None:
    async with connect_proxy(answer=answer) as proxy:
        way = proxy.way("branch-12", PASSWORD)
        with pytest.raises(RoomUnreachable) as refused:
            await asked(HttpExchange(FAR, proxy=way))

    assert f"the proxy 127.0.0.1:{proxy.port} " in str(refused.value)
    assert told in str(refused.value)
    assert PASSWORD not in str(refused.value)


async def test_a_proxy_that_says_nothing_is_named_when_time_is_over() -> None:
    async with connect_proxy(answer=b"") as proxy:
        began = asyncio.get_running_loop().time()
        with pytest.raises(RoomUnreachable) as silent:
            await asked(HttpExchange(FAR, proxy=proxy.way()), 0.3)
        took_s = asyncio.get_running_loop().time() - began

    assert f"through the proxy 127.0.0.1:{proxy.port} within 0.3 s" in str(silent.value)
    assert took_s < 3.0
