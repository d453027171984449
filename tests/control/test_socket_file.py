"""The control socket's file, and whoever is or is not behind it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from pathlib import Path

import pytest

from kiosk.control.client import ControlClient
from kiosk.control.listener import Listener, _reason
from kiosk.control.server import ControlServer
from kiosk.errors import ControlError, KioskStopped
from tests.fakes.control_serving import serving
from tests.fakes.controlled_daemon import FakeDaemon


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


@pytest.mark.parametrize(("verb", "times"), [("GET", 2), ("POST", 1)])
async def test_who_meets_the_hand_over_of_the_socket_asks_again_but_presses_once(
    tmp_path: Path, verb: str, times: int
) -> None:
    asked: list[bytes] = []

    async def cut_off_the_first(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if len(asked) > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()
        await writer.wait_closed()

    client = ControlClient(tmp_path / "s")
    ask = client.status if verb == "GET" else lambda: client.press("call")
    async with await asyncio.start_unix_server(cut_off_the_first, tmp_path / "s"):
        with contextlib.suppress(ControlError):
            await asyncio.to_thread(ask)

    assert len(asked) == times


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


def test_a_kiosk_that_crashed_is_told_apart_from_one_that_was_stopped(
    tmp_path: Path,
) -> None:
    """As systemd does it: a crash leaves the folder (RuntimeDirectoryPreserve=restart)."""
    folder = tmp_path / "kiosk"
    folder.mkdir()
    Listener(folder / "s").close()

    with pytest.raises(ControlError, match="no kiosk is running") as crashed:
        ControlClient(folder / "s").status()
    folder.rmdir()
    with pytest.raises(KioskStopped, match="no kiosk is running"):
        ControlClient(folder / "s").status()

    assert type(crashed.value) is ControlError
