"""A log that nobody reads costs lines, and delays nobody (P11)."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.room import messages as msg
from tests.fakes.programs import ROOT
from tests.fakes.room_server import members_at


pytestmark = pytest.mark.e2e

CONFIG = """
[server]
http = "127.0.0.1:0"
rtmp = "127.0.0.1:0"
[store]
path = "off"
[operators]
access_log = "all"
"""
LEAST_PIPE_BYTES = 4096
BEATS = 120
PACE_S = 0.025
"""Between two requests: of many more than 20 a second few are logged."""


@dataclass
class Unheard:
    """A server and the end of its log."""

    process: subprocess.Popen[str]
    log: int

    async def url(self) -> str:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        return str(json.loads(line)["http"])

    def read_log(self) -> str:
        """Return what lies there to be read."""
        try:
            return os.read(self.log, 1 << 16).decode()
        except BlockingIOError:
            return ""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Unheard]:
    config = tmp_path / "server.toml"
    config.write_text(CONFIG, "utf-8")
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, LEAST_PIPE_BYTES)
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "server", "--config", config],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=writing,
        text=True,
    )
    os.close(writing)
    yield Unheard(process, reading)
    process.kill()
    process.communicate()
    os.close(reading)


async def test_a_server_whose_log_nobody_reads_goes_on_and_tells_what_it_lost(
    server: Unheard,
) -> None:
    async with asyncio.timeout(30), members_at(await server.url(), "ann") as (ann,):
        await ann.create()
        beat = msg.PusherHeartbeat("desk", "ann")
        for _ in range(BEATS):
            await ann.ask(beat)
            await asyncio.sleep(PACE_S)

        server.read_log()
        log = ""
        while "lines lost, nobody read them" not in log:
            await ann.ask(beat)
            await asyncio.sleep(PACE_S)
            log += server.read_log()
