"""The whole server on real ports."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.http_server import named
from kiosk.roomserver.service import ServerAddresses, outlive, serve, sweep_forever
from kiosk.roomserver.settings import ServerSettings


@asynccontextmanager
async def running_server(
    settings: ServerSettings | None = None,
) -> AsyncGenerator[tuple[ServerAddresses, asyncio.Task[None]]]:
    settings = settings or ServerSettings(http_port=0, rtmp_port=0)
    ready = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(serve(settings, ready.set_result))
        yield await ready, server
        server.cancel()


class Member:
    """A v2 client over real HTTP."""

    def __init__(self, client: httpx.AsyncClient, user: str) -> None:
        self._client = client
        self.user = user
        self._query: dict[str, str] = {}

    async def log_in(self) -> None:
        answer = await self._client.get(
            "/weapp/utils/get_login_info", params={"userID": self.user}
        )
        account = msg.read_answer(msg.GetLoginInfo(), answer.content)
        login = msg.Login(
            str(account.sdk_app_id), account.account_type, self.user, account.user_sig
        )
        query = cast("dict[str, str]", login.to_wire())
        answer = await self._client.post(msg.path_of(login), params=query)
        token = msg.read_answer(login, answer.content).token
        self._query = msg.Credentials(self.user, token).to_query()

    async def ask(self, request: msg.Request[object]) -> object:
        answer = await self._client.post(
            msg.path_of(request), params=self._query, json=request.to_wire()
        )
        return msg.read_answer(request, answer.content)


async def test_two_members_meet_wait_and_part_over_real_ports() -> None:
    async with (
        running_server() as (at, _),
        httpx.AsyncClient(base_url=at.http_url) as client,
        asyncio.TaskGroup() as tasks,
    ):
        agent, kiosk = Member(client, "agent"), Member(client, "kiosk")
        for member in (agent, kiosk):
            await member.log_in()
        push = await agent.ask(msg.GetPushUrl("agent"))
        assert isinstance(push, msg.PushUrl)
        await agent.ask(msg.CreateRoom("agent", "D", "desk", "A", "1", push.push_url))
        waiting = tasks.create_task(agent.ask(msg.WaitEvents("desk", "agent", 1, 20.0)))
        push = await kiosk.ask(msg.GetPushUrl("kiosk"))
        assert isinstance(push, msg.PushUrl)
        await kiosk.ask(msg.AddPusher("desk", "kiosk", "K", push.push_url))
        events = await waiting

        assert isinstance(events, msg.Events)
        assert [event.user_id for event in events.events] == ["kiosk"]
        room = await kiosk.ask(msg.GetPushers("desk"))
        assert isinstance(room, msg.Room)
        host, port = at.rtmp
        for seat in room.members:
            assert seat.play_url.startswith(f"rtmp://{host}:{port}/live/")


async def test_stopping_answers_pending_waits_and_frees_both_ports() -> None:
    async with running_server() as (at, server):
        async with httpx.AsyncClient(base_url=at.http_url) as client:
            agent = Member(client, "agent")
            await agent.log_in()
            push = await agent.ask(msg.GetPushUrl("agent"))
            assert isinstance(push, msg.PushUrl)
            create = msg.CreateRoom("agent", "D", "desk", "A", "1", push.push_url)
            await agent.ask(create)
            async with asyncio.TaskGroup() as tasks:
                wait = msg.WaitEvents("desk", "agent", 1, 20.0)
                waiting = tasks.create_task(agent.ask(wait))
                await asyncio.sleep(0.1)
                server.cancel()
        await asyncio.wait({server})

    assert waiting.result() == msg.Events((), 1, waiting.result().digest)  # type: ignore[attr-defined]
    for host, port in (at.http, at.rtmp):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))


@pytest.mark.parametrize("what", ["http", "rtmp"])
async def test_a_busy_port_is_named(what: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"http_port": 0, "rtmp_port": 0, f"{what}_port": port}

        with pytest.raises(OSError, match=rf"{what} 127\.0\.0\.1:{port}: .*in use"):
            await serve(ServerSettings(**ports), lambda _: None)


@pytest.mark.parametrize(
    ("host", "cause"),
    [("192.0.2.1", "Cannot assign requested address"), ("x" * 64, "no host name")],
)
async def test_a_host_that_is_not_ours_is_named(host: str, cause: str) -> None:
    with pytest.raises(OSError, match=rf"http {host}:8080: {cause}"):
        await serve(ServerSettings(http_host=host), lambda _: None)


def test_an_error_without_a_system_number_keeps_its_own_text() -> None:
    assert "http h:1: odd" in str(named(OSError("odd"), "http", "h:1"))
    unknown = socket.gaierror(-2, "Name or service not known")
    assert "http h:1: Name or" in str(named(unknown, "http", "h:1"))


def test_the_address_for_clients_is_a_url() -> None:
    assert ServerAddresses(("::1", 80), ("::1", 1935)).http_url == "http://[::1]:80"


async def test_a_server_that_dies_by_itself_is_noticed() -> None:
    async with asyncio.TaskGroup() as tasks:
        dying = tasks.create_task(asyncio.sleep(0))

        with pytest.raises(RuntimeError, match="ended by itself"):
            await outlive(dying)


async def test_the_sweep_survives_whatever_happens_in_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sweeps = 0

    class Enough(Exception):
        """Ends the test."""

    def fail() -> None:
        raise ZeroDivisionError

    def count() -> None:
        nonlocal sweeps
        sweeps += 1

    async def sleep(seconds: float) -> None:
        assert seconds == 5.0
        if sweeps == 3:
            raise Enough

    with pytest.raises(Enough):
        await sweep_forever((fail, count), 5.0, sleep)

    assert sweeps == 3
    assert caplog.text.count("sweep failed") == 3
