"""A client of an original server, over real sockets, whose IM channel is at a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from typing_extensions import override

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import Micros, PeerJoined, RoomNotice, Seat
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.im_channel import ImChannel
from kiosk.room.membership import POLL_S
from kiosk.room.session import RoomSession, Wanted
from kiosk.roomclient import HttpExchange, HttpRoomService
from kiosk.roomclient.exchange import GatewayExchange
from kiosk.roomclient.service import Sleep
from kiosk.roomserver.service import ServerAddresses
from tests.fakes.eventually import eventually
from tests.fakes.original_front import OriginalFront
from tests.fakes.patience import PATIENCE_S


HASTE = 10.0
"""How much quicker than on the wall time passes for a hasty party."""


@dataclass
class Party:
    """A client of an original server whose IM channel is at a gateway."""

    service: HttpRoomService
    channel: ImChannel
    front: OriginalFront
    told: list[RoomNotice] = field(default_factory=list)

    async def enter(self, *, create: bool = False) -> str:
        seat = Seat("desk", "Desk", create, await self._push_url())
        return await self.service.take_seat(seat, self.told.append)

    async def _push_url(self) -> str:
        seat = await self.service.new_seat("Desk")
        return seat.push_url

    async def hears(self, notice: RoomNotice, seconds: float = PATIENCE_S) -> None:
        await eventually(lambda: notice in self.told, seconds)

    async def is_in_the_group(self) -> None:
        """Return when a poll waits at the gateway."""
        await eventually(lambda: self.channel.is_up and "get_msg" in self.front.asked)

    def joined(self, user: str) -> bool:
        return any(
            isinstance(notice, PeerJoined) and notice.peer.user_id == user
            for notice in self.told
        )


class HastyClock(MonotonicClock):
    """Monotonic time that runs faster."""

    @override
    def now(self) -> Micros:
        return Micros(int(super().now() * HASTE))


async def hasty_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / HASTE)


async def sleep_without_polling(seconds: float) -> None:
    """Sleep, but for ever where the room would be looked at by turns."""
    await asyncio.sleep(seconds if seconds != POLL_S else 3600)


@asynccontextmanager
async def party(
    at: ServerAddresses,
    user: str,
    *,
    gateway_url: str = "",
    sleep: Sleep = sleep_without_polling,
    hasty: bool = False,
    patience_s: float = 2 * PATIENCE_S,
) -> AsyncGenerator[Party]:
    talk = Conversation(Identity(user, user), lambda: 0.5)
    channel, front = ImChannel(talk), OriginalFront()
    clock = HastyClock() if hasty else MonotonicClock()
    service = HttpRoomService(
        RoomSession(talk, Wanted(("Desk",)), channel),
        HttpExchange(at.http_url, front),
        clock,
        hasty_sleep if hasty else sleep,
        GatewayExchange(gateway_url or at.http_url, clock.wall_s, front),
    )
    async with asyncio.timeout(patience_s), service:
        await service.log_in()
        yield Party(service, channel, front)
