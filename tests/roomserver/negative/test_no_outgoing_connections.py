"""The server reaches out to nothing a client names (S09): watched by its interpreter."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kiosk.room.room_types import RoomType
from tests.fakes.room_core import FakeCore
from tests.fakes.room_server import Member
from tests.fakes.strangers import output_of, program, running


pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
FIELDS = (
    "userName", "userAvatar", "pushURL", "roomName", "roomInfo", "mixedPlayURL",
    "accelerateURL", "userInfo", "text", "callback", "notify_url", "fieldName",
    "value", "custom", "GroupId", "MsgBody", "serial",
)  # fmt: skip
ENDS = ("delete_pusher", "destroy_room", "logout", "/login")
"""What ends the stay from which the others are asked: asked last."""
HEADERS = ("Referer", "Origin", "Forwarded", "X-Forwarded-Host", "X-Callback", "Link")


@asynccontextmanager
async def watched_server(folder: Path) -> AsyncIterator[tuple[str, int, Path]]:
    """Run a server; yield its URL, its relay's port, and what it reached out to."""
    events = folder / "events"
    events.touch()
    config = folder / "server.toml"
    config.write_text(
        '[server]\nhttp = "127.0.0.1:0"\nrtmp = "127.0.0.1:0"\n'
        '[store]\npath = "off"\n'
        "[limits]\nrequests_per_identity = 10000\nguesses = 1000\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.watched_process", str(events)),
        *("kiosk", "server", "--config", str(config)),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            at = json.loads(await process.stdout.readline())
        events.write_text("")  # its own addresses were looked up at the start
        yield at["http"], int(at["rtmp"].rpartition(":")[2]), events
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[str]]]:
    """Listen where nobody has any business; yield the port and who came."""
    came: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], came


def urls(port: int) -> list[str]:
    return [
        f"http://127.0.0.1:{port}/x?a=b",
        f"rtmp://127.0.0.1:{port}/live/x?txSecret=0&txTime=0",
        f"//127.0.0.1:{port}/x",
        f"http://localhost:{port}/",
        "http://canary.invalid/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://canary.invalid:70/_x",
    ]


def paths() -> list[str]:
    """Return every path of the table of routes, and the others there are."""
    routes = FakeCore().routes
    rooms = [
        f"/weapp/{room_type.value}/{route}"
        for room_type in RoomType
        for route in (*routes._guarded, *routes._live)
    ]
    opened = [f"/weapp/{folder}/{route}" for _, folder, route in routes._open]
    im = ["/v4/openim/login", "/v4/group_open_http_svc/send_group_msg"]
    beside = ["/kiosk/report", "/media/nginx", "/media/srs", "/status"]
    return sorted([*rooms, *opened, *im, *beside], key=lambda path: path.endswith(ENDS))


async def send_everything(url: str, port: int) -> int:
    """Put every URL into every field of every route; return how many were answered."""
    async with httpx.AsyncClient(base_url=url) as client:
        answered = 0
        for number, wanted in enumerate(urls(port)):
            # Another one each time: a name that came through a proxy, as these
            # headers say, is in use elsewhere for who comes without them.
            member = Member(client, f"kiosk-{number}")
            await member.log_in()
            await member.create()
            body: dict[str, object] = dict.fromkeys(FIELDS, wanted)
            body |= {"roomID": "desk", "userID": member.user, "cnt": 1, "index": 0}
            body |= {"operation": "set", "afterSeq": 0, "holdS": 0, "position": 0}
            body |= {
                "targets": [wanted[:64]],
                "mergeParams": {"interface": {"para": {"output_stream_id": wanted}}},
            }
            headers = dict.fromkeys(HEADERS, wanted)
            for path in paths():
                answer = await client.post(
                    path, params=member._query, json=body, headers=headers
                )
                answered += answer.status_code < 429
    return answered


async def push_elsewhere(port: int, elsewhere: int) -> str:
    """Publish to the relay as a client that names other servers."""
    command = (
        *(program("ffmpeg"), "-nostdin", "-loglevel", "warning"),
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-t", "1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-f", "flv"),
        *("-rtmp_tcurl", f"rtmp://127.0.0.1:{elsewhere}/live"),
        *("-rtmp_swfurl", f"http://127.0.0.1:{elsewhere}/x.swf"),
        *("-rtmp_pageurl", f"http://127.0.0.1:{elsewhere}/x"),
        f"rtmp://127.0.0.1:{port}/live/any?txSecret=0&txTime=0",
    )
    async with running(*command) as process:
        return await output_of(process, 10)


async def test_the_server_opens_no_connection_for_anything_a_client_names(
    tmp_path: Path,
) -> None:
    async with canary() as (port, came), watched_server(tmp_path) as server:
        url, rtmp, events = server
        answered = await send_everything(url, port)
        said = await push_elsewhere(rtmp, port)
        reached = events.read_text().splitlines()

    assert answered == len(urls(port)) * len(paths())
    assert "rtmp" in said.lower()  # the relay refused it, in words
    assert came == []
    assert reached == []


async def test_the_watch_sees_whoever_reaches_out(tmp_path: Path) -> None:
    events = tmp_path / "events"
    async with canary() as (port, came):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.fakes.watched_process", str(events)),
            *("http.server", "--help"),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
        before = events.read_text()
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        (tmp_path / "reaching.py").write_text(script)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.fakes.watched_process", str(events)),
            "reaching",
            cwd=ROOT,
            env={"PYTHONPATH": str(tmp_path)},
        )
        await process.wait()

    assert before == ""
    assert came
    assert "socket.connect" in events.read_text()
    assert "socket.getaddrinfo" in events.read_text()
