"""What the load benchmarks do with thousands, with a few: that it works, not how fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.relay_terms import RelayLimits
from kiosk.roomserver.settings import ServerSettings
from tests.bench.crowd import Member, on_each_line
from tests.bench.http_lines import Line, Refused, dial, told
from tests.fakes.room_server import running_server


ROOMS = 12


class Crowd:
    """Two members in each of some rooms, every one on a connection of its own."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._dialled = 0
        self.agents = [Member(f"agent{n}", f"room{n}") for n in range(ROOMS)]
        self.kiosks = [Member(f"kiosk{n}", f"room{n}") for n in range(ROOMS)]

    async def line(self) -> Line:
        self._dialled += 1
        return await dial(self._address, self._dialled)

    async def sit_down(self) -> None:
        lines = [await self.line() for _ in range(4)]

        async def create(line: Line, member: Member) -> None:
            await member.log_in(line)
            await member.create(line)

        async def join(line: Line, member: Member) -> None:
            await member.log_in(line)
            await member.join(line)

        await on_each_line(lines, self.agents, create)
        await on_each_line(lines, self.kiosks, join)
        for line in lines:
            line.close()

    async def wait(self, member: Member) -> list[str]:
        """Return the texts of one long poll that ends with the first."""
        line = await self.line()
        while True:
            news = told(*await line.ask(member.wait(5.0)), "poll")
            member.seq = news["seq"]
            texts = [one["text"] for one in news["events"] if one["kind"] == "text"]
            if texts:
                line.close()
                return texts


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    async with running_server() as (at, _):
        there = Crowd(at.http)
        await there.sit_down()
        yield there


async def test_everybody_who_waits_hears_what_is_said_in_his_room_and_no_other(
    crowd: Crowd,
) -> None:
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(crowd.wait(agent)) for agent in crowd.agents]
        await asyncio.sleep(0.1)
        line = await crowd.line()
        for kiosk in crowd.kiosks:
            text = f"from {kiosk.user_id}"
            said = msg.SendRoomTextMsg(kiosk.room_id, kiosk.user_id, text)
            await kiosk.ask(line, said)
        heard = [await one for one in waiting]
        line.close()

    assert heard == [[f"from kiosk{n}"] for n in range(ROOMS)]


async def test_a_beat_is_answered_on_every_connection_while_all_wait(
    crowd: Crowd,
) -> None:
    async with asyncio.timeout(20):
        polls = [await crowd.line() for _ in crowd.agents]
        for line, agent in zip(polls, crowd.agents, strict=True):
            line.send(agent.wait(5.0))
        beats = [await crowd.line() for _ in crowd.kiosks]
        answers = await asyncio.gather(
            *(line.ask(one.beat) for line, one in zip(beats, crowd.kiosks, strict=True))
        )
        for line in (*polls, *beats):
            line.close()

    assert [told(*one, "heartbeat")["code"] for one in answers] == [0] * ROOMS


async def test_what_is_too_much_at_once_is_put_off_politely_and_beats_are_not() -> None:
    limits = BorderLimits(admission=AdmissionLimits(ordinary=2))
    settings = ServerSettings(http_port=0, rtmp_port=0, border=limits)
    async with asyncio.timeout(20), running_server(settings) as (at, _):
        crowd = Crowd(at.http)
        first = await crowd.line()
        agent = crowd.agents[0]
        await agent.log_in(first)
        await agent.create(first)
        lines = [await crowd.line() for _ in range(30)]
        asked = agent.post(msg.GetPushers(agent.room_id))
        answers = await asyncio.gather(
            *(line.ask(asked) for line in lines), first.ask(agent.beat)
        )
        put_off: list[Refused] = []
        for one in answers[:-1]:
            try:
                told(*one, "get_pushers")
            except Refused as refused:
                put_off.append(refused)
        for line in (first, *lines):
            line.close()

    assert told(*answers[-1], "heartbeat")["code"] == 0
    assert put_off
    assert all(one.status == 503 and one.retry_after for one in put_off)
    assert len(put_off) < len(lines)


async def test_the_relay_takes_as_many_connections_as_the_server_is_told() -> None:
    relay = RelayLimits(connections=2)
    settings = ServerSettings(http_port=0, rtmp_port=0, relay=relay)
    async with asyncio.timeout(20), running_server(settings) as (at, _):
        clients = [await asyncio.open_connection(*at.rtmp) for _ in range(3)]

        assert await clients[-1][0].read() == b""
        assert not clients[0][0].at_eof()
        for _, writer in clients:
            writer.close()
