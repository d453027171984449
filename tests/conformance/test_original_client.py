"""
Two original mini-program clients, unmodified, complete a call against our server.

``ORIGINALS`` names a folder below which their sources lie (protocol section 9);
they run under node with :file:`wx_stand_in.js` for the platform.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_server import members_of, running_server


Fact: TypeAlias = dict[str, Any]

STAND_IN = Path(__file__).with_name("wx_stand_in.js")
TEXT = 'hello }} "B" 你好'
PATIENCE_S = 10.0
_DEPTH = 6


def original_client(version: int) -> Path:
    """Return the folder of an original client, or skip."""
    root = os.environ.get("ORIGINALS", "")
    if root and shutil.which("node"):
        for folder, names, files in os.walk(root):
            deep = len(Path(folder).relative_to(root).parts) >= _DEPTH
            names[:] = [] if deep else sorted(set(names) - {"node_modules", ".git"})
            beside = Path(folder)
            is_v2 = (beside / "utils" / "webrtcroom.js").exists()
            has_room = (beside / "utils" / "rtcroom.js").exists()
            if "getlogininfo.js" in files and has_room and is_v2 == (version == 2):
                return beside.resolve()
    pytest.skip("needs node and the original clients, ORIGINALS=DIR")


class Client:
    """One original client in a process of its own, and what it reported."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.facts: list[Fact] = []
        self._taken = 0

    async def call(self, call: str, data: Fact | None = None, **options: object) -> Any:
        """Call a function of the original; return what it hands to ``success``."""
        assert self._process.stdin is not None
        line = json.dumps({"call": call, "data": data or {}, "options": options})
        self._process.stdin.write(line.encode() + b"\n")
        fact = await self.next(is_="call", call=call)
        assert fact["ok"], fact
        return fact["value"]

    async def event(self, event: str) -> Any:
        """Wait for an event of the original that was not waited for yet."""
        return (await self.next(is_="event", event=event))["value"]

    async def next(self, **wanted: object) -> Fact:
        """Return the next fact like this; those before it are passed over."""
        wanted["is"] = wanted.pop("is_")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._taken < len(self.facts):
                    fact = self.facts[self._taken]
                    self._taken += 1
                    if wanted.items() <= fact.items():
                        return fact
                await self._read()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the original ended"
        self.facts.append(json.loads(line))

    async def drain(self, seconds: float = 0.3) -> None:
        """Take in what else it reports."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self._read()
        except TimeoutError:
            return

    def steps(self) -> list[str]:
        """Return what it asked the servers, in order, polls left out."""
        return [
            fact["step"]
            for fact in self.facts
            if fact["is"] == "http"
            and not fact["step"].endswith(("polling", "get_msg"))
        ]

    def happened(self, event: str) -> list[Any]:
        return [fact["value"] for fact in self.facts if fact.get("event") == event]


@asynccontextmanager
async def clients(
    folder: Path, at: ServerAddresses, *names: str
) -> AsyncGenerator[list[Client]]:
    processes = [
        await asyncio.create_subprocess_exec(
            "node",
            str(STAND_IN),
            str(folder),
            at.http_url,
            at.http_url,
            name,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=sys.stderr,
        )
        for name in names
    ]
    try:
        started = [Client(process) for process in processes]
        for client in started:
            await client.event("ready")
        yield started
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def log_in(client: Client) -> None:
    await client.call("getLoginInfo", type="double_room")


async def push_url(client: Client, room_id: str = "") -> str:
    data = {"roomID": room_id} if room_id else {}
    return str((await client.call("getPushURL", data))["pushURL"])


async def create_v1(client: Client) -> str:
    url = await push_url(client)  # and, in an app, publishes until event 1002
    await client.call("createRoom", {"roomName": "counter 1", "pushURL": url})
    (room,) = (await client.call("getRoomList", {"index": 0, "cnt": 20}))["rooms"]
    assert room["roomName"] == "counter 1"
    return str(room["roomID"])


async def enter_v1(client: Client, room_id: str) -> str:
    url = await push_url(client)
    await client.call("enterRoom", {"roomID": room_id})
    listed = await client.event("onGetPusherList")
    await client.call("joinPusher", {"roomID": room_id, "pushURL": url})
    return str(listed["pushers"][0]["accelerateURL"])


async def create_v2(client: Client) -> str:
    created = await client.call("createRoom", {"roomInfo": "counter 1"})
    room_id = str(created["roomID"])
    url = await push_url(client, room_id)
    await client.call("enterRoom", {"roomID": room_id, "pushURL": url})
    return room_id


async def enter_v2(client: Client, room_id: str) -> str:
    (room,) = (await client.call("getRoomList", {"index": 0, "cnt": 20}))["rooms"]
    assert (room["roomID"], room["roomInfo"]) == (room_id, "counter 1")
    url = await push_url(client, room_id)
    there = await client.call("getPushers", {"roomID": room_id})
    await client.call("enterRoom", {"roomID": room_id, "pushURL": url})
    return str(there["pushers"][0]["accelerateURL"])


CREATE = {1: create_v1, 2: create_v2}
ENTER = {1: enter_v1, 2: enter_v2}
QUIT = {1: "onPhserQuit", 2: "onPusherQuit"}


@pytest.mark.parametrize("version", [1, 2])
async def test_two_original_clients_complete_a_call(version: int) -> None:
    folder = original_client(version)
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with (
        running_server(settings) as (at, _),
        clients(folder, at, "A", "B") as (a, b),
    ):
        await log_in(a)
        room_id = await CREATE[version](a)
        await log_in(b)
        play_url = await ENTER[version](b, room_id)
        joined = await a.event("onPusherJoin")

        assert play_url.startswith("rtmp://")
        assert [pusher["userName"] for pusher in joined["pushers"]] == ["B"]

        await a.call("sendRoomTextMsg", {"msg": TEXT})
        for client in (a, b):
            text = await client.event("onRecvRoomTextMsg")
            while not text["userID"]:  # "B entered the room", as IM clouds say
                assert "进入房间" in text["textMsg"]
                text = await client.event("onRecvRoomTextMsg")
            assert (text["nickName"], text["headPic"]) == ("A", "123")
            assert text["textMsg"] == TEXT.replace('"', "&quot;")

        await b.call("exitRoom")
        left = await a.event(QUIT[version])
        assert [pusher["userName"] for pusher in left["pushers"]] == ["B"]

        await ENTER[version](b, room_id)
        await a.event("onPusherJoin")
        await a.call("exitRoom")
        await b.event("onRoomClose")
        await asyncio.gather(a.drain(), b.drain())

    for client in (a, b):
        refused = [f for f in client.facts if f["is"] == "http" and f["code"]]
        assert refused == []
    for step in ("openim/login", "openim/authkey", "profile/portrait_set"):
        assert step in a.steps()
    assert b.happened("onRoomClose") == [{}]


@pytest.mark.parametrize("version", [1, 2])
async def test_an_original_client_and_ours_hear_each_other(version: int) -> None:
    folder = original_client(version)
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with (
        running_server(settings) as (at, _),
        clients(folder, at, "A") as (a,),
        members_of(at, "kiosk") as (kiosk,),
    ):
        await log_in(a)
        room_id = await CREATE[version](a)
        await kiosk.join(room_id)
        joined = await a.event("onPusherJoin")
        assert [pusher["userID"] for pusher in joined["pushers"]] == ["kiosk"]

        await kiosk.say(room_id, "microphone off")
        while (text := await a.event("onRecvRoomTextMsg"))["userID"] != "kiosk":
            assert not text["userID"]
        assert text["textMsg"] == "microphone off"

        await a.call("sendRoomTextMsg", {"msg": TEXT})
        assert TEXT in await kiosk.texts(room_id)
