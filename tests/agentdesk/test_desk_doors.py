"""Who gets in, over real sockets: cookie, header, other sites, guesses, odd pages."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from kiosk.agentdesk.web_server import Arrivals, serving
from kiosk.app.private_ca import make_private_ca
from kiosk.roomserver.tls import TlsFiles, server_context
from tests.fakes.desk_world import PASSWORD, DeskWorld, agents_toml, desk_world
from tests.fakes.web_socket import Refused, WebSocketClient


pytestmark = pytest.mark.timeout(60)

PROXY: dict[str, object] = {"trusted_proxies": ["127.0.0.1/32"]}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[DeskWorld]:
    async with desk_world(tmp_path) as made:
        yield made


@pytest.fixture
async def client(world: DeskWorld) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.url) as made:
        yield made


async def status_of(url: str, path: str, fields: dict[str, str]) -> int:
    """Return what a WebSocket is refused with; 101: it is not."""
    try:
        async with WebSocketClient(url, path, fields):
            return 101
    except Refused as refused:
        return refused.status


async def test_a_cookie_is_for_this_site_alone_and_no_script_reads_it(
    client: httpx.AsyncClient,
) -> None:
    wire = {"agent": "anna", "password": PASSWORD}
    answer = await client.post("/login", json=wire)

    fields = answer.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=strict", "path=/"} <= set(fields)
    assert "secure" not in fields
    assert (await client.get("/me")).json() == {"name": "Anna Meier"}


async def test_who_logs_out_is_out_everywhere(world: DeskWorld) -> None:
    token = await world.log_in("anna")
    page = await world.page("anna", token)
    cookies = {"desk": token}
    async with httpx.AsyncClient(base_url=world.url, cookies=cookies) as client:
        assert (await client.post("/logout")).status_code == 204
        client.cookies.set("desk", token)
        assert (await client.get("/me")).json() == {"name": None}

    assert await page.control.until_closed() == 4002


async def test_who_is_taken_out_of_the_file_is_out(world: DeskWorld) -> None:
    token = await world.log_in("anna")
    world.agents.write_text(agents_toml("berta"))

    fields = {"Cookie": f"desk={token}", "Origin": world.url}
    assert await status_of(world.url, "/control", fields) == 403
    world.agents.write_text(agents_toml("anna", "berta"))
    assert await status_of(world.url, "/control", fields) == 403


async def test_who_has_another_password_logs_in_anew_and_nobody_else_does(
    world: DeskWorld,
) -> None:
    anna, berta = [
        {"Cookie": f"desk={await world.log_in(who)}", "Origin": world.url}
        for who in ("anna", "berta")
    ]
    world.agents.write_text(agents_toml("anna", password="new") + agents_toml("berta"))

    assert await status_of(world.url, "/control", anna) == 403
    assert await status_of(world.url, "/control", berta) == 101
    await world.page("anna", await world.log_in("anna", "new"))


@pytest.mark.parametrize(
    "agents", [agents_toml("berta"), agents_toml("anna", password="new")]
)
async def test_who_is_taken_out_or_has_another_password_leaves_his_open_page(
    world: DeskWorld, agents: str
) -> None:
    anna = await world.page("anna")
    world.agents.write_text(agents)

    await anna.order("here")

    assert await anna.control.until_closed() == 4005


@pytest.mark.parametrize("body", [r'{"agent": "anna", "password": "\ud800"}', "[1]"])
async def test_half_a_character_is_no_password(world: DeskWorld, body: str) -> None:
    async with httpx.AsyncClient(base_url=world.url) as client:
        assert (await client.post("/login", content=body)).status_code == 400


@pytest.mark.parametrize("path", ["/control", "/media?call=x"])
async def test_nothing_is_opened_without_a_login_or_for_another_site(
    world: DeskWorld, path: str
) -> None:
    cookie = {"Cookie": f"desk={await world.log_in('anna')}"}
    here = {"Origin": world.url}

    assert await status_of(world.url, path, here) == 403
    assert await status_of(world.url, path, {**here, "Cookie": "desk=nobody"}) == 403
    evil = {**cookie, "Origin": "https://evil.example"}
    assert await status_of(world.url, path, evil) == 403
    assert await status_of(world.url, path, {**cookie, "Origin": "null"}) == 403


async def test_a_call_is_carried_for_its_agent_alone(world: DeskWorld) -> None:
    anna, berta = await world.page("anna"), await world.page("berta")
    await (await world.kiosk("Seven")).call()
    await anna.answer("Seven")
    call_id = anna.state["call"]["id"]

    with pytest.raises(Refused) as refused:
        async with berta.socket(f"/media?call={call_id}"):
            pass
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_another_site_cannot_log_anybody_in_or_out(
    client: httpx.AsyncClient, path: str
) -> None:
    evil = {"Origin": "https://evil.example"}
    wire = {"agent": "anna", "password": PASSWORD}

    assert (await client.post(path, json=wire, headers=evil)).status_code == 400
    by_fetch = {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post(path, json=wire, headers=by_fetch)).status_code == 400


async def test_wrong_passwords_have_to_wait_and_so_does_the_right_one(
    client: httpx.AsyncClient,
) -> None:
    wrong, right = {"agent": "anna", "password": "x"}, {"agent": "anna"}
    answers = [(await client.post("/login", json=wrong)).status_code for _ in range(6)]
    late = await client.post("/login", json={**right, "password": PASSWORD})
    berta = await client.post("/login", json={"agent": "berta", "password": PASSWORD})

    assert answers == [401] * 5 + [429]
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 60
    assert berta.status_code == 204


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"agent": 7}', b"[" * 3000, b"\xff"]
)
async def test_what_is_no_login_is_refused_and_nobody_is_in(
    client: httpx.AsyncClient, body: bytes
) -> None:
    assert (await client.post("/login", content=body)).status_code in {400, 401}


async def test_a_login_that_is_too_long_is_not_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/login", content=b'{"agent": "' + b"x" * 5000 + b'"}')

    assert answer.status_code == 400


async def test_pages_are_told_what_they_may_do(client: httpx.AsyncClient) -> None:
    for path in ("/", "/desk.js", "/media.js", "/desk.css", "/words.json", "/me"):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/../agents.toml")).status_code == 404


@pytest.mark.parametrize(
    "order",
    ["", "[]", '{"do": "fly"}', '{"do": 7}', "x" * 20_000, '{"do":"say","text":1}'],
)
async def test_a_page_that_asks_for_nonsense_is_put_out(
    world: DeskWorld, order: str
) -> None:
    page = await world.page("anna")
    await page.control.send(order)

    assert await page.control.until_closed() == 4003


async def test_a_page_that_sends_bytes_is_put_out(world: DeskWorld) -> None:
    page = await world.page("anna")
    await page.control.send_bytes(b"\0")

    assert await page.control.until_closed() == 4003


async def test_a_page_whose_message_does_not_end_is_put_out(world: DeskWorld) -> None:
    page = await world.page("anna")
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                await page.control.send_part("x" * 65536)
            await page.control.until_closed()


async def test_a_page_that_says_it_lives_is_told_the_state_anew(
    world: DeskWorld,
) -> None:
    page = await world.page("anna")
    told = page.state
    await page.order("here")
    async with asyncio.timeout(10):
        await page.read()

    assert page.state is not told


async def test_a_second_page_of_an_agent_takes_over_from_the_first(
    world: DeskWorld,
) -> None:
    first = await world.page("anna")
    second = await world.page("anna")

    assert await first.control.until_closed() == 4002
    assert second.state["agent"]["name"] == "Anna Meier"


async def test_a_trusted_proxy_names_the_agent(tmp_path: Path) -> None:
    desk: dict[str, object] = {"agent_header": "X-Forwarded-User"}
    async with desk_world(tmp_path, desk=desk, server=PROXY) as world:
        async with httpx.AsyncClient(base_url=world.url) as client:
            for named, name in (
                ("anna", "Anna Meier"),
                ("zoe@example.org", "zoe@example.org"),
                ("no such <b>", None),
            ):
                headers = {"X-Forwarded-User": named}
                answer = await client.get("/me", headers=headers)
                assert answer.json() == {"name": name}
            twice = [("X-Forwarded-User", "anna"), ("X-Forwarded-User", "berta")]
            assert (await client.get("/me", headers=twice)).json() == {"name": None}
        fields = {"X-Forwarded-User": "anna", "Origin": world.url}
        assert await status_of(world.url, "/control", fields) == 101


async def test_anybody_elses_header_is_not_believed(tmp_path: Path) -> None:
    desk: dict[str, object] = {"agent_header": "X-Forwarded-User"}
    proxies: dict[str, object] = {"trusted_proxies": ["192.0.2.1/32"]}
    async with (
        desk_world(tmp_path, desk=desk, server=proxies) as world,
        httpx.AsyncClient(base_url=world.url) as client,
    ):
        headers = {"X-Forwarded-User": "anna"}
        assert (await client.get("/me", headers=headers)).json() == {"name": None}


async def test_without_the_setting_no_header_names_anybody(tmp_path: Path) -> None:
    async with (
        desk_world(tmp_path, server=PROXY) as world,
        httpx.AsyncClient(base_url=world.url) as client,
    ):
        headers = {"X-Forwarded-User": "anna"}
        assert (await client.get("/me", headers=headers)).json() == {"name": None}


async def test_behind_a_proxy_guesses_are_counted_by_who_it_speaks_for(
    tmp_path: Path,
) -> None:
    async with (
        desk_world(tmp_path, server=PROXY) as world,
        httpx.AsyncClient(base_url=world.url) as client,
    ):
        wrong = {"agent": "anna", "password": "x"}
        guesser = {"X-Forwarded-For": "192.0.2.7"}
        for _ in range(5):
            await client.post("/login", json=wrong, headers=guesser)
        right = {"agent": "anna", "password": PASSWORD}
        other = {"X-Forwarded-For": "192.0.2.8", "X-Forwarded-Proto": "https"}

        late = await client.post("/login", json=right, headers=guesser)
        answer = await client.post("/login", json=right, headers=other)

    assert late.status_code == 429
    assert answer.status_code == 204
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_one_address_opens_only_so_many_connections(world: DeskWorld) -> None:
    host, _, port = world.url.partition("://")[2].rpartition(":")
    async with contextlib.AsyncExitStack() as stack:
        writers = []
        for _ in range(33):
            reader, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.close)
            writers.append((reader, writer))
        reader, writer = writers[-1]

        assert await reader.read() == b""
        reader, writer = writers[0]
        writer.write(b"GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")


async def test_a_connection_that_is_no_websocket_ends_however_slowly_it_talks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        arrivals = Arrivals(lambda _address: False)
        async with serving(Starlette(), listener, arrivals, request_s=0.3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            with contextlib.closing(writer), contextlib.suppress(ConnectionError):
                async with asyncio.timeout(10):
                    assert await reader.read() == b""


async def test_a_connection_that_begins_no_handshake_ends(tmp_path: Path) -> None:
    ca = make_private_ca(tmp_path / "tls", ["127.0.0.1"])
    tls = server_context(TlsFiles(str(ca.certificate), str(ca.key)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        arrivals = Arrivals(lambda _address: False)
        async with serving(Starlette(), listener, arrivals, tls, handshake_s=0.3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(writer), contextlib.suppress(ConnectionError):
                async with asyncio.timeout(10):
                    assert await reader.read() == b""
