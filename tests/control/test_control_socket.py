"""The control API over real Unix sockets, with a fake daemon behind it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kiosk.call.record_bounds import IN_MEMORY
from kiosk.control.client import ControlClient
from kiosk.control.listener import Listener, _reason
from kiosk.control.server import ControlServer
from kiosk.errors import ControlError, RoomUnreachable
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.records import fullest_record
from tests.fakes.waiting import wait_until


@contextlib.asynccontextmanager
async def serving(path: Path, daemon: FakeDaemon) -> AsyncIterator[ControlClient]:
    server = ControlServer(path, daemon, body_s=0.3)
    server.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        try:
            yield ControlClient(path, timeout_s=3)
        finally:
            server.close()


async def ask(path: Path, method: str, route: str, body: bytes = b"") -> Any:
    """Send a request as no well-behaved client would."""

    def exchange() -> tuple[int, Any]:
        connection = http.client.HTTPConnection("kiosk")
        connection.sock = socket.socket(socket.AF_UNIX)
        with contextlib.closing(connection):
            connection.sock.settimeout(3)
            connection.sock.connect(os.fspath(path))
            connection.request(method, route, body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    return await asyncio.to_thread(exchange)


async def test_a_press_reaches_the_daemon(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        await asyncio.to_thread(client.press, "call")
        await asyncio.to_thread(client.press, "mute")

    assert daemon.asked == [("press", "call"), ("press", "mute")]


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
        (("POST", "/press", b"[" * 4000), 400, "not JSON"),
        (("POST", "/press", b"\xff"), 400, "not JSON"),
        (("POST", "/press", b"[]"), 400, "must be a JSON object"),
        (("POST", "/press", b"{}"), 400, "button"),
        (("POST", "/press", b'{"button": "call", "x": 1}'), 400, "button"),
        (("POST", "/press", b'{"button": 1}'), 400, "button must be text"),
        (("POST", "/press", b'{"button": "fire"}'), 400, "call, hangup, mute"),
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


async def test_the_socket_is_for_owner_and_group_only(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", FakeDaemon()):
        mode = stat.S_IMODE((tmp_path / "s").stat().st_mode)

    assert mode == 0o660


async def test_the_socket_is_gone_after_serving(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", FakeDaemon()):
        pass

    assert not (tmp_path / "s").exists()


async def test_closing_before_serving_serves_nothing(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "s", FakeDaemon())
    server.close()

    await server.serve()

    assert not (tmp_path / "s").exists()


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(os.fspath(tmp_path / "s"))

    listener = Listener(tmp_path / "s")

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(tmp_path / "s"))
    listener.close()


def test_a_socket_in_use_is_left_alone(tmp_path: Path) -> None:
    first = Listener(tmp_path / "s")

    with pytest.raises(ControlError, match="another kiosk is running"):
        Listener(tmp_path / "s")

    first.close()


def test_closing_leaves_a_successors_socket_alone(tmp_path: Path) -> None:
    first = Listener(tmp_path / "s")
    (tmp_path / "s").unlink()
    second = Listener(tmp_path / "s")

    first.close()

    assert (tmp_path / "s").exists()
    second.close()


def test_a_file_in_the_sockets_place_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")

    with pytest.raises(ControlError, match="something else is there"):
        Listener(tmp_path / "s")

    assert (tmp_path / "s").read_text() == "precious"


def test_a_socket_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as another:
        another.bind(os.fspath(tmp_path / "s"))

        with pytest.raises(ControlError, match="cannot be used"):
            Listener(tmp_path / "s")

    assert (tmp_path / "s").exists()


def test_a_directory_of_somebody_else_is_explained() -> None:
    assert "change the directory's owner" in _reason(PermissionError())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent/s", "directory does not exist"),
        ("x" * 120, "too long"),
        ("nul\0", "null"),
    ],
)
def test_a_place_where_no_socket_can_be_is_explained(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(ControlError, match=words):
        Listener(tmp_path / name)


def test_without_a_daemon_the_client_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"no kiosk is running.*`kiosk run`"):
        ControlClient(tmp_path / "s").status()


def test_a_stale_socket_means_that_no_kiosk_is_running(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(os.fspath(tmp_path / "s"))

    with pytest.raises(ControlError, match="no kiosk is running"):
        ControlClient(tmp_path / "s").press("call")


@pytest.mark.parametrize("name", ["x" * 200])
def test_an_impossible_path_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ControlError, match="no kiosk's socket"):
        ControlClient(tmp_path / name).status()


def test_a_daemon_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "s")

    with pytest.raises(ControlError, match=r"did not answer within 0\.05 s"):
        ControlClient(tmp_path / "s", timeout_s=0.05).status()

    listener.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "ended the conversation"),
        (b"SSH-2.0-OpenSSH\r\n", "ended the conversation"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is no kiosk"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "is no kiosk"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", "refused: No"),
    ],
)
async def test_a_stranger_behind_the_socket_is_recognised(
    tmp_path: Path, answer: bytes, words: str
) -> None:
    async def be_strange(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(be_strange, tmp_path / "s"):
        with pytest.raises(ControlError, match=words):
            await asyncio.to_thread(ControlClient(tmp_path / "s").status)


async def test_a_socket_that_may_not_be_used_names_the_group(tmp_path: Path) -> None:
    client = ControlClient(tmp_path / "s")

    assert "join the socket's group" in client._explanation(PermissionError())


async def test_a_body_that_never_ends_is_given_up(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        writer.write(
            b"POST /press HTTP/1.1\r\nHost: kiosk\r\nContent-Length: 9\r\n\r\n{"
        )
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert answer.split()[1] == b"408"
    assert daemon.asked == []
