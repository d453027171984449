"""`kiosk test-call` as a process, against a real server with an echo room."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.roomserver.echo import EchoSettings
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.programs import ROOT
from tests.fakes.room_server import members_of, running_server


pytestmark = pytest.mark.e2e


async def technician(folder: Path, url: str) -> tuple[int | None, dict[str, Any]]:
    """Make a test call; return exit status and record."""
    config = folder / "technician.toml"
    room = f'[room]\nserver = "{url}"\ntarget = ["elsewhere"]\nuser_id = "kiosk-7"\n'
    config.write_text(f"{room}create = true\n", "utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk", "test-call", "--config", str(config)),
        *("--for", "1", "--json"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaints = await process.communicate()
    assert printed, complaints.decode()
    return process.returncode, json.loads(printed)


async def test_a_technician_sees_and_hears_himself_and_gets_the_record(
    tmp_path: Path,
) -> None:
    echo = EchoSettings(enabled=True, delay_s=0.5)
    settings = ServerSettings(http_port=0, rtmp_port=0, echo=echo)
    async with asyncio.timeout(60.0), running_server(settings) as (at, _):
        status, record = await technician(tmp_path, at.http_url)

    assert status == (0 if record["verdict"] == "good" else 1), record
    assert record["echo_s"] == 0.5
    assert record["reserved_ms"] <= record["published_ms"] <= record["entered_ms"]
    assert record["pictures_shown"] > 0
    assert record["picture_delay_ms"] is not None
    assert record["sent_kbps"] > 0


async def test_without_an_echo_room_the_technician_is_told_the_cure(
    tmp_path: Path,
) -> None:
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with asyncio.timeout(60.0), running_server(settings) as (at, _):
        status, record = await technician(tmp_path, at.http_url)

    assert status == 1
    assert "[echo] enabled" in record["verdict"]


async def test_a_busy_echo_room_is_named(tmp_path: Path) -> None:
    echo = EchoSettings(enabled=True)
    settings = ServerSettings(http_port=0, rtmp_port=0, echo=echo)
    async with (
        asyncio.timeout(60.0),
        running_server(settings) as (at, _),
        members_of(at, "other") as (other,),
    ):
        await other.join("echo")
        status, record = await technician(tmp_path, at.http_url)

    assert status == 1
    assert "somebody else" in record["verdict"]
