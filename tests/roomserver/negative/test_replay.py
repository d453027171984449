"""A whole call captured request by request, and sent again (S19)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Asked, Hold, Page
from kiosk.roomserver.enrolment import Enrolled, hash_of
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest
from kiosk.roomserver.http_server import listen, serving
from kiosk.roomserver.routes import Answer, Routes
from kiosk.roomserver.tls import TlsFiles, server_context
from tests.fakes.room_core import FakeCore, Json
from tests.fakes.self_signed import self_signed


T = TypeVar("T")
FAR = "192.0.2.7"
KEY = "a1" * 16
PUBLIC = {"get_login_info", "login"}
"""What proves somebody anew: those are what TLS protects."""


class TappedRoutes:
    """The routes, with everything that is asked written down."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self.heard: list[Asked] = []

    def answer(self, asked: Asked) -> Answer:
        self.heard.append(asked)
        return self._routes.answer(asked)


def captured_call() -> tuple[FakeCore, list[Asked]]:
    """Return a desk at which a kiosk made a call, and all that it asked."""
    core = FakeCore()
    core.create("agent")
    routes = core.routes
    tapped = TappedRoutes(routes)
    core.routes = tapped  # type: ignore[assignment]
    core.join("kiosk")
    core.beat("kiosk")
    core.members("kiosk")
    text = msg.SendRoomTextMsg("desk", "kiosk", "hello").to_wire()
    core.ask_anything("send_room_text_msg", text, user="kiosk")
    wait = msg.WaitEvents("desk", "kiosk", 0, 0.0).to_wire()
    core.ask_anything("wait_events", wait, user="kiosk")
    line = msg.QueueSeat("kiosk", ("elsewhere",)).to_wire()
    core.ask_anything("queue_seat", line, user="kiosk")
    leave = msg.DeletePusher("desk", "kiosk").to_wire()
    core.ask_anything("delete_pusher", leave, user="kiosk")
    core.ask_anything("logout", user="kiosk")
    core.routes = routes
    return core, tapped.heard


def code_of(answer: Answer) -> object:
    if isinstance(answer, Page):
        return answer.status
    return 0 if isinstance(answer, Hold) else answer["code"]  # type: ignore[index]


def test_a_call_sent_again_after_its_end_opens_nothing() -> None:
    core, heard = captured_call()
    names = [asked.route()[1] for asked in heard]

    codes = {
        asked.route()[1]: code_of(core.routes.answer(replace(asked, address=FAR)))
        for asked in heard
        if asked.route()[1] not in PUBLIC
    }

    assert names[:3] == ["get_login_info", "login", "get_push_url"]
    assert len(codes) == 9
    assert set(codes.values()) == {7}
    assert list(core.members("agent")) == ["agent"]


def test_what_was_said_at_the_login_is_void_once_the_user_has_a_new_key() -> None:
    core, heard = captured_call()
    core.clock.move(1)
    now = int(core.clock.unix)
    core.core.enrol({"kiosk": Enrolled(now, hash_of(KEY))})

    codes = {code_of(core.routes.answer(asked)) for asked in heard}
    assert codes == {7}


def test_a_request_sent_twice_in_a_call_has_its_effect_once() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    join = msg.AddPusher("desk", "kiosk", "k", core.push_url("kiosk")).to_wire()
    leave = msg.DeletePusher("desk", "kiosk").to_wire()

    first, again = (core.ask("add_pusher", join, user="kiosk") for _ in range(2))
    events = len(core.events("agent", 0))
    gone = [core.ask("delete_pusher", leave, user="kiosk")["code"] for _ in range(2)]
    back = core.ask("add_pusher", join, user="kiosk")

    assert first["epoch"] == again["epoch"]
    assert events == 2  # the room, and one joining
    assert gone == [0, 5]
    assert back["code"] == 1  # its push URL went with the seat


def test_another_body_under_a_captured_token_is_refused_to_other_names() -> None:
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    stolen = {"userID": "kiosk", "token": core.tokens["kiosk"]}
    body: Json = {"roomID": "desk", "userID": "agent"}

    for route in ("delete_pusher", "destroy_room", "pusher_heartbeat"):
        assert code_of(core.ask_anything(route, body, query=stolen)) == 7


class Mouth:
    """A client whose TLS is written down as it leaves, byte for byte."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trust.wrap_bio(self._in, self._out, server_hostname="127.0.0.1")
        self.said: list[bytes] = []

    async def talk(self, port: int, request: bytes) -> bytes:
        """Make the handshake, ask, and return the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(5):
            await self._until(self._tls.do_handshake, reader, writer)
            self._tls.write(request)
            answer = await self._until(lambda: self._tls.read(65536), reader, writer)
        writer.close()
        return answer

    async def _until(
        self,
        step: Callable[[], T],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush(writer)
                self._in.write(await reader.read(65536))
            finally:
                self._flush(writer)

    def _flush(self, writer: asyncio.StreamWriter) -> None:
        said = self._out.read()
        if said:
            self.said.append(said)
            writer.write(said)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_what_was_captured_of_tls_and_is_sent_again_asks_for_nothing(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    pem, key = self_signed(tmp_path, "127.0.0.1")
    trust = ssl.create_default_context(cafile=str(pem))
    trust.minimum_version = trust.maximum_version = version
    asked: list[str] = []

    async def note(request: HttpRequest) -> HttpAnswer:
        asked.append(request.path)
        return HttpAnswer(b"{}")

    mouth, listener = Mouth(trust), listen("http", "127.0.0.1", 0)
    port = listener.getsockname()[1]
    tls = server_context(TlsFiles(str(pem), str(key)))
    async with serving(note, listener, tls=tls):
        answer = await mouth.talk(port, b"GET /login HTTP/1.1\r\nHost: h\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for said in mouth.said:
            writer.write(said)
            await asyncio.sleep(0.02)
        async with asyncio.timeout(5):
            await reader.read()  # a handshake of its own, an alert, and the end
        writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert asked == ["/login"]
