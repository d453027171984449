"""The IM channel on a real port, as an original client's requests arrive there."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from kiosk.roomserver.service import ServerAddresses
from tests.fakes.im_client import GROUPS, POLLS
from tests.fakes.room_server import members_of, running_server


async def listening(client: httpx.AsyncClient, user: str) -> dict[str, Any]:
    """Log in, join the group ``desk``, and return what a poll sends."""
    account = await client.get("/weapp/utils/get_login_info", params={"userID": user})
    sig = account.json()["userSig"]
    login = await client.post(
        "/v4/openim/login", params={"identifier": user, "usersig": sig}, json={}
    )
    known = login.json()
    query = {"tinyid": known["TinyId"], "a2": known["A2Key"]}
    join = await client.post(
        f"/{GROUPS}/apply_join_group", params=query, json={"GroupId": "desk"}
    )
    body = {"StartSeq": 0, "HoldTime": 90, "Key": join.json()["LongPollingKey"]}
    return {"url": f"/{POLLS}/get_msg", "params": query, "json": body}


async def held(
    tasks: asyncio.TaskGroup, client: httpx.AsyncClient, poll: dict[str, Any]
) -> asyncio.Task[httpx.Response]:
    """Return a poll that has reached the server."""
    task = tasks.create_task(client.post(**poll))
    await asyncio.sleep(0.1)
    assert not task.done()
    return task


def im_client(at: ServerAddresses) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=at.http_url, timeout=20)


async def test_a_held_poll_is_answered_when_a_member_joins() -> None:
    async with (
        asyncio.timeout(20),
        running_server() as (at, _),
        im_client(at) as im,
        members_of(at, "agent", "kiosk") as (agent, kiosk),
        asyncio.TaskGroup() as tasks,
    ):
        await agent.create("desk")
        poll = await held(tasks, im, await listening(im, "agent"))

        await kiosk.join("desk")
        answer = (await poll).json()

        events = [message["Event"] for message in answer["RspMsgList"]]
        assert (answer["ActionStatus"], events) == ("OK", [4, 5])


async def test_held_polls_are_answered_at_shutdown() -> None:
    async with (
        asyncio.timeout(20),
        running_server() as (at, server),
        im_client(at) as im,
        members_of(at, "agent") as (agent,),
        asyncio.TaskGroup() as tasks,
    ):
        await agent.create("desk")
        messages = await listening(im, "agent")
        users = {**messages, "url": "/v4/openim/longpolling"}
        first = await held(tasks, im, messages)
        second = await held(tasks, im, users)

        server.cancel()

        assert (await first).json()["RspMsgList"] == []
        assert (await second).json()["ErrorCode"] == 60008
