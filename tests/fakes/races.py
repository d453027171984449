"""Races of many for the last seat of a room, over and over in the same room."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.errors import RoomRefused
from kiosk.room import messages as msg
from tests.fakes.room_server import Member


ROOM = "desk"
_HEARTBEAT_RACES = 20
"""So many races take far less than the patience with a silent member."""


@dataclass(frozen=True)
class Race:
    """One race: what each was told, and who sits there now beside the agent."""

    codes: dict[str, int]
    seated: list[str]

    @property
    def is_fair(self) -> bool:
        """Whether one was told yes and sits there, and all others hear of a full room."""
        won = [user for user, code in self.codes.items() if code == 0]
        lost = [code for code in self.codes.values() if code == msg.RoomCode.ROOM_FULL]
        return won == self.seated and len(won) + len(lost) == len(self.codes)


async def races(agent: Member, rivals: Sequence[Member], times: int) -> list[Race]:
    """Race so many times; the agent sits there, and whoever wins leaves again."""
    await agent.create(ROOM)
    urls = {one.user: await one.push_url() for one in rivals}
    dice, run = random.Random(times), list[Race]()
    for number in range(times):
        if number % _HEARTBEAT_RACES == 0:
            await agent.ask(msg.PusherHeartbeat(ROOM, agent.user))
        started = dice.sample(rivals, len(rivals))
        codes = await asyncio.gather(*(_code_of(one, urls) for one in started))
        room = await agent.ask(msg.GetPushers(ROOM))
        seated = [one.user_id for one in room.members if one.user_id != agent.user]
        told = {one.user: code for one, code in zip(started, codes, strict=True)}
        run.append(Race(told, seated))
        for one in rivals:
            if told[one.user] == 0:
                await one.leave(ROOM)
                urls[one.user] = await one.push_url()
    return run


async def _code_of(rival: Member, urls: dict[str, str]) -> int:
    """Try to sit down; return what the server says."""
    wish = msg.AddPusher(ROOM, rival.user, rival.user, urls[rival.user])
    try:
        await rival.ask(wish)
    except RoomRefused as refused:
        return refused.room_code
    return 0
