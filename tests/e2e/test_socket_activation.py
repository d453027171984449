"""`kiosk server` on sockets that were opened before it began, as by systemd."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from tests.fakes.supervisor import Supervisor


pytestmark = pytest.mark.e2e


def listening() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


async def test_a_server_process_takes_over_sockets_and_ends_cleanly(
    tmp_path: Path,
) -> None:
    with listening() as http, listening() as rtmp:
        ports = [sock.getsockname()[1] for sock in (http, rtmp)]
        # LISTEN_PID must be the server's own: the shell becomes the server.
        script = (
            f"exec 3<&{http.fileno()} 4<&{rtmp.fileno()};"
            f" LISTEN_PID=$$ exec {sys.executable} -m kiosk server"
        )
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script),
            env={
                **os.environ,
                "LISTEN_FDS": "2",
                "LISTEN_FDNAMES": "http:rtmp",
                "STATE_DIRECTORY": str(tmp_path),
            },
            pass_fds=[http.fileno(), rtmp.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            said = json.loads(await process.stdout.readline())
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{said['http']}/readyz")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()

    assert [int(url.rpartition(":")[2]) for url in said.values()] == ports
    assert answer.status_code == 200
    assert status == 0
    assert (tmp_path / "rooms.db").exists()


async def test_a_supervisor_hears_that_the_server_is_ready_and_its_loop_turns(
    tmp_path: Path,
) -> None:
    with Supervisor(tmp_path) as supervisor, listening() as http, listening() as rtmp:
        supervisor.store = {
            "http": os.dup(http.fileno()),
            "rtmp": os.dup(rtmp.fileno()),
        }
        supervisor.start(
            *("-m", "kiosk", "server"),
            STATE_DIRECTORY=str(tmp_path),
            WATCHDOG_USEC="400000",
        )
        supervisor.wait_for(lambda: "READY=1" in supervisor.heard, "ready")
        supervisor.wait_for(lambda: supervisor.pings > 1, "the watchdog was fed twice")
        status = supervisor.stop()
        supervisor.listen()
        heard = list(supervisor.heard)

    assert heard == ["READY=1", "STOPPING=1"]
    assert status == 0
