"""The room protocol written down: everything that helps, and nothing that opens."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from typing_extensions import override

from kiosk.simulator.cable import Cable
from kiosk.simulator.room_log import LONGEST, RoomLog, readable
from kiosk.simulator.switches import Switches
from tests.fakes.steady_clock import SteadyClock


SECRET = "S3cr3t"


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable(Switches())
    yield made
    made.close()


class Server(httpx.AsyncBaseTransport):
    """Answers what it was made with, in two pieces, and keeps what it was asked."""

    def __init__(self, answer: httpx.Response | httpx.TransportError) -> None:
        self._answer = answer
        self.asked: list[httpx.Request] = []
        self.closed = False

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if isinstance(self._answer, httpx.TransportError):
            raise self._answer
        return self._answer

    @override
    async def aclose(self) -> None:
        self.closed = True


@asynccontextmanager
async def logged(
    server: Server, cable: Cable, lines: list[Mapping[str, Any]]
) -> AsyncGenerator[httpx.AsyncClient]:
    log = RoomLog(server, cable, SteadyClock(), lines.append)
    async with httpx.AsyncClient(transport=log) as client:
        yield client


async def test_a_request_and_its_answer_are_two_lines_without_secrets(
    cable: Cable,
) -> None:
    lines: list[Mapping[str, Any]] = []
    server = Server(httpx.Response(200, json={"code": 0, "token": SECRET}))
    async with logged(server, cable, lines) as client:
        answer = await client.post(
            f"http://127.0.0.1:7/weapp/double_room/enter_room?token={SECRET}",
            json={"roomID": "service", "pushURL": f"rtmp://a/live/b?sig={SECRET}"},
            headers={"Authorization": f"Bearer {SECRET}"},
        )

    assert answer.json() == {"code": 0, "token": SECRET}
    assert lines == [
        {
            "at_us": 1_000_000,
            "way": "→",
            "what": "enter_room",
            "said": '{"roomID": "service", "pushURL": "…"}',
            "bad": False,
        },
        {
            "at_us": 1_000_000,
            "way": "←",
            "what": "enter_room",
            "said": '{"code": 0, "token": "…"}',
            "bad": False,
        },
    ]
    assert SECRET not in str(lines)
    assert server.closed


async def test_a_server_on_this_machine_is_reached_by_the_cable(cable: Cable) -> None:
    server = Server(httpx.Response(200, json={"code": 0}))
    async with logged(server, cable, []) as client:
        await client.get("http://localhost:7/a")
        await client.get("https://127.0.0.1/a")
        await client.get("http://rooms.example:7/a")

    here, secure, elsewhere = server.asked
    assert here.url.port == cable.port_to("localhost", 7)
    assert here.headers["Host"] == "localhost:7"
    assert secure.url.port == cable.port_to("127.0.0.1", 443)
    assert secure.extensions["sni_hostname"] == "127.0.0.1"
    assert str(elsewhere.url) == "http://rooms.example:7/a"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, json={"code": 5}), 'HTTP 200 {"code": 5}'),
        (httpx.Response(503, text="busy"), "HTTP 503 4 bytes"),
        (httpx.ConnectError("no"), "ConnectError"),
    ],
)
async def test_what_went_wrong_is_marked(
    cable: Cable, answer: httpx.Response | httpx.TransportError, said: str
) -> None:
    lines: list[Mapping[str, Any]] = []
    async with logged(Server(answer), cable, lines) as client:
        try:
            await client.get("http://127.0.0.1:7/get_pushers")
        except httpx.ConnectError:
            assert isinstance(answer, httpx.ConnectError)

    assert (lines[-1]["said"], lines[-1]["bad"]) == (said, True)


def test_names_that_are_not_known_are_withheld_however_deep_they_lie() -> None:
    wire = {"rooms": [{"roomID": "a", "secret": {"roomID": SECRET}}], "new": SECRET}

    assert json.loads(readable(json.dumps(wire).encode())) == {
        "rooms": [{"roomID": "a", "secret": "…"}],
        "new": "…",
    }


def test_a_url_is_withheld_under_any_name_and_a_long_text_is_cut() -> None:
    wire = {"text": f"look at rtmp://a/{SECRET}", "userID": "u" * 99}

    assert json.loads(readable(json.dumps(wire).encode())) == {
        "text": "…",
        "userID": "u" * LONGEST + "…",
    }


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"", ""), (b"\xff\xd8", "2 bytes"), (b"[" * 9999, "9999 bytes")],
)
def test_what_is_no_json_is_counted(body: bytes, shown: str) -> None:
    assert readable(body) == shown
