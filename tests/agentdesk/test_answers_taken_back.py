"""Answers whose agent goes before there is a call, and a line that cannot be seen."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kiosk.agentdesk.agents_file import AgentsFile
from kiosk.agentdesk.call_values import Agent
from kiosk.agentdesk.desk import Desk, DeskTimes
from kiosk.agentdesk.doors import Doors
from kiosk.agentdesk.line import Line
from kiosk.agentdesk.line_watch import LineWatch
from kiosk.agentdesk.logins import Logins
from kiosk.agentdesk.ports import Party, Waiting
from kiosk.agentdesk.site import Site
from kiosk.agentdesk.stations import Station
from kiosk.agentdesk.told import state_of
from kiosk.app.desk_process import Keeper
from tests.fakes.desk_party import WAIT, PaperParty
from tests.fakes.desk_world import PaperCarrying
from tests.fakes.patience import PATIENCE_S


ANNA, BERTA = Agent("anna", "Anna"), Agent("berta", "Berta")


class PaperLobby:
    """
    A lobby whose server is as slow, or as broken, as the test wants.

    Attributes:
        opens: Parties are had only once it is set.
        fault: Raised instead of telling who waits.
        refuses: Raised instead of giving a party.

    """

    def __init__(self) -> None:
        self.opens = asyncio.Event()
        self.made = PaperParty()
        self.parties = 0
        self.fault: Exception | None = None
        self.refuses: Exception | None = None

    def waiting(self) -> Sequence[Waiting]:
        if self.fault is not None:
            raise self.fault
        return (WAIT,)

    @asynccontextmanager
    async def party(self, user_name: str, room_type: str) -> AsyncGenerator[Party]:
        self.parties += 1
        if self.refuses is not None:
            raise self.refuses
        await self.opens.wait()
        yield self.made


@asynccontextmanager
async def desk_at(lobby: PaperLobby) -> AsyncGenerator[Desk]:
    desk = Desk(
        lobby,
        ("*",),
        now=time.monotonic,
        new_id=lambda: "c1",
        times=DeskTimes(look_s=0.005),
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(desk.run())
        await until(lambda: desk.line.find(WAIT.key) is not None)
        yield desk
        running.cancel()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_true():  # noqa: ASYNC110 -- a desk rings no bell
            await asyncio.sleep(0.005)


def close_the_page(desk: Desk, station: Station) -> None:
    desk.get_up(station, station.page)


def log_out(desk: Desk, station: Station) -> None:
    desk.dismiss(station.agent.agent_id)


def hang_up(desk: Desk, station: Station) -> None:
    desk.hang_up(station)


@pytest.mark.parametrize("go", [close_the_page, log_out, hang_up])
async def test_a_kiosk_whose_agent_goes_before_the_call_can_be_answered_at_once(
    go: Callable[[Desk, Station], None],
) -> None:
    lobby = PaperLobby()
    async with desk_at(lobby) as desk:
        anna, berta = desk.sit_down(ANNA), desk.sit_down(BERTA)
        desk.answer(anna, WAIT.key)
        await until(lambda: lobby.parties == 1)
        go(desk, anna)
        assert desk.answered_by(WAIT.key) is None
        desk.answer(berta, WAIT.key)
        lobby.opens.set()
        await until(lambda: lobby.made.seats_asked > 0)

        assert (anna.call, desk.answered_by(WAIT.key)) == (None, BERTA)
        assert berta.call is not None
        assert lobby.made.seats_asked == 1


class StuckPage:
    """
    Anna's page as uvicorn has it: once it is told anything it takes nothing more.

    Args:
        orders: What it sends, first to last; then it is silent.

    """

    def __init__(self, *orders: str) -> None:
        self._orders = list(orders)
        self._told = asyncio.Event()
        self._wire: list[dict[str, Any]] = [{"type": "websocket.connect"}]

    async def open(self, desk: Desk) -> None:
        """Come in by a proxy, and stay until the desk is done with it."""
        keeper = Keeper(("127.0.0.1/32",), 5)
        logins = Logins(lambda: "token", 60.0)
        doors = Doors(
            AgentsFile(None), logins, keeper, header="X-User", now=time.monotonic
        )
        site = Site(desk, doors, PaperCarrying(), {}, is_secure=False)
        scope = {
            "type": "websocket",
            "path": "/control",
            "headers": [(b"x-user", b"anna")],
            "client": ("127.0.0.1", 50000),
        }
        await site.app()(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self._wire:
            return self._wire.pop()
        await self._told.wait()
        if not self._orders:
            await asyncio.Event().wait()
        return {"type": "websocket.receive", "text": self._orders.pop(0)}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] != "websocket.accept":
            self._told.set()
            await asyncio.Event().wait()


async def test_a_kiosk_whose_agents_page_takes_nothing_can_be_answered_by_others() -> (
    None
):
    async with desk_at(PaperLobby()) as desk:
        answer = json.dumps({"do": "answer", "id": WAIT.key})
        async with asyncio.timeout(PATIENCE_S):
            await StuckPage(answer, "nonsense").open(desk)

        assert desk.stations == ()
        assert desk.answered_by(WAIT.key) is None


async def test_an_agent_whose_answer_comes_to_nothing_is_told() -> None:
    lobby = PaperLobby()
    async with desk_at(lobby) as desk:
        lobby.refuses = OSError("no more files")
        anna = desk.sit_down(ANNA)
        desk.answer(anna, WAIT.key)
        await until(lambda: desk.answered_by(WAIT.key) is None)

        notes = await anna.news(anna.page)
        assert notes is not None
        assert [note["why"] for note in notes] == ["failed"]


async def test_a_look_at_the_line_that_fails_is_logged_once_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lobby = PaperLobby()
    async with desk_at(lobby) as desk:
        with caplog.at_level(logging.INFO):
            lobby.fault = KeyError("room")
            await asyncio.sleep(0.1)
            lobby.fault = None
            await until(lambda: "line seen again" in caplog.text)

        assert caplog.text.count("line not seen") == 1
        assert desk.line.find(WAIT.key) is not None


async def test_a_page_says_that_the_line_cannot_be_seen_if_that_lasts() -> None:
    lobby, now, told = PaperLobby(), [0.0], list[bool]()
    line = Line()
    watch = LineWatch(lobby, line, now=lambda: now[0], look_s=0.001, blind_s=2.0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run(lambda: told.append(watch.is_blind)))
        await until(lambda: told == [False])
        lobby.fault = KeyError("room")
        await asyncio.sleep(0.02)
        assert not watch.is_blind
        now[0] = 2.5
        await until(lambda: told == [False, True])
        lobby.fault = None
        await until(lambda: told == [False, True, False])
        running.cancel()


async def test_a_page_is_told_whether_the_line_is_seen() -> None:
    async with desk_at(PaperLobby()) as desk:
        assert state_of(desk, desk.sit_down(ANNA))["blind"] is False
