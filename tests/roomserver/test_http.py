from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.http import Door
from kiosk.roomserver.long_polls import LongPolls
from tests.fakes.eventually import eventually
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.room_core import FakeCore, HandClock


JSON = {"content-type": "application/json"}


class HttpDesk(FakeCore):
    """A server reached through HTTP in memory, without a port."""

    def __init__(self, clock: HandClock | None = None) -> None:
        super().__init__(clock=clock)
        self.polls = LongPolls()
        self.app = Door(self.routes, self.polls)

    def client(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = HttpInMemory(self.app, client=(address, 1))
        base_url = "http://server/weapp/double_room/"
        return httpx.AsyncClient(transport=transport, base_url=base_url)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"userID":"bob"}', "application/json"),
        ('{"userID":"bob"}', "Application/JSON; charset=utf-8"),
        ('{"userID":"bob"}', "text/xml"),
        ("userID=bob", "application/x-www-form-urlencoded"),
    ],
)
async def test_json_xml_and_forms_are_read_as_the_originals_read_them(
    content: str, kind: str
) -> None:
    async with HttpDesk().client() as client:
        answer = await client.post(
            "get_push_url", content=content, headers={"content-type": kind}
        )

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["pushURL"].startswith("rtmp://127.0.0.1:1935/live/8525_")


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
async def test_a_body_of_another_kind_is_seen_as_empty(kind: str) -> None:
    async with HttpDesk().client() as client:
        answer = await client.post(
            "get_push_url", content='{"userID":"bob"}', headers={"content-type": kind}
        )

    assert answer.json()["code"] == 1


@pytest.mark.parametrize(
    "content",
    [
        b'{"userID":',
        b"[" * 60_000,
        b'{"userID":NaN}',
        b'{"userID":1e999}',
        rb'{"userID":"\ud800"}',
        b'{"userID":"a","userID":"b"}',
        b'{"userID":"\xff"}',
    ],
)
async def test_json_nobody_should_send_is_code_minus_1(content: bytes) -> None:
    async with HttpDesk().client() as client:
        answer = await client.post("get_push_url", content=content, headers=JSON)

    assert answer.status_code == 200
    assert answer.json()["code"] == -1
    assert set(answer.json()) == {"code", "error"}


@pytest.mark.parametrize(
    "query", ["userID=a&userID=b", "&".join(f"a{n}=1" for n in range(33))]
)
async def test_a_query_with_doubled_or_too_many_fields_is_code_minus_1(
    query: str,
) -> None:
    async with HttpDesk().client() as client:
        answer = await client.post(f"login?{query}")

    assert answer.json()["code"] == -1


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
async def test_every_other_method_or_route_is_answered_as_by_the_originals(
    method: str,
) -> None:
    async with HttpDesk().client() as client:
        known = await client.request(method, "get_push_url")
        unknown = await client.request(method, "http://server/any/thing")

    assert known.status_code == unknown.status_code == 200
    assert known.json() == unknown.json() == {"code": 0, "data": {}}


async def test_no_answer_invites_other_origins() -> None:
    async with HttpDesk().client() as client:
        answer = await client.post("get_pushers", headers={"origin": "https://evil"})

    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_the_health_check_answers() -> None:
    async with HttpDesk().client() as client:
        answer = await client.get("http://server/healthz")

    assert answer.json() == {"status": "ok"}


async def test_strangers_are_known_by_their_address() -> None:
    async with HttpDesk().client("192.0.2.7") as client:
        answer = await client.post("get_pushers", json={"roomID": "r"})

    assert answer.json()["code"] == 7


class BrokenClock(HandClock):
    """Fails while it is told to: any mistake inside a route."""

    broken = False

    @override
    def server_clock(self) -> ServerClock:
        return ServerClock(self._read, lambda: self.unix)

    def _read(self) -> float:
        if self.broken:
            raise ZeroDivisionError
        return self.monotonic


async def test_a_mistake_of_ours_is_code_minus_1_and_the_next_request_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = BrokenClock()
    core = HttpDesk(clock=clock)
    async with core.client() as client:
        clock.broken = True
        broken = await client.post("get_push_url", json={"userID": "u"})
        clock.broken = False
        whole = await client.post("get_push_url", json={"userID": "u"})

    assert broken.json() == {"code": -1, "error": "internal error"}
    assert whole.json()["code"] == 0
    assert "route failed" in caplog.text


async def test_a_held_wait_ends_with_the_next_event() -> None:
    core = HttpDesk()
    core.create("agent")
    core.log_in("kiosk")
    query = msg.Credentials("agent", core.tokens["agent"]).to_query()
    wait = msg.WaitEvents("desk", "agent", 1, 20.0).to_wire()
    async with core.client() as client, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(client.post("wait_events", json=wait, params=query))
        await eventually(lambda: len(core.polls) == 1)
        core.join("kiosk")
        core.polls.ring("desk")

    assert [event["userID"] for event in waiting.result().json()["events"]] == ["kiosk"]


async def test_no_log_line_carries_a_token_or_a_signature(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="kiosk")
    core = HttpDesk()
    core.create("agent")
    query = msg.Credentials("agent", core.tokens["agent"]).to_query()
    async with core.client() as client:
        await client.post("get_pushers", json={"roomID": "desk"}, params=query)
        await client.post("get_pushers", content=b"{", params=query, headers=JSON)

    secrets = [core.tokens["agent"], "txSecret"]
    assert not [line for line in caplog.messages if any(s in line for s in secrets)]
