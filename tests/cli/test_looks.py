"""What a technician looks with: a status that goes on, exit statuses that scripts read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from kiosk.cli import main
from kiosk.control.report import headline
from kiosk.control.server import ControlServer
from kiosk.errors import ControlError
from kiosk.programs import Programs
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.waiting import wait_until


ROOT = Path(__file__).parents[2]
IDLE: dict[str, Any] = {"schema_version": 1, "state": "IDLE", "screen": "idle"}
IN_CALL: dict[str, Any] = {
    **IDLE,
    "state": "IN_CALL",
    "room_id": "room-9",
    "peers": [{"user_id": "agent-1"}],
    "muted": True,
    "faults": [{"fault": "camera"}],
}


class Failing(Programs):
    """Whose programs fail so."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    @override
    def support_bundle(
        self, file: Path | None, out: Path | None, days: int
    ) -> tuple[Path, list[str]]:
        raise self._error


class Made(Programs):
    """Whose bundle lacks the journal."""

    @override
    def support_bundle(
        self, file: Path | None, out: Path | None, days: int
    ) -> tuple[Path, list[str]]:
        return Path("b.tar.gz"), [f"journal of {days} days: none"]


@contextlib.asynccontextmanager
async def daemon_at(path: Path) -> AsyncGenerator[FakeDaemon]:
    daemon = FakeDaemon(dict(IDLE))
    server = ControlServer(path, daemon)
    server.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        try:
            yield daemon
        finally:
            server.close()


async def test_a_status_that_is_watched_prints_a_line_for_each_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["status", "--watch", "--socket", str(tmp_path / "s")]
    async with asyncio.TaskGroup() as group, daemon_at(tmp_path / "s") as daemon:
        group.create_task(asyncio.to_thread(main, arguments))
        await asyncio.to_thread(wait_until, lambda: len(daemon.asked) >= 2)
        daemon._status = IN_CALL
        asked = len(daemon.asked)
        await asyncio.to_thread(wait_until, lambda: len(daemon.asked) >= asked + 2)

    first, second = (line[10:] for line in capsys.readouterr().out.splitlines())
    assert first == "IDLE"
    assert second == "IN_CALL, room room-9, with agent-1, muted, faults: camera"


async def test_on_a_terminal_a_status_stays_in_its_place(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kiosk", "status", "--watch"]
    async with daemon_at(tmp_path / "s") as daemon:
        watching = await asyncio.create_subprocess_exec(
            *command, "--socket", str(tmp_path / "s"), cwd=ROOT, stdout=theirs
        )
        try:
            await asyncio.to_thread(wait_until, lambda: len(daemon.asked) >= 2)
        finally:
            watching.terminate()
            await watching.wait()
            os.close(theirs)
    shown = os.read(ours, 1 << 16)
    os.close(ours)

    assert shown.startswith(b"\x1b[H\x1b[J")
    assert b"IDLE (screen: idle)" in shown


def test_what_is_news_has_no_figures() -> None:
    noisy = {**IN_CALL, "rss_mb": 70.1, "cpu_s": 12.3, "threads": 8}

    assert headline(noisy) == headline(IN_CALL)


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (TimeoutError(), os.EX_TEMPFAIL),
        (ConnectionResetError(), os.EX_TEMPFAIL),
        (PermissionError(), os.EX_NOPERM),
        (FileNotFoundError(), os.EX_UNAVAILABLE),
        (None, os.EX_UNAVAILABLE),
    ],
)
def test_why_a_kiosk_did_not_do_it_tells_a_script_whether_to_try_again(
    cause: Exception | None, status: int
) -> None:
    error = ControlError("it did not")
    error.__cause__ = cause

    assert main(["support-bundle"], Failing(error)) == status


def test_who_may_not_is_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    denied = PermissionError(13, "Permission denied", "/root/bundle.tar.gz")

    assert main(["support-bundle"], Failing(denied)) == os.EX_NOPERM
    assert "use sudo" in capsys.readouterr().err


def test_a_bundle_says_where_it_is_and_what_is_not_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["support-bundle", "--days", "7"], Made()) == os.EX_OK
    told = capsys.readouterr()
    assert told.out == "b.tar.gz\n"
    assert told.err == "kiosk: not in it: journal of 7 days: none\n"
    assert main(["support-bundle", "--json"], Made()) == os.EX_OK
    found = json.loads(capsys.readouterr().out)
    assert found["schema_version"] == 1
    assert found["missing"] == ["journal of 3 days: none"]
    assert main(["support-bundle", "--days", "0"], Made()) == os.EX_USAGE
