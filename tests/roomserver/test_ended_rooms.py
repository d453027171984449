"""
The end of a room is final (P7), also for a server that was started again.

An id the server made never comes back.  One a client chose may be opened anew: that
is another room, and nothing of the earlier one is valid in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.relay_terms import Permit, Refusal
from kiosk.roomserver.store_sqlite import open_ledger
from tests.fakes.im_client import joined_client, kinds
from tests.fakes.room_core import FakeCore, Json


class Server:
    """A server on a store, which may be started again between two rooms."""

    def __init__(self, path: Path, *, restarts: bool) -> None:
        self._path = path
        self._restarts = restarts
        self._life = AsyncExitStack()
        self.core = FakeCore()

    async def start(self) -> None:
        ledger = open_ledger(self._path, lambda: "era")
        await self._life.enter_async_context(ledger.writing())
        tokens = self.core.tokens
        self.core = FakeCore(ledger=ledger)
        self.core.tokens = tokens

    async def stop(self) -> None:
        await self._life.aclose()

    async def time_goes_by(self) -> None:
        if self._restarts:
            await self.stop()
            await self.start()

    def open(self) -> None:
        """Have an agent and a kiosk sit in the room."""
        self.core.create("agent")
        self.core.join("kiosk")

    async def end_and_open_anew(self, creator: str = "agent") -> None:
        """End the room; later another is opened under its name."""
        self.destroy("agent")
        await self.time_goes_by()
        self.core.create(creator)

    def destroy(self, user: str, room_id: str = "desk") -> None:
        wire = msg.DestroyRoom(room_id, user).to_wire()
        assert self.core.ask("destroy_room", wire, user=user)["code"] == 0

    def reserve(self, user: str, room_id: str) -> Json:
        wire = msg.CreateRoom(user, "Desk", room_id).to_wire()
        return self.core.ask("create_room", wire, user=user)

    def sit(self, user: str, url: str, room_id: str = "desk") -> Json:
        wire = msg.AddPusher(room_id, user, user, url).to_wire()
        return self.core.ask("add_pusher", wire, user=user)

    def wait(self, user: str, after: object) -> Json:
        assert isinstance(after, int)
        wire = msg.WaitEvents("desk", user, after, 0.0).to_wire()
        return self.core.ask("wait_events", wire, user=user)

    def relay_refuses(self, url: str) -> str | None:
        """Return why a stream is refused, whichever way it is asked for."""
        parts = urlsplit(url)
        gate = self.core.core.gate
        return _reason(gate.authorize_publish("live", stream_of(url), parts.query))

    def player_refused(self, url: str) -> str | None:
        parts = urlsplit(url)
        gate = self.core.core.gate
        return _reason(gate.authorize_play("live", stream_of(url), parts.query))


def _reason(answer: Permit | Refusal) -> str | None:
    return answer.reason if isinstance(answer, Refusal) else None


@pytest.fixture(params=["running on", "started again"])
async def server(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Server]:
    restarts = request.param == "started again"
    server = Server(tmp_path / "rooms.db", restarts=restarts)
    await server.start()
    yield server
    await server.stop()


async def test_an_id_the_server_made_never_comes_back(server: Server) -> None:
    server.core.log_in("agent")
    room_id = str(server.reserve("agent", "")["roomID"])
    assert server.sit("agent", server.core.push_url("agent"), room_id)["code"] == 0
    server.destroy("agent", room_id)
    await server.time_goes_by()

    for user in ("agent", "mallory"):
        server.core.log_in(user)
        answer = server.reserve(user, room_id)

        assert (answer["code"], answer["roomID"]) == (11, room_id)
        url = server.core.push_url(user)
        v1 = msg.CreateRoom(user, "Desk", room_id, user, "1", url).to_wire()
        assert server.core.ask("create_room", v1, user=user)["code"] == 11
        assert server.sit(user, url, room_id)["code"] == 3


async def test_a_reserved_id_nobody_came_to_never_comes_back(server: Server) -> None:
    server.core.log_in("agent")
    room_id = str(server.reserve("agent", "")["roomID"])
    await server.time_goes_by()
    server.core.clock.move(61)
    server.core.sweep()

    assert server.sit("agent", server.core.push_url("agent"), room_id)["code"] == 3
    assert server.reserve("agent", room_id)["code"] == 11


async def test_push_and_play_urls_of_an_ended_room_open_nothing_in_the_next(
    server: Server,
) -> None:
    server.core.create("agent")
    server.core.log_in("kiosk")
    push = server.core.push_url("kiosk")
    server.sit("kiosk", push)
    play = server.core.members("agent")["kiosk"]
    assert server.relay_refuses(push) is None
    assert server.player_refused(play) is None
    await server.end_and_open_anew()

    over = "the stream was not issued, or its seat was given up"
    assert server.relay_refuses(push) == over
    assert server.player_refused(play) == over
    assert server.sit("kiosk", push)["code"] == 1
    assert set(server.core.members("agent")) == {"agent"}


async def test_a_seat_of_an_ended_room_is_none_in_the_next(server: Server) -> None:
    server.open()
    await server.end_and_open_anew(creator="other")

    assert server.core.beat("kiosk")["code"] == 5
    say = msg.SendRoomTextMsg("desk", "kiosk", "hello?").to_wire()
    assert server.core.ask("send_room_text_msg", say, user="kiosk")["code"] == 5
    leave = msg.DeletePusher("desk", "kiosk").to_wire()
    assert server.core.ask("delete_pusher", leave, user="kiosk")["code"] == 5
    # Neither is the one who might destroy the earlier room the next one's master.
    again = msg.DestroyRoom("desk", "agent").to_wire()
    assert server.core.ask("destroy_room", again, user="agent")["code"] == 3
    assert server.core.members("kiosk") == {"other": ""}


async def test_numbers_and_epochs_of_the_next_room_are_above_the_last(
    server: Server,
) -> None:
    server.open()
    before = server.core.beat("kiosk")
    await server.end_and_open_anew()
    server.core.join("kiosk")

    for user in ("agent", "kiosk"):
        after = server.core.beat(user)
        assert int(str(after["epoch"])) > int(str(before["seq"])) + 1
    # Who goes on counting where the earlier room was is told to look instead.
    assert server.wait("kiosk", before["seq"])["resync"] is True


async def test_who_missed_the_end_hears_it_though_the_next_room_is_open(
    server: Server,
) -> None:
    server.open()
    kiosk = joined_client(server.core, "kiosk")
    await server.end_and_open_anew()
    kiosk.core = server.core

    end = server.wait("kiosk", 2)
    assert [event["kind"] for event in end["events"]] == ["room_closed"]  # type: ignore[attr-defined]
    assert server.wait("kiosk", end["seq"])["code"] == 5
    assert kinds(kiosk.hear()) == [5]
    assert kiosk.hear() == []


async def test_who_sits_in_the_next_room_hears_of_that_one_only(
    server: Server,
) -> None:
    server.open()
    kiosk = joined_client(server.core, "kiosk")
    await server.end_and_open_anew()
    server.core.join("kiosk")
    kiosk.core = server.core

    assert server.wait("kiosk", 2)["events"] == []
    assert kinds(kiosk.hear()) == [255]
    leave = msg.DeletePusher("desk", "kiosk").to_wire()
    seq = server.core.beat("kiosk")["seq"]
    assert server.core.ask("delete_pusher", leave, user="kiosk")["code"] == 0
    assert server.wait("kiosk", seq)["code"] == 5
