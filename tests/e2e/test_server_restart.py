"""A room server killed without warning: who sat there still sits there."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomNotFound, RoomRefused
from kiosk.ports import RoomNotice, Seat, TextReceived
from kiosk.room import messages as msg
from kiosk.room.conversation import Identity
from kiosk.room.session import Wanted
from kiosk.roomclient import HttpRoomService, new_room_service
from kiosk.roomserver.service import ServerAddresses
from tests.fakes.eventually import eventually
from tests.fakes.programs import ROOT
from tests.fakes.room_server import members_of


pytestmark = pytest.mark.e2e

CONFIG = """
[server]
heartbeat_timeout_s = 4
sweep_s = 0.5
[store]
path = "{store}"
"""


class Server:
    """A server process that comes back where it was."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "server.toml"
        self._config.write_text(CONFIG.format(store=folder / "rooms.db"), "utf-8")
        self._http = self._rtmp = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> ServerAddresses:
        """Start it; from the second time on at the same ports."""
        bound = json.loads(await asyncio.to_thread(self._begin))
        self._http = bound["http"].removeprefix("http://")
        self._rtmp = bound["rtmp"].removeprefix("rtmp://")
        http, rtmp = (address.rpartition(":") for address in (self._http, self._rtmp))
        return ServerAddresses((http[0], int(http[2])), (rtmp[0], int(rtmp[2])))

    def _begin(self) -> str:
        command = (sys.executable, "-m", "kiosk", "server", "--config", self._config)
        self._process = subprocess.Popen(
            [*command, "--http", self._http, "--rtmp", self._rtmp],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    async def stop_for(self, seconds: float) -> None:
        """Let it do nothing for a while, as a machine that swaps or sleeps."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Stop it as systemd does, and wait for its end."""
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.communicate, timeout=10.0)
        assert self._process.returncode == 0
        self._process = None

    def kill(self) -> None:
        """Give it no time for anything."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


@asynccontextmanager
async def party(
    url: str, user: str, *, create: bool = False
) -> AsyncIterator[tuple[HttpRoomService, list[RoomNotice]]]:
    service = new_room_service(
        url, Identity(user, user), Wanted(("Desk",), create), MonotonicClock()
    )
    told: list[RoomNotice] = []
    async with service:
        await service.log_in()
        seat = await service.find_seat()
        assert isinstance(seat, Seat), seat
        await service.take_seat(seat, told.append)
        yield service, told


async def room_list(url: str) -> dict[str, tuple[list[str], int]]:
    """Return each room with its members and its last event."""
    async with httpx.AsyncClient(base_url=url) as client:
        asked = msg.GetRoomList()
        answer = await client.post(msg.path_of(asked), json=asked.to_wire())
        rooms = msg.read_answer(asked, answer.content).rooms
        return {
            room.room_id: ([one.user_id for one in room.members], room.seq)
            for room in rooms
        }


async def test_members_keep_their_seats_over_a_kill(server: Server) -> None:
    at = await server.start()
    async with (
        party(at.http_url, "ann", create=True) as (_, ann_was_told),
        party(at.http_url, "bob") as (_, bob_was_told),
    ):
        await eventually(lambda: len(ann_was_told) == 1)
        await eventually(lambda: len(bob_was_told) == 1)
        before = await room_list(at.http_url)

        server.kill()
        await server.start()
        after = await room_list(at.http_url)
        await asyncio.sleep(5.0)  # longer than a silent member is borne
        later = await room_list(at.http_url)

        assert before == after == later
        assert [users for users, _ in before.values()] == [["ann", "bob"]]
        assert len(ann_was_told) == len(bob_was_told) == 1


async def test_members_are_told_of_a_restart_and_come_back_to_their_seats(
    server: Server,
) -> None:
    at = await server.start()
    async with (
        members_of(at, "cyd") as (cyd,),
        party(at.http_url, "ann", create=True) as (ann, ann_was_told),
        party(at.http_url, "bob") as (_, bob_was_told),
    ):
        await eventually(lambda: len(ann_was_told) == 1)
        await eventually(lambda: len(bob_was_told) == 1)
        await cyd.create("other")
        before = await room_list(at.http_url)

        async with asyncio.TaskGroup() as tasks:
            wait = msg.WaitEvents("other", "cyd", 1, 20.0)
            waiting = tasks.create_task(cyd.ask(wait))
            await asyncio.sleep(0.2)
            await server.stop()
        await server.start()
        told = waiting.result()
        await asyncio.sleep(told.retry_ms / 1000)
        again = await cyd.ask(msg.WaitEvents("other", "cyd", told.seq, 0.0))
        after = await room_list(at.http_url)
        await ann.send_text("still here")
        await eventually(lambda: len(bob_was_told) == 2)

        assert (told.events, told.seq) == ((), 1)
        assert 1000 <= told.retry_ms <= 3000
        assert (again.retry_ms, again.resync) == (0, False)
        assert before == after
        assert bob_was_told[1:] == [TextReceived("ann", "ann", "still here")]
        assert len(ann_was_told) == 1


async def test_a_server_that_stood_still_evicts_nobody_for_it(server: Server) -> None:
    at = await server.start()
    async with members_of(at, "ann", "bob") as (ann, bob):
        await ann.create()
        await bob.join()
        before = await room_list(at.http_url)

        await server.stop_for(6.0)  # a silent member is borne for 4
        await asyncio.sleep(1.0)  # two sweeps
        after = await room_list(at.http_url)
        for member in (ann, bob):
            await member.ask(msg.PusherHeartbeat("desk", member.user))

        assert after == before


async def test_what_was_acknowledged_before_a_kill_is_so_after_it(
    server: Server,
) -> None:
    at = await server.start()
    async with members_of(at, "ann", "bob", "cyd") as (ann, bob, cyd):
        await ann.create("kept")
        await bob.join("kept")
        await bob.create("closed")
        await bob.ask(msg.DestroyRoom("closed", "bob"))
        made = await bob.ask(msg.CreateRoom("bob", "Desk"))
        await bob.join(made.room_id)
        await bob.ask(msg.DestroyRoom(made.room_id, "bob"))
        url = (await cyd.ask(msg.GetPushUrl("cyd"))).push_url
        seated = await bob.ask(msg.PusherHeartbeat("kept", "bob"))

        server.kill()
        await server.start()

        again = await bob.ask(msg.PusherHeartbeat("kept", "bob"))  # the same login
        assert again == seated
        with pytest.raises(RoomNotFound):
            await bob.ask(msg.GetPushers("closed"))
        gone = await bob.ask(msg.WaitEvents("closed", "bob", 1, 0.0))
        assert [event.kind.value for event in gone.events] == ["room_closed"]
        with pytest.raises(RoomRefused) as spent:
            await cyd.ask(msg.CreateRoom("cyd", "Desk", made.room_id))
        assert spent.value.room_code == msg.RoomCode.ROOM_ID_TAKEN
        await cyd.ask(msg.CreateRoom("cyd", "Desk", "fresh", "cyd", "1", url))
        room = await cyd.ask(msg.GetPushers("fresh"))
        assert room.seq > gone.seq


async def test_answers_tell_a_restart_that_remembers_from_a_fresh_start(
    server: Server, tmp_path: Path
) -> None:
    async def boot(after: Callable[[], object]) -> tuple[str, int]:
        server.kill()
        after()
        at = await server.start()
        async with httpx.AsyncClient(base_url=at.http_url) as client:
            era, count = (await client.get("/healthz")).headers["kiosk-boot"].split(".")
        return era, int(count)

    first = await boot(lambda: None)
    second = await boot(lambda: None)
    third = await boot((tmp_path / "rooms.db").unlink)

    assert second == (first[0], first[1] + 1)
    assert third[0] != first[0]
