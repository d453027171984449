"""Commands that ask the running daemon: buttons, texts, stills, calls, status."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from kiosk.cli import main
from kiosk.control.server import ControlServer
from kiosk.errors import ControlError
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.records import call_record
from tests.fakes.waiting import wait_until


STATUS = {"schema_version": 1, "state": "IDLE", "screen": "idle"}


@contextlib.asynccontextmanager
async def daemon_at(path: Path) -> AsyncGenerator[FakeDaemon]:
    daemon = FakeDaemon(dict(STATUS))
    server = ControlServer(path, daemon)
    server.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        try:
            yield daemon
        finally:
            server.close()


@pytest.mark.parametrize("button", ["call", "hangup", "mute"])
async def test_a_button_command_presses_that_button(
    tmp_path: Path, button: str
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(
            main, [button, "--socket", str(tmp_path / "s")]
        )

    assert status == 0
    assert daemon.asked == [("press", button)]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["2"], ("reply", "2")),
        (["hello"], ("text", "hello")),
        (["window", "2", "please"], ("text", "window 2 please")),
    ],
)
async def test_say_sends_a_configured_reply_or_a_text(
    tmp_path: Path, words: list[str], asked: tuple[str, str]
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(
            main, ["say", "--socket", str(tmp_path / "s"), *words]
        )

    assert status == 0
    assert daemon.asked == [asked]


async def test_ask_still_keeps_what_the_other_side_sent(tmp_path: Path) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(
            main,
            ["ask-still", "--socket", str(tmp_path / "s"), str(tmp_path / "id.jpg")],
        )

    assert status == 0
    assert daemon.asked == [("still", "")]
    assert (tmp_path / "id.jpg").read_bytes().startswith(b"\xff\xd8\xff")


async def test_a_refused_still_is_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        daemon.refusal = ControlError("no still: the other side refused")
        status = await asyncio.to_thread(
            main,
            ["ask-still", "--socket", str(tmp_path / "s"), str(tmp_path / "id.jpg")],
        )

    assert status == os.EX_UNAVAILABLE
    assert "the other side refused" in capsys.readouterr().err
    assert not (tmp_path / "id.jpg").exists()


@pytest.mark.parametrize(
    ("options", "begins"),
    [(["--json"], '{"call": 2'), (["--last"], "call:      2"), ([], "began")],
)
async def test_calls_prints_what_they_left_behind(
    tmp_path: Path,
    options: list[str],
    begins: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        daemon.records = [call_record(2), call_record(1)]
        status = await asyncio.to_thread(
            main, ["calls", "--socket", str(tmp_path / "s"), *options]
        )
    printed = capsys.readouterr().out

    assert status == 0
    assert printed.startswith(begins)
    assert printed.count("agent-1") == {"--json": 2, "--last": 1}.get(
        "".join(options), 0
    )


async def test_the_socket_can_be_named_by_the_configuration(
    tmp_path: Path, good: Path
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(main, ["call", "--config", str(good)])

    assert status == 0
    assert daemon.asked == [("press", "call")]


async def test_status_prints_words_or_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["status", "--socket", str(tmp_path / "s")]
    async with daemon_at(tmp_path / "s"):
        await asyncio.to_thread(main, arguments)
        words = capsys.readouterr().out
        await asyncio.to_thread(main, [*arguments, "--json"])

    assert "IDLE (screen: idle)" in words
    assert json.loads(capsys.readouterr().out) == STATUS


async def test_status_watch_prints_until_the_kiosk_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["status", "--json", "--watch", "--socket", str(tmp_path / "s")]
    async with asyncio.TaskGroup() as group, daemon_at(tmp_path / "s") as daemon:
        watching = group.create_task(asyncio.to_thread(main, arguments))
        await asyncio.to_thread(wait_until, lambda: len(daemon.asked) >= 2)

    assert watching.result() == os.EX_UNAVAILABLE
    assert len(capsys.readouterr().out.splitlines()) >= 2


def test_without_a_daemon_the_command_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["call", "--socket", str(tmp_path / "s")])

    error = capsys.readouterr().err
    assert status == os.EX_UNAVAILABLE
    assert error.startswith("kiosk: no kiosk is running")
    assert len(error.splitlines()) == 1
