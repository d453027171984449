"""The control API over real Unix sockets, with a fake daemon behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest

from kiosk.call.record_bounds import IN_MEMORY
from kiosk.control.client import ControlClient
from kiosk.control.listener import Listener
from kiosk.control.quiet_uvicorn import QuietUvicorn
from kiosk.control.routes import make_app
from kiosk.control.server import ControlServer
from kiosk.errors import ControlError, RoomUnreachable
from tests.fakes.control_serving import ask, serving
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.records import fullest_record
from tests.fakes.waiting import wait_until


async def test_a_press_reaches_the_daemon(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        await asyncio.to_thread(client.press, "call")
        await asyncio.to_thread(client.press, "mute")

    assert daemon.asked == [("press", "call"), ("press", "mute")]


async def test_who_restarts_the_machine_asks_first(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        await asyncio.to_thread(client.stand_down, 60)
        for wrong in (0, 301, True):
            with pytest.raises(ControlError, match="seconds"):
                await asyncio.to_thread(client.stand_down, wrong)
        daemon.refusal = ControlError("somebody is at the kiosk (IN_CALL)")
        with pytest.raises(ControlError, match="somebody is at the kiosk"):
            await asyncio.to_thread(client.stand_down, 60)

    assert daemon.asked[0] == ("stand down", "60")


async def test_the_status_arrives_as_the_daemon_gave_it(tmp_path: Path) -> None:
    status = {"schema_version": 1, "state": "IN_CALL", "peers": [{"user_id": "a"}]}
    async with serving(tmp_path / "s", FakeDaemon(status)) as client:
        answer = await asyncio.to_thread(client.status)

    assert answer == status


async def test_the_records_of_calls_arrive_as_the_daemon_gave_them(
    tmp_path: Path,
) -> None:
    daemon = FakeDaemon()
    daemon.records = [{"call": 2}, {"call": 1}]
    async with serving(tmp_path / "s", daemon) as client:
        calls = await asyncio.to_thread(client.calls)

    assert calls == [{"call": 2}, {"call": 1}]


async def test_as_many_records_as_are_kept_arrive_however_full_they_are(
    tmp_path: Path,
) -> None:
    daemon = FakeDaemon()
    daemon.records = [asdict(fullest_record())] * IN_MEMORY
    async with serving(tmp_path / "s", daemon) as client:
        calls = await asyncio.to_thread(client.calls)

    assert calls == json.loads(json.dumps(daemon.records))


async def test_metrics_are_text_for_a_scraper(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", FakeDaemon()):
        scraped = await asyncio.create_subprocess_exec(
            *("curl", "--silent", "--include", "--max-time", "5"),
            *("--unix-socket", str(tmp_path / "s"), "http://kiosk/metrics"),
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await scraped.communicate()

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"text/plain; version=0.0.4" in answer
    assert b'kiosk_state{state="IDLE"} 1' in answer


async def test_a_text_message_reaches_the_daemon(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        await asyncio.to_thread(client.text, "Grüezi")

    assert daemon.asked == [("text", "Grüezi")]


async def test_a_still_comes_back_as_the_picture_itself(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        jpeg = await asyncio.to_thread(client.still)
        status, answer = await ask(tmp_path / "s", "POST", "/still", b'{"to": "x"}')

    assert jpeg == b"\xff\xd8\xff still"
    assert (status, "error" in answer) == (400, True)
    assert daemon.asked == [("still", "")]


async def test_a_reply_is_sent_by_its_number(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        await asyncio.to_thread(client.reply, 2)

    assert daemon.asked == [("reply", "2")]


async def test_a_screenshot_is_written_where_the_client_asked(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", FakeDaemon()) as client:
        await asyncio.to_thread(client.screenshot, tmp_path / "shot.png")

    assert (tmp_path / "shot.png").read_bytes() == b"PNG"


async def test_events_published_after_subscribing_arrive_in_order(
    tmp_path: Path,
) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        events = await asyncio.to_thread(client.events, silence_s=3)
        daemon.publish({"event": "state", "state": "RESERVING"})
        daemon.publish({"event": "state", "state": "PUBLISHING"})
        daemon.publish(None)
        received = await asyncio.to_thread(list, events)

    assert [event["state"] for event in received] == ["RESERVING", "PUBLISHING"]
    assert daemon.subscriptions == 0


async def test_a_client_that_leaves_ends_its_subscription(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        events = await asyncio.to_thread(client.events, silence_s=3)
        daemon.publish({"event": "state"})
        await asyncio.to_thread(next, events)
        assert daemon.subscriptions == 1
        events.close()

        assert await asyncio.to_thread(wait_until, lambda: daemon.subscriptions == 0)


async def test_closing_the_server_ends_open_event_streams(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        events = await asyncio.to_thread(client.events, silence_s=3)

    assert await asyncio.to_thread(list, events) == []
    assert daemon.subscriptions == 0


async def test_cancelling_the_server_ends_streams_and_removes_the_socket(
    tmp_path: Path,
) -> None:
    daemon = FakeDaemon()
    server = ControlServer(tmp_path / "s", daemon)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve())
        assert await asyncio.to_thread(wait_until, (tmp_path / "s").exists)
        client = ControlClient(tmp_path / "s", timeout_s=3)
        events = await asyncio.to_thread(client.events, silence_s=3)
        task.cancel()

    assert await asyncio.to_thread(list, events) == []
    assert not (tmp_path / "s").exists()


async def test_silence_longer_than_asked_for_is_an_error(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", FakeDaemon()) as client:
        events = await asyncio.to_thread(client.events, silence_s=0.05)

        with pytest.raises(ControlError, match="did not answer"):
            await asyncio.to_thread(list, events)


async def test_what_the_daemon_refuses_the_client_is_told(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    daemon.refusal = RoomUnreachable("login: no answer within 5 s")
    async with serving(tmp_path / "s", daemon) as client:
        with pytest.raises(ControlError, match="refused: login: no answer"):
            await asyncio.to_thread(client.text, "hello")
        status, body = await ask(
            tmp_path / "s", "POST", "/press", b'{"button": "call"}'
        )

    assert (status, body["code"]) == (409, "R007")


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (("POST", "/press", b""), 400, "not JSON"),
        (("POST", "/press", b"[" * 4000), 400, "nested deeper"),
        (("POST", "/press", b"\xff"), 400, "not UTF-8"),
        (("POST", "/press", b"[]"), 400, "a JSON object is expected"),
        (("POST", "/text", b'{"text": "\\ud800"}'), 400, "surrogate"),
        (("POST", "/text", b'{"reply": 1, "reply": 2}'), 400, "twice"),
        (("POST", "/text", b'{"reply": NaN}'), 400, "NaN is not JSON"),
        (("POST", "/press", b"{}"), 400, "button"),
        (("POST", "/press", b'{"button": "call", "x": 1}'), 400, "button"),
        (("POST", "/press", b'{"button": 1}'), 400, "button must be text"),
        (("POST", "/press", b'{"button": "fire"}'), 400, "call, hangup, mute"),
        (("POST", "/press", b'{"button": "call", "held_ms": -1}'), 400, "0 to 60000"),
        (("POST", "/press", b'{"button": "call", "held_ms": 1.5}'), 400, "0 to 60"),
        (("POST", "/press", b'{"button": "call", "held_ms": true}'), 400, "0 to 60"),
        (("POST", "/press", b" " * 4097), 413, "4096 bytes"),
        (("POST", "/text", b'{"text": " "}'), 400, "1 to 1024"),
        (("POST", "/text", b'{"text": "%s"}' % (b"x" * 1025)), 400, "1 to 1024"),
        (("POST", "/text", b'{"reply": "1"}'), 400, "whole number"),
        (("POST", "/text", b'{"reply": true}'), 400, "whole number"),
        (("POST", "/text", b'{"reply": 1, "text": "a"}'), 400, "text"),
        (("POST", "/screenshot", b'{"path": "a.png"}'), 400, "absolute"),
        (("POST", "/screenshot", b'{"path": "/a\\u0000.png"}'), 400, "absolute"),
        (("POST", "/screenshot", b'{"path": "/etc/passwd"}'), 400, ".png"),
        (("GET", "/press", b""), 405, "Not Allowed"),
        (("GET", "/nowhere", b""), 404, "Not Found"),
    ],
)
async def test_a_bad_request_gets_a_clear_answer_and_reaches_nobody(
    tmp_path: Path, request_: tuple[str, str, bytes], status: int, words: str
) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon):
        answer = await ask(tmp_path / "s", *request_)

    assert answer[0] == status
    assert words in answer[1]["error"]
    assert daemon.asked == []


@pytest.mark.parametrize("route", ["/status", "/events"])
async def test_nonsense_behind_an_answer_costs_its_client_and_nobody_else(
    tmp_path: Path, route: str
) -> None:
    daemon = FakeDaemon()
    stray: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: stray.append(context)
    )
    request = f"GET {route} HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with asyncio.timeout(5), serving(tmp_path / "s", daemon) as client:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        with contextlib.closing(writer):
            writer.write(request.encode())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"zz\r\n")
            await reader.read()
        await asyncio.to_thread(client.press, "call")

    assert stray == []
    assert daemon.asked[-1] == ("press", "call")
    assert daemon.subscriptions == 0


async def test_connections_that_ask_nothing_do_not_shut_others_out_for_long(
    tmp_path: Path,
) -> None:
    async with (
        asyncio.timeout(10),
        _serving_few(tmp_path / "s", silent_s=1),
        _connected(tmp_path / "s", 4) as silent,
    ):
        silent[0][1].write(b"GET /status HT")
        silent[1][1].write(b"GET /events HTTP/1.1\r\nHost: k\r\n\r\n")
        await silent[1][0].readuntil(b"\r\n\r\n")
        for reader, _ in (silent[0], *silent[2:]):
            assert await reader.read() == b""
        status, _ = await ask(tmp_path / "s", "GET", "/status")

        assert status == 200
        assert not silent[1][0].at_eof()


async def test_more_connections_than_there_may_be_are_cut_at_once(
    tmp_path: Path,
) -> None:
    async with (
        asyncio.timeout(10),
        _serving_few(tmp_path / "s", silent_s=60),
        _connected(tmp_path / "s", 9) as silent,
    ):
        for reader, _ in silent[4:]:
            assert await reader.read() == b""

        assert not any(reader.at_eof() for reader, _ in silent[:4])


@contextlib.asynccontextmanager
async def _serving_few(path: Path, silent_s: int) -> AsyncIterator[None]:
    closing, listener = asyncio.Event(), Listener(path)
    server = QuietUvicorn(make_app(FakeDaemon(), closing, 1.0), 4, silent_s)
    with contextlib.closing(listener):
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listener.socket]))
            try:
                yield
            finally:
                closing.set()
                server.end()


_Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def _connected(path: Path, count: int) -> AsyncIterator[list[_Client]]:
    clients = [await asyncio.open_unix_connection(path) for _ in range(count)]
    try:
        yield clients
    finally:
        for _, writer in clients:
            writer.close()
