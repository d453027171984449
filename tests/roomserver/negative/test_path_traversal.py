"""Every way out of the log folder, over a real port, as bytes on the wire (S08)."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import pytest

from kiosk.roomserver.settings import ServerSettings
from tests.fakes.raw_http import RawClient
from tests.fakes.room_server import running_server
from tests.fakes.traversals import traversals


PASSWORD = "correcthorsebattery1"
SECRET = b"top secret"
KNOWN = "/weapp/utils/getlogfile?file="


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log folder with secrets around it, one of them behind a link."""
    logs = tmp_path / "logs"
    (logs / "sub").mkdir(parents=True)
    (logs / "server.log").write_text("all is well\n")
    for secret in (
        logs / ".hidden",
        logs / "sub" / "inner.log",
        tmp_path / "secret.txt",
    ):
        secret.write_bytes(SECRET)
    (logs / "link.log").symlink_to(tmp_path / "secret.txt")
    return logs


def targets() -> list[str]:
    """Return what stands between method and version: in the query, and as a path."""
    asked = [quote(name, safe="%/\\;:.*~") for name in traversals()]
    asked += [quote_from_bytes(name.encode(), safe="") for name in traversals()]
    asked += [quote(quote(name, safe=""), safe="") for name in traversals()]
    paths = [quote(name, safe="%/;:.*~") for name in traversals()]
    return [
        *(KNOWN + name for name in dict.fromkeys(asked)),
        *(f"/weapp/utils/getlogfile/{path}" for path in paths),
        *(f"/weapp/utils/{path}" for path in paths),
        *(f"/{path.lstrip('/')}" for path in paths),
    ]


async def answers(port: int, asked: list[str]) -> dict[str, tuple[int, bytes]]:
    """Ask for everything on one connection after another."""
    password = base64.b64encode(f"op:{PASSWORD}".encode()).decode()
    head = f"Host: h\r\nAuthorization: Basic {password}\r\nConnection: close\r\n\r\n"
    said: dict[str, tuple[int, bytes]] = {}
    for target in asked:
        client = RawClient(*await asyncio.open_connection("127.0.0.1", port))
        client.send(f"GET {target} HTTP/1.1\r\n{head}".encode("ascii"))
        whole = await client.rest()
        client.close()
        said[target] = int(whole.split(b" ")[1]), whole
    return said


async def test_no_way_leads_out_of_the_log_folder_over_the_network(
    folder: Path,
) -> None:
    asked = targets()
    settings = ServerSettings(
        http_port=0,
        rtmp_port=0,
        operators_password=PASSWORD.encode(),
        log_folder=folder,
    )
    async with running_server(settings) as (at, _):
        said = await answers(at.http[1], [KNOWN + "server.log", *asked])

    status, whole = said.pop(KNOWN + "server.log")
    assert status == 200
    assert b"all is well" in whole
    assert len(set(traversals())) >= 200
    assert len(said) >= 800
    for target, (status, whole) in said.items():
        assert SECRET not in whole, target
        assert b"root:" not in whole, target
        elsewhere = not target.startswith(KNOWN)
        assert status == 404 or (elsewhere and status in {200, 400}), target
        if status == 200:
            assert whole.endswith(b'{"code":0,"data":{}}'), target
